// Legal days: whole days since 2020-01-01 as Shanghai counts them, from instants in milliseconds. No clock is read here.

const DAY = 86_400;
const EPOCH = 18_262; // 2020-01-01 in days since 1970-01-01
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/;

export const dayOf = (instant) => Math.floor((Math.floor(instant / 1000) + 28_800) / DAY) - EPOCH;

export const isoOf = (day) => new Date((day + EPOCH) * DAY * 1000).toISOString().slice(0, 10);

// A day written 2026-11-25, or null where it is none.
export function readDay(text) {
  const instant = typeof text === "string" && ISO_DAY.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  const day = instant / 1000 / DAY - EPOCH;
  return Number.isInteger(day) && isoOf(day) === text ? day : null;
}

// An instant written 2026-11-25T04:00:00Z in milliseconds, or null.
export function readInstant(text) {
  const instant = typeof text === "string" && INSTANT.test(text) ? Date.parse(text) : NaN;
  return Number.isFinite(instant) && new Date(instant).toISOString() === text.replace("Z", ".000Z") ? instant : null;
}
