"""Long work as rows: queued in the business transaction, claimed under a lease, retried when its worker dies, seen with its progress.

A handler is idempotent: it may be started again after having run half way, and continues from what it finds done.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import record
from metrology.persistence.tasks import Task

LEASE = timedelta(seconds=60)
MAX_TRIES = 8


def enqueue(
    session: Session,
    actor: Actor,
    kind: str,
    arguments: dict[str, Any],
    *,
    now: datetime,
    key: str | None = None,
    total: int = 0,
) -> Task:
    """Queue work of a kind that a handler in ``jobs`` knows. With a ``key`` there is at most one such task, ever."""
    if key is not None:
        known = session.scalar(select(Task).where(Task.key == key))
        if known is not None:
            return known
    task = Task(
        kind=kind,
        key=key,
        arguments=arguments,
        total=total,
        not_before=now,
        created_by_id=actor.user_id,
        created_at=now,
        state="queued",
    )
    session.add(task)
    session.flush()
    return task


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(Task.state == "queued", (Task.state == "running") & (Task.lease_until < now))


def find_due(session: Session, *, now: datetime) -> tuple[int, str] | None:
    """Key and state of the next task that is due and that no live worker holds. Only reads."""
    found = session.execute(
        select(Task.id, Task.state).where(_is_free(now), Task.not_before <= now).order_by(Task.id).limit(1)
    ).one_or_none()
    return None if found is None else (found.id, found.state)


def claim(session: Session, owner: str, *, now: datetime) -> Task | None:
    """Take the next task that is due and that no live worker holds. Commit at once; the lease is yours until ``LEASE`` from now."""
    found = find_due(session, now=now)
    if found is None:
        return None
    task_id, state = found
    taken = session.execute(
        update(Task)
        .where(Task.id == task_id, Task.state == state, _is_free(now))
        .values(state="running", lease_owner=owner, lease_until=now + LEASE, tries=Task.tries + 1)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return None
    session.expire_all()
    return session.get(Task, task_id)


def advance(
    session: Session,
    task_id: int,
    owner: str,
    *,
    now: datetime,
    progress: int,
    total: int | None = None,
    note: str = "",
) -> bool:
    """Tell how far a task is and keep its lease. False: another worker has it now, so stop."""
    values: dict[str, Any] = {"progress": progress, "lease_until": now + LEASE, "note": note}
    if total is not None:
        values["total"] = total
    kept = session.execute(
        update(Task)
        .where(Task.id == task_id, Task.lease_owner == owner, Task.state == "running")
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(kept.rowcount == 1)  # type: ignore[attr-defined]


def finish(session: Session, task_id: int, owner: str, *, now: datetime, result: dict[str, Any] | None = None) -> None:
    """The task is done."""
    session.execute(
        update(Task)
        .where(Task.id == task_id, Task.lease_owner == owner)
        .values(state="done", result=result or {}, finished_at=now, lease_until=None, error="")
        .execution_options(synchronize_session=False)
    )


def fail(session: Session, task_id: int, owner: str, *, now: datetime, error: str, tries: int) -> None:
    """The attempt failed: try again later (10 s, 20 s, 40 s, …), or give up visibly after ``MAX_TRIES``."""
    gives_up = tries >= MAX_TRIES
    session.execute(
        update(Task)
        .where(Task.id == task_id, Task.lease_owner == owner)
        .values(
            state="failed" if gives_up else "queued",
            error=error[:2000],
            not_before=now + timedelta(seconds=10 * 2 ** min(tries, 8)),
            lease_until=None,
            finished_at=now if gives_up else None,
        )
        .execution_options(synchronize_session=False)
    )


def retry_now(session: Session, actor: Actor, task: Task, *, now: datetime) -> None:
    """Try a failed task again, or a waiting one at once."""
    if task.state not in ("failed", "queued", "cancelled"):
        raise Problem("task_not_waiting")
    before = task.state
    task.state, task.not_before, task.tries, task.finished_at = "queued", now, 0, None
    record(session, actor, "task.retried", task, at=now, changes={"state": [before, "queued"]})
    session.flush()


def cancel(session: Session, actor: Actor, task: Task, *, now: datetime) -> None:
    """Take a waiting task out of the queue; one that runs is left to run."""
    taken = session.execute(
        update(Task)
        .where(Task.id == task.id, Task.state == "queued")
        .values(state="cancelled", finished_at=now)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Problem("task_not_waiting")
    record(session, actor, "task.cancelled", task, at=now, changes={"state": ["queued", "cancelled"]})
    session.flush()
    session.refresh(task)
