// The text of a code: `<origin>/c/<id>#<digits>`, and the COSE_Sign1 that its digits are. docs/certificate-code.md §1–2.

import { Refused, fromBase64url, fromDigits } from "./bytes.js";
import { decode, encode } from "./cbor.js";

const TEXT = /^(https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?)\/c\/([^/?#]*)(?:#([^]*))?$/;
const EDDSA = -8;
const LABELS = { algorithm: 1, key: 4 };

const malformed = (detail) => new Refused("malformed", detail);
const isBytes = (value) => value instanceof Uint8Array;

// Address, id and signed envelope of a text. Refuses what is no code (lines 1 to 10 of the verdict table).
export function read(text) {
  const given = text.replace(/^[ \t\r\n\f\v]+|[ \t\r\n\f\v]+$/g, "");
  const parts = [...given].length > 2000 ? null : TEXT.exec(given);
  if (!parts) throw malformed("not_a_code");
  const [, origin, id, digits = ""] = parts;
  const aad = id.length === 22 ? fromBase64url(id) : null;
  if (!aad) throw malformed("bad_id");
  const code = { origin: origin.toLowerCase(), id, aad };
  if (!digits) throw Object.assign(new Refused("unsigned"), { code });
  try {
    return { ...code, ...envelope(digits) };
  } catch (refusal) {
    throw Object.assign(refusal, { code });
  }
}

function envelope(digits) {
  if (!/^[1-9][0-9]{0,999}$/.test(digits)) throw malformed("bad_digits");
  const bytes = fromDigits(digits);
  if (bytes[0] !== 1) throw new Refused("unknown_version");
  const outer = decode(bytes.subarray(1));
  if (!Array.isArray(outer) || outer.length !== 4) throw malformed("bad_cose");
  const [header, unprotected, payload, signature] = outer;
  const isSigned = isBytes(header) && isBytes(payload) && isBytes(signature) && signature.length === 64;
  if (!isSigned || !(unprotected instanceof Map) || unprotected.size) throw malformed("bad_cose");
  return { header, payload, signature, kid: keyOf(decode(header)) };
}

// The beginning of the key's id. Only the protected header counts, and it says nothing but algorithm and key.
function keyOf(labels) {
  if (!(labels instanceof Map)) throw malformed("bad_cose");
  if (labels.get(LABELS.algorithm) !== EDDSA) throw malformed("bad_algorithm");
  const kid = labels.get(LABELS.key);
  if (!isBytes(kid) || kid.length < 1 || kid.length > 8 || labels.size !== 2) throw malformed("bad_cose");
  return kid;
}

// What the signature is over: the id is bound in without being written twice.
export const signedBytes = (code) => encode(["Signature1", code.header, code.aad, code.payload]);
