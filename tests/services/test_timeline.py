"""The timeline tells everything that happened to an instrument, and reports of its holder wait for an answer."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.services import condition_reports, moving
from metrology.services.registering import InstrumentFacts, register_instrument, revise_instrument
from metrology.services.timeline import timeline
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import actor_of, certify, create_holder, create_scale, create_team

OFFICER = Actor(None, "Wang", frozenset({"officer"}))


def test_the_latest_first_with_records_and_names(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    other = create_holder(session, "新店")
    session.commit()
    certificate = certify(session, team, scale)
    revise_instrument(session, OFFICER, scale, {"holder_id": other.id}, today=TODAY, now=NOW)
    session.commit()
    told = timeline(session, scale)
    actions = [event.entry.action for event in told.events]
    assert (actions[0], actions[-1]) == ("instrument.revised", "instrument.registered")
    issued = next(event for event in told.events if event.entry.action == "certificate.issued")
    assert isinstance(issued.subject, Certificate)
    assert issued.subject is certificate
    assert told.names["holder_id", other.id] == "新店"
    assert told.older_than is None


def test_a_page_at_a_time(session: Session) -> None:
    scale = create_scale(session)
    session.commit()
    for number in range(5):
        revise_instrument(session, OFFICER, scale, {"model": str(number)}, today=TODAY, now=NOW)
        session.commit()
    first = timeline(session, scale, limit=4)
    rest = timeline(session, scale, before=first.older_than, limit=4)
    seqs = [event.entry.seq for event in (*first.events, *rest.events)]
    assert seqs == sorted(seqs, reverse=True)
    assert (len(first.events), len(rest.events), rest.older_than) == (4, 2, None)


def test_a_dispenser_tells_of_its_nozzles(session: Session) -> None:
    facts = InstrumentFacts(type_code="fuel_dispenser", serial_number="JY1", part_label="1", due_date=TODAY)
    nozzle = register_instrument(session, OFFICER, facts, today=TODAY, now=NOW)
    moving.move_instrument(session, OFFICER, nozzle, "suspended", cause="request", reason="", today=TODAY, now=NOW)
    session.commit()
    assert nozzle.parent is not None
    moved = [e for e in timeline(session, nozzle.parent).events if e.entry.action == "instrument.moved"]
    assert [event.part for event in moved] == [nozzle]


def test_a_report_waits_for_an_answer_and_moves_nothing(session: Session) -> None:
    scale = create_scale(session)
    keeper = actor_of(create_user(session, "holder", holder_id=scale.holder_id))
    report = condition_reports.report_condition(session, keeper, scale, "broken", "屏幕不亮", now=NOW)
    assert scale.state == "awaiting_verification"
    assert condition_reports.open_reports(session, OFFICER) == [report]
    officer = actor_of(create_user(session, "officer"))
    condition_reports.settle_report(session, officer, report, "已送修", now=NOW)
    assert condition_reports.open_reports(session, OFFICER) == []
    with pytest.raises(Problem, match="report_settled"):
        condition_reports.settle_report(session, officer, report, "", now=NOW)


def test_reports_are_seen_within_the_scope_only(session: Session) -> None:
    scale = create_scale(session)
    scale.district_code = "410702"
    keeper = actor_of(create_user(session, "holder", holder_id=scale.holder_id))
    condition_reports.report_condition(session, keeper, scale, "lost", "", now=NOW)
    for district, seen in (("410702", 1), ("410703", 0)):
        actor = Actor(None, "Li", frozenset({"officer"}), district_code=district)
        assert len(condition_reports.open_reports(session, actor)) == seen
    with pytest.raises(Problem, match="reason_needed"):
        condition_reports.report_condition(session, keeper, scale, "other", " ", now=NOW)
