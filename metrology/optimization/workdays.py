"""Working days in mainland China: weekends, official days off and make-up days (调休), as announced by the State Council.

The announcements come a year at a time (chinesecalendar carries them); a day beyond the last one is judged by its weekday and
said to be not yet announced.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar

SATURDAY = 5


@dataclass(frozen=True)
class DayKind:
    """Whether a day is worked, and why not when it is unusual."""

    day: date
    is_workday: bool
    holiday: str = ""
    """English name of the official holiday, or empty."""
    is_make_up: bool = False
    """A weekend day that is worked to make up for a day off."""
    is_announced: bool = True


def day_kind(day: date) -> DayKind:
    """What kind of day it is.

    >>> day_kind(date(2026, 10, 1))
    DayKind(day=datetime.date(2026, 10, 1), is_workday=False, holiday='National Day', is_make_up=False, is_announced=True)
    """
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return DayKind(day, day.weekday() < SATURDAY, is_announced=False)
    if not off:
        return DayKind(day, is_workday=True, is_make_up=day.weekday() >= SATURDAY)
    return DayKind(day, is_workday=False, holiday=str(name or ""))


def next_workday(day: date) -> date:
    """The day itself when it is worked, else the next that is."""
    while not day_kind(day).is_workday:
        day += timedelta(days=1)
    return day


def workdays_between(first: date, last: date) -> list[date]:
    """The working days from ``first`` to ``last``, both included."""
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return [day for day in days if day_kind(day).is_workday]
