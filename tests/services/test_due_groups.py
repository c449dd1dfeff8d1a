"""What falls due, in groups: by the topmost place, by holder, by district and week; planned ones apart, others' districts not at all."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.services import due_groups, visit_days, visiting
from metrology.services.due_groups import DueFilter, DueList
from metrology.services.visiting import VisitFacts
from tests.conftest import NOW, TODAY

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
_numbers = count(1)


def _place(session: Session, name: str, parent: Place | None = None, district: str = "410702") -> Place:
    place = Place(
        kind="stall" if parent else "market", name=name, full_name=name, identity_key=name, district_code=district,
        parent_id=parent.id if parent else None, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    session.add(place)
    session.flush()
    place.path = f"{parent.path if parent else '/'}{place.id}/"
    return place


def _scale(session: Session, place: Place | None, due: date | None = TODAY, **facts: Any) -> int:
    key = f"g{next(_numbers)}"
    values: dict[str, Any] = {
        "number": key, "public_code": key, "type_code": "digital_indicating_scale", "serial_number": key, "serial_key": key,
        "district_code": place.district_code if place else "410702", "place_id": place.id if place else None,
        "state": "in_use", "due_date": due, "due_basis": "ledger" if due else None, "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    instrument = Instrument(**{**values, **facts})
    session.add(instrument)
    session.flush()
    return instrument.id


def _groups(session: Session, by: str = "place", actor: Actor = OFFICER, **chosen: Any) -> DueList:
    return due_groups.due_groups(session, actor, DueFilter(**chosen), by, today=TODAY)


def _in(days: int) -> date:
    return TODAY + timedelta(days=days)


def test_a_market_counts_with_its_stalls(session: Session) -> None:
    market = _place(session, "东市场")
    stall = _place(session, "A1", market)
    _scale(session, market, _in(-1))
    _scale(session, stall, _in(0))
    _scale(session, stall, _in(30))
    _scale(session, stall, _in(31))
    found = _groups(session)
    assert [(one.key, one.overdue, one.soon) for one in found.groups] == [(f"place:{market.id}", 1, 2)]
    assert found.groups[0].earliest == _in(-1)
    assert found.groups[0].types == (("数字指示秤", "Digital indicating scale", 3),) or found.groups[0].types[0][2] == 3


def test_markets_whose_keys_begin_alike_are_two(session: Session) -> None:
    markets = [_place(session, f"市场{number}") for number in range(12)]
    ids = [_scale(session, market) for market in markets]
    assert _groups(session).count == 12
    keys = [f"place:{markets[0].id}"]
    assert due_groups.ids_of(session, OFFICER, DueFilter(), keys, today=TODAY, limit=10) == [ids[0]]


def test_what_is_planned_is_apart(session: Session) -> None:
    market = _place(session, "西市场")
    one, two = _scale(session, market), _scale(session, market)
    visiting.plan_visit(session, OFFICER, VisitFacts(_in(1)), [one], today=TODAY, now=NOW)
    assert _groups(session).groups[0].total == 1
    everything = _groups(session, with_planned=True).groups[0]
    assert (everything.total, everything.planned, everything.left) == (2, 1, 1)
    assert due_groups.ids_of(
        session, OFFICER, DueFilter(with_planned=True), [everything.key], today=TODAY, limit=9
    ) == [two]


@pytest.mark.parametrize(
    ("facts", "counted"),
    [
        ({"state": "in_use"}, True),
        ({"state": "awaiting_verification"}, True),
        ({"state": "awaiting_verification", "due_date": None, "due_basis": None}, True),
        ({"state": "suspended"}, False),
        ({"state": "retired"}, False),
        ({"due_kind": "rotation"}, False),
    ],
)
def test_what_is_to_be_visited(session: Session, facts: dict[str, Any], counted: bool) -> None:
    _scale(session, _place(session, "市场"), **facts)
    assert _groups(session).count == (1 if counted else 0)


def test_without_a_place_the_district_is_the_group(session: Session) -> None:
    one = _scale(session, None)
    found = _groups(session)
    assert [group.key for group in found.groups] == ["place:none-410702"]
    assert due_groups.ids_of(session, OFFICER, DueFilter(), ["place:none-410702"], today=TODAY, limit=9) == [one]


def test_weeks_begin_on_monday_and_the_overdue_come_first(session: Session) -> None:
    market = _place(session, "市场")
    _scale(session, market, _in(-40))
    sunday = _scale(session, market, date(2026, 11, 29))
    _scale(session, market, date(2026, 11, 30))
    keys = [group.key for group in _groups(session, "week").groups]
    assert keys == ["week:410702:overdue", "week:410702:2026-11-23", "week:410702:2026-11-30"]
    assert due_groups.ids_of(session, OFFICER, DueFilter(), [keys[1]], today=TODAY, limit=9) == [sunday]


def test_another_district_does_not_exist(session: Session) -> None:
    far = _place(session, "远市场", district="410783")
    _scale(session, far)
    local = Actor(None, "o", frozenset({"officer"}), district_code="410702")
    assert _groups(session, actor=local).count == 0
    assert due_groups.ids_of(session, local, DueFilter(), [f"place:{far.id}"], today=TODAY, limit=9) == []
    assert due_groups.name_of(session, local, f"place:{far.id}") is None
    assert due_groups.name_of(session, OFFICER, f"place:{far.id}") is not None


@pytest.mark.parametrize("key", ["place:999999", "place:x", "holder:", "week:410702:soon", "moon:1", ""])
def test_a_key_that_makes_no_sense_names_nothing(session: Session, key: str) -> None:
    _scale(session, _place(session, "市场"))
    assert due_groups.ids_of(session, OFFICER, DueFilter(), [key], today=TODAY, limit=9) == []
    assert due_groups.name_of(session, OFFICER, key) is None


def test_a_walk_goes_place_by_place(session: Session) -> None:
    market = _place(session, "丙市场")
    b, a = _place(session, "丙市场 / B", market), _place(session, "丙市场 / A", market)
    last, first = _scale(session, b), _scale(session, a)
    assert due_groups.ids_of(session, OFFICER, DueFilter(), [f"place:{market.id}"], today=TODAY, limit=9) == [
        first,
        last,
    ]


def test_the_calendar_shows_visits_and_days_off(session: Session) -> None:
    market = _place(session, "市场")
    one = _scale(session, market, date(2026, 12, 3))
    _scale(session, market, date(2026, 12, 4))
    visit = visiting.plan_visit(session, OFFICER, VisitFacts(date(2026, 12, 1)), [one], today=TODAY, now=NOW).visit
    span = visit_days.calendar(session, OFFICER, *visit_days.month_span(date(2026, 12, 15)), today=TODAY)
    days = {day.day: day for day in span.days}
    assert (span.first, span.last, len(span.weeks)) == (date(2026, 11, 30), date(2027, 1, 3), 5)
    assert [planned.id for planned, _load in days[date(2026, 12, 1)].visits] == [visit.id]
    assert days[date(2026, 12, 1)].instruments == 1
    assert (days[date(2026, 12, 3)].due, days[date(2026, 12, 4)].due) == (0, 1)
    assert not days[date(2026, 12, 5)].kind.is_workday
    assert not days[date(2027, 1, 1)].kind.is_announced
