"""Every half day: tell the office what of its own ends. Every night: count how nameplates are spread, for the view of capability."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.reminders import FIRST_HOUR
from metrology.jobs.ticker import Regular
from metrology.persistence import clock
from metrology.services import capability
from metrology.services.house_reminding import remind_house
from metrology.settings import Settings


def _remind(session: Session, *, now: datetime, today: date, settings: Settings) -> None:
    if now.astimezone(clock.SHANGHAI).hour >= FIRST_HOUR:
        remind_house(session, today=today, now=now, public_url=settings.public_url)


def _count(session: Session, *, today: date, **_known: Any) -> None:
    capability.count_nameplates(session, today=today)


REGULAR = [
    Regular("office reminders", timedelta(hours=2), _remind),
    Regular("nameplate figures", timedelta(hours=12), _count),
]
