"""A bureau of our own for trying checkers: keys, lists and codes made by cryptography and cbor2 alone, after docs/certificate-code.md.

It shares no line with ``metrology``: what it signs is what the page of the format says, and not what our issuer happens to do.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "https://jl.example.cn"
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 25)
IDENTITY = bytes(range(16))
SLOTS = 131_072


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def day(one: date) -> int:
    return (one - date(2020, 1, 1)).days


def instant(one: datetime) -> str:
    return one.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Pair:
    """A key pair from a seed, with its id."""

    def __init__(self, seed: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())
        self.public = self.private.public_key().public_bytes_raw()
        self.kid = hashlib.sha256(self.public).hexdigest()[:16]

    def entry(self, **more: Any) -> dict[str, Any]:
        return {"kid": self.kid, "alg": "EdDSA", "crv": "Ed25519", "x": b64(self.public), **more}

    def jws(self, typ: str, payload: bytes) -> tuple[str, str]:
        protected = b64(json.dumps({"alg": "EdDSA", "kid": self.kid, "typ": typ}).encode())
        return protected, b64(self.private.sign(f"{protected}.{b64(payload)}".encode()))


@dataclass
class Bureau:
    """Keys and what is signed with them. Change ``statuses`` or ``version`` and ask for the lists again."""

    origin: str = ORIGIN
    root: Pair = field(default_factory=lambda: Pair("root"))
    next_root: Pair = field(default_factory=lambda: Pair("next root"))
    certificate: Pair = field(default_factory=lambda: Pair("certificate"))
    status: Pair = field(default_factory=lambda: Pair("status"))
    now: datetime = NOW
    version: int = 1
    statuses: dict[int, int] = field(default_factory=dict)
    status_version: int = 1
    keys_for: timedelta = timedelta(days=90)
    status_for: timedelta = timedelta(days=7)

    @property
    def pins(self) -> list[dict[str, str]]:
        return [{"kid": one.kid, "x": b64(one.public)} for one in (self.root, self.next_root)]

    def key_list(self, **changed: Any) -> str:
        usual = {
            "version": self.version, "issued": instant(self.now), "expires": instant(self.now + self.keys_for),
            "origins": [self.origin], "prev_hash": "",
            "roots": [self.root.entry(role="current"), self.next_root.entry(role="next")],
            "keys": [self._key(self.certificate, "certificate"), self._key(self.status, "status")],
        }  # fmt: skip
        payload = json.dumps({**usual, **changed}).encode()
        protected, signature = self.root.jws("metrology-keys+json", payload)
        return json.dumps({"payload": b64(payload), "signatures": [{"protected": protected, "signature": signature}]})

    def _key(self, pair: Pair, purpose: str, **changed: Any) -> dict[str, Any]:
        usual = {
            "purpose": purpose, "sign_from": "2025-01-01", "sign_until": "2027-12-31", "verify_until": "2037-12-31",
            "state": "active", "since": None,
        }  # fmt: skip
        return pair.entry(**{**usual, **changed})

    def status_list(self, shard: int = 0) -> str:
        bits = bytearray(SLOTS // 4)
        for index, value in self.statuses.items():
            if index // SLOTS == shard:
                bits[index % SLOTS // 4] |= value << (2 * (index % 4))
        said = {
            "iss": self.origin, "sub": f"{self.origin}/status/{shard}", "shard": shard, "version": self.status_version,
            "iat": int(self.now.timestamp()), "exp": int((self.now + self.status_for).timestamp()), "ttl": 86400,
            "status_list": {"bits": 2, "lst": b64(zlib.compress(bytes(bits), 9))},
        }  # fmt: skip
        payload = json.dumps(said).encode()
        protected, signature = self.status.jws("statuslist+jwt", payload)
        return f"{protected}.{b64(payload)}.{signature}"

    def code(
        self,
        index: int = 0,
        *,
        serial: str = "SC100001",
        result: int = 1,
        verified: date = date(2026, 5, 22),
        until: date | None = date(2027, 5, 21),
        signed: date | None = None,
        page: Iterable[str] | None = (
            "DW-000123",
            "XXJL-JD-2026-000123",
            "数字指示秤",
            "ACS-30",
            "新乡市计量技术检测中心",
        ),
        identity: bytes = IDENTITY,
        origin: str = "",
        signer: Pair | None = None,
    ) -> str:
        """The text of a code: rich (P2) unless ``page`` is None, then short (P1)."""
        items = [
            1 if page is None else 2, serial, result, day(verified), None if until is None else day(until), index,
            day(signed or verified), *(page or ()),
        ]  # fmt: skip
        pair = signer or self.certificate
        protected = cbor2.dumps({1: -8, 4: bytes.fromhex(pair.kid)[:1]})
        payload = cbor2.dumps(items)
        signature = pair.private.sign(cbor2.dumps(["Signature1", protected, identity, payload]))
        cose = cbor2.dumps([protected, {}, payload, signature])
        return f"{origin or self.origin}/c/{b64(identity)}#{int.from_bytes(bytes([1]) + cose, 'big')}"

    def answers(self) -> dict[str, tuple[str, str]]:
        """Path → media type and body, as a server gives the lists out."""
        shards = {index // SLOTS for index in self.statuses} | {0}
        listed = [{"shard": one, "url": f"/status/{one}", "version": self.status_version} for one in sorted(shards)]
        return {
            "/.well-known/metrology-keys.json": ("application/json", self.key_list()),
            "/status/": ("application/json", json.dumps({"shards": listed})),
            **{f"/status/{one}": ("application/statuslist+jwt", self.status_list(one)) for one in shards},
        }


class Front:
    """Stands before an application: gives out a bureau's lists, and writes down every request as a server's log would."""

    def __init__(self, app: Callable[..., Iterable[bytes]], bureau: Bureau) -> None:
        self.app, self.bureau = app, bureau
        self.log: list[str] = []
        self.withheld = False
        """Whether lists are answered with 503."""
        self.is_off = False
        """Whether everything is."""

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.log.append(f"{environ['REQUEST_METHOD']} {environ['REQUEST_URI']} {environ.get('HTTP_REFERER', '')}")
        if self.is_off:
            start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"off"]
        answer = self.bureau.answers().get(path)
        if answer is None:
            return self.app(environ, start_response)
        kind, body = answer
        start_response("503 Service Unavailable" if self.withheld else "200 OK", [("Content-Type", kind)])
        return [body.encode()]
