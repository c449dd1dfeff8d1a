"""Targets of the year, an annual statement that is locked and a monthly one that waits for its approver."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from metrology.cli.demo.history import instant
from metrology.domain.authority import Actor
from metrology.domain.period import Period
from metrology.services import statements
from metrology.services.keeping_states import keep_states

TARGETS = {
    "coverage": "95",
    "on_time": "92.5",
    "first_pass": "90",
    "rejected": "8",
    "turnaround_90": "5",
    "complaints": "5",
}
"""What the example city wants to reach this year."""


def file_statements(session: Session, people: Mapping[str, Actor], *, today: date, now: datetime) -> None:
    """Set the targets and lock last year in the middle of January, and leave last month as a draft."""
    manager, officer, approver = people["manager"], people["officer"], people["approver"]
    filed = min(today, date(today.year, 1, 12))
    then = min(now, instant(filed))
    for code, value in TARGETS.items():
        statements.set_target(session, manager, code, Decimal(value), date(today.year, 1, 1), now=then)
    keep_states(session, today=today)
    year = statements.prepare(session, officer, Period.asked("last-year", filed), "", today=filed, now=then)
    text = statements.written(statements.figures_of(session, approver, year, today=filed))
    statements.approve(session, approver, year, statements.digest_of(text), today=filed, now=then)
    statements.prepare(session, officer, Period.asked("last-month", today), "", today=today, now=now)
