"""The one place where the clock is read.

Legal days are Shanghai's, instants are UTC. Everything else gets the day and the instant as arguments.
"""

import time
from datetime import UTC, date, datetime
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


def ticks() -> float:
    """Seconds of a clock that nobody sets, for measuring how long ago something was on this machine."""
    return time.monotonic()
