"""Assemblies and their parts: a dispenser and its nozzles. The parts are verified; the whole stands as its parts do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.services import searching

FOREMOST = ("in_use", "awaiting_verification", "rejected", "under_repair", "suspended", "lost", "retired")
"""The state of a whole is the foremost of those of its parts."""
WHEREABOUTS = ("holder_id", "place_id", "district_code")
GONE = ("retired", "lost")


def settle(session: Session, actor: Actor, wholes: Iterable[Instrument], *, now: datetime) -> None:
    """Bring the state of assemblies in line with their parts, as written; and their holder and place, where all parts agree."""
    by_id = {whole.id: whole for whole in wholes}
    if not by_id:
        return
    session.flush()
    columns = (Instrument.state, *(getattr(Instrument, name) for name in WHEREABOUTS))
    statement = select(Instrument.parent_id, *columns).where(Instrument.parent_id.in_(list(by_id))).distinct()
    of_parts: dict[int, list[Any]] = {}
    for row in session.execute(statement):
        of_parts.setdefault(row[0], []).append(row)
    changed = [by_id[key] for key, rows in of_parts.items() if _follow(by_id[key], rows)]
    for whole in changed:
        record(session, actor, "instrument.followed_parts", whole, at=now)
        whole.updated_at = now
    session.flush()
    if changed:
        for whole in changed:
            session.expire(whole, ["holder", "place", "district"])
        searching.index(session, *changed)


def _follow(whole: Instrument, parts: Sequence[Any]) -> bool:
    """Set what the parts say of the whole; whether anything is new."""
    state = min((row.state for row in parts), key=FOREMOST.index)
    values: dict[str, Any] = {"state": state}
    standing = [row for row in parts if row.state not in GONE] or parts
    for name in WHEREABOUTS:
        said = {getattr(row, name) for row in standing}
        if len(said) == 1 and None not in said:
            values[name] = said.pop()
    new = {name: value for name, value in values.items() if getattr(whole, name) != value}
    for name, value in new.items():
        setattr(whole, name, value)
    return bool(new)


def parts_of(session: Session, whole: Instrument) -> list[Instrument]:
    """The parts of an assembly, by their label."""
    statement = select(Instrument).where(Instrument.parent_id == whole.id)
    return sorted(session.scalars(statement), key=lambda part: (len(part.part_label), part.part_label))
