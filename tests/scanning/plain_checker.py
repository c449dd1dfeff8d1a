"""A signed code read by cryptography and cbor2 alone: what a stranger would write after docs/certificate-code.md in an afternoon.

It shares no line with the issuer, with our checker, or with the bureau of ``tests/bureau.py``.
"""

from __future__ import annotations

import base64
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def payload_of(text: str, public_keys: list[bytes]) -> list[Any]:
    """The payload of a code signed by one of the keys. Raises ValueError for any other."""
    address, _hash, digits = text.partition("#")
    identity = address.rpartition("/c/")[2]
    number = int(digits)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if data[0] != 1:
        raise ValueError("not version 1")
    protected, unprotected, payload, signature = cbor2.loads(data[1:])
    header = cbor2.loads(protected)
    if unprotected or header[1] != -8:
        raise ValueError("not EdDSA")
    aad = base64.urlsafe_b64decode(identity + "==")
    signed = cbor2.dumps(["Signature1", protected, aad, payload])
    for key in public_keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
        except Exception:  # noqa: BLE001 - the next key may be the one
            continue
        items: list[Any] = cbor2.loads(payload)
        return items
    raise ValueError("signed by none of these keys")
