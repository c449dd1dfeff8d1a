// Words the scripts show, in the reader's language: the data-attributes of <template id="words"> in the frame.
const words = document.getElementById("words")?.dataset ?? {};

export const word = (name, values = {}) =>
  (words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
