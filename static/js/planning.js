// The due list: a day is needed to plan in one step; "look first" goes without one.
document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("form[data-plan]");
  const day = form?.querySelector('input[name="planned_on"]');
  if (!day || event.submitter?.hasAttribute("data-look") || day.value) return;
  event.preventDefault();
  day.focus();
  day.showPicker?.();
}, true);
