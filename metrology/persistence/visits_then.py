"""On which visits instruments stood as past days ended: with it a past day knows what was planned, as today does.

``visit_item.open_key`` says what stands on a visit that is not finished, ``visit_item.changed_at`` since when. As it is taken off, a
trigger keeps on which days it stood there (Shanghai, by ``changed_at``). Nothing is kept of what was so at no end of a day.
"""

# ruff: noqa: S608 - SQL is put together from names of our own alone
from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, Index, select, union_all
from sqlalchemy.orm import Mapped, mapped_column

from metrology.persistence import clock
from metrology.persistence.columns import Big
from metrology.persistence.database import Model
from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import Condition
from metrology.persistence.visits import VisitItem


class OnVisitThen(Model):
    """An instrument stood on a visit at the ends of the days from ``since`` up to, and without, ``day``. Appended only."""

    __tablename__ = "on_visit_then"
    __table_args__ = (
        CheckConstraint("since < day", name="was_so_for_a_day"),
        Index("ix_on_visit_then_day", "day", "since", "instrument_id"),
        {"sqlite_with_rowid": False},
    )

    instrument_id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True, comment="the first at whose end it was no longer so")
    since: Mapped[date] = mapped_column(Date, comment="the first at whose end it was so")
    visit_id: Mapped[int] = mapped_column(Big)


def planned(day: date) -> Condition:
    """On a visit that was not finished when a day ended: on it still, or until it was taken off."""
    still = select(VisitItem.open_key).where(
        VisitItem.open_key.is_not(None), VisitItem.changed_at < clock.day_is_over(day)
    )
    were = select(OnVisitThen.instrument_id).where(OnVisitThen.since <= day, OnVisitThen.day > day)
    return Instrument.id.in_(union_all(still, were))


# -- triggers


def statements(dialect: str) -> list[str]:
    """The trigger that keeps on which days instruments stood on visits, of a database whose tables exist."""
    return _sqlite() if dialect == "sqlite" else _postgresql()


_TAKEN_OFF = "old.open_key is not null and (new.open_key is null or new.open_key <> old.open_key)"


def _sqlite() -> list[str]:
    before = "coalesce((select max(day) from on_visit_then where instrument_id = old.open_key), '')"
    since = f"max({before}, date(old.changed_at, '+8 hours'))"
    day = "date(new.changed_at, '+8 hours')"
    return [
        f"create trigger visit_item_kept_then after update on visit_item when {_TAKEN_OFF} begin "
        "insert into on_visit_then (instrument_id, day, since, visit_id) "
        f"select old.open_key, {day}, {since}, old.visit_id where {since} < {day}; end"
    ]


def _postgresql() -> list[str]:
    shanghai = "({} at time zone 'Asia/Shanghai')::date"
    before = "(select max(t.day) from on_visit_then t where t.instrument_id = old.open_key)"
    return [
        "create or replace function keep_visits_then() returns trigger language plpgsql as $$ begin "
        "insert into on_visit_then (instrument_id, day, since, visit_id) "
        "select old.open_key, d.day, d.since, old.visit_id "
        f"from (select {shanghai.format('new.changed_at')} as day, "
        f"greatest({before}, {shanghai.format('old.changed_at')}) as since) d where d.since < d.day; return null; end $$",
        f"create trigger visit_item_kept_then after update on visit_item for each row when ({_TAKEN_OFF}) "
        "execute function keep_visits_then()",
    ]
