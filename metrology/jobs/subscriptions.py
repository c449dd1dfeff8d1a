"""Every few minutes: write what is due of subscribed reports. In the background: make the files. Every day: let go of old ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.jobs.worker import Report
from metrology.persistence import clock
from metrology.persistence.tasks import Task
from metrology.services import subscription_sending
from metrology.services.subscription_sending import Post


def send(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Make a delivery's files and queue its mails."""
    post = Post(report.settings.public_url, report.settings.secret_key, report.settings.fonts_folder)
    return subscription_sending.make(
        session, int(task.arguments["delivery_id"]), post, today=clock.today_cn(), now=report.now
    )


def _queue(session: Session, *, now: datetime, **_known: Any) -> None:
    subscription_sending.queue_due(session, now=now)
    subscription_sending.forget_files(session, now=now)


TASKS = {subscription_sending.TASK: send}
REGULAR = [Regular("subscriptions", timedelta(minutes=5), _queue)]
