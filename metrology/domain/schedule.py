"""Verification intervals and service lives → due dates, what is due, and which reminder is due.

China has no national text on how 有效期至 is counted; practice is split between the day before the anniversary (most
laboratories) and the anniversary itself (civil-law counting), so the rule is a setting and is printed.

>>> due_date(date(2025, 1, 1), 12)
datetime.date(2025, 12, 31)
>>> due_date(date(2024, 2, 29), 12), due_date(date(2025, 8, 31), 6)
(datetime.date(2025, 2, 28), datetime.date(2026, 2, 28))
>>> due_date(date(2025, 1, 1), 12, "anniversary"), due_date(date(2024, 2, 29), 12, "anniversary")
(datetime.date(2026, 1, 1), datetime.date(2025, 2, 28))
"""

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

Mode = Literal["periodic", "first_only_rotate", "first_only_scrap", "calibration", "not_verified"]
DueRule = Literal["anniversary_minus_one", "anniversary"]
Status = Literal["valid", "due_soon", "expired", "unverified"]

ANNIVERSARY_MINUS_ONE: DueRule = "anniversary_minus_one"
ANNIVERSARY: DueRule = "anniversary"
DUE_RULES: tuple[DueRule, ...] = (ANNIVERSARY_MINUS_ONE, ANNIVERSARY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """How long a verification holds: `months` of an interval (periodic, calibration) or of service life (rotation).

    None stands for no end: an instrument verified once and scrapped when inaccurate.
    """

    months: int | None
    mode: Mode
    clause: str = ""
    confirmed: bool = True

    @property
    def is_service_life(self) -> bool:
        """Counted from the first verification that conformed; at its end the instrument is replaced, not verified."""
        return self.mode == "first_only_rotate"


def _months_later(start: date, months: int) -> tuple[int, int, int]:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return year, month + 1, calendar.monthrange(year, month + 1)[1]


def due_date(verified_on: date, interval: Interval | int, rule: DueRule = ANNIVERSARY_MINUS_ONE) -> date | None:
    """The last day a verification holds (有效期至); None when it has no end."""
    months = interval.months if isinstance(interval, Interval) else interval
    if months is None:
        return None
    year, month, last = _months_later(verified_on, months)
    if rule == ANNIVERSARY:
        return date(year, month, min(verified_on.day, last))
    # A day the month lacks overflows to the first of the next, and one day before that is the month's end.
    if verified_on.day > last:
        return date(year, month, last)
    return date(year, month, verified_on.day) - timedelta(days=1)


def days_left(valid_until: date, today: date) -> int:
    """Days until the last valid day: 0 on that day, negative once overdue."""
    return (valid_until - today).days


def days_overdue(valid_until: date, today: date) -> int:
    """Days since the last valid day, 0 while it holds."""
    return max(0, -days_left(valid_until, today))


def status_on(valid_until: date | None, today: date, warn_days: int = 60) -> Status:
    """What an instrument's verification is worth today.

    >>> [status_on(date(2026, 3, 31), date(2026, m, d), 30) for m, d in ((2, 28), (3, 1), (3, 31), (4, 1))]
    ['valid', 'due_soon', 'due_soon', 'expired']
    """
    if valid_until is None:
        return "unverified"
    left = days_left(valid_until, today)
    if left < 0:
        return "expired"
    return "due_soon" if left <= warn_days else "valid"


class AgeingBucket(NamedTuple):
    """A class of the overdue report; `last` is None for the open one."""

    code: str
    first: int
    last: int | None


AGEING = (
    AgeingBucket("1-30", 1, 30),
    AgeingBucket("31-90", 31, 90),
    AgeingBucket("91-180", 91, 180),
    AgeingBucket("over-180", 181, None),
)


def ageing_bucket(valid_until: date, today: date) -> AgeingBucket | None:
    """The class an overdue instrument falls in, None while it is not overdue."""
    overdue = days_overdue(valid_until, today)
    return next((bucket for bucket in reversed(AGEING) if overdue >= bucket.first), None)


def overdue_between(bucket: AgeingBucket, today: date) -> tuple[date | None, date]:
    """The due dates (from, to, both included) of a bucket, for a query on the stored date; no lower end when open."""
    first = None if bucket.last is None else today - timedelta(days=bucket.last)
    return first, today - timedelta(days=bucket.first)


# -- reminders

STAGES_BEFORE: tuple[tuple[str, int], ...] = (("60", 60), ("30", 30), ("7", 7), ("0", 0))
_WEEK = 7


class StagesDue(NamedTuple):
    """`due` holds at most one stage, to be sent; `skipped` those it stands for, to be marked as passed over."""

    due: tuple[str, ...]
    skipped: tuple[str, ...]


def stages_due(due: date, today: date, already: Collection[str] = ()) -> StagesDue:
    """Which reminder is due: 60, 30, 7 days before, on the day, then every week overdue (`overdue-1`, …).

    Looks at what has been passed, not at what falls on today, so a day or a month without a run loses nothing: the
    latest stage reached is sent once, the earlier ones are skipped. Weeks overdue that nobody saw are not listed; a
    holder is reminded of being late, not of each week of it.

    >>> stages_due(date(2026, 3, 31), date(2026, 3, 25), {"60"})
    StagesDue(due=('7',), skipped=('30',))
    >>> stages_due(date(2026, 3, 31), date(2026, 3, 26), {"60", "30", "7"})
    StagesDue(due=(), skipped=())
    """
    reached = [stage for stage, before in STAGES_BEFORE if today >= due - timedelta(days=before)]
    weeks = (today - due).days // _WEEK
    latest = f"overdue-{weeks}" if weeks >= 1 else reached[-1] if reached else None
    if latest is None:
        return StagesDue((), ())
    skipped = tuple(stage for stage in reached if stage not in already and stage != latest)
    return StagesDue(() if latest in already else (latest,), skipped)


def next_stage_on(due: date, today: date) -> date:
    """The first day after today on which a further stage is reached, to be stored and looked for with `<=`."""
    for _, before in STAGES_BEFORE:
        day = due - timedelta(days=before)
        if day > today:
            return day
    return due + timedelta(days=((today - due).days // _WEEK + 1) * _WEEK)
