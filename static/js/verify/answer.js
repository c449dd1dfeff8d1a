// An answer on the page: the band with its word, what the code says in large type, and how it was checked. Words are the page's.

import { dayOf } from "./days.js";

const MINUTES = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });
export const instantOf = (instant) => MINUTES.format(instant);

// The lifelong label of an instrument: an address without signature, and no code of a certificate.
const LABEL = /^(https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?)\/i\/([A-Za-z0-9_-]{16,24})$/;

// Address and path that an answer may lead to: what the code names, or the label.
function led({ code }, text) {
  if (code) return { origin: code.origin, path: `/c/${code.id}` };
  const [, origin, id] = LABEL.exec(text.trim()) ?? [];
  return origin ? { origin: origin.toLowerCase(), path: `/i/${id}` } : null;
}

// Which band an answer wears: the word, but for what would mislead. A calibration says nothing of conformity; a payment code is no forgery.
export function bandOf({ word, detail, facts, days }, text, today, warnDays) {
  if (detail === "not_a_code") return LABEL.test(text.trim()) ? "instrument_label" : "not_a_code";
  if (word !== "valid") return word;
  if (facts.result === "calibrated") return "calibrated";
  return days.until !== null && days.until - today <= warnDays ? "due_soon" : "valid";
}

// What somebody should hear of: it was made to deceive, or is used although it was taken back.
const REPORTED = ["forged", "key_revoked", "signed_out_of_time", "malformed", "foreign_address", "revoked", "rejected"];
const HOLDS = ["valid", "due_soon", "calibrated"];

function distance(left, words) {
  if (left === 0) return words.lastDay;
  const [one, many] = left > 0 ? [words.leftOne, words.left] : [words.overOne, words.over];
  return Math.abs(left) === 1 ? one : many.replace("{n}", Math.abs(left));
}

const put = (root, slot, text) => {
  for (const place of root.querySelectorAll(`[data-slot="${slot}"]`)) place.textContent = text;
};

// Fill a row or leave it out.
const fill = (root, slot, text) => {
  if (text) put(root, slot, text);
  else for (const place of root.querySelectorAll(`[data-row="${slot}"]`)) place.remove();
};

// The answer as a fragment. `page` holds templates and words, `how` says by what it was checked.
export function draw(answer, page, how) {
  const today = dayOf(how.now);
  const key = bandOf(answer, how.text, today, page.warnDays);
  const drawn = document.createDocumentFragment();
  drawn.append(page.band(key));
  const { facts, days } = answer;
  const tellsUntil = days && days.until !== null && ["valid", "due_soon", "expired"].includes(key);
  fill(drawn, "until", tellsUntil ? `${facts.until} · ${distance(days.until - today, page.words)}` : "");
  if (facts) drawn.append(said(facts, page, HOLDS.includes(key)));
  drawn.append(ending(answer, page, how));
  return drawn;
}

function said(facts, page, holds) {
  const part = page.facts();
  if (holds) part.querySelector("[data-row=as-printed]").remove();
  const isNamed = facts.serial !== "";
  put(part, "kind", facts.kind || page.words.instrument);
  fill(part, "model", facts.model);
  part.querySelector(isNamed ? "[data-when=register]" : "[data-when=serial]").remove();
  put(part, "serial", isNamed ? facts.serial : facts.register);
  put(part, "result", page.words[facts.result]);
  for (const name of ["body", "number", "verified", "signed"]) fill(part, name, facts[name]);
  fill(part, "register", isNamed ? facts.register : "");
  fill(part, "last", facts.until ?? "");
  return part;
}

function ending(answer, page, how) {
  const { word, detail } = answer;
  const part = page.ending();
  const place = led(answer, how.text);
  const live = part.querySelector("[data-row=live]");
  if (place && how.origins.includes(place.origin)) live.href = place.origin + place.path;
  else live.remove();
  if (!REPORTED.includes(word) || detail === "not_a_code") part.querySelector("[data-row=report]").remove();
  fill(part, "address", place ? place.origin.replace(/^https?:\/\//, "") : "");
  put(part, "checked", instantOf(how.now));
  fill(part, "as-of", how.asOf === null ? "" : instantOf(how.asOf));
  fill(part, "keys", how.keysVersion ? String(how.keysVersion) : "");
  put(part, "method", how.method);
  return part;
}

