// Bytes and their writings. `Refused` is how every part of the checker says no: a word, and for some a detail.

export class Refused extends Error {
  constructor(word, detail = "") {
    super(detail ? `${word} ${detail}` : word);
    this.word = word;
    this.detail = detail;
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The bytes of base64url without padding, or null: one writing only, so unused bits have to be 0.
export function fromBase64url(text) {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return null;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 255;
      at += 1;
    }
  }
  return held & ((1 << bits) - 1) ? null : bytes;
}

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// The bytes of a decimal number, most significant first.
export function fromDigits(digits) {
  const hex = BigInt(digits).toString(16);
  const even = hex.length % 2 ? `0${hex}` : hex;
  return Uint8Array.from(even.match(/../g), (pair) => parseInt(pair, 16));
}

export const utf8 = (text) => new TextEncoder().encode(text);

// The text of UTF-8 bytes, or null where they are none.
export function fromUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

// The JSON of UTF-8 bytes, or null.
export function fromJson(bytes) {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return null;
  }
}

