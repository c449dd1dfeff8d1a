// Search as one types: <form data-search="/search/suggest">. The server answers ?q= with an HTML fragment of links.
// "/" puts the cursor in the box; arrows choose, Enter opens, Escape closes. Without script the form simply searches.
import { word } from "./words.js";

const form = document.querySelector("form[data-search]");
const box = form?.querySelector('input[type="search"]');
const results = form?.querySelector(".search-results");
let timer;
let running;

const options = () => [...results.querySelectorAll("a")];
const chosen = () => results.querySelector('a[aria-selected="true"]');

const show = (visible) => {
  results.hidden = !visible;
  box.setAttribute("aria-expanded", String(visible));
  if (!visible) box.removeAttribute("aria-activedescendant");
};

const choose = (link) => {
  chosen()?.removeAttribute("aria-selected");
  link.setAttribute("aria-selected", "true");
  box.setAttribute("aria-activedescendant", link.id);
  link.scrollIntoView({ block: "nearest" });
};

const load = async () => {
  const text = box.value.trim();
  running?.abort();
  if (text.length < 2) return show(false);
  running = new AbortController();
  const slow = setTimeout(() => { results.textContent = word("loading"); show(true); }, 300);
  try {
    const answer = await fetch(`${form.dataset.search}?q=${encodeURIComponent(text)}`, { signal: running.signal, headers: { "X-Fragment": "1" } });
    if (!answer.ok) return show(false);
    results.innerHTML = await answer.text();
    results.querySelectorAll("ul, li").forEach((part) => part.setAttribute("role", part.matches("ul") ? "group" : "none"));
    options().forEach((link, index) => { link.id = `search-${index}`; link.setAttribute("role", "option"); });
    show(document.activeElement === box);
  } catch (fault) {
    if (fault.name !== "AbortError") show(false);
  } finally {
    clearTimeout(slow);
  }
};

const keys = (event) => {
  const all = options();
  const at = all.indexOf(chosen());
  if (event.key === "Escape") {
    show(false);
  } else if (event.key === "ArrowDown" && results.hidden) {
    load();
  } else if (event.key === "ArrowDown" && all.length) {
    choose(all[(at + 1) % all.length]);
    event.preventDefault();
  } else if (event.key === "ArrowUp" && all.length) {
    choose(all.at(at <= 0 ? -1 : at - 1));
    event.preventDefault();
  } else if (event.key === "Enter" && !results.hidden && chosen()) {
    event.preventDefault();
    location.assign(chosen().href);
  }
};

if (box && form.dataset.search) {
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-controls", results.id);
  box.setAttribute("aria-autocomplete", "list");
  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(load, 150); });
  box.addEventListener("keydown", keys);
  box.addEventListener("focus", () => { if (results.childElementCount && box.value.trim().length > 1) show(true); });
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) show(false); });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !box) return;
  if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  box.focus();
  box.select();
});
