"""On which days a report is sent: on workdays, on a weekday, or on a day of the month.

>>> next_day("weekly", 1, date(2026, 11, 29))
datetime.date(2026, 11, 30)
>>> next_day("monthly", 31, date(2026, 2, 1))
datetime.date(2026, 2, 28)
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta

FRIDAY = 5


def _by_weekday(day: date) -> bool:
    return day.isoweekday() <= FRIDAY


def falls_on(rhythm: str, number: int, day: date, is_workday: Callable[[date], bool] = _by_weekday) -> bool:
    """Whether a day is one of the rhythm's. ``number`` is the weekday 1–7, or the day of the month (its last when shorter)."""
    if rhythm == "workdays":
        return is_workday(day)
    if rhythm == "weekly":
        return day.isoweekday() == number
    return day.day == min(number, calendar.monthrange(day.year, day.month)[1])


def next_day(rhythm: str, number: int, since: date, is_workday: Callable[[date], bool] = _by_weekday) -> date:
    """The first such day from ``since`` on."""
    day = since
    while not falls_on(rhythm, number, day, is_workday):
        day += timedelta(days=1)
    return day
