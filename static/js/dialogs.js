// Forms that ask before they are sent: <form data-confirm="Really?" [data-reason]>. Also ask() for other modules.
// <button data-dialog="id"> opens <dialog id>; <button data-close> closes the dialog it stands in.
import { word } from "./words.js";

const element = (tag, attributes = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
};

// Resolves to null when cancelled, else to the reason ("" where none is asked for).
export const ask = (text, { reason = false, confirm = word("confirm"), danger = false } = {}) =>
  new Promise((resolve) => {
    const input = element("textarea", { id: "dialog-reason", required: true, maxLength: 500, rows: 3 });
    const body = element("div", { className: "dialog-body" }, element("p", { textContent: text, id: "dialog-text" }));
    if (reason) {
      body.append(element("div", { className: "field" }, element("label", { htmlFor: "dialog-reason", textContent: word("reason") }), input));
    }
    const cancel = element("button", { type: "button", className: "button secondary", textContent: word("cancel") });
    const go = element("button", { type: "submit", className: `button ${danger ? "danger" : "primary"}`, textContent: confirm });
    const form = element("form", { method: "dialog" }, body, element("div", { className: "dialog-actions" }, cancel, go));
    const dialog = element("dialog", {}, form);
    dialog.setAttribute("aria-labelledby", "dialog-text");
    let answer = null;
    form.addEventListener("submit", () => { answer = reason ? input.value.trim() : ""; });
    input.addEventListener("input", () => input.setCustomValidity(input.value.trim() ? "" : word("reasonMissing")));
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { dialog.remove(); resolve(answer); });
    document.body.append(dialog);
    dialog.showModal();
    (reason ? input : danger ? cancel : go).focus();
  });

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.confirm === undefined || form.dataset.confirmed) return;
  event.preventDefault();
  const button = event.submitter;
  const answer = await ask(form.dataset.confirm, {
    reason: form.dataset.reason !== undefined,
    confirm: button?.textContent.trim() || word("confirm"),
    danger: button?.classList.contains("danger"),
  });
  if (answer === null) return button?.focus();
  if (form.dataset.reason !== undefined) {
    form.querySelector('input[name="reason"]')?.remove();
    form.append(element("input", { type: "hidden", name: "reason", value: answer }));
  }
  form.dataset.confirmed = "1";
  form.requestSubmit(button?.form === form ? button : undefined);
  delete form.dataset.confirmed;
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog)?.showModal();
  }
  event.target.closest("[data-close]")?.closest("dialog")?.close();
});
