"""Every day: forget what the public left behind and nobody needs: counts of scans after seven days, contacts of closed complaints."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.services import complaining, scan_watch


def _forget(session: Session, *, today: date, now: datetime, **_known: Any) -> None:
    scan_watch.sweep(session, today=today)
    complaining.forget_contacts(session, now=now)


REGULAR = [Regular("forgetting", timedelta(hours=12), _forget)]
