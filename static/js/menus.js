// <details data-menu>: closes on Escape, on a click elsewhere, and when another opens; arrows walk its entries.
const open = () => document.querySelector("details[data-menu][open]");

document.addEventListener("click", (event) => {
  const menu = open();
  if (menu && !menu.contains(event.target)) menu.open = false;
});

document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details[data-menu][open]")) return;
  for (const other of document.querySelectorAll("details[data-menu][open]")) {
    if (other !== event.target && !other.contains(event.target)) other.open = false;
  }
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu]");
  if (!menu) return;
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  menu.open = true;
  const entries = [...menu.querySelectorAll(".menu-list :is(a, button, input)")];
  const at = entries.indexOf(document.activeElement);
  const next = event.key === "ArrowDown" ? at + 1 : at - 1;
  entries.at(next % entries.length)?.focus();
  event.preventDefault();
});
