"""How many instruments a holder has or a place holds, by state, and how many are overdue or fall due soon."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from metrology.domain.authority import Actor
from metrology.domain.instrument import SCHEDULED
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.scope import within

SOON = 30
_GONE = ("retired", "lost")


@dataclass
class StandingCounts:
    """Counts of instruments, as the list counts them."""

    by_state: Counter[str] = field(default_factory=Counter)
    overdue: int = 0
    due_soon: int = 0

    @property
    def kept(self) -> int:
        """All but those retired or lost."""
        return sum(count for state, count in self.by_state.items() if state not in _GONE)

    @property
    def total(self) -> int:
        """All, with those retired and lost."""
        return sum(self.by_state.values())


def count_standing(session: Session, actor: Actor, which: Any, *, today: date) -> StandingCounts:
    """Counts of the instruments under a condition within an actor's scope."""
    counts = StandingCounts()
    columns = (func.count(), func.sum(_overdue(today)), func.sum(_soon(today)))
    statement = select(Instrument.state, *columns).where(which)
    for state, count, overdue, soon in session.execute(within(statement.group_by(Instrument.state), actor)):
        counts.by_state[state] += count
        counts.overdue += int(overdue or 0)
        counts.due_soon += int(soon or 0)
    return counts


def count_in_children(session: Session, actor: Actor, place: Place, *, today: date) -> dict[int, tuple[int, int]]:
    """Place that stands directly in another → (instruments in it and all within it, how many of these are overdue)."""
    inner = aliased(Place)
    below = inner.path.startswith(Place.path)
    kept = Instrument.state.not_in(_GONE)
    statement = (
        select(Place.id, func.count(), func.sum(_overdue(today)))
        .join(inner, below)
        .join(Instrument, Instrument.place_id == inner.id)
        .where(Place.parent_id == place.id, inner.path.startswith(place.path, autoescape=True), kept)
        .group_by(Place.id)
    )
    return {key: (count, int(overdue or 0)) for key, count, overdue in session.execute(within(statement, actor))}


def _overdue(today: date) -> Any:
    return case((Instrument.state.in_(SCHEDULED) & (Instrument.due_date < today), 1), else_=0)


def _soon(today: date) -> Any:
    last = today + timedelta(days=SOON)
    return case((Instrument.state.in_(SCHEDULED) & Instrument.due_date.between(today, last), 1), else_=0)
