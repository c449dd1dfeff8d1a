// The calendar: a visit dragged to another day moves, a group dragged from the side is planned. The button on each opens
// the same by keyboard and touch. Days that are not worked are asked about; what was done can be undone from the toast.
import { ask } from "./dialogs.js";
import { toast } from "./toasts.js";
import { csrf, word } from "./words.js";

const dialog = document.getElementById("day-dialog");
const calendar = () => document.querySelector("[data-calendar]");
let dragged = null;

const send = async (url, fields) => {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  body.append("csrf_token", csrf());
  const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
  return { ok: answer.ok, said: await answer.json().catch(() => ({})) };
};

const refresh = async () => {
  const answer = await fetch(location.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-calendar]");
  if (fresh) calendar().replaceWith(fresh);
};

const tell = (text, undo) => {
  const said = calendar().querySelector("[data-said]");
  if (said) said.textContent = text;
  if (!undo) return toast(text, { seconds: 8 });
  return toast(text, {
    seconds: 12,
    label: dialog.dataset.undo,
    act: async () => {
      const { ok, said: back } = await send(undo, []);
      await refresh();
      tell(ok ? back.text : back.detail || word("failed"), ok ? back.undo_url : "");
    },
  });
};

const put = async (url, fields, day) => {
  const asked = [...fields, ["planned_on", day]];
  const sure = [...asked, ["confirmed", "1"]];
  const off = document.querySelector(`[data-drop="${day}"]`)?.dataset.off;
  if (off && (await ask(off, { confirm: dialog.dataset.anyway })) === null) return;
  calendar().setAttribute("aria-busy", "true");
  try {
    let { ok, said } = await send(url, off ? sure : asked);
    // A day that is not on this page: only the server knows that it is not worked.
    if (!ok && said.code === "day_is_off") {
      if ((await ask(said.detail, { confirm: dialog.dataset.anyway })) === null) return;
      ({ ok, said } = await send(url, sure));
    }
    if (ok) await refresh();
    tell(ok ? said.text : said.detail || word("failed"), ok ? said.undo_url : "");
  } catch {
    tell(word("failed"));
  } finally {
    calendar().removeAttribute("aria-busy");
  }
};

const lay = (card, day) => {
  if (card.dataset.move) return card.dataset.day === day ? null : put(card.dataset.move, [], day);
  const filters = new FormData(document.getElementById("plan-fields"));
  return put(dialog.dataset.create, [["group", card.dataset.group], ...filters], day);
};

const cell = (target) => {
  const found = target.closest?.("[data-drop]");
  return found?.dataset.drop ? found : null;
};

const unmark = () => document.querySelectorAll(".is-target").forEach((one) => one.classList.remove("is-target"));

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-visit], [data-group]") ?? null;
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.title);
  dragged.classList.add("is-dragged");
});

document.addEventListener("dragover", (event) => {
  const over = dragged && cell(event.target);
  unmark();
  if (!over) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  over.classList.add("is-target");
});

document.addEventListener("drop", (event) => {
  const over = dragged && cell(event.target);
  if (!over) return;
  event.preventDefault();
  lay(dragged, over.dataset.drop);
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  dragged = null;
  unmark();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-day]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const card = opener.closest("[data-visit], [data-group]");
  const input = dialog.querySelector("input");
  if (card.dataset.day && card.dataset.day >= input.min) input.value = card.dataset.day;
  dialog.querySelector("h2").textContent = card.dataset.title;
  dialog.querySelector("form").onsubmit = () => { lay(card, input.value); };
  dialog.showModal();
});
