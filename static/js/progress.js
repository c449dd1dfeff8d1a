// <div data-poll="/tasks/7/progress">: asks every second and a half for {progress, total, note, state, url?}.
// state done → goes to url (or loads the page again); failed or cancelled → loads the page again, which says why.
const watch = (box) => {
  const bar = box.querySelector("progress");
  const count = box.querySelector("[data-progress-count]");
  const label = box.querySelector("[data-progress-label]");
  let wait = 1500;

  const look = async () => {
    if (!box.isConnected) return;
    try {
      const answer = await fetch(box.dataset.poll, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      wait = 1500;
      if (now.state === "done" && now.url) return location.assign(now.url);
      if (["done", "failed", "cancelled"].includes(now.state)) return location.reload();
      if (now.total) {
        bar.max = now.total;
        bar.value = now.progress ?? 0;
        count.textContent = `${(now.progress ?? 0).toLocaleString("en")} / ${now.total.toLocaleString("en")}`;
      }
      if (now.note) label.textContent = now.note;
    } catch {
      wait = Math.min(wait * 2, 30000);
    }
    setTimeout(look, wait);
  };
  setTimeout(look, wait);
};

document.querySelectorAll("[data-poll]").forEach(watch);
