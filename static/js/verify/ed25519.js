// Ed25519: by WebCrypto where the browser has it in a secure context, otherwise by a kept script. Both refuse the same.

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const PRIME = 2n ** 255n - 19n;
const VENDOR = "../../vendor";

const number = (bytes) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

// Not every implementation refuses what RFC 8032 refuses: S beyond the order, points written in two ways. We do, before asking any.
function isWellFormed(key, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const y = (point) => number(point) & (2n ** 255n - 1n);
  return number(signature.subarray(32)) < ORDER && y(key) < PRIME && y(signature.subarray(0, 32)) < PRIME;
}

// WebCrypto as this browser has it, or null. It is asked by verifying a signature, for some know the name and not the work.
export async function webCrypto() {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return null;
  try {
    const key = Uint8Array.from(KNOWN.key);
    const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    const verifies = await subtle.verify({ name: "Ed25519" }, imported, Uint8Array.from(KNOWN.signature), new Uint8Array());
    if (!verifies) return null;
  } catch {
    return null;
  }
  return {
    name: "WebCrypto",
    verify: async (key, signature, message) => {
      if (!isWellFormed(key, signature)) return false;
      try {
        const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
        return await subtle.verify({ name: "Ed25519" }, imported, signature, message);
      } catch {
        return false; // a key that is no point of the curve
      }
    },
    sha256: async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes)),
  };
}

// The kept script: no secure context needed.
export async function kept() {
  const [curve, hashes] = await Promise.all([
    import(`${VENDOR}/noble-ed25519/index.js`),
    import(`${VENDOR}/noble-hashes/sha2.js`),
  ]);
  curve.hashes.sha512 = hashes.sha512;
  return {
    name: "noble-ed25519",
    verify: async (key, signature, message) => {
      if (!isWellFormed(key, signature)) return false;
      try {
        return curve.verify(signature, message, key, { zip215: false });
      } catch {
        return false;
      }
    },
    sha256: async (bytes) => hashes.sha256(bytes),
  };
}

export const chosen = async () => (await webCrypto()) ?? kept();

// RFC 8032 §7.1, test 1: the empty message.
const hex = (text) => text.match(/../g).map((pair) => parseInt(pair, 16));
const KNOWN = {
  key: hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
  signature: hex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ),
};
