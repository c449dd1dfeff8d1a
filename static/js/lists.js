// Walking a list by keyboard: j and k (or the arrows, once a row has the focus) go down and up, Enter opens, x chooses the row.
const table = document.querySelector("table[data-list]");

const rows = () => [...table.querySelectorAll("tbody > tr")];
const target = (row) => row?.querySelector("a[data-open], td a, [data-row]");

const step = (by) => {
  const all = rows();
  const at = all.indexOf(document.activeElement?.closest("tbody > tr"));
  const next = at < 0 ? all[0] : all[Math.min(Math.max(at + by, 0), all.length - 1)];
  target(next)?.focus();
  next?.scrollIntoView({ block: "nearest" });
};

const keys = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };

document.addEventListener("keydown", (event) => {
  if (!table || event.ctrlKey || event.metaKey || event.altKey) return;
  const inRow = event.target.closest?.("table[data-list] tbody");
  if (event.target.closest("input:not([data-row]), textarea, select, [contenteditable], details[data-menu], dialog")) return;
  if (event.key in keys && (inRow || event.key.length === 1)) {
    event.preventDefault();
    step(keys[event.key]);
  } else if (event.key === "x" && inRow) {
    event.target.closest("tr").querySelector("[data-row]")?.click();
  }
});
