"""JSON with a signature: a JWS in the general serialization (RFC 7515 §7.2.1), Ed25519, as the key list is signed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from metrology.documents.signed_note import NoteSigner
from metrology.domain.problems import Problem

LONGEST = 1_000_000


def sign_json(content: Mapping[str, Any], signer: NoteSigner, kind: str) -> str:
    """The signed text; ``kind`` stands in the protected header, so that one kind is never taken for another."""
    payload = _encoded(content)
    protected = _encoded({"alg": "EdDSA", "kid": signer.kid, "typ": kind})
    signature = signer.sign(f"{protected}.{payload}".encode("ascii"))
    return json.dumps(
        {"payload": payload, "signatures": [{"protected": protected, "signature": _b64(signature)}]}, indent=1
    )


def _encoded(content: Mapping[str, Any]) -> str:
    return _b64(json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _unb64(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def open_json(text: str, public_keys: Mapping[str, bytes], kind: str) -> dict[str, Any]:
    """What was signed, when one of the keys (key id → public key) signed it as this kind; else ``Problem("not_signed")``."""
    if len(text) > LONGEST:
        raise Problem("not_signed")
    try:
        envelope = json.loads(text)
        payload, signatures = envelope["payload"], envelope["signatures"]
        if any(_is_good(one, payload, public_keys, kind) for one in signatures[:8]):
            content = json.loads(_unb64(payload))
            if isinstance(content, dict):
                return content
    except (ValueError, KeyError, TypeError, RecursionError, Base64Error) as error:
        raise Problem("not_signed") from error
    raise Problem("not_signed")


def _is_good(signature: Any, payload: str, public_keys: Mapping[str, bytes], kind: str) -> bool:
    protected = signature["protected"]
    header = json.loads(_unb64(protected))
    public = public_keys.get(header["kid"])
    if public is None or (header["alg"], header["typ"]) != ("EdDSA", kind):
        return False
    try:
        message = f"{protected}.{payload}".encode("ascii")
        Ed25519PublicKey.from_public_bytes(public).verify(_unb64(signature["signature"]), message)
    except InvalidSignature:
        return False
    return True
