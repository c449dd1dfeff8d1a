"""Compares ledgers of other systems with the registry in the background."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.worker import Report
from metrology.persistence import clock
from metrology.persistence.tasks import Task
from metrology.services import reconciling


def compare(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """One comparison, from its beginning."""
    key = int(task.arguments["reconciliation_id"])
    return reconciling.compare(session, key, today=clock.today_cn(), now=report.now, step=report)


TASKS = {"reconciliation.compare": compare}
