// Column chooser and density: a form inside a menu, <form data-layout>. With script each change is sent at once
// and the table follows; without it the form's button does the same.
// Density: <input type="radio" name="density" value="dense|usual|roomy">; the table's box is [data-density-of].
document.addEventListener("change", async (event) => {
  const form = event.target.closest("form[data-layout]");
  if (!form) return;
  if (event.target.name === "density") {
    const box = document.querySelector("[data-density-of]");
    box?.classList.remove("is-dense", "is-roomy");
    if (event.target.value !== "usual") box?.classList.add(`is-${event.target.value}`);
    await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    return;
  }
  await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
  form.dataset.changed = "1";
});

// The columns themselves come from the server: show them when the menu closes.
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details:not([open])") && event.target.querySelector("form[data-layout][data-changed]")) location.reload();
}, true);
