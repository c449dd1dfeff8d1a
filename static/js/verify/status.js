// A status list: two bits for each certificate of a shard, signed by a key of purpose `status`. docs/certificate-code.md §5.

import { Refused, fromJson, utf8 } from "./bytes.js";
import { bytesOf, isObject, kidOf } from "./jws.js";
import { AHEAD, LONGEST } from "./keys.js";

export const SLOTS = 131_072;
const BYTES = SLOTS / 4;
export const WORDS = ["valid", "revoked", "under_review", "superseded"];

const need = (holds) => {
  if (!holds) throw new Refused("bad_form");
};

// Accept the body of a list, or refuse it in the order the format gives. `keptVersion` gives the version held of a shard, 0 for none.
export async function accept(body, { keys, keptVersion, now, crypto }) {
  const text = body.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  need(utf8(body).length <= LONGEST);
  const parts = text.split(".");
  const [payload, signature] = [bytesOf(parts[1]), bytesOf(parts[2])];
  need(parts.length === 3 && payload && signature);
  const kid = kidOf(parts[0], "statuslist+jwt");
  need(kid !== null);
  const known = keys.keys.filter((one) => one.purpose === "status" && one.kid === kid && one.state !== "revoked");
  if (!known.length) throw new Refused("unknown_key");
  const signed = utf8(`${parts[0]}.${parts[1]}`);
  if (!(await crypto.verify(bytesOf(known[0].x, 32), signature, signed))) throw new Refused("bad_signature");
  return read(fromJson(payload), { keys, keptVersion, now });
}

const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

async function read(said, { keys, keptVersion, now }) {
  need(isObject(said) && typeof said.iss === "string" && typeof said.sub === "string" && isObject(said.status_list));
  need(["shard", "version", "iat", "exp", "ttl"].every((name) => isCount(said[name])) && said.version > 0);
  const { bits, lst } = said.status_list;
  const packed = bytesOf(lst);
  need(isCount(bits) && packed);
  const isOurs = keys.origins.includes(said.iss) && said.sub === `${said.iss}/status/${said.shard}`;
  if (!isOurs) throw new Refused("wrong_issuer");
  const slots = bits === 2 ? await unpack(packed) : null;
  if (!slots) throw new Refused("wrong_length");
  if (said.iat * 1000 > now + AHEAD) throw new Refused("from_future");
  if (said.version < keptVersion(said.shard)) throw new Refused("rollback");
  return { shard: said.shard, version: said.version, issued: said.iat * 1000, expires: said.exp * 1000, ttl: said.ttl * 1000, slots };
}

// The 32,768 bytes that zlib packed, or null; what would unpack to more is left packed.
async function unpack(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const slots = new Uint8Array(BYTES);
  let at = 0;
  try {
    const reader = stream.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (at + part.value.length > BYTES) return null;
      slots.set(part.value, at);
      at += part.value.length;
    }
  } catch {
    return null; // no zlib
  }
  return at === BYTES ? slots : null;
}

// The word for a status index, or null where the list of its shard is not there. `lists` is a Map from shard to list.
export function look(lists, index) {
  const list = lists.get(Math.floor(index / SLOTS));
  if (!list) return null;
  const slot = index % SLOTS;
  return { list, word: WORDS[(list.slots[slot >> 2] >> (2 * (slot & 3))) & 3] };
}
