"""Rows written together are the rows that SQLAlchemy would have written one by one, and are refused alike."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import pytest
from sqlalchemy import Table, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from metrology.persistence import bulk
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.ledgers import LedgerRow
from tests.conftest import NOW

MANY = 20
HOLDER = cast("Table", Holder.__table__)
INSTRUMENT = cast("Table", Instrument.__table__)


def holder(number: int, **said: Any) -> dict[str, Any]:
    usual = {"number": f"DW{number}", "name": f"经营户\t{number}\\N", "identity_key": f"k{number}", "kind": "vendor"}
    return {**usual, "created_at": NOW, "updated_at": NOW, "is_active": True, **said}


def instrument(number: int, **said: Any) -> dict[str, Any]:
    usual = {
        "number": f"QJ{number}", "public_code": f"c{number}", "type_code": "fuel_dispenser", "serial_number": f"S{number}",
        "serial_key": f"s{number}", "state": "in_use", "due_date": date(2027, 2, 28), "due_basis": "ledger",
        "nameplate": {"最大秤量": "30 kg", "quotes": "\"'\\\n\t", "none": None}, "is_onsite": number % 2 == 0,
        "notes": "一\n二\t三\\", "created_at": NOW, "updated_at": NOW, "installed_on": None,
    }  # fmt: skip
    return {**usual, **said}


def stored(session: Session, table: Table) -> list[dict[str, Any]]:
    rows = session.execute(select(table).order_by(table.c.number)).mappings()
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


@pytest.mark.parametrize(("table", "row"), [(HOLDER, holder), (INSTRUMENT, instrument)])
def test_rows_are_as_if_inserted(session: Session, table: Table, row: Any) -> None:
    rows = [row(number) for number in range(MANY)]
    session.execute(insert(table), rows)
    wanted = stored(session, table)
    session.rollback()
    bulk.write(session, table, rows)
    assert stored(session, table) == wanted
    assert len(wanted) == MANY


def test_nothing_is_stored_as_nothing_where_json_stands(session: Session) -> None:
    """A JSON column tells the null of JSON from no value; both ways of writing keep the same."""
    from metrology.services.importing import _keep
    from tests.services.test_importing import OFFICER

    batch = _keep(session, OFFICER, b"a,b\n1,2\n", "a.csv", now=NOW)
    table = cast("Table", LedgerRow.__table__)
    rows = [
        {"batch_id": batch.id, "row": number, "outcome": "created", "changes": None, "made": {"holder": [number]}}
        for number in range(2 * MANY)
    ]
    session.execute(insert(table), rows[:MANY])
    bulk.write(session, table, rows[MANY:])
    kept = session.execute(select(table).order_by(table.c.row)).mappings().all()
    for one, other in zip(kept[:MANY], kept[MANY:], strict=True):
        differing = {name for name in one if one[name] != other[name]}
        assert differing == {"id", "row", "made"}
    nulls = select(table.c.row).where(table.c.changes.is_(None))
    assert len(session.execute(nulls).all()) in (0, 2 * MANY)


@pytest.mark.parametrize("count", [2, MANY])
def test_a_row_that_is_there_is_refused_and_none_is_left(session: Session, count: int) -> None:
    bulk.write(session, HOLDER, [holder(count - 1)])
    with pytest.raises(IntegrityError), session.begin_nested():
        bulk.write(session, HOLDER, [holder(number) for number in range(count)])
    assert [row["number"] for row in stored(session, HOLDER)] == [f"DW{count - 1}"]
    session.rollback()


def test_what_a_constraint_forbids_is_refused(session: Session) -> None:
    rows = [instrument(number, state="in_use" if number else "unheard_of") for number in range(MANY)]
    with pytest.raises(IntegrityError):
        bulk.write(session, INSTRUMENT, rows)
    session.rollback()


def test_keys_of_many_go_on_after_the_last(session: Session) -> None:
    bulk.write(session, HOLDER, [holder(number) for number in range(MANY)])
    other = Holder(**holder(99))
    session.add(other)
    session.flush()
    assert other.id > max(session.scalars(select(Holder.id).where(Holder.id != other.id)))
