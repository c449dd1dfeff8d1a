"""The signed status list of a shard, as the IETF Token Status List writes it. Form: docs/certificate-code.md, section 5."""

from __future__ import annotations

import json
import zlib
from datetime import datetime, timedelta
from typing import Any

from metrology.documents.certificate_code import Signer
from metrology.documents.key_vault import b64

TTL = timedelta(hours=24)
EXPIRES = timedelta(days=7)
MEDIA_TYPE = "application/statuslist+jwt"


def status_token(bits: bytes, *, origin: str, shard: int, version: int, issued: datetime, signer: Signer) -> str:
    """The token of one shard. The same bits, version and instant give the same token."""
    issued_at = int(issued.timestamp())
    header = {"alg": "EdDSA", "kid": signer.kid, "typ": "statuslist+jwt"}
    payload = {
        "iss": origin, "sub": f"{origin}/status/{shard}", "shard": shard, "version": version, "iat": issued_at,
        "exp": issued_at + int(EXPIRES.total_seconds()), "ttl": int(TTL.total_seconds()),
        "status_list": {"bits": 2, "lst": b64(zlib.compress(bits, 9))},
    }  # fmt: skip
    message = f"{_part(header)}.{_part(payload)}"
    return f"{message}.{b64(signer.sign(message.encode()))}"


def _part(facts: dict[str, Any]) -> str:
    return b64(json.dumps(facts, separators=(",", ":")).encode())
