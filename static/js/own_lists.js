// The builder of own lists: <form data-builder> with columns in <ol data-columns> and the result in #preview.
// With script each change asks for the page at once and puts its preview and its address in place of the old ones; columns move by
// their buttons or by dragging, and the focus stays. Without script the form's buttons do the same.
const form = document.querySelector("form[data-builder]");
const list = form?.querySelector("[data-columns]");
let asked = 0;
let timer = 0;

const address = () => {
  const pairs = [...new FormData(form)].filter(([name, value]) => value !== "" && name !== "csrf_token");
  return `${form.action}?${new URLSearchParams(pairs)}`;
};

const look = async () => {
  const mine = ++asked;
  const box = document.getElementById("preview");
  const url = address();
  box.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("preview");
    if (mine !== asked) return;
    if (!found || answer.status === 422) return location.assign(url);
    box.replaceChildren(...found.childNodes);
    history.replaceState(null, "", url);
    form.querySelectorAll(".builder-part").forEach((part, at) => {
      const [now, then] = [part.querySelector(":scope > summary"), page.querySelectorAll(".builder-part")[at]?.querySelector(":scope > summary")];
      if (now && then) now.replaceChildren(...then.childNodes);
    });
  } catch {
    location.assign(url);
  } finally {
    if (mine === asked) box.removeAttribute("aria-busy");
  }
};

const soon = (wait = 150) => {
  clearTimeout(timer);
  timer = setTimeout(look, wait);
};

// Chosen columns stand in front, in their order; only they have buttons that can be pressed.
const settle = () => {
  const rows = [...list.children];
  const chosen = rows.filter((row) => row.querySelector("input").checked);
  rows.forEach((row) => row.classList.toggle("is-chosen", chosen.includes(row)));
  chosen.forEach((row, at) => {
    const [up, down] = row.querySelectorAll("button");
    if (up) up.disabled = at === 0;
    if (down) down.disabled = at === chosen.length - 1;
  });
};

const withButtons = (row) => {
  if (row.querySelector(".builder-move")) return;
  const pattern = list.querySelector(".builder-move");
  if (!pattern) return;
  const copy = pattern.cloneNode(true);
  const name = row.querySelector("label").textContent.trim();
  const old = pattern.closest("li").querySelector("label").textContent.trim();
  copy.querySelectorAll("button").forEach((button) => {
    button.value = button.value.replace(/^.*\./, `${row.dataset.column}.`);
    button.setAttribute("aria-label", button.getAttribute("aria-label").replace(old, name));
  });
  row.append(copy);
};

const move = (row, way) => {
  const other = way === "up" ? row.previousElementSibling : row.nextElementSibling;
  if (!other?.querySelector("input").checked) return;
  if (way === "up") other.before(row);
  else other.after(row);
  settle();
  const [up, down] = row.querySelectorAll("button");
  const first = way === "up" ? up : down;
  (first.disabled ? (way === "up" ? down : up) : first).focus();
  soon();
};

if (form && list) {
  form.classList.add("has-script");
  settle();
  // On a phone the list would lie far below the open form.
  if (matchMedia("(width < 800px)").matches) form.querySelectorAll(".builder-part").forEach((part) => { part.open = false; });
  for (const row of list.children) row.draggable = true;

  form.addEventListener("change", (event) => {
    const row = event.target.closest("[data-column]");
    if (row) {
      const chosen = [...list.children].filter((one) => one !== row && one.querySelector("input").checked);
      if (event.target.checked) {
        withButtons(row);
        if (chosen.length) chosen.at(-1).after(row);
        else list.prepend(row);
      } else if (chosen.length) chosen.at(-1).after(row);
      settle();
      event.target.focus();
    }
    soon();
  });
  form.addEventListener("input", (event) => event.target.type === "search" && soon(500));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (button?.name === "move") move(button.closest("[data-column]"), button.value.split(".").at(-1));
    else soon(0);
  });

  let dragged = null;
  list.addEventListener("dragstart", (event) => {
    const row = event.target.closest?.("[data-column]");
    if (!row?.classList.contains("is-chosen")) return event.preventDefault();
    dragged = row;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", row.dataset.column);
  });
  list.addEventListener("dragover", (event) => {
    const row = event.target.closest("[data-column]");
    if (!dragged || !row || row === dragged || !row.classList.contains("is-chosen")) return;
    event.preventDefault();
    const box = row.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) row.before(dragged);
    else row.after(dragged);
  });
  list.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged = null;
    settle();
    soon();
  });
}
