"""Checks, imports and takes back ledgers in the background. Each task goes on where it was cut off."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.worker import Report
from metrology.persistence import clock
from metrology.persistence.tasks import Task
from metrology.services import ledger_checking, ledger_importing, ledger_undoing


def check(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """The dry run."""
    batch_id = int(task.arguments["batch_id"])
    return ledger_checking.check(session, batch_id, today=clock.today_cn(), now=report.now, step=report)


def run(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """The import."""
    batch_id = int(task.arguments["batch_id"])
    return ledger_importing.run(session, batch_id, today=clock.today_cn(), now=report.now, step=report)


def undo(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Taking it back."""
    return ledger_undoing.run(session, int(task.arguments["batch_id"]), now=report.now, step=report)


TASKS = {"ledger.check": check, "ledger.import": run, "ledger.undo": undo}
