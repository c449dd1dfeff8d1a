"""What instruments were before they changed: with it each instrument of a past day is known, not only how many there were.

The days of an instrument follow each other without a gap: from the day it was registered up to the ``day`` of its first row it was,
as those days ended, what that row says, and so on; from the last row's ``day`` on it is what its own row says. A row is
written by a trigger at the first change of a day (Shanghai, by ``updated_at``: the day under which ``tally_change`` counts it) of
what the tallies group by. Nothing is written when an instrument is registered, nor for what was so at no end of a day.
"""

# ruff: noqa: S608 - SQL is put together from the names of our own tables and columns alone
from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ColumnElement, Date, Index, Select, String, func, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.visitors import replacement_traverse

from metrology.persistence import clock
from metrology.persistence.columns import Big
from metrology.persistence.database import Model
from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import Condition, KeysetQuery, Merged, Order, any_of
from metrology.persistence.places import Place
from metrology.persistence.tallies import WATCHED
from metrology.persistence.tally_reading import first_day


class InstrumentThen(Model):
    """What an instrument was at the ends of the days from ``since`` up to, and without, ``day``. Appended only.

    It refers to nothing: the instrument may be gone (an import taken back), and so may what it belonged to.
    """

    __tablename__ = "instrument_then"
    __table_args__ = (
        CheckConstraint("since < day", name="was_so_for_a_day"),
        Index("ix_instrument_then_day", "day", "state", "due_date", "since"),
        {"sqlite_with_rowid": False},
    )

    instrument_id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True, comment="the first at whose end it was no longer so")
    since: Mapped[date] = mapped_column(Date, comment="the first at whose end it was so")
    state: Mapped[str] = mapped_column(String(24))
    district_code: Mapped[str | None] = mapped_column(String(12))
    type_code: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(20))
    due_date: Mapped[date | None] = mapped_column(Date)
    due_kind: Mapped[str] = mapped_column(String(20))
    last_verified_on: Mapped[date | None] = mapped_column(Date)
    holder_id: Mapped[int | None] = mapped_column(Big)
    place_id: Mapped[int | None] = mapped_column(Big)
    is_assembly: Mapped[bool] = mapped_column(Boolean)


class KnownFrom(Model):
    """A table that a later release began to fill: on which day, in a registry that was in use before. No row: from the beginning."""

    __tablename__ = "known_from"

    what: Mapped[str] = mapped_column(String(40), primary_key=True, comment="name of the table")
    day: Mapped[date] = mapped_column(Date, comment="the first whose end it tells")


def known_from(session: Session) -> date | None:
    """The first day of which instruments are known one by one; None while nothing is counted."""
    counted = first_day(session)
    began = session.scalar(select(KnownFrom.day).where(KnownFrom.what == InstrumentThen.__tablename__))
    return max(counted, began) if counted and began else counted


# -- which there were


def as_day_ended(query: KeysetQuery, day: date, scope: Condition | None) -> Merged:
    """A list of instruments as it was when a day ended: those still the same, and those that were so until they changed.

    ``scope`` is what the one who asks may see: what was outside it then is left out, and so is what is outside it now.
    """
    same = KeysetQuery(query.order, (*query.conditions, _still_so(day)), query.divisions)
    divided = [any_of(_then(column), values) for column, values in query.divisions]
    conditions = [_then(one) for one in query.conditions]
    order = query.order
    changed = Order(_then(order.column), InstrumentThen.instrument_id, order.descending, order.nullable)
    return Merged((same, KeysetQuery(changed, (*conditions, *divided, *_was_so(day, scope)))))


def were(columns: Sequence[Any], conditions: Sequence[Any], day: date) -> tuple[Select[Any], Select[Any]]:
    """The same columns of those that fit as a day ended: of those still the same, and of those that have changed since."""
    same = select(*columns).where(*conditions, _still_so(day)).outerjoin(Place, Place.id == Instrument.place_id)
    changed = select(*(_then(one) for one in columns)).where(*(_then(one) for one in conditions), *_so_on(day))
    return same, changed.outerjoin(Place, Place.id == InstrumentThen.place_id)


