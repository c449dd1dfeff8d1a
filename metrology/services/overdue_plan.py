"""What of the overdue, and of what will be overdue, stands on a visit that is not finished, or stood there on a past day.

It reads as many rows as visits hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.schedule import AGEING, overdue_between
from metrology.persistence.instruments import Instrument
from metrology.persistence.instruments_then import were
from metrology.persistence.keyset import Unindexed
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.persistence.visits import VisitItem
from metrology.persistence.visits_then import planned

AHEAD = (30, 60, 90)
"""How many days the report looks ahead."""


@dataclass(frozen=True)
class OverdueFilter:
    """What the report is asked about; everything when empty."""

    district_code: str | None = None
    """Empty: those of no district known."""
    type_code: str | None = None
    holder_id: int | None = None
    place_id: int | None = None
    """A market, station or community: its whole subtree."""
    purpose: str | None = None
    age: str | None = None
    """A class of ``domain.schedule.AGEING``: only what is overdue for so long."""


class Plan:
    """Of what is overdue or falls due soon, what stands on an open visit, by district, type, holder and topmost place."""

    def __init__(
        self, session: Session, actor: Actor, chosen: OverdueFilter, day: date, *, is_past: bool = False
    ) -> None:
        ages = [overdue_between(one, day) for one in AGEING if chosen.age in (None, one.code)]
        self.overdue = 0
        self.ahead = [0] * len(AHEAD)
        self.by_district: dict[str, int] = defaultdict(int)
        self.by_type: dict[str, int] = defaultdict(int)
        self.by_holder: dict[int, int] = defaultdict(int)
        self.by_place: dict[int, int] = defaultdict(int)
        for due, district, code, holder, path in _on_visits(session, actor, chosen, day, is_past=is_past):
            if due >= day:
                self._will_be((due - day).days)
                continue
            if not any((first is None or first <= due) and due <= last for first, last in ages):
                continue
            self.overdue += 1
            self.by_district[district or ""] += 1
            self.by_type[code] += 1
            if holder is not None:
                self.by_holder[holder] += 1
            if path:
                self.by_place[root_of(path)] += 1

    def _will_be(self, days: int) -> None:
        for index, horizon in enumerate(AHEAD):
            self.ahead[index] += days < horizon


def _on_visits(session: Session, actor: Actor, chosen: OverdueFilter, day: date, *, is_past: bool) -> Iterator[Any]:
    """What stood on visits as a day ended, or stands there now, and is due before the last day looked ahead to."""
    columns: tuple[Any, ...] = (
        Instrument.due_date,
        Instrument.district_code,
        Instrument.type_code,
        Instrument.holder_id,
        Place.path,
    )
    fits = _fits(session, actor, chosen, until=day + timedelta(days=AHEAD[-1]))
    if is_past:
        for statement in were(columns, [*fits, planned(day)], day):
            yield from session.execute(statement)
        return
    visits = select(*columns).join(VisitItem, VisitItem.open_key == Instrument.id).where(*fits)
    yield from session.execute(visits.outerjoin(Place, Place.id == Instrument.place_id))


def _fits(session: Session, actor: Actor, chosen: OverdueFilter, *, until: date) -> list[ColumnElement[bool]]:
    """In use and due before a day, of what an actor may see of what is chosen; the age is not looked at."""
    fits = [
        Unindexed(Instrument.state) == "in_use",  # visits hold few; SQLite would look through all that is due
        Unindexed(Instrument.due_date) < until,
    ]
    scope = within(select(Instrument), actor).whereclause
    if scope is not None:
        fits.append(scope)
    if chosen.district_code is not None:
        fits.append(func.coalesce(Instrument.district_code, "") == chosen.district_code)
    for column, value in (
        (Instrument.type_code, chosen.type_code),
        (Instrument.holder_id, chosen.holder_id),
        (Instrument.purpose, chosen.purpose),
    ):
        if value is not None:
            fits.append(column == value)
    if chosen.place_id is not None:
        place = session.get(Place, chosen.place_id)
        path = place.path if place else "/0/"
        fits.append(Instrument.place_id.in_(select(Place.id).where(Place.path.startswith(path))))
    return fits


def root_of(path: str) -> int:
    """The key of the topmost place of a place."""
    return int(path.split("/")[1])
