"""A secret calendar address for each person: visits for those who work, last valid days for those who hold instruments.

The address works without a log-in, as office calendars need it; it shows no personal data, and a new one ends the old.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from metrology.documents.calendar_feed import CalendarEvent, EventStatus
from metrology.domain.authority import ROLES, Actor, may
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.journal import record
from metrology.persistence.people import User
from metrology.persistence.visits import CalendarFeed, Visit, visit_verifier
from metrology.services.visit_days import loads_of

BEFORE = timedelta(days=60)
AFTER = timedelta(days=400)
MOST = 1000
_STATUS: dict[str, EventStatus] = {"planned": "CONFIRMED", "in_progress": "CONFIRMED", "done": "CONFIRMED"}


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def feed_of(session: Session, user_id: int) -> CalendarFeed | None:
    """The address a person has now."""
    return session.scalar(select(CalendarFeed).where(CalendarFeed.user_id == user_id, CalendarFeed.ended_at.is_(None)))


def make_feed(session: Session, actor: Actor, *, now: datetime) -> str:
    """A new secret address for the actor, told this once; the one before ends."""
    assert actor.user_id is not None
    end_feed(session, actor, now=now)
    token = secrets.token_urlsafe(24)
    feed = CalendarFeed(user_id=actor.user_id, token_hash=token_hash(token), created_at=now)
    session.add(feed)
    record(session, actor, "calendar_feed.made", feed, at=now)
    session.flush()
    return token


def end_feed(session: Session, actor: Actor, *, now: datetime) -> bool:
    """End the actor's address; False when there was none."""
    feed = feed_of(session, actor.user_id or 0)
    if feed is None:
        return False
    feed.ended_at = now
    record(session, actor, "calendar_feed.ended", feed, at=now)
    session.flush()
    return True


def find(session: Session, token: str) -> CalendarFeed | None:
    """The feed of a token, while it and its account are good."""
    feed = session.scalar(
        select(CalendarFeed).where(CalendarFeed.token_hash == token_hash(token), CalendarFeed.ended_at.is_(None))
    )
    return feed if feed is not None and feed.user.active else None


def note_fetch(session: Session, feed_id: int, *, today: date) -> None:
    """Keep the day of the last fetch, so that an address nobody uses can be seen."""
    session.execute(
        update(CalendarFeed)
        .where(CalendarFeed.id == feed_id)
        .values(last_fetched_on=today)
        .execution_options(synchronize_session=False)
    )


def events(session: Session, user: User, *, today: date, public_url: str) -> list[CalendarEvent]:
    """What a person's calendar shows."""
    actor = Actor(user.id, user.name, user.role_names & frozenset(ROLES), user.district_code, user.holder_id)
    host = public_url.partition("://")[2].split("/")[0] or "metrology"
    if actor.is_holder:
        return _due_days(session, actor, today, host, public_url)
    return _visits(session, actor, today, host, public_url) if may(actor, "plan.view") else []


def _visits(session: Session, actor: Actor, today: date, host: str, public_url: str) -> list[CalendarEvent]:
    statement = select(Visit).where(Visit.planned_on >= today - BEFORE, Visit.planned_on <= today + AFTER)
    if actor.district_code is not None:
        statement = statement.where((Visit.district_code == actor.district_code) | Visit.district_code.is_(None))
    if "officer" not in actor.roles and "verifier" in actor.roles:
        mine = select(visit_verifier.c.visit_id).where(visit_verifier.c.user_id == actor.user_id)
        statement = statement.where(Visit.id.in_(mine))
    visits = session.scalars(statement.order_by(Visit.planned_on, Visit.id).limit(MOST)).all()
    loads = loads_of(session, [visit.id for visit in visits])
    return [
        CalendarEvent(
            uid=f"visit-{visit.id}@{host}",
            day=visit.planned_on,
            summary=f"{visit.title}（{loads[visit.id].instruments if visit.id in loads else 0} 台）",
            changed_at=visit.updated_at,
            status=_STATUS.get(visit.state, "CANCELLED"),
            description=_team(visit),
            location=" ".join(part for part in (visit.place.full_name, visit.place.address) if part)
            if visit.place
            else "",
            url=f"{public_url}/visits/{visit.id}",
            sequence=visit.version,
        )
        for visit in visits
    ]


def _team(visit: Visit) -> str:
    return f"{visit.number} " + "、".join(person.name for person in visit.verifiers)


def _due_days(session: Session, actor: Actor, today: date, host: str, public_url: str) -> list[CalendarEvent]:
    """The last valid days of a holder's instruments: one event a day and type."""
    rows = session.execute(
        select(Instrument.due_date, TypeEntry.code, TypeEntry.name_zh, func.count(), func.max(Instrument.updated_at))
        .join(TypeEntry, TypeEntry.code == Instrument.type_code)
        .where(
            Instrument.holder_id == actor.holder_id,
            Instrument.state == "in_use",
            Instrument.due_date >= today - BEFORE,
            Instrument.due_date <= today + AFTER,
        )
        .group_by(Instrument.due_date, TypeEntry.code, TypeEntry.name_zh)
        .order_by(Instrument.due_date, TypeEntry.code)
        .limit(MOST)
    )
    return [
        CalendarEvent(
            uid=f"due-{actor.holder_id}-{code}-{day.isoformat()}@{host}",
            day=day,
            summary=f"{name} {count} 台检定到期",
            changed_at=changed if isinstance(changed, datetime) else datetime.combine(today, time(), UTC),
            url=f"{public_url}/instruments/?due_from={day.isoformat()}&due_to={day.isoformat()}",
        )
        for day, code, name, count, changed in rows
        if day is not None
    ]
