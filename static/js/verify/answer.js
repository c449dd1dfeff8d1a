// An answer on the page: the band with its word, what the code says in large type, and how it was checked. Words are the page's.

import { dayOf } from "./days.js";

const MINUTES = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });
export const instantOf = (instant) => MINUTES.format(instant);

// Which band an answer wears: the word, but for what would mislead. A calibration says nothing of conformity; a payment code is no forgery.
export function bandOf({ word, detail, facts, days }, today, warnDays) {
  if (detail === "not_a_code") return "not_a_code";
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
  const key = bandOf(answer, today, page.warnDays);
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

function ending({ word, detail, code }, page, how) {
  const part = page.ending();
  const isOurs = code && how.origins.includes(code.origin);
  const live = part.querySelector("[data-row=live]");
  if (isOurs) live.href = `${code.origin}/c/${code.id}`;
  else live.remove();
  if (!REPORTED.includes(word) || detail === "not_a_code") part.querySelector("[data-row=report]").remove();
  fill(part, "address", code ? code.origin.replace(/^https?:\/\//, "") : "");
  put(part, "checked", instantOf(how.now));
  fill(part, "as-of", how.asOf === null ? "" : instantOf(how.asOf));
  fill(part, "keys", how.keysVersion ? String(how.keysVersion) : "");
  put(part, "method", how.method);
  return part;
}

