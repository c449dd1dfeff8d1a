// One word for a code: the table of docs/certificate-code.md §6, line by line. What is known comes in, nothing is fetched here.

import { Refused, toHex } from "./bytes.js";
import { read as readCode, signedBytes } from "./code.js";
import { dayOf } from "./days.js";
import { bytesOf } from "./jws.js";
import { read as readPayload } from "./payload.js";
import { look } from "./status.js";

const AMBER = [
  "unsigned", "unknown_version", "keys_missing", "key_unknown", "unknown_schema", "under_review", "key_compromised", "key_expired",
  "keys_too_old", "status_missing", "status_too_old", "foreign_address",
];
const RED = [
  "malformed", "forged", "key_revoked", "signed_out_of_time", "revoked", "superseded", "rejected", "not_yet_valid", "expired",
];
export const colourOf = (word) => (word === "valid" ? "green" : AMBER.includes(word) ? "amber" : "red");
export const EVERY = ["valid", ...AMBER, ...RED];

// The answer for a text: {word, detail, colour, code, facts, days}. `keys` is an accepted key list or null, `lists` a Map of
// accepted status lists by shard, `now` an instant in milliseconds.
export async function check(text, { keys, lists, now, crypto }) {
  const found = { code: null, facts: null, days: null, status: null };
  try {
    await judge(text, { keys, lists, now, crypto }, found);
    return answer("valid", "", found);
  } catch (refusal) {
    if (!(refusal instanceof Refused)) throw refusal;
    if (refusal.code) found.code = refusal.code;
    return answer(refusal.word, refusal.detail, found);
  }
}

const answer = (word, detail, found) => ({ word, detail, colour: colourOf(word), ...found });

async function judge(text, known, found) {
  const code = readCode(text);
  found.code = code;
  if (!known.keys) throw new Refused("keys_missing");
  const key = await signer(code, known);
  const { facts, days } = readPayload(code.payload);
  Object.assign(found, { facts, days });
  const said = { code, key, days, facts, status: look(known.lists, facts.status_index), today: dayOf(known.now), ...known };
  found.status = said.status;
  for (const [word, applies] of LINES) if (applies(said)) throw new Refused(word);
}

// The key that signed it; several may share the beginning of an id, and each is tried.
async function signer(code, { keys, crypto }) {
  const beginning = toHex(code.kid);
  const fitting = keys.keys.filter((one) => one.purpose === "certificate" && one.kid.startsWith(beginning));
  if (!fitting.length) throw new Refused("key_unknown");
  const signed = signedBytes(code);
  for (const key of fitting) if (await crypto.verify(bytesOf(key.x, 32), code.signature, signed)) return key;
  throw new Refused("forged");
}

const has = (word) => (said) => said.status?.word === word;

// Lines 16 to 29: the first that applies is the answer.
const LINES = [
  ["key_revoked", ({ key, days }) => key.state === "revoked" && days.signed >= dayOf(key.since)],
  ["signed_out_of_time", ({ key, days }) => days.signed < key.signFrom || days.signed > key.signUntil],
  ["revoked", has("revoked")],
  ["superseded", has("superseded")],
  ["rejected", ({ facts }) => facts.result === "rejected"],
  ["under_review", has("under_review")],
  ["not_yet_valid", ({ days, today }) => days.verified > today || days.signed > today],
  ["expired", ({ days, today }) => days.until !== null && days.until < today],
  ["key_compromised", ({ key }) => key.state === "revoked"],
  ["key_expired", ({ key, today }) => today > key.verifyUntil],
  ["keys_too_old", ({ keys, now }) => now >= keys.expires],
  ["status_missing", ({ status }) => status === null],
  ["status_too_old", ({ status, now }) => now >= status.list.expires],
  ["foreign_address", ({ code, keys }) => !keys.origins.includes(code.origin)],
];
