"""Every day: keep the figures of the overdue report, for its trend."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.services.reporting import keep_figures


def _keep(session: Session, *, today: date, **_known: Any) -> None:
    keep_figures(session, today=today)


REGULAR = [Regular("overdue figures", timedelta(hours=6), _keep)]
