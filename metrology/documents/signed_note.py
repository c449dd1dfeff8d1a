"""Signed notes of a journal's size and head, in the text form of C2SP's tlog-checkpoint and signed-note.

```
jl.example.cn/journal
12345
<base64 of the 32 bytes of the last entry's hash>
time 2026-11-22T04:00:00Z

— jl.example.cn/journal <base64 of 4 bytes that name the key, and the signature>
```

The hash is that of the last entry of a hash chain, not the root of a Merkle tree. The signature is Ed25519 over everything before
the empty line, with its newline.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from metrology.domain.problems import Problem

LONGEST: Final = 4096
_ED25519: Final = b"\x01"
_ORIGIN: Final = re.compile(r"[^\s+]{1,200}")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE: Final = re.compile(r"— ([^\s+]{1,200}) ([A-Za-z0-9+/]+={0,2})")


class NoteSigner(Protocol):
    """A key that signs: its id, its public part (32 bytes), and the signing."""

    @property
    def kid(self) -> str:
        """Its id."""

    @property
    def public(self) -> bytes:
        """Its public part, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a note says. ``hash`` is in hex, as the journal writes it."""

    origin: str
    size: int
    hash: str
    at: datetime
    body: str
    signatures: tuple[tuple[str, bytes, bytes], ...]
    """Name, key hash and signature of each signer."""


def body_of(origin: str, size: int, head: str, at: datetime) -> str:
    """The text that is signed."""
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(f"{origin!r} is no origin of a note")
    instant = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{origin}\n{size}\n{b64encode(bytes.fromhex(head)).decode()}\ntime {instant}\n"


def write_note(origin: str, size: int, head: str, at: datetime, signer: NoteSigner) -> str:
    """The signed note of a journal with ``size`` entries whose last has the hash ``head`` (hex)."""
    body = body_of(origin, size, head, at)
    signature = key_hash(origin, signer.public) + signer.sign(body.encode())
    return f"{body}\n— {origin} {b64encode(signature).decode()}\n"


def key_hash(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature line names its key."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def read_note(text: str) -> Note:
    """A note taken apart; not yet believed. Raises ``Problem("note_unreadable")``."""
    body, gap, signed = text.partition("\n\n")
    lines = body.split("\n")
    if len(text) > LONGEST or not gap or len(lines) != 4 or not signed.endswith("\n"):
        raise Problem("note_unreadable")
    origin, size, head, time = lines
    if not _ORIGIN.fullmatch(origin) or not _SIZE.fullmatch(size) or not time.startswith("time "):
        raise Problem("note_unreadable")
    try:
        digest = b64decode(head, validate=True)
        at = datetime.strptime(time.removeprefix("time "), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        signatures = tuple(_signature(line) for line in signed.removesuffix("\n").split("\n"))
    except (ValueError, Base64Error) as error:
        raise Problem("note_unreadable") from error
    note = Note(origin, int(size), digest.hex(), at, body + "\n", signatures)
    if len(digest) != 32 or body_of(origin, note.size, note.hash, at) != note.body:
        raise Problem("note_unreadable")
    return note


def _signature(line: str) -> tuple[str, bytes, bytes]:
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        raise ValueError(line)
    data = b64decode(found[2], validate=True)
    if len(data) != 4 + 64:
        raise ValueError(line)
    return found[1], data[:4], data[4:]


def is_signed(note: Note, public_keys: Iterable[bytes]) -> bool:
    """Whether one of the keys signed the note under its own origin."""
    keys = tuple(public_keys)
    for name, named, signature in note.signatures:
        for public in keys:
            if name != note.origin or key_hash(name, public) != named:
                continue
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(signature, note.body.encode())
            except (InvalidSignature, ValueError):
                continue
            return True
    return False
