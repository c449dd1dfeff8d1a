// The key list, signed by a root this checker trusts. docs/certificate-code.md §4.

import { Refused, fromJson, toHex, utf8 } from "./bytes.js";
import { readDay, readInstant } from "./days.js";
import { bytesOf, isObject, kidOf } from "./jws.js";

export const LONGEST = 1_000_000;
export const AHEAD = 600_000; // a clock may go wrong by ten minutes
const MOST_SIGNATURES = 16;
const STATES = ["active", "retired", "revoked"];
const TYPE = "metrology-keys+json";

const need = (holds) => {
  if (!holds) throw new Refused("bad_form");
};

// Accept the body of a list, or refuse it in the order the format gives. `roots` are [{kid, x}] trusted now, `kept` the list
// accepted before or null, `now` an instant in milliseconds.
export async function accept(body, { roots, kept, now, crypto }) {
  need(utf8(body).length <= LONGEST);
  const envelope = fromJson(utf8(body));
  need(isObject(envelope) && typeof envelope.payload === "string" && Array.isArray(envelope.signatures));
  const payload = bytesOf(envelope.payload);
  need(payload && envelope.signatures.length > 0 && envelope.signatures.length <= MOST_SIGNATURES && envelope.signatures.every(isSignature));
  await requireRoot(envelope, roots, crypto);
  const list = await parse(payload, crypto);
  if (kept && list.version < kept.version) throw new Refused("rollback");
  if (kept && list.version === kept.version && list.hash !== kept.hash) throw new Refused("fork");
  if (kept && list.version === kept.version + 1 && list.prevHash !== kept.hash) throw new Refused("broken_chain");
  if (list.issued > now + AHEAD) throw new Refused("from_future");
  return list;
}

const isSignature = (one) => isObject(one) && kidOf(one.protected, TYPE) !== null && bytesOf(one.signature) !== null;

async function requireRoot(envelope, roots, crypto) {
  let word = "unknown_root";
  for (const signature of envelope.signatures) {
    const kid = kidOf(signature.protected, TYPE);
    for (const root of roots.filter((one) => one.kid === kid)) {
      word = "bad_signature";
      const signed = utf8(`${signature.protected}.${envelope.payload}`);
      if (await crypto.verify(bytesOf(root.x, 32), bytesOf(signature.signature), signed)) return;
    }
  }
  throw new Refused(word);
}

async function parse(payload, crypto) {
  const said = fromJson(payload);
  need(isObject(said) && Number.isSafeInteger(said.version) && said.version >= 1);
  const [issued, expires] = [readInstant(said.issued), readInstant(said.expires)];
  need(issued !== null && expires !== null && typeof said.prev_hash === "string");
  need(Array.isArray(said.origins) && said.origins.every((one) => typeof one === "string"));
  need(Array.isArray(said.roots) && Array.isArray(said.keys));
  const roots = [];
  for (const root of said.roots) roots.push(await publicKey(root, crypto));
  const keys = [];
  for (const key of said.keys) keys.push(await signingKey(key, crypto));
  const hash = toHex(await crypto.sha256(payload));
  const { version, prev_hash: prevHash, origins } = said;
  return { version, hash, prevHash, issued, expires, origins, roots, keys };
}

async function publicKey(said, crypto) {
  need(isObject(said) && said.alg === "EdDSA" && said.crv === "Ed25519");
  const x = bytesOf(said.x, 32);
  need(x && toHex((await crypto.sha256(x)).subarray(0, 8)) === said.kid);
  return { kid: said.kid, x: said.x };
}

async function signingKey(said, crypto) {
  const key = await publicKey(said, crypto);
  const days = ["sign_from", "sign_until", "verify_until"].map((name) => readDay(said[name]));
  need(typeof said.purpose === "string" && STATES.includes(said.state) && !days.includes(null));
  need((said.state === "revoked") === (said.since !== null));
  const since = said.since === null ? null : readInstant(said.since);
  need(said.since === null || since !== null);
  return { ...key, purpose: said.purpose, signFrom: days[0], signUntil: days[1], verifyUntil: days[2], state: said.state, since };
}
