"""Whole months in which things are counted: a month, a quarter, a year, or any months in a row.

>>> Period.parse("2026-Q1"), Period.parse("2026-02").year_before()
(Period(first=datetime.date(2026, 1, 1), months=3), Period(first=datetime.date(2025, 2, 1), months=1))
>>> Period.parse("2026").last, Period.parse("2026-11").code, Period.parse("2025-11..2026-02").code
(datetime.date(2026, 12, 31), '2026-11', '2025-11..2026-02')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_YEAR = 1900
"""Nothing was counted before."""
_MOST_MONTHS = 60
_LENGTHS = {"month": 1, "quarter": 3, "year": 12}
MOVING = ("this-year", "last-year", "this-quarter", "last-quarter", "this-month", "last-month")
"""Periods that move on with the days."""
_WRITTEN = re.compile(r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?")


def add_months(first: date, months: int) -> date:
    """The first of the month so many months on.

    >>> add_months(date(2026, 11, 1), 2), add_months(date(2026, 1, 1), -1)
    (datetime.date(2027, 1, 1), datetime.date(2025, 12, 1))
    """
    place = first.year * 12 + first.month - 1 + months
    return date(place // 12, place % 12 + 1, 1)


def year_back(day: date) -> date:
    """The same day a year earlier; of a leap day, the day before it.

    >>> year_back(date(2026, 11, 20)), year_back(date(2028, 2, 29))
    (datetime.date(2025, 11, 20), datetime.date(2027, 2, 28))
    """
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


@dataclass(frozen=True, slots=True)
class Period:
    """``months`` months from the first of one."""

    first: date
    months: int

    @classmethod
    def of_month(cls, day: date) -> Period:
        """The month of a day."""
        return cls(day.replace(day=1), 1)

    @classmethod
    def parse(cls, written: str) -> Period:
        """``2026``, ``2026-Q4``, ``2026-11`` or ``2026-01..2026-11``. ValueError for anything else."""
        begin, _dots, end = written.partition("..")
        first = cls._one(begin)
        if not end:
            return first
        last = cls._one(end)
        months = (last.first.year - first.first.year) * 12 + last.first.month - first.first.month + last.months
        if not 1 <= months <= _MOST_MONTHS:
            raise ValueError("months in order, and not too many")
        return cls(first.first, months)

    @classmethod
    def _one(cls, written: str) -> Period:
        found = _WRITTEN.fullmatch(written.strip())
        if found is None or not FIRST_YEAR <= int(found["year"]) <= 9000:
            raise ValueError("no period")
        year = int(found["year"])
        if found["quarter"]:
            return cls(date(year, 3 * int(found["quarter"]) - 2, 1), 3)
        if found["month"]:
            return cls(date(year, int(found["month"]), 1), 1)
        return cls(date(year, 1, 1), 12)

    @property
    def last(self) -> date:
        """Its last day."""
        return add_months(self.first, self.months) - timedelta(days=1)

    @property
    def code(self) -> str:
        """As it is written in an address."""
        if self.months == 1:
            return f"{self.first:%Y-%m}"
        if self.months == 12 and self.first.month == 1:
            return f"{self.first.year}"
        if self.months == 3 and self.first.month % 3 == 1:
            return f"{self.first.year}-Q{(self.first.month + 2) // 3}"
        return f"{self.first:%Y-%m}..{self.last:%Y-%m}"

    def year_before(self) -> Period:
        """The same months a year earlier."""
        return Period(add_months(self.first, -12), self.months)

    def before(self, steps: int = 1) -> Period:
        """As many months, right before."""
        return Period(add_months(self.first, -self.months * steps), self.months)

    @classmethod
    def asked(cls, written: str, today: date) -> Period:
        """A period as ``parse`` takes it, or one that moves on with the days: a report kept under a name asks for those.

        >>> Period.asked("last-month", date(2026, 1, 9)).code, Period.asked("this-quarter", date(2026, 11, 9)).code
        ('2025-12', '2026-Q4')
        """
        which, _dash, length = written.partition("-")
        if which not in ("this", "last") or length not in _LENGTHS:
            return cls.parse(written)
        months = _LENGTHS[length]
        first = date(today.year, (today.month - 1) // months * months + 1, 1)
        found = cls(first, months)
        return found if which == "this" else found.before()
