"""Trials of the law over many records, in the background. A trial goes on where it was cut off."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.worker import Report
from metrology.persistence.tasks import Task
from metrology.services import what_ifs


def what_if(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Judge what is left of a trial."""
    return what_ifs.run(session, int(task.arguments["what_if_id"]), now=report.now, step=report)


TASKS = {what_ifs.TASK: what_if}
