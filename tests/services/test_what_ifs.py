"""What if: which records another edition or number would judge otherwise, at once or in the background, changing nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.instruments import Instrument
from metrology.persistence.tasks import Task
from metrology.persistence.verifications import Verification
from metrology.persistence.what_ifs import WhatIf
from metrology.services import what_ifs
from metrology.services.what_ifs import Supposition
from tests.conftest import NOW, TODAY
from tests.generic import actor_with
from tests.records import REJECTING, Team, certify, create_scale, create_team, days, scale_readings

SCALE = "digital_indicating_scale"


@pytest.fixture
def team(session: Session) -> Team:
    return create_team(session)


@pytest.fixture
def manager(session: Session) -> Actor:
    return actor_with(session, "manager")


def tried(session: Session, actor: Actor, **supposed: Any) -> WhatIf:
    return what_ifs.begin(session, actor, Supposition(type_code=SCALE, **supposed), now=NOW)


def both(session: Session, team: Team) -> tuple[Verification, Verification]:
    """One that conforms with E = −3 g at 5 kg (limit 5 g), one rejected with E = −6 g."""
    near = certify(session, team, create_scale(session, "SC-1"), scale_readings(added={"1": "8 g"}))
    far = certify(session, team, create_scale(session, "SC-2"), scale_readings(added=REJECTING))
    return near.verification, far.verification


@pytest.mark.parametrize(
    ("mpe", "counts"),
    [
        ("0.5", {"same": 2}),
        ("0.3", {"same": 2}),
        ("0.29", {"same": 1, "would_reject": 1}),
        ("0.6", {"same": 1, "would_conform": 1}),
    ],
)
def test_a_changed_limit_judges_on_both_sides_of_its_edge(
    session: Session, team: Team, manager: Actor, mpe: str, counts: dict[str, int]
) -> None:
    both(session, team)
    row = tried(session, manager, numbers={"mpe.1": mpe})
    assert (row.state, row.counts) == ("done", counts)


def test_what_would_be_otherwise_is_kept_with_margin_and_place(session: Session, team: Team, manager: Actor) -> None:
    near, _far = both(session, team)
    row = tried(session, manager, numbers={"mpe.1": "0.2 e"})
    found = what_ifs.records(session, row)
    (one,) = [each for each in found if each.verification_id == near.id]
    assert (one.outcome, one.was, one.would_be) == ("would_reject", "conforms", "rejected")
    assert (one.margin_was, one.margin_would_be) == ("0.6", "1.5")
    assert one.point
    assert what_ifs.records(session, row, outcome="would_conform") == []
    assert [each.id for each in what_ifs.every_record(session, row)] == [each.id for each in found]


def test_nothing_is_changed_by_it(session: Session, team: Team, manager: Actor) -> None:
    both(session, team)
    session.commit()
    before = [(row.verdict, row.judgement, row.version) for row in session.scalars(select(Verification))]
    states = list(session.scalars(select(Instrument.state).order_by(Instrument.id)))
    tried(session, manager, numbers={"mpe.1": "0.1"})
    session.commit()
    session.expire_all()
    assert [(row.verdict, row.judgement, row.version) for row in session.scalars(select(Verification))] == before
    assert list(session.scalars(select(Instrument.state).order_by(Instrument.id))) == states


def test_another_edition_judges_what_it_covers(session: Session, team: Team, manager: Actor) -> None:
    certify(session, team, create_scale(session, "SC-1"))
    same = tried(session, manager, edition_code="JJG 539-2016")
    assert same.counts == {"same": 1}


def test_period_district_and_state_narrow_it(session: Session, team: Team, manager: Actor) -> None:
    near, far = both(session, team)
    near.instrument.district_code = "410702"
    session.flush()
    numbers = {"mpe.1": "0.5"}
    assert tried(session, manager, numbers=numbers, district_code="410702").counts == {"same": 1}
    assert tried(session, manager, numbers=numbers, district_code="410703").counts == {}
    assert tried(session, manager, numbers=numbers, since=TODAY).counts == {"same": 2}
    assert tried(session, manager, numbers=numbers, until=TODAY - days(1)).counts == {}
    assert tried(session, manager, numbers=numbers, since=TODAY + days(1)).counts == {}
    assert far.verdict == "rejected"


@pytest.mark.parametrize(
    ("supposed", "code"),
    [
        ({}, "nothing_supposed"),
        ({"numbers": {"mpe.1": " "}}, "nothing_supposed"),
        ({"numbers": {"no.such": "1"}}, "bad_choice"),
        ({"numbers": {"mpe.1": "half"}}, "bad_quantity"),
        ({"numbers": {"mpe.1": "1e99"}}, "bad_quantity"),
        ({"numbers": {"temperature_from": "3 kg"}}, "bad_quantity"),
        ({"edition_code": "JJG 1-1900"}, "not_covered"),
        ({"numbers": {"mpe.1": "1"}, "district_code": "1"}, "bad_choice"),
        ({"numbers": {"mpe.1": "1"}, "since": date(2026, 2, 1), "until": date(2026, 1, 1)}, "days_not_in_order"),
    ],
)
def test_what_supposes_nothing_sensible_is_refused(
    session: Session, manager: Actor, supposed: dict[str, Any], code: str
) -> None:
    with pytest.raises(Problem, match=code):
        tried(session, manager, **supposed)


def test_many_records_are_judged_in_the_background_and_go_on_where_they_were_cut_off(
    session: Session, team: Team, manager: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5):
        certify(session, team, create_scale(session, f"SC-{i}"), scale_readings(added={"1": "8 g"}))
    monkeypatch.setattr(what_ifs, "AT_ONCE", 4)
    monkeypatch.setattr(what_ifs, "PAGE", 2)
    row = tried(session, manager, numbers={"mpe.1": "0.2"})
    assert (row.state, row.counts) == ("queued", {})
    task = session.get_one(Task, row.task_id)
    assert (task.kind, task.arguments) == ("law.what_if", {"what_if_id": row.id})
    told: list[tuple[int, int]] = []

    class CutOffError(Exception):
        pass

    def cut_off(done: int, total: int) -> None:
        told.append((done, total))
        session.commit()
        if len(told) == 2:
            raise CutOffError

    with pytest.raises(CutOffError):
        what_ifs.run(session, row.id, now=lambda: NOW, step=cut_off)
    session.rollback()
    assert told == [(2, 5), (4, 5)]
    assert what_ifs.run(session, row.id, now=lambda: NOW, step=lambda *_how_far: session.commit()) == {
        "would_reject": 5
    }
    assert len(what_ifs.records(session, row)) == 5
    assert what_ifs.run(session, row.id, now=lambda: NOW) == {"would_reject": 5}
    assert [each.id for each in what_ifs.recent(session)] == [row.id]
