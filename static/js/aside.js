// Details beside the list on wide screens: <div class="split" data-aside> around the table; <a data-open> in a row opens its page's
// <main> part marked [data-detail] (or the whole content) at the side. Ctrl-click, narrow screens and no script: the page itself.
import { word } from "./words.js";

const wide = matchMedia("(width >= 1200px)");

const panel = (split) => {
  let found = split.querySelector(":scope > .aside");
  if (!found) {
    found = document.createElement("aside");
    found.className = "aside card";
    found.tabIndex = -1;
    split.append(found);
  }
  split.classList.add("has-aside");
  return found;
};

const close = (split) => {
  const link = split.querySelector("tr.is-open a[data-open]");
  split.querySelector(":scope > .aside")?.remove();
  split.classList.remove("has-aside");
  split.querySelectorAll("tr.is-open").forEach((row) => row.classList.remove("is-open"));
  link?.focus();
};

const open = async (split, link) => {
  const row = link.closest("tr");
  const answer = await fetch(link.href);
  if (!answer.ok || answer.redirected) return location.assign(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const detail = page.querySelector("[data-detail]") ?? page.querySelector("main");
  const box = panel(split);
  const head = document.createElement("div");
  head.className = "aside-head";
  const shut = document.createElement("button");
  shut.type = "button";
  shut.className = "button plain small";
  shut.textContent = word("close");
  shut.addEventListener("click", () => close(split));
  head.append(shut);
  box.replaceChildren(head, ...detail.childNodes);
  box.scrollTop = 0;
  split.querySelectorAll("tr.is-open").forEach((other) => other.classList.remove("is-open"));
  row?.classList.add("is-open");
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-open]");
  const split = link?.closest("[data-aside]");
  if (!split || !wide.matches || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  open(split, link);
});

document.addEventListener("keydown", (event) => {
  const split = event.target.closest?.("[data-aside].has-aside");
  if (event.key === "Escape" && split) close(split);
});
