// Small things of every page: error summary in focus, the drawer of a phone, double submits, a line while a page loads slowly.
document.querySelector("[data-focus]")?.focus();

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && location.hash === "#navigation") location.hash = "#main";
});

const line = () => {
  if (document.querySelector(".loading-line")) return;
  const bar = document.createElement("div");
  bar.className = "loading-line";
  document.body.append(bar);
};

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  const button = event.submitter;
  // After this turn, or the button's own name and value would not be sent.
  setTimeout(() => {
    if (event.defaultPrevented) return;
    button?.setAttribute("aria-busy", "true");
    if (event.target.method === "post" && button) button.disabled = true;
    setTimeout(line, 300);
  });
  // A download leaves the page where it is: give the button back.
  setTimeout(() => { button?.removeAttribute("aria-busy"); if (button) button.disabled = false; document.querySelector(".loading-line")?.remove(); }, 8000);
});

// Back from the browser's memory: nothing is busy any more.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("[aria-busy]").forEach((button) => { button.removeAttribute("aria-busy"); button.disabled = false; });
  document.querySelector(".loading-line")?.remove();
});

// <select data-submit>, <input data-submit>: sends its form when it changes (there is also a button for those without script).
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});
