"""Assemblies and their parts: a dispenser and its nozzles. The parts are verified; the whole stands as its parts do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record

FOREMOST = ("in_use", "awaiting_verification", "rejected", "under_repair", "suspended", "lost", "retired")
"""The state of a whole is the foremost of those of its parts."""


def settle(session: Session, actor: Actor, wholes: Iterable[Instrument], *, now: datetime) -> None:
    """Bring the state of assemblies in line with their parts, as written."""
    by_id = {whole.id: whole for whole in wholes}
    if not by_id:
        return
    states: dict[int | None, set[str]] = {}
    session.flush()
    statement = select(Instrument.parent_id, Instrument.state).where(Instrument.parent_id.in_(list(by_id))).distinct()
    for parent_id, state in session.execute(statement):
        states.setdefault(parent_id, set()).add(state)
    for key, of_parts in states.items():
        whole, state = by_id[key or 0], min(of_parts, key=FOREMOST.index)
        if whole.state != state:
            whole.state, whole.updated_at = state, now
            record(session, actor, "instrument.followed_parts", whole, at=now)
    session.flush()


def parts_of(session: Session, whole: Instrument) -> list[Instrument]:
    """The parts of an assembly, by their label."""
    statement = select(Instrument).where(Instrument.parent_id == whole.id)
    return sorted(session.scalars(statement), key=lambda part: (len(part.part_label), part.part_label))
