// Offers holders and places while one types their name: fills a datalist from the address in data-lookup.
const WAIT = 200;

for (const field of document.querySelectorAll("input[data-lookup]")) {
  const list = document.createElement("datalist");
  list.id = `${field.id}-offered`;
  field.after(list);
  field.setAttribute("list", list.id);
  let timer = 0;
  let asked = "";
  field.addEventListener("input", () => {
    clearTimeout(timer);
    const text = field.value.trim();
    if (!text || text === asked || [...list.options].some((option) => option.value === text)) return;
    timer = setTimeout(async () => {
      asked = text;
      const answer = await fetch(`${field.dataset.lookup}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || field.value.trim() !== text) return;
      list.replaceChildren(
        ...(await answer.json()).map((one) => {
          const option = document.createElement("option");
          option.value = one.value;
          option.label = one.note ? `${one.value} · ${one.note}` : one.value;
          return option;
        }),
      );
    }, WAIT);
  });
}

// A form that changes with one of its choices is sent for the new one at once; without a script a button does it.
for (const choice of document.querySelectorAll("select[data-reload]")) {
  const button = document.getElementById(choice.dataset.reload);
  button.hidden = true;
  choice.addEventListener("change", () => choice.form.requestSubmit(button));
}
