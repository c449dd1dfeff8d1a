// <a data-more rel="next">: fetches the next page and puts its rows under the ones that are there. Rows are the <tr> of
// the first table.grid, or the children of [data-rows]. Without script it is a link to the next page.
import { toast } from "./toasts.js";
import { word } from "./words.js";

const holder = (root) => root.querySelector("[data-rows]") ?? root.querySelector("table.grid > tbody");

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-more]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.getAttribute("aria-busy")) return;
  link.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const here = holder(document);
    const first = holder(page)?.firstElementChild;
    here.append(...holder(page).children);
    const next = page.querySelector("a[data-more]");
    if (next) link.replaceWith(next);
    else link.closest(".more")?.remove();
    here.dispatchEvent(new Event("rows", { bubbles: true }));
    first?.querySelector("a, input")?.focus({ preventScroll: true });
  } catch {
    link.removeAttribute("aria-busy");
    toast(word("failed"));
  }
});
