"""The status list: two bits for each certificate, and where they stand.

The place is drawn at random within a shard, so that neither how many certificates there are nor their order can be read from a code. Drawn
means computed: a keyed permutation of the shard's slots, applied to a counter, never meets a taken one and costs the same for
the first certificate as for the five-millionth.

>>> sorted(slot(b"key", count) for count in range(4)) != [0, 1, 2, 3]
True
>>> pack({0: 1, 5: 3}).hex()[:4], len(pack({}))
('010c', 32768)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

SLOTS: Final = 131_072
VALID, REVOKED, ON_HOLD, SUPERSEDED = range(4)

_ROUNDS: Final = 10
_LEFT_BITS, _RIGHT_BITS = 8, 9
_ENDED_BY_STATE: Final = frozenset({"rejected", "under_repair", "awaiting_verification", "retired", "lost"})


def status_of(standing: str, *, under_review: bool, state: str) -> int:
    """What the list says of a document, from its standing and the state of its instrument; time is not its matter.

    A certificate that nobody has ended is never listed as valid when its instrument may not be used. A rejection notice
    stands while its instrument is rejected: what it says, it says itself.
    """
    if standing == "superseded":
        return SUPERSEDED
    if standing != "valid" or state in _ENDED_BY_STATE:
        return REVOKED
    return ON_HOLD if under_review or state == "suspended" else VALID


def notice_status_of(standing: str) -> int:
    """What the list says of a rejection notice."""
    return {"valid": VALID, "superseded": SUPERSEDED}.get(standing, REVOKED)


def slot(key: bytes, count: int) -> int:
    """The slot of the ``count``-th certificate of a shard: a Feistel network of ten rounds over 17 bits."""
    if not 0 <= count < SLOTS:
        raise ValueError(f"a shard has {SLOTS} slots")
    left, right = count >> _RIGHT_BITS, count & (1 << _RIGHT_BITS) - 1
    left_bits, right_bits = _LEFT_BITS, _RIGHT_BITS
    for turn in range(_ROUNDS):
        message = bytes([turn]) + right.to_bytes(2, "big")
        drawn = int.from_bytes(hashlib.blake2b(message, key=key[:64], digest_size=2).digest(), "big")
        left, right = right, left ^ (drawn & (1 << left_bits) - 1)
        left_bits, right_bits = right_bits, left_bits
    return left << right_bits | right


def pack(statuses: Mapping[int, int]) -> bytes:
    """The bits of a shard, the first slot in the lowest bits of the first byte; slots not named are valid."""
    return changed(bytes(SLOTS // 4), statuses)


def changed(bits: bytes, statuses: Mapping[int, int]) -> bytes:
    """The bits of a shard with other statuses at some slots.

    >>> changed(pack({4: 3}), {4: 2, 5: 1})[1]
    6
    """
    made = bytearray(bits)
    for place, status in statuses.items():
        shift = 2 * (place % 4)
        made[place // 4] = made[place // 4] & ~(3 << shift) & 0xFF | status << shift
    return bytes(made)
