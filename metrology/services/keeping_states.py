"""Keeps how many instruments were in use and valid as past days ended, for indicators of a past day and their trends."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from metrology.domain.period import Period, add_months, year_back
from metrology.persistence.database import insert_into
from metrology.persistence.figures import StateFigure
from metrology.persistence.state_reading import GROUP, worked_out
from metrology.persistence.tally_reading import first_day

MONTHS = 36
DAYS = 400
"""Single days are kept for a year and some weeks, for the year before; month ends for good."""
_AT_ONCE = 31
_AHEAD = 3
"""What the next days will be compared with is kept before they come, also where nobody counted a year ago."""


def keep_states(session: Session, *, today: date) -> int:
    """Keep the days that are well over and not kept yet. How many days were kept; none when run again.

    A day counts as well over from the second day after it: no transaction of it is under way any more.
    """
    last, first = today - timedelta(days=2), first_day(session)
    if first is None:
        return 0
    ends = [Period.of_month(add_months(today.replace(day=1), -back)).last for back in range(MONTHS, 0, -1)]
    recent = [last - timedelta(days=back) for back in range(_AT_ONCE)]
    compared = [year_back(today + timedelta(days=ahead)) for ahead in range(_AHEAD)]
    wanted = {day for day in (*ends, *recent, *compared) if first <= day <= last}
    kept = set(session.scalars(select(StateFigure.day).where(StateFigure.day.in_(wanted)).distinct()))
    missing = sorted(wanted - kept)
    for start in range(0, len(missing), _AT_ONCE):
        _keep(session, missing[start : start + _AT_ONCE])
    _thin(session, today - timedelta(days=DAYS))
    return len(missing)


def _keep(session: Session, days: list[date]) -> None:
    rows = [
        {"day": day, **dict(zip(GROUP, key, strict=True)), "in_use": used, "valid": valid}
        for day, of in worked_out(session, days, GROUP, {}).items()
        for key, (used, valid) in of.items()
    ]
    statement = insert_into(session, StateFigure).on_conflict_do_nothing(index_elements=["day", *GROUP])
    for start in range(0, len(rows), 1000):
        session.execute(statement, rows[start : start + 1000])


def _thin(session: Session, before: date) -> None:
    """Let go of days long past that are no end of a month."""
    old = session.scalars(select(StateFigure.day).where(StateFigure.day < before).distinct())
    if gone := [day for day in old if (day + timedelta(days=1)).day != 1]:
        session.execute(delete(StateFigure).where(StateFigure.day.in_(gone)))
