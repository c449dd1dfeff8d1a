// <button data-copy="text"> or <button data-copy-from="#id"> puts text on the clipboard and says so.
import { toast } from "./toasts.js";
import { word } from "./words.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
  const text = button.dataset.copy ?? source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text.trim());
    toast(word("copied"), { seconds: 2 });
  } catch {
    // Plain http without a secure context: choose the text so that Ctrl+C does it.
    if (source) getSelection().selectAllChildren(source);
    else prompt(word("copied"), text.trim());
  }
});
