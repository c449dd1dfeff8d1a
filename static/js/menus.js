// <details data-menu>: closes on Escape, on a click elsewhere, and when another opens; arrows walk its entries;
// a list that would leave the window at the left opens to the right.
const menus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details[data-menu][open]")) return;
  for (const other of menus()) if (other !== menu && !other.contains(menu)) other.open = false;
  const list = menu.querySelector(".menu-list");
  list?.classList.remove("is-rightward");
  if (list && list.getBoundingClientRect().left < 8) list.classList.add("is-rightward");
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu]");
  if (!menu) return;
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  // Fields use the arrows themselves.
  if (!step || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  event.preventDefault();
  menu.open = true;
  const entries = [...menu.querySelectorAll(".menu-list :is(a, button, input:not([type=hidden]), select)")];
  const at = entries.indexOf(document.activeElement);
  entries.at(at < 0 && step < 0 ? -1 : (at + step) % entries.length)?.focus();
});
