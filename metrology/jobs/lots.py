"""Works on lots in the background: a step for every meter, and tables of replacements."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.worker import Report
from metrology.persistence import clock
from metrology.persistence.tasks import Task
from metrology.services import lot_rotation, lot_working


def work(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Submit, check, approve or return the meters of a lot."""
    return lot_working.run(
        session, task.arguments, today=clock.today_cn(), now=report.now, step=report,
        fonts_folder=report.settings.fonts_folder,
    )  # fmt: skip


def rotate(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Take out the meters of a table of replacements."""
    return lot_rotation.run(session, task.arguments, today=clock.today_cn(), now=report.now, step=report)


TASKS = {lot_working.TASK: work, lot_rotation.TASK: rotate}
