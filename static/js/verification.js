// The form of a verification record: kept as one types, with what the server finds shown beside the readings.
import { autosave } from "./autosave.js";
import { attach } from "./grid.js";
import { toast } from "./toasts.js";

const form = document.getElementById("record");

// Put in what the server answered: the errors and limits of each row, the panel, and the sheet itself when it is another one.
const show = (facts) => {
  form.elements.token.value = facts.token;
  form.elements.sheet_key.value = facts.sheet_key;
  const active = document.activeElement?.id;
  const chosen = new Set([...form.querySelectorAll("input[name=standard]:checked")].map((box) => box.value));
  for (const [id, html] of Object.entries(facts.html)) {
    const part = document.getElementById(id);
    if (part) part.innerHTML = html;
  }
  // What was ticked while the answer was under way stays ticked; the next keeping sends it.
  for (const box of form.querySelectorAll("input[name=standard]")) box.checked = chosen.has(box.value);
  if (facts.html.sheet) {
    document.querySelectorAll("#sheet table[data-sheet]").forEach(attach);
    offer();
  }
  for (const [id, found] of Object.entries(facts.results)) result(id, found);
  if (active && document.activeElement?.id !== active) document.getElementById(active)?.focus();
};

const result = (id, found) => {
  if ("whole" in found) {
    const part = document.getElementById(id === "loose" ? id : `whole-${id}`);
    if (part) part.innerHTML = found.whole;
    return;
  }
  for (const name of ["error", "limit", "bar"]) {
    const cell = document.getElementById(`${name}-${id}`);
    if (cell) cell.innerHTML = found[name];
  }
  const cell = document.getElementById(`error-${id}`);
  cell?.classList.toggle("is-wrong", found.within === false);
  cell?.classList.toggle("is-fine", found.within === true);
};

const offer = () => {
  for (const button of form.querySelectorAll("[data-all-yes]")) button.hidden = false;
};

// Answers not given yet are set to "conforms"; one that was given stays.
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-all-yes]");
  if (!button) return;
  for (const group of button.closest(".sheet-part").querySelectorAll(".answers")) {
    if (!group.querySelector("input:checked")) group.querySelector('input[value="yes"]').checked = true;
  }
  form.dispatchEvent(new Event("input"));
});

form.addEventListener("sheet-paste", (event) => toast(form.dataset.pasted.replace("{n}", event.detail.cells)));

// Enter in a field outside the sheets goes on to the next one; it neither sends nor loses the form.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches(".record-plate input, .items input")) return;
  event.preventDefault();
  if (event.target.id === "standard_text") {
    form.requestSubmit(form.querySelector('button[value="standard"]'));
    return;
  }
  const fields = [...form.querySelectorAll("input, select, textarea")].filter((field) => field.type !== "hidden" && !field.disabled && field.name !== event.target.name);
  fields.find((field) => event.target.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING)?.focus();
});

offer();
autosave(form, { url: form.dataset.draft, state: document.getElementById("save-state"), saved: show });
