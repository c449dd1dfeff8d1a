"""Slots of the status list are drawn without meeting a taken one, and what is no longer valid is never listed as valid."""

from __future__ import annotations

from itertools import pairwise

import pytest

from metrology.domain.status_list import (
    ON_HOLD,
    REVOKED,
    SLOTS,
    SUPERSEDED,
    VALID,
    changed,
    notice_status_of,
    pack,
    slot,
    status_of,
)


def test_every_slot_of_a_shard_is_drawn_once() -> None:
    assert {slot(b"a key of a shard", count) for count in range(SLOTS)} == set(range(SLOTS))


def test_neighbours_lie_apart_and_another_key_draws_otherwise() -> None:
    drawn = [slot(b"one", count) for count in range(1_000)]
    assert sum(abs(here - there) < 100 for here, there in pairwise(drawn)) < 10
    assert sum(slot(b"two", count) == place for count, place in enumerate(drawn)) < 5


@pytest.mark.parametrize("count", [-1, SLOTS])
def test_a_shard_ends(count: int) -> None:
    with pytest.raises(ValueError, match="slots"):
        slot(b"one", count)


@pytest.mark.parametrize(
    ("standing", "under_review", "state", "status"),
    [
        ("valid", False, "in_use", VALID),
        ("valid", True, "in_use", ON_HOLD),
        ("valid", False, "suspended", ON_HOLD),
        ("valid", False, "under_repair", REVOKED),
        ("valid", False, "awaiting_verification", REVOKED),
        ("valid", False, "rejected", REVOKED),
        ("valid", False, "retired", REVOKED),
        ("valid", True, "lost", REVOKED),
        ("revoked", False, "in_use", REVOKED),
        ("revoked", True, "in_use", REVOKED),
        ("superseded", False, "in_use", SUPERSEDED),
        ("superseded", True, "lost", SUPERSEDED),
    ],
)
def test_the_status_of_a_certificate(standing: str, under_review: bool, state: str, status: int) -> None:
    assert status_of(standing, under_review=under_review, state=state) == status


def test_the_status_of_a_notice_is_its_own_standing() -> None:
    assert [notice_status_of(word) for word in ("valid", "superseded", "revoked")] == [VALID, SUPERSEDED, REVOKED]


def test_bits_begin_at_the_lowest() -> None:
    bits = pack({0: REVOKED, 1: ON_HOLD, 2: SUPERSEDED, SLOTS - 1: SUPERSEDED})
    assert (len(bits), bits[0], bits[1], bits[-1]) == (32_768, 0b00_11_10_01, 0, 0b11_00_00_00)


def test_slots_drawn_once_are_drawn_again() -> None:
    # What was drawn stands in certificates on paper: another permutation would meet taken slots.
    drawn = {count: slot(b"a key of a shard", count) for count in (0, 1, 2, 511, 512, 131_071)}
    assert drawn == {0: 36446, 1: 39280, 2: 48209, 511: 53763, 512: 27780, 131_071: 8278}


def test_a_status_changes_alone() -> None:
    bits = pack({4: SUPERSEDED, 5: SUPERSEDED, 6: SUPERSEDED, 7: SUPERSEDED})
    assert [changed(bits, {place: status})[1] for place, status in ((4, VALID), (5, REVOKED), (6, ON_HOLD), (7, VALID))] == [
        0b11_11_11_00, 0b11_11_01_11, 0b11_10_11_11, 0b00_11_11_11,
    ]  # fmt: skip
