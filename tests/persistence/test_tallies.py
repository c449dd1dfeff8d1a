"""The tallies hold what a recount of the instruments finds, whatever was done to them and by whom; past days stay known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from metrology.persistence import tallies
from metrology.persistence.database import db
from metrology.persistence.instruments import STATES, Instrument
from metrology.persistence.tally_reading import TallyScope, by_due_date, first_day, grouped, oldest, total
from metrology.services.tallying import differences, fold_all, repair
from tests.conftest import NOW, TODAY

_numbers = count(1)


def _values(due: date | None = TODAY, **facts: Any) -> dict[str, Any]:
    number = next(_numbers)
    values = {
        "number": f"T{number}", "public_code": f"code{number}", "type_code": "fuel_dispenser", "serial_number": f"S{number}",
        "serial_key": f"s{number}", "manufacturer_key": "", "district_code": "410702", "state": "in_use", "due_date": due,
        "due_basis": "ledger" if due else None, "last_verified_on": due - timedelta(days=180) if due else None,
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return {**values, **facts}


def _add(session: Session, due: date | None = TODAY, **facts: Any) -> int:
    return session.execute(insert(Instrument).values(**_values(due, **facts)).returning(Instrument.id)).scalar_one()


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def test_an_instrument_counts_once_in_each_tally(session: Session) -> None:
    _add(session)
    for table in tallies.TALLIES:
        assert session.execute(select(table.c.instruments)).scalars().all() == [1], table.name


def test_an_assembly_does_not_count(session: Session) -> None:
    _add(session, None, is_assembly=True)
    assert total(session, TallyScope()) == 0


def test_a_part_that_becomes_an_assembly_leaves(session: Session) -> None:
    key = _add(session, None)
    session.execute(update(Instrument).where(Instrument.id == key).values(is_assembly=True))
    assert total(session, TallyScope()) == 0
    session.execute(update(Instrument).where(Instrument.id == key).values(is_assembly=False))
    assert total(session, TallyScope()) == 1


def test_what_moves_counts_where_it_is(session: Session) -> None:
    key = _add(session)
    session.execute(update(Instrument).where(Instrument.id == key).values(district_code="410703"))
    assert grouped(session, TallyScope(), ("district_code",)) == [(("410703",), (1,))]


def test_a_change_of_what_no_group_knows_changes_nothing(session: Session) -> None:
    key = _add(session)
    session.execute(
        update(Instrument).where(Instrument.id == key).values(notes="seen", updated_at=_noon(date(2027, 1, 1)))
    )
    assert session.execute(select(tallies.tally_change.c.day)).scalars().all() == [TODAY]


def test_what_is_gone_counts_no_more(session: Session) -> None:
    key = _add(session)
    session.execute(delete(Instrument).where(Instrument.id == key))
    assert total(session, TallyScope()) == 0


def test_many_in_one_statement(session: Session) -> None:
    session.execute(insert(Instrument), [_values() for _each in range(50)])
    assert total(session, TallyScope(), (None, TODAY)) == 50


def test_spans_hold_both_ends_and_nothing_without_a_day(session: Session) -> None:
    for due in (TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1), None):
        _add(session, due)
    spans = ((None, TODAY), (TODAY, None), (TODAY, TODAY), (None, None))
    assert grouped(session, TallyScope(), (), spans) == [((), (2, 2, 1, 3))]
    assert by_due_date(session, TallyScope(), (TODAY, None)) == {TODAY: 1, TODAY + timedelta(days=1): 1}


def test_a_past_day_is_known_as_it_ended(session: Session) -> None:
    """Overdue on the 20th; verified on the 21st; on the 22nd nothing is overdue, and on the 20th it still was."""
    first, then = date(2026, 11, 20), date(2026, 11, 21)
    key = _add(session, date(2026, 11, 10), updated_at=_noon(first), created_at=_noon(first))
    session.execute(
        update(Instrument).where(Instrument.id == key).values(due_date=date(2027, 5, 1), updated_at=_noon(then))
    )
    late = (None, date(2026, 11, 19))
    assert total(session, TallyScope(), late) == 0
    assert total(session, TallyScope(day=first), late) == 1
    assert total(session, TallyScope(day=then), late) == 0
    assert total(session, TallyScope(day=date(2026, 11, 19))) == 0
    assert first_day(session) == first


def test_the_day_is_that_of_shanghai(session: Session) -> None:
    _add(session, updated_at=datetime(2026, 11, 20, 15, 59, tzinfo=UTC))
    _add(session, updated_at=datetime(2026, 11, 20, 16, 0, tzinfo=UTC))
    assert sorted(session.execute(select(tallies.tally_change.c.day)).scalars()) == [
        date(2026, 11, 20),
        date(2026, 11, 21),
    ]


def test_oldest_passes_over_groups_of_nothing(session: Session) -> None:
    key = _add(session, date(2026, 1, 1), holder_id=None)
    session.execute(update(Instrument).where(Instrument.id == key).values(due_date=date(2026, 2, 2)))
    assert oldest(session, TallyScope(), "holder_id", (None, TODAY), [1]) == {}
    assert oldest(session, TallyScope(), "holder_id", (None, TODAY), [0]) == {0: date(2026, 2, 2)}


def test_the_checker_finds_and_repairs_what_a_hand_did(session: Session) -> None:
    _add(session)
    assert list(differences(session)) == []
    session.execute(update(tallies.state_tally).values(instruments=7))
    session.execute(delete(tallies.tally_change))
    found = list(differences(session))
    assert {(one.table, one.kept, one.counted) for one in found} == {("state_tally", 7, 1), ("tally_change", 0, 1)}
    assert repair(session, today=TODAY) == 2
    assert list(differences(session)) == []
    assert total(session, TallyScope()) == 1


def test_folding_leaves_one_row_a_group(session: Session) -> None:
    key = _add(session)
    session.execute(update(Instrument).where(Instrument.id == key).values(due_date=date(2027, 1, 1)))
    fold_all(session)
    assert session.execute(select(tallies.due_tally.c.instruments, tallies.due_tally.c.part)).all() == [(1, 0)]
    assert list(differences(session)) == []


def test_two_who_change_the_same_group_do_not_wait_for_each_other(app: Flask) -> None:
    """On PostgreSQL; SQLite lets one write at a time."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            assert list(tallies.statements("sqlite"))
            return
        with Session(db.engine) as one, Session(db.engine) as other:
            for each in (one, other):
                each.execute(text("set lock_timeout = '2s'"))
            _add(one)
            _add(other)
            one.commit()
            other.commit()
            assert total(one, TallyScope()) == 2
            fold_all(one)
            one.commit()
            assert one.execute(select(tallies.state_tally.c.part)).scalars().all() == [0]


