"""The life of an instrument as the journal tells it, with the records and documents it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence.certificates import Certificate
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.persistence.places import Place
from metrology.persistence.verifications import Verification
from metrology.services.assembling import parts_of

_NAMED: dict[str, tuple[Any, Any]] = {"holder_id": (Holder, Holder.name), "place_id": (Place, Place.full_name)}
_LINKED: dict[str, type[Verification | Certificate]] = {"verification": Verification, "certificate": Certificate}


@dataclass(frozen=True)
class Event:
    """One entry of the journal. ``subject`` is the verification or certificate it is about; ``part`` the nozzle."""

    entry: JournalEntry
    subject: Verification | Certificate | None = None
    part: Instrument | None = None


@dataclass(frozen=True)
class Timeline:
    """Events, the latest first; ``names`` has the names of holders and places they mention, by (field, key)."""

    events: tuple[Event, ...]
    names: dict[tuple[str, int], str]
    older_than: int | None
    """Where the next page begins; None when this is the last."""


def timeline(session: Session, instrument: Instrument, *, before: int | None = None, limit: int = 20) -> Timeline:
    """What happened to an instrument (and to the parts of an assembly), a page at a time."""
    parts = {part.id: part for part in parts_of(session, instrument)} if instrument.is_assembly else {}
    statement = select(JournalEntry).where(JournalEntry.instrument_id.in_([instrument.id, *parts]))
    if before is not None:
        statement = statement.where(JournalEntry.seq < before)
    entries = list(session.scalars(statement.order_by(JournalEntry.seq.desc()).limit(limit + 1)))
    shown, more = entries[:limit], entries[limit:]
    subjects = _subjects(session, shown)
    events = tuple(
        Event(one, subjects.get((one.object_kind, one.object_id)), parts.get(one.instrument_id or 0)) for one in shown
    )
    return Timeline(events, _names(session, shown), shown[-1].seq if more else None)


def _subjects(session: Session, entries: Sequence[JournalEntry]) -> dict[tuple[str, str], Verification | Certificate]:
    found: dict[tuple[str, str], Verification | Certificate] = {}
    for kind, model in _LINKED.items():
        keys = {int(one.object_id) for one in entries if one.object_kind == kind}
        if keys:
            rows: Any = session.scalars(select(model).where(model.id.in_(keys)))
            found.update({(kind, str(row.id)): row for row in rows})
    return found


def _names(session: Session, entries: Sequence[JournalEntry]) -> dict[tuple[str, int], str]:
    names: dict[tuple[str, int], str] = {}
    for field, (model, name) in _NAMED.items():
        keys = {key for one in entries for key in (one.changes or {}).get(field, ()) if isinstance(key, int)}
        if keys:
            rows = session.execute(select(model.id, name).where(model.id.in_(keys)))
            names.update({(field, key): words for key, words in rows})
    return names
