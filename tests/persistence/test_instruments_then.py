"""The instruments of a past day are those that were there when it ended, as they were: random changes beside snapshots in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, false, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.instruments_then import InstrumentThen, KnownFrom, as_day_ended, known_from, on_day
from metrology.persistence.keyset import KeysetQuery, Merged, Order, Position
from metrology.persistence.places import Place
from metrology.persistence.tallies import WATCHED
from metrology.persistence.tally_reading import Span, TallyScope, total
from tests.conftest import NOW, TODAY

DAYS = [TODAY - timedelta(days=back) for back in (6, 5, 4, 2, 1, 0)]
BY_DUE = Order(Instrument.due_date, Instrument.id, nullable=True)
STATES = ("in_use", "awaiting_verification", "rejected", "retired")
_numbers = count(1)

Row = dict[str, Any]


def _noon(day: date, hour: int = 4) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def _add(session: Session, day: date, **facts: Any) -> int:
    number = next(_numbers)
    values = {
        "number": f"N{number}", "public_code": f"n{number}", "type_code": "fuel_dispenser", "serial_number": f"S{number}",
        "serial_key": f"s{number}", "manufacturer_key": "", "district_code": "410702", "state": "in_use", "due_date": TODAY,
        "due_basis": "ledger", "created_at": _noon(day), "updated_at": _noon(day),
    }  # fmt: skip
    return session.execute(insert(Instrument).values(**{**values, **facts}).returning(Instrument.id)).scalar_one()


def _change(session: Session, keys: list[int], day: date, **values: Any) -> None:
    session.execute(update(Instrument).where(Instrument.id.in_(keys)).values(**values, updated_at=_noon(day)))


def _kept(session: Session) -> list[tuple[date, date, str]]:
    then = InstrumentThen
    return [tuple(row) for row in session.execute(select(then.since, then.day, then.state).order_by(then.day))]


def _listed(session: Session, day: date, *conditions: Any) -> list[int]:
    merged = as_day_ended(KeysetQuery(BY_DUE, conditions, ((Instrument.state, STATES),)), day, None)
    return [position.key for position in merged.walk(session, 1000, None)]


# -- what is kept


def test_the_first_change_of_a_day_says_what_was_so_until_then(session: Session) -> None:
    key = _add(session, DAYS[0])
    for state in ("rejected", "awaiting_verification", "in_use"):
        _change(session, [key], DAYS[2], state=state)
    _change(session, [key], DAYS[3], state="retired")
    assert _kept(session) == [(DAYS[0], DAYS[2], "in_use"), (DAYS[2], DAYS[3], "in_use")]
    assert {day: row.day for day in DAYS for row in on_day(session, [key], day).values()} == {
        DAYS[0]: DAYS[2], DAYS[1]: DAYS[2], DAYS[2]: DAYS[3],
    }  # fmt: skip


def test_nothing_is_kept_of_a_registration_nor_of_the_day_of_it(session: Session) -> None:
    key = _add(session, DAYS[0])
    _change(session, [key], DAYS[0], state="rejected")
    assert _kept(session) == []
    assert _listed(session, DAYS[0], Instrument.state == "rejected") == [key]


def test_a_change_of_what_no_figure_knows_keeps_nothing(session: Session) -> None:
    _change(session, [_add(session, DAYS[0])], DAYS[1], notes="seen", is_onsite=False)
    assert _kept(session) == []


def test_many_changed_by_one_statement_are_kept_one_by_one(session: Session) -> None:
    keys = [_add(session, DAYS[0]) for _each in range(3)]
    _change(session, keys, DAYS[1], district_code=None)
    assert len(_kept(session)) == 3


def test_the_day_is_that_of_shanghai(session: Session) -> None:
    key = _add(session, DAYS[0], created_at=_noon(DAYS[0], 15), updated_at=_noon(DAYS[0], 15))
    session.execute(update(Instrument).values(state="rejected", updated_at=_noon(DAYS[0], 16)))
    assert _kept(session) == [(DAYS[0], DAYS[1], "in_use")]
    late = _add(session, DAYS[0], created_at=_noon(DAYS[0], 16), updated_at=_noon(DAYS[0], 16))
    assert (_listed(session, DAYS[0]), _listed(session, DAYS[1])) == ([key], [key, late])


@pytest.mark.parametrize("statement", ["update instrument_then set state = 'lost'", "delete from instrument_then"])
def test_what_was_so_is_never_rewritten(session: Session, statement: str) -> None:
    _change(session, [_add(session, DAYS[0])], DAYS[1], state="rejected")
    with pytest.raises(DBAPIError, match="append only"), session.begin_nested():
        session.execute(text(statement))


def test_a_registry_in_use_before_knows_its_instruments_from_a_later_day_than_its_figures(session: Session) -> None:
    assert known_from(session) is None
    _add(session, DAYS[0])
    assert known_from(session) == DAYS[0]
    session.add(KnownFrom(what="instrument_then", day=DAYS[2]))
    assert known_from(session) == DAYS[2]


# -- random changes


def _around(session: Session) -> tuple[list[int], list[int]]:
    holders = [
        Holder(number=f"H{n}", name=f"单位{n}", identity_key=f"h{n}", created_at=NOW, updated_at=NOW) for n in (1, 2)
    ]
    places = [
        Place(
            kind="market", name=f"市场{n}", full_name=f"市场{n}", identity_key=f"m{n}", created_at=NOW, updated_at=NOW
        )
        for n in (1, 2)
    ]
    session.add_all([*holders, *places])
    session.flush()
    for place in places:
        place.path = f"/{place.id}/"
    session.flush()
    return [one.id for one in holders], [one.id for one in places]


def _facts(random: Random, holders: list[int], places: list[int]) -> Row:
    is_assembly = random.random() < 0.15
    due = None if is_assembly or random.random() < 0.2 else TODAY + timedelta(days=random.randrange(-8, 4))
    return {
        "state": random.choice((*STATES, "in_use", "in_use", "in_use")),
        "district_code": random.choice(["410702", "410783", None]),
        "type_code": random.choice(["fuel_dispenser", "cold_water_meter"]),
        "purpose": random.choice(["trade", "safety"]),
        "due_kind": random.choice(["verification", "rotation"]),
        "due_date": due,
        "due_basis": None if due is None else "ledger",
        "last_verified_on": random.choice([None, TODAY - timedelta(days=90)]),
        "holder_id": random.choice([None, *holders]),
        "place_id": random.choice([None, *places]),
        "is_assembly": is_assembly,
    }


def _live(session: Session, random: Random, holders: list[int], places: list[int]) -> dict[date, dict[int, Row]]:
    """Some days of registering, changing one and several, back and forth; what is there as each ends."""
    columns = [Instrument.id, *(getattr(Instrument, name) for name in WATCHED)]
    keys: list[int] = []
    ended: dict[date, dict[int, Row]] = {}
    for day in DAYS:
        for _each in range(12):
            facts = _facts(random, holders, places)
            if not keys or random.random() < 0.4:
                keys.append(_add(session, day, **facts))
            elif random.random() < 0.3:
                some = {name: facts[name] for name in ("district_code", "holder_id")}
                _change(session, random.sample(keys, min(3, len(keys))), day, **some)
            else:
                _change(session, [random.choice(keys)], day, **facts)
        ended[day] = {row[0]: row._asdict() for row in session.execute(select(*columns))}
    return ended


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_list_of_every_day_is_what_was_there_as_it_ended(session: Session, seed: int) -> None:
    random = Random(seed)
    holders, places = _around(session)
    ended = _live(session, random, holders, places)
    model = Instrument
    for day, rows in ended.items():
        late: Callable[[Row], Any] = lambda row, day=day: row["due_date"] and row["due_date"] < day  # noqa: E731
        overdue: Span = (None, day - timedelta(days=1))
        asked: list[tuple[TallyScope, Span | None, tuple[Any, ...], Callable[[Row], Any]]] = [
            (TallyScope(), None, (), lambda _row: True),
            (TallyScope(), overdue, (model.due_date < day,), late),
            (TallyScope(district_code=""), overdue, (model.due_date < day, model.district_code.is_(None)),
             lambda row, late=late: late(row) and row["district_code"] is None),
            (TallyScope(type_code="cold_water_meter", purpose="safety"), None,
             (model.type_code == "cold_water_meter", model.purpose.in_(["safety"])),
             lambda row: (row["type_code"], row["purpose"]) == ("cold_water_meter", "safety")),
            (TallyScope(holder_id=holders[0]), overdue, (model.due_date < day, model.holder_id == holders[0]),
             lambda row, late=late: late(row) and row["holder_id"] == holders[0]),
            (TallyScope(place_path=f"/{places[1]}/"), None,
             (model.place_id.in_(select(Place.id).where(Place.path.startswith(f"/{places[1]}/"))),),
             lambda row: row["place_id"] == places[1]),
            (TallyScope(state="awaiting_verification", is_verified=False), None, (model.last_verified_on.is_(None),),
             lambda row: row["last_verified_on"] is None),
            (TallyScope(due_kind="rotation"), None, (model.due_kind == "rotation",), lambda row: row["due_kind"] == "rotation"),
        ]  # fmt: skip
        for scope, span, conditions, fits in asked:
            counted = [
                row for row in rows.values() if row["state"] == scope.state and not row["is_assembly"] and fits(row)
            ]
            expected = [row["id"] for row in sorted(counted, key=_by_due)]
            query = KeysetQuery(BY_DUE, (model.is_assembly.is_(False), *conditions), ((model.state, (scope.state,)),))
            merged = as_day_ended(query, day, None)
            assert _paged(session, merged) == expected, (day, scope)
            assert merged.count(session, 1000) == len(expected)
            past = TallyScope(**{**scope.__dict__, "day": day})
            assert total(session, past, span) == len(expected), (day, scope)
        was = on_day(session, list(rows), day)
        for key, row in rows.items():
            now = was.get(key) or session.get_one(Instrument, key)
            assert {name: getattr(now, name) for name in WATCHED} == {name: row[name] for name in WATCHED}


def _by_due(row: Row) -> tuple[bool, date, int]:
    return row["due_date"] is None, row["due_date"] or date.max, row["id"]


def _paged(session: Session, merged: Merged) -> list[int]:
    """All rows by pages of three: onwards, and the same from the end backwards."""
    keys: list[int] = []
    starts: list[Position] = []
    page = merged.page(session, 3)
    while True:
        keys += page.keys
        if not page.has_next:
            break
        starts.append(page.positions[-1])
        page = merged.page(session, 3, after=starts[-1])
    if page.positions and starts:
        back = list(page.keys)
        while page.has_previous:
            page = merged.page(session, 3, before=page.positions[0])
            back = [*page.keys, *back]
        assert back == keys
    return keys


def test_descending_turns_the_list_round_and_leaves_what_has_no_day_at_its_end(session: Session) -> None:
    first, second, third = (_add(session, DAYS[0], due_date=day) for day in (DAYS[0], DAYS[3], None))
    _change(session, [second], DAYS[2], due_date=DAYS[5])
    down = Order(Instrument.due_date, Instrument.id, descending=True, nullable=True)
    assert _paged(session, as_day_ended(KeysetQuery(down), DAYS[1], None)) == [second, first, third]


def test_what_is_gone_is_not_listed_nor_what_took_its_key(session: Session) -> None:
    stays, goes = _add(session, DAYS[0]), _add(session, DAYS[0])
    _change(session, [goes], DAYS[1], state="rejected")
    session.execute(delete(Instrument).where(Instrument.id == goes))
    _add(session, DAYS[5], id=goes)
    assert _listed(session, DAYS[0]) == [stays]
    assert _listed(session, DAYS[5]) == [stays, goes]


def test_whose_it_was_and_whose_it_is_must_both_be_within_reach(session: Session) -> None:
    came, left, stayed = (_add(session, DAYS[0], district_code=code) for code in ("410783", "410702", "410702"))
    _change(session, [came], DAYS[2], district_code="410702")
    _change(session, [left], DAYS[2], district_code="410783")
    scope = Instrument.district_code == "410702"
    merged = as_day_ended(KeysetQuery(BY_DUE, (scope,)), DAYS[1], scope)
    assert [one.key for one in merged.walk(session, 10, None)] == [stayed]
    assert as_day_ended(KeysetQuery(BY_DUE, (false(),)), DAYS[1], false()).walk(session, 10, None) == []


# -- what it costs


def test_no_plan_reads_the_instruments_through(session: Session) -> None:
    """Overdue in use, on a day: each part by an index, and no instrument looked at but by its order or its key."""
    values = [
        {
            "number": f"N{n}", "public_code": f"n{n}", "type_code": "fuel_dispenser", "serial_number": "1", "serial_key": f"k{n}",
            "manufacturer_key": "", "district_code": "410702", "state": "in_use", "due_date": TODAY - timedelta(days=n % 900),
            "due_basis": "ledger", "created_at": _noon(DAYS[0]), "updated_at": _noon(DAYS[0]),
        }
        for n in range(20_000)
    ]  # fmt: skip
    session.execute(insert(Instrument), values)
    keys = list(session.scalars(select(Instrument.id).order_by(Instrument.id).limit(2000)))
    for number, day in enumerate(DAYS[1:]):
        _change(session, keys[number::5], day, due_date=day + timedelta(days=400))
    session.execute(text("analyze"))
    query = KeysetQuery(BY_DUE, (Instrument.due_date < DAYS[3],), ((Instrument.state, ("in_use",)),))
    same, changed = as_day_ended(query, DAYS[3], None).parts
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for part, index in ((same, "ix_instrument_state_due_date_id"), (changed, "ix_instrument_then_day")):
        steps = _plan(session, part, is_sqlite=is_sqlite)
        whole = "SCAN instrument" if is_sqlite else "Seq Scan"
        assert [step for step in steps if whole in step] == [], steps
        assert any(index in step for step in steps), steps
        assert any("pk_instrument" in step or "PRIMARY KEY" in step for step in steps), steps


def _plan(session: Session, part: KeysetQuery, *, is_sqlite: bool) -> list[str]:
    statement = part._statement(None, 51, backwards=False)
    sql = str(statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    rows = session.execute(text(f"{'explain query plan' if is_sqlite else 'explain'} {sql}".replace(":", r"\:")))
    return [str(row[3 if is_sqlite else 0]) for row in rows]
