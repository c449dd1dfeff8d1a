"""Every minute: look whether the journal is to be signed, and take what was signed out of reach."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.persistence import clock
from metrology.services import checkpointing, keys
from metrology.settings import Settings


def _sign(session: Session, *, now: datetime, settings: Settings, **_known: Any) -> None:
    if checkpointing.is_due(session, now=now):
        signer = keys.signer("journal", now=now)
        sinks = checkpointing.sinks_of(settings)
        checkpointing.make(session, signer, origin=checkpointing.origin_of(settings), sinks=sinks, now=now)


def _deliver(session: Session, *, settings: Settings, **_known: Any) -> None:
    checkpointing.deliver_due(session, settings=settings, now=clock.now_utc)


REGULAR = [
    Regular("journal checkpoint", timedelta(minutes=1), _sign),
    Regular("checkpoint delivery", timedelta(seconds=30), _deliver),
]
