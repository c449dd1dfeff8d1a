"""Visits: an instrument is on one open visit at most; what was called off can be planned again; verified items close the visit."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.optimization.workdays import day_kind, next_workday, workdays_between
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import Role, User
from metrology.persistence.visits import Visit
from metrology.services import visit_finding, visiting
from metrology.services.visiting import VisitFacts
from tests.conftest import NOW, TODAY

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
TOMORROW = TODAY + timedelta(days=1)
_numbers = count(1)


def _instrument(session: Session, **facts: Any) -> int:
    number = next(_numbers)
    values: dict[str, Any] = {
        "number": f"P{number}", "public_code": f"p{number}", "type_code": "fuel_dispenser", "serial_number": f"P{number}",
        "serial_key": f"p{number}", "district_code": "410702", "state": "in_use", "due_date": TODAY, "due_basis": "ledger",
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    instrument = Instrument(**{**values, **facts})
    session.add(instrument)
    session.flush()
    return instrument.id


def _verifier(session: Session, role: str = "verifier") -> int:
    name = f"v{next(_numbers)}"
    found = session.query(Role).filter_by(name=role).one()
    user = User(email=f"{name}@x.cn", name=name, fs_uniquifier=name, roles=[found], created_at=NOW)
    session.add(user)
    session.flush()
    return user.id


def _plan(session: Session, *ids: int, day: date = TOMORROW, actor: Actor = OFFICER, **facts: Any) -> visiting.Planned:
    return visiting.plan_visit(session, actor, VisitFacts(day, **facts), ids, today=TODAY, now=NOW)


def _states(visit: Visit) -> list[str]:
    return [item.state for item in visit.items]


def test_an_instrument_is_planned_once(session: Session) -> None:
    first = _instrument(session)
    _plan(session, first)
    second = _instrument(session)
    planned = _plan(session, first, second)
    assert planned.left_out == ((first, "planned_already"),)
    assert [item.instrument_id for item in planned.visit.items] == [second]


def test_nothing_is_planned_in_the_past(session: Session) -> None:
    one = _instrument(session)
    with pytest.raises(Problem, match="visit_in_the_past"):
        _plan(session, one, day=TODAY - timedelta(days=1))
    assert _plan(session, one, day=TODAY).visit.planned_on == TODAY


@pytest.mark.parametrize(("state", "outcome"), [("retired", "not_to_be_verified"), ("lost", "not_to_be_verified")])
def test_what_is_gone_is_left_out(session: Session, state: str, outcome: str) -> None:
    gone, there = _instrument(session, state=state), _instrument(session)
    assert _plan(session, gone, there, 999_999).left_out == ((gone, outcome), (999_999, "not_found"))


def test_a_visit_needs_something_to_verify(session: Session) -> None:
    with pytest.raises(Problem, match="nothing_to_plan"):
        _plan(session)


def test_another_district_is_not_planned(session: Session) -> None:
    one = _instrument(session, district_code="410783")
    local = Actor(None, "o", frozenset({"officer"}), district_code="410702")
    with pytest.raises(Problem, match="nothing_to_plan"):
        _plan(session, one, actor=local)


def test_only_verifiers_are_assigned(session: Session) -> None:
    one = _instrument(session)
    with pytest.raises(Problem, match="visit_needs_verifiers"):
        _plan(session, one, verifier_ids=(_verifier(session, "manager"),))
    who = _verifier(session)
    assert [person.id for person in _plan(session, one, verifier_ids=(who,)).visit.verifiers] == [who]


def test_a_cancelled_visit_frees_its_instruments_and_can_be_taken_back(session: Session) -> None:
    one, two = _instrument(session), _instrument(session)
    visit = _plan(session, one, two).visit
    with pytest.raises(Problem, match="reason_missing"):
        visiting.cancel_visit(session, OFFICER, visit, " ", now=NOW)
    visiting.cancel_visit(session, OFFICER, visit, "大雪", now=NOW)
    assert _plan(session, one).left_out == ()
    assert visiting.reopen_visit(session, OFFICER, visit, today=TODAY, now=NOW) == ((one, "planned_already"),)
    assert (visit.state, _states(visit)) == ("planned", ["removed", "planned"])


def test_moving_a_visit_refuses_the_past(session: Session) -> None:
    visit = _plan(session, _instrument(session)).visit
    with pytest.raises(Problem, match="visit_in_the_past"):
        visiting.move_visit(session, OFFICER, visit, TODAY - timedelta(days=1), today=TODAY, now=NOW)
    visiting.move_visit(session, OFFICER, visit, TODAY, today=TODAY, now=NOW)
    assert visit.planned_on == TODAY


def test_a_verified_instrument_is_done_and_the_last_closes_the_visit(session: Session) -> None:
    one, two = _instrument(session), _instrument(session)
    visit = _plan(session, one, two).visit
    visiting.mark_verified(session, OFFICER, one, now=NOW)
    assert visit.state == "in_progress"
    visiting.mark_verified(session, OFFICER, two, now=NOW)
    assert (visit.state, _states(visit)) == ("done", ["done", "done"])
    assert visiting.mark_verified(session, OFFICER, two, now=NOW) is None


def test_what_was_not_found_is_free_again(session: Session) -> None:
    one, two = _instrument(session), _instrument(session)
    visit = _plan(session, one, two).visit
    visiting.mark_item(session, OFFICER, visit.items[0], "not_found", "摊位已空", now=NOW)
    assert _plan(session, one).left_out == ()
    visiting.finish_visit(session, OFFICER, visit, now=NOW)
    assert _plan(session, two).left_out == ()
    with pytest.raises(Problem, match="visit_closed"):
        visiting.move_visit(session, OFFICER, visit, TOMORROW, today=TODAY, now=NOW)


def test_a_verifier_sees_own_visits(session: Session) -> None:
    who = _verifier(session)
    mine = _plan(session, _instrument(session), verifier_ids=(who,)).visit
    _plan(session, _instrument(session))
    assert visit_finding.visits_between(session, OFFICER, TODAY, TOMORROW, verifier_id=who) == [mine]
    assert len(visit_finding.visits_between(session, OFFICER, TODAY, TOMORROW)) == 2


def test_official_days_off_and_make_up_days() -> None:
    assert not day_kind(date(2026, 10, 1)).is_workday
    assert day_kind(date(2026, 9, 20)).is_make_up
    assert day_kind(date(2026, 9, 20)).is_workday
    assert not day_kind(date(2099, 1, 5)).is_announced
    assert next_workday(date(2026, 10, 1)) == date(2026, 10, 8)
    assert len(workdays_between(date(2026, 11, 23), date(2026, 11, 29))) == 5
