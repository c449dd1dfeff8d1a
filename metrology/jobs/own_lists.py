"""Makes files of own lists in the background; removes those whose time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.jobs.worker import Report
from metrology.persistence import clock
from metrology.persistence.saved_reports import ReportFile
from metrology.persistence.tasks import Task
from metrology.services import kept_files, own_list_files
from metrology.settings import Settings


def export(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Make a file."""
    return own_list_files.make(
        session, int(task.arguments["file_id"]), instance=report.settings.shared, today=clock.today_cn(),
        now=report.now, step=report,
    )  # fmt: skip


def _clear(session: Session, *, now: datetime, settings: Settings, **_known: Any) -> None:
    kept_files.expire(session, ReportFile, own_list_files.file_of, settings.shared, now=now)


TASKS = {own_list_files.TASK: export}
REGULAR = [Regular("list files", timedelta(hours=1), _clear)]
