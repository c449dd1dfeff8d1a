"""Approving many records in the background: each is checked by itself, as if opened and approved; the refused are listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor, may
from metrology.domain.problems import Problem
from metrology.persistence.people import User
from metrology.persistence.tasks import Task
from metrology.persistence.verifications import Verification
from metrology.services import approving, certifying, signing_in, tasks

TASK: Final = "verifications.approve"
MOST: Final = 2_000
_LISTED: Final = 500


def ask(session: Session, actor: Actor, keys: Sequence[int], *, now: datetime) -> Task:
    """Queue the approval of these records in the name of the one who asks."""
    if actor.user_id is None:
        raise Problem("person_needed")
    if not keys:
        raise Problem("nothing_selected")
    if len(keys) > MOST:
        raise Problem("too_many_selected", limit=MOST)
    arguments = {"user_id": actor.user_id, "ip": actor.ip or "", "keys": list(keys)}
    return tasks.enqueue(session, actor, TASK, arguments, now=now, total=len(keys))


def own(session: Session, actor: Actor, task_id: int) -> Task | None:
    """Such a task of the one who asks."""
    return session.scalar(
        select(Task).where(Task.id == task_id, Task.kind == TASK, Task.created_by_id == actor.user_id)
    )


def run(
    session: Session,
    arguments: dict[str, Any],
    *,
    today: date,
    now: Callable[[], datetime],
    step: Callable[..., None],
    fonts_folder: Path | None = None,
) -> dict[str, Any]:
    """Approve one after the other, each in its own transaction. What was approved before a restart counts as done."""
    refused: list[list[Any]] = []
    done, certificates = 0, []
    keys: list[int] = arguments["keys"]
    for place, key in enumerate(keys, 1):
        record = session.get(Verification, key)
        number = record.number if record is not None else str(key)
        try:
            _approve_one(session, arguments, record, today=today, now=now(), fonts_folder=fonts_folder)
        except Problem as problem:
            session.rollback()
            refused.append([key, number, problem.code, problem.params])
        else:
            done += 1
            document = certifying.document_of(session, key)
            certificates += [document.id] if document is not None else []
        step(place, len(keys), number)
    return {
        "approved": done, "refused": len(refused), "problems": refused[:_LISTED], "certificates": certificates,
    }  # fmt: skip


def _approve_one(
    session: Session,
    arguments: dict[str, Any],
    record: Verification | None,
    *,
    today: date,
    now: datetime,
    fonts_folder: Path | None,
) -> None:
    """As the person, with the roles it has now: who lost a role meanwhile approves nothing more."""
    user = session.get(User, int(arguments["user_id"]))
    if user is None or not user.active:
        raise Problem("person_needed")
    actor = signing_in.actor_of(user, arguments["ip"] or None)
    if record is None or not may(actor, "verification.approve"):
        raise Problem("outside_scope")
    if record.state == "approved" and record.approver_id == user.id:
        return
    approving.approve(session, actor, record, today=today, now=now, fonts_folder=fonts_folder)
