"""Short secrets that must be read again, as the database keeps them: AES-256-GCM under a key of their own purpose.

The key is drawn (HKDF-SHA256) from the installation's secret key, which lies in ``keys/`` and never in the database: a copy of
the database alone opens nothing. A seal holds for one ``place`` only; moved to another row it does not open.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from metrology.documents.key_vault import b64, unb64
from metrology.domain.problems import Problem


def _cipher(secret_key: str, purpose: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"metrology {purpose}".encode())
    return AESGCM(derived.derive(secret_key.encode()))


def seal(secret_key: str, purpose: str, place: str, text: str) -> str:
    """A text, sealed for a place."""
    nonce = os.urandom(12)
    return b64(nonce + _cipher(secret_key, purpose).encrypt(nonce, text.encode(), place.encode()))


def unseal(secret_key: str, purpose: str, place: str, sealed: str) -> str:
    """The text; refused as ``secret_unreadable`` under another key, for another place, or touched."""
    try:
        data = unb64(sealed)
        return _cipher(secret_key, purpose).decrypt(data[:12], data[12:], place.encode()).decode()
    except (InvalidTag, ValueError) as fault:
        raise Problem("secret_unreadable") from fault
