"""How many instruments there are of each group, kept true by triggers in the transaction of every change.

A report sums groups, not instruments: five million meters are some thousand rows here. Five tables hold the same instruments
(assemblies are left out: their parts are verified), from coarse to fine:

- ``state_tally``: by state, district, type and purpose;
- ``due_tally``, ``holder_tally``, ``place_tally``: also by due date, what is due and whether ever verified; and by holder, or place;
- ``tally_change``: by how much each day changed them, in full detail: a past day is today less what changed since.

Triggers and not services keep them, because an import, a correction and a hand at the database must all be counted. On
PostgreSQL every server process adds to rows of its own (``part``): two transactions that touch the same group neither wait
for each other nor lock each other out; ``fold`` brings the parts together. SQLite has one writer and one part.
"""

# ruff: noqa: S608 - SQL is put together from the names of our own tables and columns alone
from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Boolean, Column, Date, Index, Integer, PrimaryKeyConstraint, String, Table, text
from sqlalchemy.orm import Session

from metrology.persistence.columns import Big
from metrology.persistence.database import Model

NO_DAY = date(9999, 12, 31)
"""Stands for "no due date": a key has no NULL."""
GROUP = ("district_code", "type_code", "purpose")
DUE = ("due_date", *GROUP, "due_kind", "is_verified")
_TYPES: dict[str, Any] = {
    "day": Date,
    "state": String(24),
    "district_code": String(12),
    "type_code": String(60),
    "purpose": String(20),
    "due_date": Date,
    "due_kind": String(20),
    "is_verified": Boolean,
    "holder_id": Big,
    "place_id": Big,
    "part": Integer,
}
_COMMENTS = {
    "district_code": "empty: none",
    "due_date": "9999-12-31: none",
    "holder_id": "0: none",
    "place_id": "0: none",
    "part": "who adds to the row, so that two never wait for each other",
    "is_verified": "was verified at least once",
}


def _tally(name: str, keys: Sequence[str], *indexes: Index) -> Table:
    """A table of counts by these keys, which are its primary key in this order."""
    names = (*keys, "part")
    columns: list[Column[Any]] = [
        Column(one, _TYPES[one], nullable=False, comment=_COMMENTS.get(one), autoincrement=False) for one in names
    ]
    count: Column[Any] = Column(
        "instruments", Big, nullable=False, comment="of a day: the difference, which may be negative"
    )
    key = PrimaryKeyConstraint(*names)
    return Table(name, Model.metadata, *columns, count, key, *indexes, sqlite_with_rowid=False)


state_tally = _tally("state_tally", ("state", *GROUP))
due_tally = _tally("due_tally", ("state", *DUE))
holder_tally = _tally("holder_tally", ("state", *DUE, "holder_id"), Index("ix_holder_tally_holder_id", "holder_id"))
place_tally = _tally("place_tally", ("state", *DUE, "place_id"), Index("ix_place_tally_place_id", "place_id"))
tally_change = _tally("tally_change", ("day", "state", *DUE, "holder_id", "place_id"))
TALLIES = (state_tally, due_tally, holder_tally, place_tally, tally_change)

_SOURCES = {
    # key of a tally → the expression on a row of instrument (``{}`` stands for the row)
    "state": "{}.state",
    "district_code": "coalesce({}.district_code, '')",
    "type_code": "{}.type_code",
    "purpose": "{}.purpose",
    "due_date": "coalesce({}.due_date, '9999-12-31')",
    "due_kind": "{}.due_kind",
    "is_verified": "({}.last_verified_on is not null)",
    "holder_id": "coalesce({}.holder_id, 0)",
    "place_id": "coalesce({}.place_id, 0)",
}
WATCHED = (
    *("state", "district_code", "type_code", "purpose", "due_date", "due_kind", "last_verified_on", "holder_id"),
    *("place_id", "is_assembly"),
)
"""Columns of instrument whose change moves it to another group."""


def coarsest(*, holder: bool, place: bool, due: bool) -> Table | None:
    """The coarsest tally that tells holders, places or due days apart as asked; None when none does (holder and place)."""
    if holder and place:
        return None
    if holder:
        return holder_tally
    if place:
        return place_tally
    return due_tally if due else state_tally


def keys_of(table: Table) -> tuple[str, ...]:
    """The keys of a tally without ``part``."""
    return tuple(column.name for column in table.primary_key.columns if column.name != "part")


def _sources(table: Table, row: str, day: str) -> list[str]:
    return [day if key == "day" else _SOURCES[key].format(row) for key in keys_of(table)]


# -- triggers


def statements(dialect: str) -> list[str]:
    """Triggers that keep the tallies, of a database whose tables exist."""
    return list(_sqlite() if dialect == "sqlite" else _postgresql())


_SQLITE_DAY = "date({}, '+8 hours')"
_NOW = "'now'"


def _sqlite() -> Iterator[str]:
    added, taken = _sqlite_body("new", 1), _sqlite_body("old", -1)
    changed = " or ".join(f"old.{column} is not new.{column}" for column in WATCHED)
    yield f"create trigger instrument_tallied_in after insert on instrument when not new.is_assembly begin {added} end"
    yield (
        "create trigger instrument_tallied_out after delete on instrument when not old.is_assembly begin "
        f"{_sqlite_body('old', -1, day=_SQLITE_DAY.format(_NOW))} end"
    )
    yield (
        f"create trigger instrument_tallied_off after update on instrument when not old.is_assembly and ({changed}) "
        f"begin {taken} end"
    )
    yield (
        f"create trigger instrument_tallied_on after update on instrument when not new.is_assembly and ({changed}) "
        f"begin {added} end"
    )


