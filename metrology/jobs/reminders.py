"""Every hour of the working day: queue the reminders that are due. Every minute: send what the outbox holds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.jobs.worker import owner_name
from metrology.persistence import clock
from metrology.services.outbox import deliver_due, release_withheld
from metrology.services.reminding import remind_all
from metrology.settings import Settings

FIRST_HOUR = 8
"""Nobody is reminded at night: what falls due at midnight is told from eight o'clock, Shanghai."""


def _remind(session: Session, *, now: datetime, today: date, settings: Settings) -> None:
    if now.astimezone(clock.SHANGHAI).hour >= FIRST_HOUR:
        remind_all(session, today=today, now=now, public_url=settings.public_url)


def _deliver(session: Session, *, settings: Settings, **_known: Any) -> None:
    if settings.smtp_url:
        release_withheld(session, now=clock.now_utc())
        session.commit()
    deliver_due(session, now=clock.now_utc, settings=settings, owner=owner_name())


REGULAR = [
    Regular("reminders", timedelta(minutes=30), _remind),
    Regular("outbox", timedelta(seconds=30), _deliver),
]