def on_day(session: Session, keys: Sequence[int], day: date) -> dict[int, InstrumentThen]:
    """What those of these instruments that have changed since were when a day ended."""
    found = select(InstrumentThen).where(InstrumentThen.instrument_id.in_(keys), *_so_on(day))
    return {row.instrument_id: row for row in session.scalars(found)}


def _still_so(day: date) -> Condition:
    """Registered by the end of a day and not changed since. Asked of each row by key: no plan gathers all that changed first."""
    changed = (
        select(func.max(InstrumentThen.day)).where(InstrumentThen.instrument_id == Instrument.id).scalar_subquery()
    )
    last: ColumnElement[Any] = func.coalesce(changed, literal(date.min, Date))
    return (Instrument.created_at < clock.day_is_over(day)) & (last <= day)


def _was_so(day: date, scope: Condition | None) -> list[Condition]:
    """So when a day ended, of an instrument that is still there and, today too, within the scope."""
    registered = select(Instrument.created_at).where(Instrument.id == InstrumentThen.instrument_id)
    if scope is not None:
        registered = registered.where(scope)
    is_there = registered.correlate(InstrumentThen).scalar_subquery() < clock.day_is_over(day)
    return [*_so_on(day), is_there]


def _so_on(day: date) -> list[Condition]:
    return [InstrumentThen.day > day, InstrumentThen.since <= day]


def _then(condition: Any) -> Any:
    """The same said of what was so: each column of an instrument is that of the row kept."""

    def kept(element: Any, **_options: Any) -> Any:
        table = getattr(element, "table", None)
        if table is None or getattr(table, "name", None) != Instrument.__tablename__:
            return None
        return InstrumentThen.__table__.c["instrument_id" if element.name == "id" else element.name]

    return replacement_traverse(condition, {}, kept)


# -- triggers

_KEPT = ("instrument_id", "day", "since", *WATCHED)


def statements(dialect: str) -> list[str]:
    """Triggers that keep what instruments were, of a database whose tables exist."""
    return _sqlite() if dialect == "sqlite" else _postgresql()


def _sqlite() -> list[str]:
    changed = " or ".join(f"old.{column} is not new.{column}" for column in WATCHED)
    before = "coalesce((select max(day) from instrument_then where instrument_id = old.id), '')"
    since = f"max({before}, date(old.created_at, '+8 hours'))"
    day = "date(new.updated_at, '+8 hours')"
    return [
        f"create trigger instrument_kept_then after update on instrument when {changed} begin "
        f"insert into instrument_then ({', '.join(_KEPT)}) "
        f"select old.id, {day}, {since}, {', '.join('old.' + column for column in WATCHED)} where {since} < {day}; end"
    ]


def _postgresql() -> list[str]:
    changed = " or ".join(f"o.{column} is distinct from i.{column}" for column in WATCHED)
    before = "(select max(t.day) from instrument_then t where t.instrument_id = o.id)"
    shanghai = "({} at time zone 'Asia/Shanghai')::date"
    return [
        "create or replace function keep_instruments_then() returns trigger language plpgsql as $$ begin "
        f"insert into instrument_then ({', '.join(_KEPT)}) "
        f"select o.id, d.day, d.since, {', '.join('o.' + column for column in WATCHED)} "
        "from old_rows o join new_rows i on i.id = o.id "
        f"cross join lateral (select {shanghai.format('i.updated_at')} as day, "
        f"greatest({before}, {shanghai.format('o.created_at')}) as since) d "
        f"where ({changed}) and d.since < d.day; return null; end $$",
        "create trigger instrument_kept_then after update on instrument "
        "referencing old table as old_rows new table as new_rows "
        "for each statement execute function keep_instruments_then()",
    ]
