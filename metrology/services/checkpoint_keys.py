"""The public keys that sign checkpoints, from the key list of this installation."""

from __future__ import annotations

from datetime import datetime

from metrology.services import keys

PURPOSE = "journal"


def named_keys(*, now: datetime) -> list[tuple[str, bytes]]:
    """Key id and public key of each, those that sign no more too: the folder they lie in says when they came."""
    found = [one for one in keys.opened(now).keys if one.purpose == PURPOSE]
    return [(one.kid, one.public.public_bytes_raw()) for one in found]


def public_keys(*, now: datetime) -> list[bytes]:
    """The public keys alone."""
    return [public for _kid, public in named_keys(now=now)]
