"""Packs papers and approves records in the background; removes packages whose time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.jobs.worker import Report
from metrology.persistence import clock
from metrology.persistence.printing import PaperPackage
from metrology.persistence.tasks import Task
from metrology.services import approving_many, kept_files, packaging, paper, print_queue, settings
from metrology.settings import Settings


def package(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Make a package."""
    press = paper.press(report.settings, settings.read(session).bureau_name, report.now())
    return packaging.make(
        session, task.arguments, press=press, instance=report.settings.shared, now=report.now, step=report
    )


def approve(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Approve records."""
    return approving_many.run(
        session, task.arguments, today=clock.today_cn(), now=report.now, step=report,
        fonts_folder=report.settings.fonts_folder,
    )  # fmt: skip


def _clear(session: Session, *, now: datetime, settings: Settings, **_known: Any) -> None:
    kept_files.expire(session, PaperPackage, packaging.file_of, settings.shared, now=now)
    print_queue.withdraw_ended(session)


TASKS = {packaging.TASK: package, approving_many.TASK: approve}
REGULAR = [Regular("packages", timedelta(hours=1), _clear)]
