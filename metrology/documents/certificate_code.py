"""The code on a certificate, written: address, `#`, and the decimal digits of a version byte and a COSE_Sign1.

Byte by byte in docs/certificate-code.md; who checks it shares no code with this (``documents/code_checker.py``).

>>> digits(bytes.fromhex("8440a0"))
'25444512'
>>> room("P1", "https://jl.example.gov.cn")
126
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import log10
from typing import Any, Final, Literal, Protocol

import cbor2

Profile = Literal["P0", "P1", "P2"]
SignedProfile = Literal["P1", "P2"]
Result = Literal["conforms", "rejected", "calibrated"]

VERSION: Final = 1
EPOCH: Final = date(2020, 1, 1)
SCHEMAS: Final[Mapping[SignedProfile, int]] = {"P1": 1, "P2": 2}
RESULTS: Final[Mapping[Result, int]] = {"conforms": 1, "rejected": 2, "calibrated": 3}
LEFT_OUT: Final = "…"
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_LONGEST: Final = 200
_SYMBOLS: Final[Mapping[SignedProfile, tuple[int, int, int]]] = {"P1": (1456, 8, 10), "P2": (1952, 16, 12)}
"""Data bits of QR version 9-M and 13-Q, and the bits in which they count bytes and digits (ISO/IEC 18004, tables 3 and 7)."""
_AROUND_ID: Final = len("/c/") + 22 + len("#")
_MOST_ON_LABEL: Final = 126
_AROUND_PAYLOAD: Final = 77
"""Array, protected and empty unprotected header, the head of a payload of 24 to 255 bytes, signature."""
_TEXTS: Final = ("body", "kind", "model", "number", "register", "serial")
"""In the order in which they are shortened."""
_FLOOR: Final = 9
"""Bytes that a text keeps while another can still be shortened."""


class Signer(Protocol):
    """A private key that signs with Ed25519."""

    @property
    def kid(self) -> str:
        """The key's id, 16 hex digits."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What a code says. ``until`` is the last valid day; none for a document without one."""

    serial: str
    result: Result
    verified: date
    until: date | None
    status_index: int
    signed: date
    register: str = ""
    """Number in this register; beside a serial number only on a page, and where there is room."""
    number: str = ""
    kind: str = ""
    model: str = ""
    body: str = ""


def room(profile: SignedProfile, origin: str) -> int:
    """Bytes of COSE that the largest symbol of a profile holds behind an origin such as ``https://jl.example.cn``."""
    bits, byte_count, digit_count = _SYMBOLS[profile]
    left = bits - (4 + byte_count + 8 * (len(origin) + _AROUND_ID)) - (4 + digit_count)
    count = left // 10 * 3 + (2 if left % 10 >= 7 else 1 if left % 10 >= 4 else 0)
    size = int((count / log10(2) - 1) // 8)
    return min(size, _MOST_ON_LABEL) if profile == "P1" else size


def encode(facts: CodeFacts, identity: bytes, signer: Signer, profile: SignedProfile, origin: str) -> bytes:
    """The signed COSE_Sign1 of a profile, within its room: texts that do not fit lose their middle to an ellipsis."""
    protected = b"\xa2\x01\x27\x04\x41" + bytes.fromhex(signer.kid[:2])
    if len(identity) != 16:
        raise ValueError("the id has 16 bytes")
    payload = _fitted(_cleaned(facts), profile, room(profile, origin) - _AROUND_PAYLOAD)
    signature = signer.sign(cbor2.dumps(["Signature1", protected, identity, payload]))
    return cbor2.dumps([protected, {}, payload, signature])


def digits(cose: bytes) -> str:
    """The decimal digits of version and COSE."""
    return str(int.from_bytes(bytes([VERSION]) + cose, "big"))


def text(origin: str, code: str, cose: bytes | None) -> str:
    """What the QR code holds: the address of the live page, and behind `#` the digits when it is signed."""
    address = f"{origin}/c/{code}"
    return f"{address}#{digits(cose)}" if cose else address


def _cleaned(facts: CodeFacts) -> CodeFacts:
    texts: dict[str, Any] = {name: _clean(getattr(facts, name)) for name in _TEXTS}
    return replace(facts, **texts)


def _clean(words: str) -> str:
    """Without control and direction characters, which a checker refuses, and not longer than it accepts."""
    words = _UNSEEN.sub(" ", words).strip()
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + LEFT_OUT


def _fitted(facts: CodeFacts, profile: SignedProfile, most: int) -> bytes:
    """The payload, shortened where it must be: body and kind first, then model and number; the serial number last."""
    order = _TEXTS if profile == "P2" else _TEXTS[-2:]
    if facts.serial and len(_payload(facts, profile)) > most:
        facts = replace(facts, register="")  # the nameplate's number says which instrument it is
    for floor in (_FLOOR, 0):
        for name in order:
            payload = _payload(facts, profile)
            over = len(payload) - most
            if over <= 0:
                return payload
            size = len(getattr(facts, name).encode())
            if size > floor:
                shorter: dict[str, Any] = {name: shortened(getattr(facts, name), max(floor, size - over))}
                facts = replace(facts, **shorter)
    payload = _payload(facts, profile)
    if len(payload) > most:
        raise ValueError("the address leaves no room for a signed code")
    return payload


def shortened(words: str, size: int) -> str:
    """A text in at most ``size`` bytes of UTF-8, its middle left out: both ends are compared with the nameplate.

    >>> shortened("SC-2026-00012345", 12)
    'SC-20…2345'
    """
    if len(words.encode()) <= size:
        return words
    kept = len(words) - 1
    while kept > 0:
        made = words[: (kept + 1) // 2] + LEFT_OUT + words[len(words) - kept // 2 :]
        if len(made.encode()) <= size:
            return made
        kept -= 1
    return LEFT_OUT if size >= len(LEFT_OUT.encode()) else ""


def _payload(facts: CodeFacts, profile: SignedProfile) -> bytes:
    first = [
        SCHEMAS[profile], facts.serial, RESULTS[facts.result], _day(facts.verified),
        None if facts.until is None else _day(facts.until), facts.status_index, _day(facts.signed),
    ]  # fmt: skip
    if profile == "P1":
        return cbor2.dumps(first if facts.serial else [*first, facts.register])
    return cbor2.dumps([*first, facts.register, facts.number, facts.kind, facts.model, facts.body])


def _day(day: date) -> int:
    return (day - EPOCH).days
