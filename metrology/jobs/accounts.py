"""Every day: forget rate windows, sessions and links that ended long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.services import rates, signing_in


def _sweep(session: Session, *, now: datetime, **_known: Any) -> None:
    rates.sweep(session, now=now)
    session.commit()
    signing_in.sweep(session, now=now)


REGULAR = [Regular("old sessions", timedelta(hours=24), _sweep)]
