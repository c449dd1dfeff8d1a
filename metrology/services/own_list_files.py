"""Files of own lists that are too large to wait for: asked for, made in the background, fetched until they expire.

Rows are read in a transaction that only reads and written to the disk as they come, so memory stays flat and nobody's writing
waits. The file holds what the one who asked may see when it is made.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor, may
from metrology.domain.problems import Problem
from metrology.persistence.journal import record
from metrology.persistence.people import User
from metrology.persistence.saved_reports import ReportFile
from metrology.services import own_list, own_list_papers, tasks
from metrology.services.own_list import OwnList
from metrology.services.own_list_papers import Step, reader
from metrology.services.own_list_running import Run
from metrology.services.signing_in import actor_of

TASK: Final = "list.export"
EXPORT: Final = "instrument.export"
FORMS: Final = ("xlsx", "csv")
MOST_AT_ONCE: Final = 3
KEPT: Final = timedelta(days=7)
_PIECE: Final = 1 << 20


def ask(
    session: Session, actor: Actor, made: OwnList, form: str, *, language: str, today: date, now: datetime
) -> ReportFile:
    """Ask for a file of a list; it is made in the background."""
    if actor.user_id is None:
        raise Problem("person_needed")
    if form not in FORMS:
        raise Problem("bad_choice", "form")
    making = select(func.count()).where(ReportFile.made_for_id == actor.user_id, ReportFile.state == "making")
    if (session.scalar(making) or 0) >= MOST_AT_ONCE:
        raise Problem("list_files_under_way", limit=MOST_AT_ONCE)
    title = own_list_papers.title_of(Run(session, actor, made, today=today, language=language))
    row = ReportFile(
        title=title[:200], query=made.query, form=form, language=language, made_for_id=actor.user_id, asked_at=now
    )
    session.add(row)
    session.flush()
    row.task_id = tasks.enqueue(session, actor, TASK, {"file_id": row.id}, now=now, key=f"{TASK}/{row.id}").id
    changes: dict[str, list[Any]] = {"query": [None, row.query], "form": [None, form]}
    record(session, actor, "list.asked", ("list", row.id), at=now, changes=changes)
    session.flush()
    return row


def own(session: Session, actor: Actor, file_id: int) -> ReportFile | None:
    """A file of the one who asks: nobody fetches another's."""
    return session.scalar(select(ReportFile).where(ReportFile.id == file_id, ReportFile.made_for_id == actor.user_id))


def own_files(session: Session, actor: Actor, limit: int = 50) -> list[ReportFile]:
    """The files of the one who asks, the latest first."""
    statement = select(ReportFile).where(ReportFile.made_for_id == actor.user_id)
    return list(session.scalars(statement.order_by(ReportFile.id.desc()).limit(limit)))


def folder_of(instance: Path) -> Path:
    """Where the files lie."""
    return instance / "lists"


def file_of(instance: Path, row: ReportFile) -> Path:
    """The file; its name says nothing."""
    return folder_of(instance) / f"{row.id}-{row.sha256[:32]}.{row.form}"


def make(
    session: Session, file_id: int, *, instance: Path, today: date, now: Callable[[], datetime], step: Step
) -> dict[str, Any]:
    """Make the file. Started again after half the work, it begins anew."""
    row = session.get_one(ReportFile, file_id)
    if row.state != "making":
        return {"rows": row.rows}
    actor = actor_of(session.get_one(User, row.made_for_id))
    if not may(actor, EXPORT):
        raise Problem("own_list_not_allowed")
    query, form, language = row.query, row.form, row.language
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    session.commit()  # the long reading begins with no transaction open that would keep a writer waiting
    folder = folder_of(instance)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f"{file_id}-{secrets.token_hex(6)}.part"
    counted = _Counted(step)
    try:
        with reader(engine) as reading_session:
            run = Run(reading_session, actor, own_list.of_query(query), today=today, language=language)
            digest, size = _write(part, run, form, counted)
        row = session.get_one(ReportFile, file_id, populate_existing=True)
        row.rows, row.size, row.sha256 = counted.rows, size, digest
        row.state, row.expires_at = "ready", now() + KEPT
        session.flush()
        part.replace(file_of(instance, row))
    finally:
        part.unlink(missing_ok=True)
    return {"rows": counted.rows}


class _Counted:
    """Tells how far it is, and remembers."""

    def __init__(self, step: Step) -> None:
        self._step, self.rows = step, 0

    def __call__(self, rows: int) -> None:
        self.rows = rows
        self._step(rows)


def _write(part: Path, run: Run, form: str, counted: _Counted) -> tuple[str, int]:
    with part.open("wb") as out:
        if form == "csv":
            for piece in own_list_papers.csv(run, counted):
                out.write(piece)
        else:
            with own_list_papers.xlsx(run, step=counted) as book:
                shutil.copyfileobj(book, out, _PIECE)
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return digest.hexdigest(), part.stat().st_size


def note_fetched(session: Session, actor: Actor, row: ReportFile, *, now: datetime) -> None:
    """Note that it was fetched: it holds names and places of many."""
    changes: dict[str, list[Any]] = {"rows": [None, row.rows], "sha256": [None, row.sha256]}
    record(session, actor, "list.fetched", ("list", row.id), at=now, changes=changes)
