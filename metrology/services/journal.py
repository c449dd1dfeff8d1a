"""Reading the journal: pages by number, narrowed by who, what, which thing and when. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from metrology.persistence import clock
from metrology.persistence.journal import JournalEntry, JournalHead

_PIECE = 1000


@dataclass(frozen=True)
class JournalFilter:
    """What of the journal is asked for."""

    actor_id: int | None = None
    action: str = ""
    """An action (``user.created``), or all of a noun (``user``)."""
    object_kind: str = ""
    object_id: str = ""
    instrument_id: int | None = None
    since: date | None = None
    until: date | None = None


def _narrowed(statement: Select[Any], asked: JournalFilter) -> Select[Any]:
    if asked.actor_id is not None:
        statement = statement.where(JournalEntry.actor_id == asked.actor_id)
    if asked.action:
        exact = JournalEntry.action == asked.action
        statement = statement.where(
            exact if "." in asked.action else JournalEntry.action.startswith(asked.action + ".")
        )
    if asked.object_kind:
        statement = statement.where(JournalEntry.object_kind == asked.object_kind)
    if asked.object_id:
        statement = statement.where(JournalEntry.object_id == asked.object_id)
    if asked.instrument_id is not None:
        statement = statement.where(JournalEntry.instrument_id == asked.instrument_id)
    if asked.since:
        statement = statement.where(JournalEntry.at >= clock.day_begins(asked.since))
    if asked.until:
        statement = statement.where(JournalEntry.at < clock.day_is_over(asked.until))
    return statement


def entries(
    session: Session, asked: JournalFilter, *, before: int | None = None, limit: int = 50
) -> tuple[list[JournalEntry], int | None]:
    """A page of the journal, the newest first, and the number from which the next page goes down."""
    statement = _narrowed(select(JournalEntry), asked).order_by(JournalEntry.seq.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(JournalEntry.seq < before)
    rows = list(session.scalars(statement))
    return rows[:limit], rows[limit - 1].seq if len(rows) > limit else None


def all_entries(session: Session, asked: JournalFilter) -> Iterator[JournalEntry]:
    """Every entry asked for, the newest first, in pieces: an export of any length needs little memory."""
    before: int | None = None
    while True:
        rows, before = entries(session, asked, before=before, limit=_PIECE)
        yield from rows
        session.expunge_all()
        if before is None:
            return


def head(session: Session) -> tuple[int, str]:
    """Number and hash of the last entry: written down elsewhere, they show a journal that was cut or rewritten."""
    row = session.execute(select(JournalHead.seq, JournalHead.hash).where(JournalHead.id == 1)).one_or_none()
    return (row.seq, row.hash) if row else (0, "")
