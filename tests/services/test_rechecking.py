"""Verdicts recomputed: every record comes out as it was kept, and what does not is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.persistence.verifications import Verification
from metrology.services import law, rechecking
from metrology.services.rechecking import Outcome
from tests.conftest import TODAY
from tests.records import REJECTING, Team, certify, create_scale, create_team, days, hand_in, scale_readings, start

SCALE = "digital_indicating_scale"


@pytest.fixture
def team(session: Session) -> Team:
    return create_team(session)


def recheck(session: Session, **asked: Any) -> list[Outcome]:
    return list(rechecking.recheck(session, **asked))


def with_numbers(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    """The scale's regulation with other numbers: as if a release had changed them."""
    known = regulations.all_types()
    one = known[SCALE]
    changed = replace(one, editions=tuple(each.with_numbers(changes) for each in one.editions))
    monkeypatch.setattr(regulations, "all_types", lambda: {**known, SCALE: changed})


def tampered(session: Session, record: Verification, **columns: str) -> None:
    """Change what was kept, past the trigger that guards it: somebody with the database file."""
    session.commit()
    guard = "drop trigger verification_fixed"
    session.execute(text(guard if session.get_bind().dialect.name == "sqlite" else f"{guard} on verification"))
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    session.execute(text(f"update verification set {sets} where id = :id"), {**columns, "id": record.id})
    session.commit()


def test_records_come_out_as_they_were_kept(session: Session, team: Team) -> None:
    certify(session, team, create_scale(session, "SC-1"))
    certify(session, team, create_scale(session, "SC-2"), scale_readings(added=REJECTING))
    hand_in(session, team, create_scale(session, "SC-3"))
    start(session, team, create_scale(session, "SC-4"))  # a draft has no verdict yet
    found = recheck(session)
    assert [(one.kind, one.was, one.would_be) for one in found] == [
        ("same", "conforms", "conforms"),
        ("same", "rejected", "rejected"),
        ("same", "conforms", "conforms"),
    ]
    assert all(one.is_same and not one.difference for one in found)


def test_what_a_changed_number_would_judge_otherwise_is_named(
    session: Session, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = hand_in(session, team, create_scale(session, "SC-1"), scale_readings(added=REJECTING))
    hand_in(session, team, create_scale(session, "SC-2"))
    with_numbers(monkeypatch, **{"mpe.1": "0.9"})
    rejected, conforming = recheck(session)
    assert (rejected.number, rejected.kind, rejected.was, rejected.would_be) == (
        record.number,
        "verdict",
        "rejected",
        "conforms",
    )
    assert rejected.difference == "weighing[0]: mpe 5 g → 9 g"
    assert (conforming.kind, conforming.was, conforming.would_be) == ("figures", "conforms", "conforms")


def test_a_confirmation_changes_no_verdict(session: Session, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(session, team, create_scale(session, "SC-1"))
    known = regulations.all_types()
    sure = [each.with_confirmed(dict.fromkeys(each.numbers, "the text")) for each in known[SCALE].editions]
    monkeypatch.setattr(regulations, "all_types", lambda: {**known, SCALE: replace(known[SCALE], editions=tuple(sure))})
    assert law.edition(session, SCALE, "JJG 539-2016").confirmed
    assert [one.kind for one in recheck(session)] == ["same"]


def test_an_edition_that_is_gone_is_told(session: Session, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(session, team, create_scale(session, "SC-1"))
    known = dict(regulations.all_types())
    known[SCALE] = replace(known[SCALE], editions=())
    monkeypatch.setattr(regulations, "all_types", lambda: known)
    (found,) = recheck(session)
    assert (found.kind, found.would_be) == ("unknown", None)
    assert "not_covered" in found.difference


def test_a_record_touched_by_hand_is_found(session: Session, team: Team) -> None:
    record = hand_in(session, team, create_scale(session, "SC-1"))
    tampered(session, record, verdict="rejected")
    (found,) = recheck(session)
    assert (found.kind, found.was, found.would_be) == ("verdict", "rejected", "conforms")


def test_a_record_that_cannot_be_read_hides_no_other(session: Session, team: Team) -> None:
    broken = hand_in(session, team, create_scale(session, "SC-1"))
    hand_in(session, team, create_scale(session, "SC-2"))
    tampered(session, broken, judgement="{}", readings='{"weighing": 7}')
    found = recheck(session)
    assert [one.kind for one in found] == ["verdict", "same"]
    assert found[0].would_be is None


def test_days_types_and_stretches_narrow_what_is_recomputed(
    session: Session, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = TODAY - days(40)
    first = hand_in(session, team, create_scale(session, "SC-1"), today=earlier)
    rest = [hand_in(session, team, create_scale(session, f"SC-{i}")) for i in (2, 3, 4)]
    monkeypatch.setattr(rechecking, "PAGE", 2)
    everything = [first.id, *(record.id for record in rest)]
    assert [one.id for one in recheck(session)] == everything
    assert [one.id for one in recheck(session, since=TODAY)] == everything[1:]
    assert [one.id for one in recheck(session, since=earlier)] == everything
    assert recheck(session, type_code="fuel_dispenser") == []
    assert [one.id for one in recheck(session, limit=3)] == everything[:3]
    assert [one.id for one in recheck(session, after_id=everything[0], until_id=everything[2])] == everything[1:3]
    assert rechecking.count(session, since=TODAY, type_code=SCALE) == 3
    stretches = list(rechecking.chunks(session, size=3, limit=None))
    assert [(one.after_id, one.until_id, one.count) for one in stretches] == [
        (0, everything[2], 3),
        (everything[2], everything[3], 1),
    ]
    assert [one.count for one in rechecking.chunks(session, size=3, limit=2)] == [2]


def test_between_pages_a_long_read_can_end(session: Session, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(3):
        hand_in(session, team, create_scale(session, f"SC-{i}"))
    session.commit()
    monkeypatch.setattr(rechecking, "PAGE", 1)
    ended: list[int] = []
    found = recheck(session, between=lambda: (ended.append(1), session.rollback()))
    assert len(found) == 3
    assert len(ended) == 3
