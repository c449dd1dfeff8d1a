"""Regularly: keep figures of the overdue report and of past days, for trends; let SQLite look at how its tables are filled."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from metrology.jobs.ticker import Regular
from metrology.services.keeping_states import keep_states
from metrology.services.reporting import keep_figures
from metrology.services.tallying import fold_all


def _keep(session: Session, *, today: date, **_known: Any) -> None:
    keep_figures(session, today=today)


def _keep_states(session: Session, *, today: date, **_known: Any) -> None:
    keep_states(session, today=today)


def _fold(session: Session, **_known: Any) -> None:
    fold_all(session)


def _look(session: Session, **_known: Any) -> None:
    """SQLite chooses its indexes by statistics, and gathers them only when asked. PostgreSQL does so by itself."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA optimize=0x10002"))


REGULAR = [
    Regular("counts brought together", timedelta(hours=1), _fold),
    Regular("overdue figures", timedelta(hours=6), _keep),
    Regular("states of past days", timedelta(hours=6), _keep_states),
    Regular("statistics", timedelta(hours=24), _look),
]
