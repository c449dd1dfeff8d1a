"""Instruments as they were when a past day ended: those behind a figure of that day, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from metrology.domain.problems import Problem
from metrology.persistence import instruments_then as kept
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.instruments_then import InstrumentThen
from metrology.persistence.places import Place


@dataclass(frozen=True)
class InstrumentOnDay:
    """What an instrument is known by, as it is today, and what it was when a day ended."""

    instrument: Instrument
    was: Instrument | InstrumentThen
    type: TypeEntry | None
    holder: Holder | None
    place: Place | None
    district: District | None

    @property
    def id(self) -> int:
        """Its key."""
        return self.instrument.id

    @property
    def number(self) -> str:
        """Its number."""
        return self.instrument.number

    @property
    def has_changed(self) -> bool:
        """Whether anything that a list of that day goes by has changed since."""
        return self.was is not self.instrument


def must_be_known(session: Session, day: date, *, today: date) -> None:
    """Refused: days to come, and days of which it is not known what each instrument was."""
    if day > today:
        raise Problem("day_to_come", "as_of", today=today.isoformat())
    first = kept.known_from(session)
    if day < today and (first is None or day < first):
        raise Problem("day_before_lists", "as_of", day=day.isoformat(), first=(first or today).isoformat())


def as_day_ended(session: Session, instruments: Sequence[Instrument], day: date) -> list[InstrumentOnDay]:
    """These instruments, in this order, as they were when a day ended."""
    changed = kept.on_day(session, [one.id for one in instruments], day)
    were: list[Instrument | InstrumentThen] = [changed.get(one.id, one) for one in instruments]
    types = _by_key(session, TypeEntry.code, [one.type_code for one in were])
    holders = _by_key(session, Holder.id, [one.holder_id for one in were])
    places = _by_key(session, Place.id, [one.place_id for one in were])
    districts = _by_key(session, District.code, [one.district_code for one in were])
    return [
        InstrumentOnDay(
            instrument, was, types.get(was.type_code), holders.get(was.holder_id), places.get(was.place_id),
            districts.get(was.district_code),
        )
        for instrument, was in zip(instruments, were, strict=True)
    ]  # fmt: skip


def _by_key(session: Session, key: InstrumentedAttribute[Any], keys: Sequence[Any]) -> dict[Any, Any]:
    wanted = {one for one in keys if one is not None}
    if not wanted:
        return {}
    return {getattr(row, key.key): row for row in session.scalars(select(key.class_).where(key.in_(wanted)))}