_facts = st.fixed_dictionaries(
    {
        "state": st.sampled_from(STATES),
        "due_date": st.none() | st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3)),
        "district_code": st.sampled_from(["410702", "410703", None]),
        "purpose": st.sampled_from(["trade", "safety"]),
        "last_verified_on": st.none() | st.just(TODAY - timedelta(days=90)),
        "is_assembly": st.booleans(),
    }
)
_steps = st.lists(st.tuples(st.sampled_from(["add", "change", "remove"]), _facts, st.integers(0, 5)), max_size=12)


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=_steps)
def test_whatever_is_done_each_day_is_known_as_it_ended(
    session: Session, steps: list[tuple[str, dict[str, Any], int]]
) -> None:
    """Each step happens on a day of its own; afterwards every such day is asked for, and a recount agrees."""
    session.execute(delete(Instrument))
    repair(session, today=date(2025, 1, 1))
    session.execute(delete(tallies.tally_change))
    keys: list[int] = []
    known: dict[date, dict[tuple[Any, ...], int]] = {}
    for number, (verb, facts, which) in enumerate(steps):
        day = date(2026, 1, 1) + timedelta(days=number)
        values = _allowed(facts)
        if verb == "add" or not keys:
            keys.append(_add(session, **{"due": None, **values, "updated_at": _noon(day)}))
        elif verb == "change":
            row = keys[which % len(keys)]
            session.execute(update(Instrument).where(Instrument.id == row).values(**values, updated_at=_noon(day)))
        else:
            continue  # a removal counts on the day of the database's own clock; it is tried below
        known[day] = _counted(session)
    for day, expected in known.items():
        found = {}
        for state in STATES:
            scope = TallyScope(state=state, day=day)
            found |= {
                (state, *group): counts[0]
                for group, counts in grouped(session, scope, ("district_code", "due_date", "holder_id"))
            }
        assert found == expected
    if keys:
        session.execute(delete(Instrument).where(Instrument.id == keys[0]))
    assert list(differences(session)) == []


def _allowed(facts: dict[str, Any]) -> dict[str, Any]:
    """What the database admits: an assembly is never due, and a due date has its basis."""
    due = None if facts["is_assembly"] else facts["due_date"]
    return {**facts, "due_date": due, "due_basis": "ledger" if due else None}


def _counted(session: Session) -> dict[tuple[Any, ...], int]:
    found: dict[tuple[Any, ...], int] = {}
    rows = select(Instrument.state, Instrument.district_code, Instrument.due_date, Instrument.holder_id).where(
        ~Instrument.is_assembly
    )
    for state, district, due, holder in session.execute(rows):
        key = (state, district or "", due or tallies.NO_DAY, holder or 0)
        found[key] = found.get(key, 0) + 1
    return found