def _sqlite_body(row: str, count: int, day: str = "") -> str:
    day = day or _SQLITE_DAY.format("new.updated_at")
    parts = []
    for table in TALLIES:
        keys = keys_of(table)
        parts.append(
            f"insert into {table.name} ({', '.join(keys)}, part, instruments) "
            f"values ({', '.join(_sources(table, row, day))}, 0, {count}) "
            f"on conflict ({', '.join(keys)}, part) do update set instruments = instruments + excluded.instruments;"
        )
    return " ".join(parts)


def _postgresql() -> Iterator[str]:
    yield (
        "create or replace function tally_instruments() returns trigger language plpgsql as $$ begin "
        "if tg_op = 'INSERT' then "
        f"{_postgresql_body(_rows('new_rows', 1))} "
        "elsif tg_op = 'DELETE' then "
        f"{_postgresql_body(_rows('old_rows', -1, day='now()'))} "
        "else "
        f"{_postgresql_body(_updated())} "
        "end if; return null; end $$"
    )
    for name, verb, tables in (
        ("in", "insert", "new table as new_rows"),
        ("out", "delete", "old table as old_rows"),
        ("over", "update", "old table as old_rows new table as new_rows"),
    ):
        yield (
            f"create trigger instrument_tallied_{name} after {verb} on instrument referencing {tables} "
            "for each statement execute function tally_instruments()"
        )


def _postgresql_body(rows: str) -> str:
    parts = []
    for table in TALLIES:
        keys = keys_of(table)
        columns = ", ".join(keys)
        sources = ", ".join(_sources(table, "r", "(r.updated_at at time zone 'Asia/Shanghai')::date"))
        parts.append(
            f"insert into {table.name} ({columns}, part, instruments) "
            f"select {sources}, pg_backend_pid(), sum(r.n) from ({rows}) r "
            f"group by {', '.join(str(number) for number in range(1, len(keys) + 1))} having sum(r.n) <> 0 "
            f"on conflict ({columns}, part) do update set instruments = {table.name}.instruments + excluded.instruments;"
        )
    return " ".join(parts)


_READ = (
    "{0}.state, {0}.district_code, {0}.type_code, {0}.purpose, {0}.due_date, {0}.due_kind, {0}.last_verified_on, "
    "{0}.holder_id, {0}.place_id"
)


def _rows(table: str, count: int, day: str = "i.updated_at") -> str:
    return f"select {_READ.format('i')}, {day} as updated_at, {count} as n from {table} i where not i.is_assembly"


def _updated() -> str:
    changed = " or ".join(f"o.{column} is distinct from i.{column}" for column in WATCHED)
    both = f"from old_rows o join new_rows i on i.id = o.id where ({changed})"
    return (
        f"select {_READ.format('o')}, i.updated_at, -1 as n {both} and not o.is_assembly "
        f"union all select {_READ.format('i')}, i.updated_at, 1 {both} and not i.is_assembly"
    )


# -- counting anew


def fill(session: Session, day: date) -> None:
    """Count every instrument anew into emptied tallies; all that is there now counts as come on ``day``."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    literal = f"'{day.isoformat()}'" + ("" if is_sqlite else "::date")
    for table in TALLIES:
        _run(session, f"delete from {table.name}")
        _run(
            session,
            f"insert into {table.name} ({', '.join(keys_of(table))}, instruments, part) "
            f"select counted.*, 0 from ({recount(table, literal)}) counted",
        )


def recount(table: Table, day: str = "", *, by: Sequence[str] = ()) -> str:
    """SQL that counts the instruments by a tally's keys, or by some of them, as columns of the same names and ``instruments``.

    ``day`` is the expression for that of ``tally_change``.
    """
    keys = tuple(by) or keys_of(table)
    sources = [day if key == "day" else _SOURCES[key].format("i") for key in keys]
    named = ", ".join(f"{source} as {key}" for source, key in zip(sources, keys, strict=True))
    numbers = ", ".join(str(number) for number in range(1, len(sources) + 1))
    return f"select {named}, count(*) as instruments from instrument i where not i.is_assembly group by {numbers}"


def fold(session: Session, table: Table) -> None:
    """Bring the parts of each group together and drop groups of nothing. What a transaction under way holds waits."""
    keys = ", ".join(keys_of(table))
    if session.get_bind().dialect.name == "sqlite":
        _run(session, f"delete from {table.name} where instruments = 0")
        return
    _run(
        session,
        f"with picked as materialized (select ctid from {table.name} where part <> 0 for update skip locked), "
        f"gone as (delete from {table.name} t using picked where t.ctid = picked.ctid returning t.*), "
        f"summed as (select {keys}, sum(instruments) as n from gone group by {keys}) "
        f"insert into {table.name} ({keys}, part, instruments) select {keys}, 0, n from summed "
        f"on conflict ({keys}, part) do update set instruments = {table.name}.instruments + excluded.instruments",
    )
    _run(session, f"delete from {table.name} where part = 0 and instruments = 0")


def _run(session: Session, statement: str) -> None:
    session.execute(text(statement.replace(":", r"\:")))


__all__ = [
    "DUE", "GROUP", "NO_DAY", "TALLIES", "WATCHED", "coarsest", "due_tally", "fill", "fold", "holder_tally", "keys_of",
    "place_tally", "recount", "state_tally", "statements", "tally_change",
]  # fmt: skip
