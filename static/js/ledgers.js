// The box for a ledger: a file dropped anywhere on it is chosen as if by its button, and its name shows. Works without, too.
const form = document.querySelector("form[data-drop]");

if (form) {
  const zone = form.querySelector("[data-drop-zone]");
  const input = form.querySelector('input[type="file"]');
  const send = form.querySelector("[data-drop-send]");
  let within = 0;

  const show = () => {
    zone.classList.toggle("has-file", input.files.length > 0);
    if (input.files.length) send.focus();
  };

  zone.addEventListener("dragenter", (event) => {
    event.preventDefault();
    within += 1;
    zone.classList.add("is-over");
  });
  zone.addEventListener("dragleave", () => {
    within -= 1;
    if (within === 0) zone.classList.remove("is-over");
  });
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    within = 0;
    zone.classList.remove("is-over");
    if (event.dataTransfer.files.length === 1) {
      input.files = event.dataTransfer.files;
      show();
    }
  });
  input.addEventListener("change", show);
  form.addEventListener("submit", () => send.setAttribute("aria-busy", "true"));
}
