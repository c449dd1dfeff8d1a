"""Every hour: forget the answers kept for requests that might have been sent again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.services import idempotency


def _sweep(session: Session, *, now: datetime, **_known: Any) -> None:
    idempotency.sweep(session, now=now)
    session.commit()


REGULAR = [Regular("kept answers", timedelta(hours=1), _sweep)]
