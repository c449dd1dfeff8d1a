// What a code says of an instrument: the array of schema 1 (label) or 2 (page). docs/certificate-code.md §3.

import { Refused } from "./bytes.js";
import { decode } from "./cbor.js";
import { isoOf } from "./days.js";

const RESULTS = { 1: "conforms", 2: "rejected", 3: "calibrated" };
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const FARTHEST = 100_000;
const LAST_INDEX = 4_294_967_295;

const isText = (value) => typeof value === "string" && [...value].length <= 200 && !UNSEEN.test(value);
const isDay = (value) => Number.isInteger(value) && Math.abs(value) <= FARTHEST;
const isInteger = (value) => Number.isInteger(value) || typeof value === "bigint";

// The facts of a payload whose signature is good. Days come as numbers and as ISO text.
export function read(bytes) {
  let items;
  try {
    items = decode(bytes);
  } catch {
    throw new Refused("malformed", "bad_payload");
  }
  if (!Array.isArray(items)) throw new Refused("malformed", "bad_payload");
  const schema = items[0];
  if (isInteger(schema) && schema !== 1 && schema !== 2) throw new Refused("unknown_schema");
  if (!isWhole(schema, items)) throw new Refused("malformed", "bad_payload");
  const [, serial, result, verified, until, index, signed, register = "", number = "", kind = "", model = "", body = ""] = items;
  return {
    days: { verified, until, signed },
    facts: {
      serial, result: RESULTS[result], verified: isoOf(verified), until: until === null ? null : isoOf(until),
      status_index: index, signed: isoOf(signed), register, number, kind, model, body,
    },
  };
}

function isWhole(schema, items) {
  if (schema !== 1 && schema !== 2) return false;
  const [, serial, result, verified, until, index, signed, ...texts] = items;
  const lengthFits = schema === 2 ? texts.length === 5 : texts.length === (serial === "" ? 1 : 0);
  return (
    lengthFits && isText(serial) && texts.every(isText) && Number.isInteger(result) && result in RESULTS && isDay(verified) &&
    (until === null || isDay(until)) && Number.isInteger(index) && index >= 0 && index <= LAST_INDEX && isDay(signed)
  );
}
