"""Every night after one o'clock: write the dump of certificate statuses, once a day, and remove old ones."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.jobs.ticker import Regular
from metrology.jobs.worker import Report
from metrology.persistence import clock
from metrology.persistence.journal import record
from metrology.persistence.tasks import Task
from metrology.services import keys, status_dump, tasks
from metrology.services import settings as bureau
from metrology.settings import Settings

FIRST_HOUR = 1
"""The day's first hour is for what else falls due at midnight."""
KIND = "status.dump"


def _queue(session: Session, *, now: datetime, today: date, settings: Settings, **_known: Any) -> None:
    if now.astimezone(clock.SHANGHAI).hour < FIRST_HOUR:
        return
    folder = Path(settings.dump_folder)
    if not (folder / status_dump.manifest_name(today)).exists():
        day = today.isoformat()
        tasks.enqueue(session, Actor.system(), KIND, {"day": day}, now=now, key=f"{KIND}/{day}")
    status_dump.prune(folder, today=today, days=settings.dump_days)


def dump(session: Session, _task: Task, report: Report) -> dict[str, Any]:
    """Write today's dump, whatever day the task was queued on: what certificates were worth yesterday is gone."""
    today = clock.today_cn()
    return make(session, report.settings, today=today, now=report.now(), step=report)


def make(session: Session, settings: Settings, *, today: date, now: datetime, step: status_dump.Step) -> dict[str, Any]:
    """Write the dump of a day, journalled; what the task shows as its result. Commits."""
    signer = keys.signer("dump", now=now)
    warn_days = bureau.read(session).warn_days
    session.commit()
    manifest = status_dump.write(
        session, Path(settings.dump_folder), signer, origin=settings.public_url, today=today, now=now,
        warn_days=warn_days, step=step,
    )  # fmt: skip
    changes = {name: [None, manifest[name]] for name in ("sha256", "lines")}
    record(session, Actor.system(), "dump.made", ("dump", today.isoformat()), at=now, changes=changes)
    session.commit()
    return {"file": manifest["file"], "lines": manifest["lines"], "sha256": manifest["sha256"]}


REGULAR = [Regular("status dump", timedelta(minutes=10), _queue)]
TASKS = {KIND: dump}
