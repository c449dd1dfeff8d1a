"""What stood on visits as past days ended: kept as it is taken off, and never rewritten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.persistence.instruments import Instrument
from metrology.persistence.visits import Visit, VisitItem
from metrology.persistence.visits_then import OnVisitThen, planned
from tests.conftest import NOW, TODAY

DAYS = [TODAY - timedelta(days=back) for back in (6, 5, 4, 2, 1, 0)]
_numbers = count(1)


def _noon(day: date, hour: int = 4) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def _instrument(session: Session) -> int:
    number = next(_numbers)
    values = {
        "number": f"N{number}", "public_code": f"n{number}", "type_code": "fuel_dispenser", "serial_number": f"S{number}",
        "serial_key": f"s{number}", "manufacturer_key": "", "state": "in_use", "created_at": _noon(DAYS[0]), "updated_at": _noon(DAYS[0]),
    }  # fmt: skip
    return session.execute(insert(Instrument).values(**values).returning(Instrument.id)).scalar_one()


def _item(session: Session, key: int, at: datetime) -> VisitItem:
    """On a new visit since an instant."""
    visit = Visit(number=f"V{next(_numbers)}", title="v", planned_on=TODAY, created_at=NOW, updated_at=NOW)
    item = VisitItem(instrument_id=key)
    item.put_on(key, at)
    visit.items.append(item)
    session.add(visit)
    session.flush()
    return item


def _kept(session: Session) -> list[tuple[date, date, int]]:
    then = OnVisitThen
    return [tuple(row) for row in session.execute(select(then.since, then.day, then.visit_id).order_by(then.day))]


def _planned(session: Session, day: date) -> set[int]:
    return set(session.scalars(select(Instrument.id).where(planned(day))))


def test_it_is_kept_on_which_days_it_stood_there(session: Session) -> None:
    key = _instrument(session)
    first = _item(session, key, _noon(DAYS[1]))
    first.take_off(_noon(DAYS[3]))
    session.flush()
    second = _item(session, key, _noon(DAYS[3]))
    assert _kept(session) == [(DAYS[1], DAYS[3], first.visit_id)]
    assert [_planned(session, day) for day in DAYS] == [set(), {key}, {key}, {key}, {key}, {key}]
    second.take_off(_noon(DAYS[4]))
    session.flush()
    assert [_planned(session, day) for day in DAYS] == [set(), {key}, {key}, {key}, set(), set()]


def test_what_stood_there_at_no_end_of_a_day_is_not_kept(session: Session) -> None:
    key = _instrument(session)
    item = _item(session, key, _noon(DAYS[1]))
    item.take_off(_noon(DAYS[1], 6))
    session.flush()
    item.put_on(key, _noon(DAYS[2]))
    session.flush()
    assert _kept(session) == []
    assert [_planned(session, day) for day in DAYS[:3]] == [set(), set(), {key}]


def test_noting_again_that_it_is_planned_changes_no_day(session: Session) -> None:
    key = _instrument(session)
    item = _item(session, key, _noon(DAYS[1]))
    item.put_on(key, _noon(DAYS[3]))
    item.take_off(_noon(DAYS[4]))
    item.take_off(_noon(DAYS[5]))
    session.flush()
    assert _kept(session) == [(DAYS[1], DAYS[4], item.visit_id)]


def test_the_day_is_that_of_shanghai(session: Session) -> None:
    key = _instrument(session)
    item = _item(session, key, _noon(DAYS[0], 15))
    item.take_off(_noon(DAYS[0], 16))
    session.flush()
    assert _kept(session) == [(DAYS[0], DAYS[1], item.visit_id)]
    other = _instrument(session)
    _item(session, other, _noon(DAYS[3], 16))
    assert (_planned(session, DAYS[3]), _planned(session, DAYS[4])) == (set(), {other})


@pytest.mark.parametrize("statement", ["update on_visit_then set visit_id = 0", "delete from on_visit_then"])
def test_what_was_so_is_never_rewritten(session: Session, statement: str) -> None:
    _item(session, _instrument(session), _noon(DAYS[0])).take_off(_noon(DAYS[1]))
    session.flush()
    with pytest.raises(DBAPIError, match="append only"), session.begin_nested():
        session.execute(text(statement))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_day_knows_what_stood_on_visits_as_it_ended(session: Session, seed: int) -> None:
    random = Random(seed)
    keys = [_instrument(session) for _each in range(5)]
    items: dict[int, VisitItem] = {}
    ended: dict[date, set[int]] = {}
    for day in DAYS:
        for hour in range(8):
            key = random.choice(keys)
            item = items.get(key)
            if item is not None and item.open_key is not None:
                item.take_off(_noon(day, hour))
            elif item is not None and random.random() < 0.5:
                item.put_on(key, _noon(day, hour))
            else:
                items[key] = _item(session, key, _noon(day, hour))
            session.flush()
        ended[day] = {key for key, item in items.items() if item.open_key is not None}
    assert {day: _planned(session, day) for day in DAYS} == ended
