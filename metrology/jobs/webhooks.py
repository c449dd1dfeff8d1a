"""Every few seconds: tell other systems what changed. Every day: let go of messages that were done with a month ago."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.jobs.worker import owner_name
from metrology.persistence import clock
from metrology.services import webhook_sending
from metrology.services.webhook_sending import Sender
from metrology.settings import Settings


def _send(session: Session, *, today: date, settings: Settings, **_known: Any) -> None:
    webhook_sending.send_due(Sender(session, settings, owner_name(), clock.now_utc, today))


def _forget(session: Session, *, now: datetime, **_known: Any) -> None:
    webhook_sending.forget(session, now=now)
    session.commit()


REGULAR = [
    Regular("webhooks", timedelta(seconds=10), _send),
    Regular("webhook messages", timedelta(days=1), _forget),
]
