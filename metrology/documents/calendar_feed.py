"""Due days and visits as an iCalendar feed (RFC 5545) that phones and office calendars subscribe to.

Every event lasts all day and keeps its UID for ever: a calendar that fetches again moves or strikes out what it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from icalendar import Calendar, Event

EventStatus = Literal["TENTATIVE", "CONFIRMED", "CANCELLED"]

CALENDAR_TYPE: Final = "text/calendar; charset=utf-8"
_PRODUCT: Final = "-//metrology registry//calendar//ZH"


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One all-day event."""

    uid: str
    """The same for the same thing for ever, such as `visit-381@metrology.example.gov.cn`."""
    day: date
    summary: str
    changed_at: datetime
    """When it last changed, in UTC with its zone."""
    status: EventStatus = "CONFIRMED"
    description: str = ""
    location: str = ""
    url: str = ""
    sequence: int = 0
    """Counts the changes, so that calendars take the newer one."""
    last_day: date | None = None
    """Last day when it lasts several."""


def calendar_ics(events: Iterable[CalendarEvent], *, name: str) -> bytes:
    """The feed, in the order given; the same events give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", "Asia/Shanghai")
    for event in events:
        calendar.add_component(_event(event))
    feed: bytes = calendar.to_ical()
    return feed


def _event(event: CalendarEvent) -> Event:
    entry = Event()
    entry.add("uid", event.uid)
    entry.add("dtstamp", event.changed_at)
    entry.add("last-modified", event.changed_at)
    entry.add("sequence", event.sequence)
    entry.add("dtstart", event.day)
    entry.add("dtend", (event.last_day or event.day) + timedelta(days=1))  # the day after, as RFC 5545 counts
    entry.add("summary", event.summary)
    entry.add("status", event.status)
    entry.add("transp", "TRANSPARENT")
    for name in ("description", "location", "url"):
        if getattr(event, name):
            entry.add(name, getattr(event, name))
    return entry
