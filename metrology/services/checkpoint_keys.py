"""The public keys of a purpose, from the key list of this installation: those that sign checkpoints, and those that sign dumps."""

from __future__ import annotations

from datetime import datetime

from metrology.services import keys

JOURNAL = "journal"


def named_keys(purpose: str = JOURNAL, *, now: datetime) -> list[tuple[str, bytes]]:
    """Key id and public key of each, those that sign no more too: the folder they lie in says when they came."""
    found = [one for one in keys.opened(now).keys if one.purpose == purpose]
    return [(one.kid, one.public.public_bytes_raw()) for one in found]


def public_keys(*, now: datetime) -> list[bytes]:
    """The public keys that sign checkpoints, alone."""
    return [public for _kid, public in named_keys(now=now)]
