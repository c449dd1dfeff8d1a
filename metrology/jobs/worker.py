"""Runs queued tasks: claims one under a lease, calls its handler, tells its progress, retries what failed.

Handlers stand in the modules of this package as ``TASKS = {"kind": handler}`` with
``handler(session, task, report) -> dict | None``; they are idempotent, for a task may be started again after half its work.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sqlalchemy.orm import Session

from metrology.persistence import clock
from metrology.persistence.database import reading
from metrology.persistence.tasks import Task
from metrology.services import tasks
from metrology.settings import Settings

log = logging.getLogger(__name__)
MakeSession = Callable[[], Session]
Handler = Callable[[Session, Task, "Report"], dict[str, Any] | None]


class LostLease(Exception):  # noqa: N818 - named for what happened, as all problems here
    """Another worker has the task now: stop, without a mark."""


class Report:
    """Given to a handler: commits what it did so far, keeps the lease, and tells the progress to who watches."""

    def __init__(self, session: Session, task: Task, owner: str, settings: Settings) -> None:
        self._session, self._task_id, self._owner = session, task.id, owner
        self.settings = settings

    def __call__(self, progress: int, total: int | None = None, note: str = "") -> None:
        """Commit, and go on."""
        if not tasks.advance(
            self._session, self._task_id, self._owner, now=self.now(), progress=progress, total=total, note=note
        ):
            self._session.rollback()
            raise LostLease
        self._session.commit()

    @staticmethod
    def now() -> datetime:
        """The instant."""
        return clock.now_utc()


def owner_name() -> str:
    """Who this worker is: host, process, thread."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


def handlers() -> dict[str, Handler]:
    """Every kind of task and its handler."""
    from metrology import jobs

    found: dict[str, Handler] = {}
    for module in iter_modules(jobs.__path__):
        found.update(getattr(import_module(f"{jobs.__name__}.{module.name}"), "TASKS", {}))
    return found


def run_next(make_session: MakeSession, settings: Settings) -> bool:
    """Run the next task that is due; False when there is none."""
    with reading(), make_session() as session:  # a look every two seconds takes no write lock
        if tasks.find_due(session, now=clock.now_utc()) is None:
            return False
    owner = owner_name()
    with make_session() as session:
        task = tasks.claim(session, owner, now=clock.now_utc())
        session.commit()
        if task is None:
            return False
        _run(session, task, owner, settings)
    return True


def run_all(make_session: MakeSession, settings: Settings) -> int:
    """Run tasks until none is due; tell how many ran."""
    count = 0
    while run_next(make_session, settings):
        count += 1
    return count


def _run(session: Session, task: Task, owner: str, settings: Settings) -> None:
    task_id, kind, tries = task.id, task.kind, task.tries
    try:
        handler = handlers()[kind]
        result = handler(session, task, Report(session, task, owner, settings))
        tasks.finish(session, task_id, owner, now=clock.now_utc(), result=result)
        session.commit()
    except LostLease:
        log.warning("task %s (%s) went to another worker", task_id, kind)
    except Exception as fault:
        session.rollback()
        log.exception("task %s (%s) failed at try %s", task_id, kind, tries)
        tasks.fail(session, task_id, owner, now=clock.now_utc(), error=f"{type(fault).__name__}: {fault}", tries=tries)
        session.commit()
