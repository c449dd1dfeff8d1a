// Signed JSON (RFC 7515) as the two lists use it: members exactly these, one writing of base64url, nothing parsed before its time.

import { fromBase64url, fromJson } from "./bytes.js";

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// The bytes of a base64url text of the given length (any where none is given), or null.
export function bytesOf(text, length) {
  const bytes = typeof text === "string" ? fromBase64url(text) : null;
  return bytes && (length === undefined || bytes.length === length) ? bytes : null;
}

// The `kid` of a header that is exactly what the format says, or null.
export function kidOf(protectedPart, type) {
  const bytes = bytesOf(protectedPart);
  const header = bytes && fromJson(bytes);
  const isIt = isObject(header) && Object.keys(header).length === 3 && header.alg === "EdDSA" && header.typ === type;
  return isIt && typeof header.kid === "string" ? header.kid : null;
}
