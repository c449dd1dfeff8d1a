// CBOR (RFC 8949), read strictly: the one deterministic writing of each value (§4.2.1) and nothing behind it.
// Integers, byte strings, text, arrays, maps and null. The first fault from the left is named: `not_canonical` where the
// value is written otherwise than it should be, `bad_cbor` for all else.

import { Refused, fromUtf8, utf8 } from "./bytes.js";

const DEPTH = 4;

const fault = (detail) => new Refused("malformed", detail);

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(length) {
    if (length > this.bytes.length - this.at) throw fault("bad_cbor");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  // The argument of a head in its shortest form: a number, or a BigInt where a number would lose digits.
  argument(short) {
    if (short < 24) return short;
    if (short === 31) throw fault("not_canonical"); // left open
    if (short > 27) throw fault("bad_cbor");
    let value = 0n;
    for (const byte of this.take(1 << (short - 24))) value = (value << 8n) | BigInt(byte);
    if (value < [24n, 0x100n, 0x10000n, 0x100000000n][short - 24]) throw fault("not_canonical");
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  value(depth) {
    if (depth > DEPTH) throw fault("bad_cbor");
    const head = this.take(1)[0];
    const [major, short] = [head >> 5, head & 31];
    if (head === 0xf6) return null;
    if (major > 5) throw fault("bad_cbor");
    const size = this.argument(short);
    if (major === 0) return size;
    if (major === 1) return typeof size === "bigint" ? -1n - size : -1 - size;
    if (major === 2) return this.take(size).slice();
    if (major === 3) return this.text(size);
    return major === 4 ? this.array(size, depth) : this.map(size, depth);
  }

  text(size) {
    const text = fromUtf8(this.take(size));
    if (text === null) throw fault("bad_cbor");
    return text;
  }

  array(size, depth) {
    const items = [];
    for (let count = 0; count < size; count += 1) items.push(this.value(depth + 1));
    return items;
  }

  map(size, depth) {
    const entries = [];
    let before = null;
    for (let count = 0; count < size; count += 1) {
      const start = this.at;
      const key = this.value(depth + 1);
      const written = this.bytes.subarray(start, this.at);
      if (before && compare(before, written) >= 0) throw fault("not_canonical");
      if (Array.isArray(key) || key instanceof Map) throw fault("bad_cbor");
      before = written;
      entries.push([key, this.value(depth + 1)]);
    }
    return new Map(entries);
  }
}

// Bytewise lexicographic order, in which the keys of a map stand.
function compare(one, other) {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) if (one[at] !== other[at]) return one[at] - other[at];
  return one.length - other.length;
}

// The one value these bytes are.
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(1);
  if (reader.at !== bytes.length) throw fault("bad_cbor");
  return value;
}

function head(major, size) {
  if (size < 24) return [(major << 5) | size];
  return size < 0x100 ? [(major << 5) | 24, size] : [(major << 5) | 25, size >> 8, size & 255];
}

// Write byte strings, texts and arrays of them: what a signature is made over (RFC 9052 §4.4).
export function encode(value) {
  if (Array.isArray(value)) return Uint8Array.from([...head(4, value.length), ...value.flatMap((one) => [...encode(one)])]);
  const isText = typeof value === "string";
  const bytes = isText ? utf8(value) : value;
  return Uint8Array.from([...head(isText ? 3 : 2, bytes.length), ...bytes]);
}
