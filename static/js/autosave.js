// Saves a form as one works: autosave(form, {url, state}). Sends the form 1.2 s after the last change and at least every 15 s,
// one request at a time; `state` is an element (class save-state) that says Saving…, Saved 10:32, or why not, and is pale
// (is-behind) while what it says is older than what was typed. The server answers JSON, which is given to
// `saved`. What could not be sent is tried again, and leaving the page with unsaved work asks first.
import { csrf, word } from "./words.js";

export const autosave = (form, { url = form.action, state = null, saved = () => {} } = {}) => {
  let changed = 0;
  let kept = 0;
  let timer = null;
  let since = 0;
  let busy = false;
  let leaving = false;

  const say = (text, failed = false) => {
    if (!state) return;
    state.textContent = text;
    state.classList.toggle("is-failed", failed);
  };

  const mark = () => state?.classList.toggle("is-behind", changed !== kept);

  const send = async () => {
    clearTimeout(timer);
    if (busy || changed === kept) return;
    busy = true;
    const sending = changed;
    say(word("saving"));
    try {
      const answer = await fetch(url, { method: "POST", body: new FormData(form), headers: { Accept: "application/json", "X-CSRFToken": csrf() } });
      const facts = await answer.json().catch(() => ({}));
      if (!answer.ok) throw Object.assign(new Error(facts.detail || facts.title || ""), { refused: answer.status < 500 });
      kept = sending;
      since = 0;
      say(`${word("saved")} ${new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" })}`);
      saved(facts);
    } catch (fault) {
      say(fault.refused ? fault.message || word("failed") : navigator.onLine ? word("unsaved") : word("offline"), true);
      if (!fault.refused) timer = setTimeout(send, 5000);
    } finally {
      busy = false;
      mark();
    }
    if (changed !== kept && changed !== sending) plan();
  };

  const plan = () => {
    since ||= Date.now();
    clearTimeout(timer);
    timer = setTimeout(send, Math.max(0, Math.min(1200, 15000 - (Date.now() - since))));
  };

  form.addEventListener("input", () => { changed += 1; mark(); plan(); });
  form.addEventListener("submit", () => { leaving = true; clearTimeout(timer); });
  addEventListener("online", send);
  addEventListener("beforeunload", (event) => { if (!leaving && changed !== kept) { send(); event.preventDefault(); } });
  return { flush: send, isDirty: () => changed !== kept };
};
