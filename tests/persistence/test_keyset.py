"""Paging by keys shows every row once, in order, whatever is empty or equal, and takes its rows from the index."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import KeysetQuery, Order, Position, among
from tests.conftest import NOW, TODAY

STATES = ("in_use", "suspended", "rejected")
_DAYS = st.one_of(st.none(), st.integers(0, 5).map(lambda days: TODAY + timedelta(days=days)))
_ROWS = st.lists(st.tuples(st.sampled_from(STATES), _DAYS), max_size=25)


def create_instruments(session: Session, rows: list[tuple[str, date | None]]) -> None:
    session.query(Instrument).delete()
    session.add_all(
        Instrument(
            number=f"QJ{n}", public_code=f"c{n}", type_code="cold_water_meter", serial_number=f"S{n}", serial_key=f"S{n}",
            state=state, due_date=due, due_basis="ledger" if due else None, created_at=NOW, updated_at=NOW,
        )
        for n, (state, due) in enumerate(rows)
    )  # fmt: skip
    session.flush()


def forwards(session: Session, query: KeysetQuery, size: int) -> Iterator[Position]:
    page = query.page(session, size)
    yield from page.positions
    while page.has_next:
        page = query.page(session, size, after=page.positions[-1])
        assert page.positions
        yield from page.positions


def backwards(session: Session, query: KeysetQuery, size: int, last: Position) -> list[Position]:
    found = [last]
    page = query.page(session, size, before=last)
    found[:0] = page.positions
    while page.has_previous:
        page = query.page(session, size, before=page.positions[0])
        assert page.positions
        found[:0] = page.positions
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=_ROWS, size=st.integers(1, 7), descending=st.booleans(), states=st.sets(st.sampled_from(STATES), min_size=1)
)
def test_pages_show_every_row_once_in_order(
    session: Session, rows: list[tuple[str, date | None]], size: int, descending: bool, states: set[str]
) -> None:
    create_instruments(session, rows)
    order = Order(Instrument.due_date, Instrument.id, descending=descending, nullable=True)
    query = KeysetQuery(order, divisions=((Instrument.state, tuple(sorted(states))),))
    kept = [row for row in session.query(Instrument) if row.state in states]
    dated = sorted(((row.due_date, row.id) for row in kept if row.due_date is not None), reverse=descending)
    undated = sorted(
        ((None, row.id) for row in kept if row.due_date is None), key=lambda row: row[1], reverse=descending
    )
    expected = [Position(*row) for row in [*dated, *undated]]
    assert list(forwards(session, query, size)) == expected
    if expected:
        assert backwards(session, query, size, expected[-1]) == expected
    assert [key for chunk in query.chunks(session, size) for key in chunk] == [position.key for position in expected]
    assert query.count(session, 1000) == len(expected)


def test_count_stops_at_its_cap(session: Session) -> None:
    create_instruments(session, [("in_use", None)] * 5)
    query = KeysetQuery(Order(Instrument.number, Instrument.id))
    assert (query.count(session, 4), query.count(session, 5)) == (5, 5)
    assert query.count(session, 2) == 3


def test_a_page_says_whether_rows_come_before_and_after(session: Session) -> None:
    create_instruments(session, [("in_use", None)] * 3)
    query = KeysetQuery(Order(Instrument.number, Instrument.id))
    first = query.page(session, 2)
    assert (first.has_previous, first.has_next) == (False, True)
    second = query.page(session, 2, after=first.positions[-1])
    assert (second.has_previous, second.has_next) == (True, False)
    back = query.page(session, 2, before=second.positions[0])
    assert (back.positions, back.has_previous, back.has_next) == (first.positions, False, True)


@pytest.mark.parametrize(
    ("conditions", "index"),
    [
        ((), "ix_instrument_state_due_date_id"),
        ((Instrument.district_code == "410702",), "ix_instrument_district_code_state_due_date_id"),
        ((Instrument.holder_id == 7,), "ix_instrument_holder_id_state_due_date_id"),
        ((Instrument.place_id == 7,), "ix_instrument_place_id_state_due_date_id"),
        ((Instrument.type_code == "cold_water_meter",), "ix_instrument_type_code_state_due_date_id"),
    ],
)
def test_each_state_is_a_range_of_the_index(session: Session, conditions: tuple, index: str) -> None:
    order = Order(Instrument.due_date, Instrument.id, nullable=True)
    query = KeysetQuery(order, conditions, divisions=((Instrument.state, STATES),))
    statement = query._statement(query._beyond(Position(TODAY, 3), descends=False), 51, backwards=False)
    plan = explain(session, statement)
    assert plan.count(served_by(session, index)) == len(STATES), plan
    assert "SCAN instrument" not in plan
    assert "Seq Scan" not in plan


def test_two_divisions_make_a_range_for_each_pair(session: Session) -> None:
    create_instruments(session, [("in_use", TODAY), ("in_use", None), ("rejected", TODAY), ("suspended", TODAY)])
    order = Order(Instrument.due_date, Instrument.id, nullable=True)
    types = ("cold_water_meter", "fuel_dispenser")
    divisions = ((Instrument.state, ("in_use", "rejected")), (Instrument.type_code, types))
    query = KeysetQuery(order, (), divisions)
    assert [position.value for position in query.page(session, 10).positions] == [TODAY, TODAY, None]
    plan = explain(session, query._statement(order.column.is_not(None), 51, backwards=False))
    assert plan.count(served_by(session, "ix_instrument_type_code_state_due_date_id")) == 4, plan
    assert query.count(session, 10) == 3


def test_too_many_ranges_become_one_condition(session: Session) -> None:
    create_instruments(session, [("in_use", TODAY), ("in_use", None)])
    order = Order(Instrument.due_date, Instrument.id, nullable=True)
    many = tuple(f"x{n}" for n in range(50))
    query = KeysetQuery(order, (), ((Instrument.state, STATES), (Instrument.type_code, ("cold_water_meter", *many))))
    assert len(query._ranges()) == 3
    assert len(query.page(session, 10).positions) == 2


def test_no_value_is_a_value_to_divide_by(session: Session) -> None:
    create_instruments(session, [("in_use", TODAY), ("in_use", None)])
    order = Order(Instrument.due_date, Instrument.id, nullable=True)
    query = KeysetQuery(order, (), ((Instrument.district_code, ("410702", None)),))
    assert (len(query.page(session, 10).positions), query.count(session, 10)) == (2, 2)
    assert KeysetQuery(order, (), ((Instrument.state, ()),)).page(session, 10).positions == ()


@pytest.mark.parametrize("descending", [False, True])
def test_an_order_without_the_divisions_walks_its_own_index(session: Session, descending: bool) -> None:
    create_instruments(session, [("in_use", None), ("rejected", None), ("suspended", None)])
    order = Order(Instrument.number, Instrument.id, descending=descending)
    query = KeysetQuery.undivided(order, (), ((Instrument.state, ("in_use", "rejected")),))
    assert [position.value for position in query.page(session, 10).positions] == (
        ["QJ1", "QJ0"] if descending else ["QJ0", "QJ1"]
    )
    plan = explain(session, query._statement(None, 51, backwards=False))
    if session.get_bind().dialect.name == "sqlite":
        assert "TEMP B-TREE" not in plan, plan


def test_many_keys_go_as_one_value(session: Session) -> None:
    create_instruments(session, [("in_use", None)] * 3)
    keys = sorted(row.id for row in session.query(Instrument))
    order = Order(Instrument.number, Instrument.id)
    condition = among(session, Instrument.id, [*keys[1:], *range(10**6, 10**6 + 50_000)])
    assert KeysetQuery(order, (condition,)).page(session, 10).keys == keys[1:]
    plan = explain(
        session, KeysetQuery(order, (among(session, Instrument.id, keys),))._statement(None, 51, backwards=False)
    )
    assert "INTEGER PRIMARY KEY" in plan or "pk_instrument" in plan, plan


def served_by(session: Session, index: str) -> str:
    """PostgreSQL chooses among indexes by its statistics, and those of an empty table say nothing."""
    return index if session.get_bind().dialect.name == "sqlite" else "Scan using ix_instrument_"


def explain(session: Session, statement: object) -> str:
    """The plan the database makes, on PostgreSQL as if the table were large."""
    compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    sqlite = session.get_bind().dialect.name == "sqlite"
    if not sqlite:
        session.execute(text("set local enable_seqscan = off"))
        session.execute(text("set local enable_bitmapscan = off"))
    rows = session.execute(text(f"{'explain query plan' if sqlite else 'explain'} {compiled}".replace(":", r"\:")))
    return "\n".join(str(row[3 if sqlite else 0]) for row in rows)
