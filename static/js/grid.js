// An entry sheet that moves like a spreadsheet: <table class="sheet" data-sheet> with inputs in its cells.
// Enter and ↓ ↑ go along the column, ← → cross at the ends of a text, a block copied from a spreadsheet fills the cells
// from the one that has the cursor. After a paste the table sends "sheet-paste" with {cells, left} (left: rows that found no cell).
const FIELDS = "input:not([type=hidden], [disabled], [readonly]), select:not([disabled])";

const cells = (table) =>
  [...table.tBodies].flatMap((body) => [...body.rows]).map((row) =>
    [...row.cells].map((cell) => cell.querySelector(FIELDS)));

const find = (table, field) => {
  const grid = cells(table);
  const row = grid.findIndex((fields) => fields.includes(field));
  return { grid, row, column: row < 0 ? -1 : grid[row].indexOf(field) };
};

const go = (field) => {
  field.focus();
  field.select?.();
};

// The next cell of the column that can be written in; at the foot of a column, the head of the next one.
const along = ({ grid, row, column }, step, wrap) => {
  for (let at = row + step; at >= 0 && at < grid.length; at += step) if (grid[at][column]) return grid[at][column];
  if (!wrap) return null;
  for (let next = column + 1; next < Math.max(...grid.map((fields) => fields.length)); next += 1) {
    const first = grid.find((fields) => fields[next]);
    if (first) return first[next];
  }
  return null;
};

const across = ({ grid, row, column }, step) => {
  for (let at = column + step; at >= 0 && at < grid[row].length; at += step) if (grid[row][at]) return grid[row][at];
  return null;
};

const keys = (table, event) => {
  const field = event.target.closest(FIELDS);
  if (!field || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const place = find(table, field);
  if (place.row < 0) return;
  const isList = field.tagName === "SELECT";
  const whole = !isList && field.selectionStart === 0 && field.selectionEnd === field.value.length;
  const atStart = !isList && field.selectionStart === 0 && field.selectionEnd === 0;
  const atEnd = !isList && field.selectionStart === field.value.length && field.selectionEnd === field.value.length;
  let next = null;
  if (event.key === "Enter") next = along(place, event.shiftKey ? -1 : 1, !event.shiftKey) ?? field;
  else if (event.key === "ArrowDown" && !isList) next = along(place, 1, false);
  else if (event.key === "ArrowUp" && !isList) next = along(place, -1, false);
  else if (event.key === "ArrowLeft" && (whole || atStart)) next = across(place, -1);
  else if (event.key === "ArrowRight" && (whole || atEnd)) next = across(place, 1);
  else return;
  if (event.key === "Enter") event.preventDefault();
  if (!next) return;
  event.preventDefault();
  go(next);
};

// Text of a spreadsheet: tabs between cells, line ends between rows, quotes around cells with line ends in them.
export const parse = (text) => {
  const rows = [[]];
  let cell = "";
  let quoted = false;
  const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let at = 0; at < source.length; at += 1) {
    const sign = source[at];
    if (quoted) {
      if (sign === '"' && source[at + 1] === '"') { cell += '"'; at += 1; }
      else if (sign === '"') quoted = false;
      else cell += sign;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === "\t") { rows.at(-1).push(cell); cell = ""; }
    else if (sign === "\n") { rows.at(-1).push(cell); cell = ""; rows.push([]); }
    else cell += sign;
  }
  rows.at(-1).push(cell);
  return rows.map((row) => row.map((value) => value.trim()));
};

// Full-width figures, spaces and group separators as spreadsheets in Chinese offices have them → what the server reads.
export const tidy = (value) =>
  value.normalize("NFKC").replace(/[\u2212\u2013]/g, "-").replace(/^([+-]?\d{1,3})((?:,\d{3})+)(?=\.|$)/, (all, head, rest) => head + rest.replaceAll(",", "")).trim();

const put = (field, value) => {
  if (field.tagName === "SELECT") {
    const option = [...field.options].find((one) => one.value === value || one.textContent.trim() === value);
    if (!option) return false;
    field.value = option.value;
  } else {
    field.value = field.inputMode === "decimal" || field.inputMode === "numeric" ? tidy(value) : value;
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
};

const paste = (table, event) => {
  const field = event.target.closest(FIELDS);
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!field || !/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  const { grid, row, column } = find(table, field);
  const block = parse(text);
  let filled = 0;
  let left = 0;
  block.forEach((values, down) => {
    const fields = grid[row + down];
    if (!fields) { left += 1; return; }
    // Cells that only show something are passed over: a block copied from the writable columns fits.
    const writable = fields.slice(column).filter(Boolean);
    values.forEach((value, over) => { if (writable[over] && put(writable[over], value)) filled += 1; });
  });
  table.dispatchEvent(new CustomEvent("sheet-paste", { bubbles: true, detail: { cells: filled, left } }));
};

export const attach = (table) => {
  table.addEventListener("keydown", (event) => keys(table, event));
  table.addEventListener("paste", (event) => paste(table, event));
  table.addEventListener("focusin", (event) => { if (event.target.matches("input")) event.target.select(); });
};

document.querySelectorAll("table[data-sheet]").forEach(attach);
