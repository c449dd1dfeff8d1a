"""Private keys in files: encrypted, readable by their owner only, never in the database.

A file names its key and how it is sealed. With a passphrase the sealing key comes from scrypt; without one it is a random file beside
them (``key_encryption_key``), which keeps a backup of the sealed files alone from being worth anything, but not the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from metrology.domain.problems import Problem

SCRYPT_COST = 1 << 15
"""32 MiB and about 80 ms for each try."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key with its private part."""

    kid: str
    """First 8 bytes of SHA-256 of the public key, as 16 hex digits."""
    purpose: str
    public: bytes
    _private: Ed25519PrivateKey = field(repr=False)

    @property
    def x(self) -> str:
        """The public key as key lists write it."""
        return b64(self.public)

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._private.sign(message)


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make(purpose: str) -> SigningKey:
    """A new key."""
    return _key(purpose, Ed25519PrivateKey.generate())


def _key(purpose: str, private: Ed25519PrivateKey) -> SigningKey:
    public = private.public_key().public_bytes_raw()
    return SigningKey(hashlib.sha256(public).hexdigest()[:16], purpose, public, private)


@dataclass(frozen=True, slots=True)
class Seal:
    """Under what private keys are kept: a passphrase, or a random file in ``folder``."""

    folder: Path
    passphrase: str = field(default="", repr=False)

    def _wrapping(self, how: dict[str, Any]) -> bytes:
        if how["name"] == "scrypt":
            if not self.passphrase:
                raise Problem("keys_locked")
            return Scrypt(salt=unb64(how["salt"]), length=32, n=how["n"], r=8, p=1).derive(self.passphrase.encode())
        file = self.folder / "key_encryption_key"
        if not file.is_file():
            raise Problem("keys_locked")
        return unb64(file.read_text().strip())

    def _method(self) -> dict[str, Any]:
        if self.passphrase:
            return {"name": "scrypt", "salt": b64(os.urandom(16)), "n": SCRYPT_COST}
        write_private(self.folder / "key_encryption_key", b64(os.urandom(32)) + "\n", keep=True)
        return {"name": "file"}

    def write(self, key: SigningKey, path: Path) -> None:
        """Keep a key in a new file, mode 0600."""
        how, nonce = self._method(), os.urandom(12)
        private = key._private.private_bytes_raw()  # noqa: SLF001 - the one place where it leaves memory, sealed
        sealed = AESGCM(self._wrapping(how)).encrypt(nonce, private, f"{key.kid} {key.purpose}".encode())
        facts = {
            "form": 1, "kid": key.kid, "purpose": key.purpose, "x": key.x, "seal": how, "nonce": b64(nonce),
            "sealed": b64(sealed),
        }  # fmt: skip
        write_private(path, json.dumps(facts, indent=1) + "\n")

    def read(self, path: Path) -> SigningKey:
        """The key of a file. Refused when the passphrase is another one, or the file was touched."""
        try:
            facts = json.loads(path.read_text())
            wrapping = self._wrapping(facts["seal"])
            aad = f"{facts['kid']} {facts['purpose']}".encode()
            private = AESGCM(wrapping).decrypt(unb64(facts["nonce"]), unb64(facts["sealed"]), aad)
        except (InvalidTag, ValueError, KeyError, TypeError) as error:
            raise Problem("key_not_opened", file=path.name) from error
        return _key(facts["purpose"], Ed25519PrivateKey.from_private_bytes(private))


def write_private(path: Path, text: str, *, keep: bool = False) -> None:
    """Write a new file that only its owner reads, whole or not at all; with ``keep`` one that is there stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)  # unlike a rename, it never replaces a key that is there
    except FileExistsError:
        if not keep:
            raise
    finally:
        partial.unlink(missing_ok=True)


def destroy(path: Path) -> None:
    """Overwrite and remove a key's file. What a disk or a backup remembers is beyond this."""
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
