"""The one place where the clock is read.

Legal days are Shanghai's, instants are UTC. Everything else gets the day and the instant as arguments.
"""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now_utc() -> datetime:
    """The instant, in UTC, to the microsecond."""
    return datetime.now(UTC)


def today_cn() -> date:
    """The civil day in Shanghai, on which validity and due dates are counted."""
    return now_utc().astimezone(SHANGHAI).date()


def day_cn(instant: datetime) -> date:
    """The civil day in Shanghai of an instant."""
    return instant.astimezone(SHANGHAI).date()


def day_begins(day: date) -> datetime:
    """The instant at which a civil day begins in Shanghai. The first day there is begins with time itself.

    >>> day_begins(date(2026, 11, 22)).isoformat(), day_begins(date.min).isoformat()
    ('2026-11-21T16:00:00+00:00', '0001-01-01T00:00:00+00:00')
    """
    if day == date.min:
        return datetime.min.replace(tzinfo=UTC)
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def day_is_over(day: date) -> datetime:
    """The instant at which a civil day is over in Shanghai; the last day there is never is.

    >>> day_is_over(date(2026, 11, 22)).isoformat(), day_is_over(date.max).year
    ('2026-11-22T16:00:00+00:00', 9999)
    """
    return datetime.max.replace(tzinfo=UTC) if day == date.max else day_begins(day + timedelta(days=1))


def ticks() -> float:
    """Seconds of a clock that nobody sets, for measuring how long ago something was on this machine."""
    return time.monotonic()
