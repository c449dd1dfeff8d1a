"""Questions asked about what falls due: the condition, and the groups one visit can take (a market, a holder, a week).

What falls due is what is in use with a last valid day up to some day, and what waits for its verification: those two ranges
of the index on (state, due_date). Instruments at the end of their service life are rotated, not verified, and are no part.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, case, cast, func, or_, select
from sqlalchemy.orm import Session

from metrology.domain.instrument import SCHEDULED
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.visits import VisitItem

WAITING = "awaiting_verification"


def falling_due(until: date) -> ColumnElement[bool]:
    """In use or waiting with a last valid day up to ``until``, or waiting for a first verification."""
    has_day = Instrument.state.in_(sorted(SCHEDULED)) & (Instrument.due_date <= until)
    never = (Instrument.state == WAITING) & Instrument.due_date.is_(None)
    return or_(has_day, never) & Instrument.is_assembly.is_(False) & (Instrument.due_kind == "verification")


def planned() -> ColumnElement[bool]:
    """On an open visit."""
    return Instrument.id.in_(select(VisitItem.open_key).where(VisitItem.open_key.is_not(None)))


def root_key(session: Session) -> ColumnElement[Any]:
    """The key of the topmost place of a place: the first step of its path, so that a market counts with all its stalls."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(func.split_part(Place.path, "/", 2), Integer)
    rest = func.substr(Place.path, 2)
    return cast(func.substr(rest, 1, func.instr(rest, "/") - 1), Integer)


def on_visit() -> ColumnElement[int]:
    """One for an instrument on an open visit, else zero."""
    return case((select(VisitItem.id).where(VisitItem.open_key == Instrument.id).exists(), 1), else_=0)


def counts(day: ColumnElement[Any], visits: ColumnElement[Any], today: date) -> tuple[ColumnElement[Any], ...]:
    """Overdue, falling due, waiting without a day, planned, and the earliest day of a group."""
    return (
        func.sum(case((day < today, 1), else_=0)),
        func.sum(case((day >= today, 1), else_=0)),
        func.sum(case((day.is_(None), 1), else_=0)),
        func.sum(visits),
        func.min(day),
    )


def under(place_path: str) -> Select[Any]:
    """The keys of a place and of all places in it."""
    return select(Place.id).where(Place.path.startswith(place_path, autoescape=True))


def by_day(session: Session, within: Select[Any], first: date, last: date) -> dict[date, int]:
    """How many of a selection fall due on each day of a span."""
    statement = (
        within.where(Instrument.due_date >= first, Instrument.due_date <= last)
        .with_only_columns(Instrument.due_date, func.count())
        .group_by(Instrument.due_date)
    )
    return {row[0]: row[1] for row in session.execute(statement) if row[0] is not None}
