// Rows that can be chosen. Inside <form data-bulk>: a head checkbox [data-all], row checkboxes name="id" [data-row],
// a <div class="bulk-bar" data-bulk-bar hidden> with <span data-bulk-count>, and — when the list is longer than the page —
// <button type="button" data-all-matching="2345"> with <input type="hidden" name="all_matching" value="">.
import { word } from "./words.js";

const attach = (form) => {
  const bar = form.querySelector("[data-bulk-bar]");
  const head = form.querySelector("[data-all]");
  const every = form.querySelector("[data-all-matching]");
  const flag = form.querySelector('input[name="all_matching"]');
  let last = null;

  const rows = () => [...form.querySelectorAll("[data-row]")];

  const refresh = () => {
    const all = rows();
    const chosen = all.filter((row) => row.checked);
    all.forEach((row) => row.closest("tr")?.classList.toggle("is-chosen", row.checked));
    if (head) {
      head.checked = all.length > 0 && chosen.length === all.length;
      head.indeterminate = chosen.length > 0 && chosen.length < all.length;
    }
    if (flag && chosen.length < all.length) flag.value = "";
    if (!bar) return;
    bar.hidden = chosen.length === 0;
    const total = Number(every?.dataset.allMatching ?? 0);
    bar.querySelector("[data-bulk-count]").textContent = flag?.value
      ? word("allSelected", { n: total.toLocaleString("en") })
      : word("selected", { n: chosen.length.toLocaleString("en") });
    if (every) every.hidden = Boolean(flag?.value) || chosen.length < all.length || total <= all.length;
  };

  form.addEventListener("change", (event) => {
    if (event.target === head) rows().forEach((row) => { row.checked = head.checked; });
    refresh();
  });
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-all-matching]")) {
      flag.value = "1";
      refresh();
    }
    if (event.target.closest("[data-choose-none]")) {
      rows().forEach((row) => { row.checked = false; });
      refresh();
    }
    if (!event.target.matches("[data-row]")) return;
    if (event.shiftKey && last) {
      const all = rows();
      const [from, to] = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
      all.slice(Math.max(from, 0), to + 1).forEach((row) => { row.checked = event.target.checked; });
      refresh();
    }
    last = event.target;
  });
  form.addEventListener("rows", refresh);
  refresh();
};

document.querySelectorAll("form[data-bulk]").forEach(attach);
