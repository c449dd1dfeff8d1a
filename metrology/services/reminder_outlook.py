"""What reminders will go out in the days to come, whom they cannot reach, what the outbox holds, and how the ticker runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.schedule import STAGES_BEFORE
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.reminders import Notice, Reminder
from metrology.persistence.scope import within
from metrology.persistence.tasks import Lease

DAYS = 14
CAP = 1000
HELD = 200
"""Instruments of a notice shown on its page."""
_WEEK = 7


@dataclass(frozen=True)
class OutlookDay:
    """One day: instruments whose holders are told of a stage, and how many holders that are."""

    day: date
    instruments: int
    holders: int
    unreachable: int
    """Of the holders, those without a contact who wants to be told."""


@dataclass(frozen=True)
class Outbox:
    """Notices by state, each counted to at most ``CAP``."""

    queued: int
    failed: int
    withheld: int


def outlook(session: Session, actor: Actor, *, today: date, days: int = DAYS) -> list[OutlookDay]:
    """What goes out from tomorrow on, if nothing is verified until then."""
    late = _late_days(session, actor, today)
    found: list[OutlookDay] = []
    for offset in range(1, days + 1):
        day = today + timedelta(days=offset)
        told = [day + timedelta(days=before) for _stage, before in STAGES_BEFORE]
        told += [one for one in late if (day - one).days % _WEEK == 0 and (day - one).days >= _WEEK]
        found.append(_day(session, actor, day, told))
    return found


def _late_days(session: Session, actor: Actor, today: date) -> list[date]:
    """The due dates that are overdue, or will be within the days looked at: those are told of weekly."""
    every: Select[Any] = select(Instrument.due_date)
    statement = (
        within(every, actor)
        .where(Instrument.state == "in_use", Instrument.due_date <= today + timedelta(days=DAYS))
        .distinct()
    )
    return [day for day in session.scalars(statement) if day is not None]


def _day(session: Session, actor: Actor, day: date, due_dates: Iterable[date]) -> OutlookDay:
    every: Any = select(Instrument.holder_id, func.count().label("count"))
    some = (
        within(every, actor)
        .where(Instrument.state == "in_use", Instrument.due_date.in_(set(due_dates)), Instrument.holder_id.is_not(None))
        .group_by(Instrument.holder_id)
    )
    held = some.subquery()
    instruments, holders = session.execute(select(func.sum(held.c.count), func.count()).select_from(held)).one()
    silent = session.scalar(select(func.count()).select_from(held).where(~_reachable(held.c.holder_id))) or 0
    return OutlookDay(day, int(instruments or 0), int(holders or 0), silent)


def _reachable(holder_id: Any) -> ColumnElement[bool]:
    wants = (Contact.notify_email.is_(True) & (Contact.email != "")) | (
        Contact.notify_wecom.is_(True) & (Contact.wecom_webhook != "")
    )
    return select(Contact.id).where(Contact.holder_id == holder_id, Contact.is_active.is_(True), wants).exists()


def unreachable(session: Session, actor: Actor, *, until: date, limit: int = 50) -> list[Holder]:
    """Holders with something due until a day and nobody to tell: their contacts are to be asked for."""
    due = select(Instrument.holder_id).where(Instrument.state == "in_use", Instrument.due_date <= until)
    statement = within(select(Holder), actor, Holder).where(Holder.id.in_(due), ~_reachable(Holder.id))
    return list(session.scalars(statement.order_by(Holder.name, Holder.id).limit(limit)))


def in_scope(actor: Actor) -> ColumnElement[bool] | None:
    """The notices an actor may see: of its district's holders, and its own; None for the whole city."""
    if actor.district_code is None:
        return None
    here = select(Holder.id).where(or_(Holder.district_code == actor.district_code, Holder.district_code.is_(None)))
    return Notice.holder_id.in_(here) | (Notice.user_id == actor.user_id)


def notice_of(session: Session, actor: Actor, notice_id: int) -> Notice | None:
    """A notice by its key, within the actor's scope."""
    statement = select(Notice).where(Notice.id == notice_id)
    scope = in_scope(actor)
    return session.scalar(statement if scope is None else statement.where(scope))


def outbox(session: Session, actor: Actor) -> Outbox:
    """What waits, what was given up, what has no server to go through."""
    return Outbox(*(_count(session, actor, *states) for states in (("queued", "sending"), ("failed",), ("withheld",))))


def _count(session: Session, actor: Actor, *states: str) -> int:
    statement = select(Notice.id).where(Notice.state.in_(states))
    scope = in_scope(actor)
    if scope is not None:
        statement = statement.where(scope)
    return session.scalar(select(func.count()).select_from(statement.limit(CAP).subquery())) or 0


def carried(session: Session, notice: Notice) -> tuple[list[Reminder], int]:
    """The reminders a notice carries (of the one it copies, when it is a copy): the first of them, and how many there are."""
    key = notice.id
    original: Notice | None = notice
    while original is not None and original.resend_of_id is not None:
        key = original.resend_of_id
        original = session.get(Notice, key)
    statement = select(Reminder).where(Reminder.notice_id == key).order_by(Reminder.due_date, Reminder.id)
    count = session.scalar(select(func.count()).select_from(Reminder).where(Reminder.notice_id == key)) or 0
    return list(session.scalars(statement.limit(HELD))), count


def ticker(session: Session) -> list[Lease]:
    """The regular work: when each ran last, and what went wrong."""
    return list(session.scalars(select(Lease).order_by(Lease.name)))


def mask(recipient: str, channel: str) -> str:
    """A recipient that only shows who it could be.

    >>> mask("wang.li@example.cn", "email"), mask("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6", "wecom")
    ('w…@example.cn', 'qyapi.weixin.qq.com/…91f6')
    """
    if channel == "email":
        name, _at, host = recipient.partition("@")
        return f"{name[:1]}…@{host}"
    host = recipient.partition("://")[2].partition("/")[0]
    return f"{host}/…{recipient[-4:]}"
