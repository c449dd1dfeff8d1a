"""Subscriptions to kept reports: made, changed, paused, taken up again, ended; also by a link in the mail, without a log-in.

A mail goes to the account's own address. Further addresses must lie at domains an administrator has allowed in the settings;
that is looked at again at each sending, so that a domain taken away gets nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import NOBODY, Actor, may
from metrology.domain.problems import Problem
from metrology.domain.rhythm import next_day
from metrology.optimization.workdays import day_kind
from metrology.persistence.clock import SHANGHAI
from metrology.persistence.journal import record
from metrology.persistence.saved_reports import RHYTHMS, Delivery, SavedReport, Subscription
from metrology.services import keeping_reports
from metrology.services import settings as bureau_settings

MOST = 30
MOST_FURTHER = 10
LANGUAGES = ("zh_Hans_CN", "en")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
SEE_ALL = "user.view"


@dataclass(frozen=True)
class SubscriptionFacts:
    """What is asked for."""

    rhythm: str = "weekly"
    day: int = 1
    hour: int = 8
    with_pdf: bool = True
    with_xlsx: bool = True
    language: str = "zh_Hans_CN"
    further: Sequence[str] = ()


def next_at(rhythm: str, number: int, hour: int, after: datetime) -> datetime:
    """The first instant of the rhythm that lies after another; hours are Shanghai's, workdays those of the State Council."""
    local = after.astimezone(SHANGHAI)
    day = local.date()
    if local.time() >= time(hour):
        day += timedelta(days=1)
    day = next_day(rhythm, number, day, lambda one: day_kind(one).is_workday)
    return datetime.combine(day, time(hour), SHANGHAI)


def subscribe(
    session: Session, actor: Actor, report: SavedReport, facts: SubscriptionFacts, *, now: datetime
) -> Subscription:
    """Get a report that one sees by mail."""
    if actor.user_id is None:
        raise Problem("person_needed")
    count = select(func.count()).where(Subscription.user_id == actor.user_id, Subscription.state != "ended")
    if (session.scalar(count) or 0) >= MOST:
        raise Problem("subscriptions_too_many", limit=MOST)
    row = Subscription(report_id=report.id, user_id=actor.user_id, state="active", created_at=now, updated_at=now)
    _fill(session, row, facts, now)
    session.add(row)
    record(session, actor, "subscription.created", row, at=now)
    session.flush()
    session.refresh(row)
    return row


def change(session: Session, actor: Actor, row: Subscription, facts: SubscriptionFacts, *, now: datetime) -> None:
    """Another rhythm, other files or recipients."""
    _own(actor, row)
    _fill(session, row, facts, now)
    record(session, actor, "subscription.changed", row, at=now)
    session.flush()


def _fill(session: Session, row: Subscription, facts: SubscriptionFacts, now: datetime) -> None:
    last = {"weekly": 7, "monthly": 31, "workdays": 0}.get(facts.rhythm)
    if facts.rhythm not in RHYTHMS or last is None:
        raise Problem("bad_choice", "rhythm")
    day = 0 if facts.rhythm == "workdays" else facts.day
    if not (min(1, last) <= day <= last and 0 <= facts.hour <= 23):
        raise Problem("out_of_range", "day")
    if not (facts.with_pdf or facts.with_xlsx):
        raise Problem("subscription_sends_nothing", "with_pdf")
    if facts.language not in LANGUAGES:
        raise Problem("bad_choice", "language")
    row.rhythm, row.day, row.hour = facts.rhythm, day, facts.hour
    row.with_pdf, row.with_xlsx, row.language = facts.with_pdf, facts.with_xlsx, facts.language
    row.further = _further(session, facts.further)
    row.updated_at = now
    if row.state == "active":
        row.next_at = next_at(row.rhythm, row.day, row.hour, now)


def _further(session: Session, addresses: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(one.strip().lower() for one in addresses if one.strip()))
    if len(wanted) > MOST_FURTHER:
        raise Problem("addresses_too_many", "further", limit=MOST_FURTHER)
    for one in wanted:
        if not _ADDRESS.fullmatch(one):
            raise Problem("bad_mail_address", "further", value=one[:60])
    allowed = allowed_addresses(session, wanted)
    for one in wanted:
        if one not in allowed:
            raise Problem("address_not_allowed", "further", value=one[:60])
    return wanted


def allowed_addresses(session: Session, addresses: Sequence[str]) -> list[str]:
    """Those at domains the administrator has allowed now."""
    domains = bureau_settings.domains(bureau_settings.read(session).report_mail_domains)
    return [one for one in addresses if one.rpartition("@")[2] in domains]


# -- a life


def pause(session: Session, actor: Actor, row: Subscription, *, now: datetime) -> None:
    """Send nothing until it is taken up again."""
    _own(actor, row)
    _move(session, actor, row, "paused", "subscription.suspended", now)


def resume(session: Session, actor: Actor, row: Subscription, *, now: datetime) -> None:
    """Go on, with the next day of the rhythm: what was missed meanwhile is not sent."""
    _own(actor, row)
    _move(session, actor, row, "active", "subscription.resumed", now)


def end(session: Session, actor: Actor, row: Subscription, *, now: datetime) -> None:
    """Get it no more."""
    if not may(actor, "user.edit"):
        _own(actor, row)
    _move(session, actor, row, "ended", "subscription.ended", now)


def stop(session: Session, row: Subscription, reason: str, *, now: datetime) -> None:
    """The registry stops it, and says why."""
    _move(session, Actor.system(), row, "stopped", "subscription.stopped", now, reason)


def _move(
    session: Session, actor: Actor, row: Subscription, state: str, action: str, now: datetime, reason: str = ""
) -> None:
    if row.state == "ended":
        raise Problem("subscription_ended")
    row.state, row.stopped_because, row.updated_at = state, reason, now
    row.next_at = next_at(row.rhythm, row.day, row.hour, now) if state == "active" else None
    record(session, actor, action, row, at=now, reason=reason)
    session.flush()


def _own(actor: Actor, row: Subscription) -> None:
    if actor.user_id is None or row.user_id != actor.user_id:
        raise Problem("subscription_not_yours")


# -- found


def find(session: Session, actor: Actor, subscription_id: int) -> Subscription | None:
    """A subscription of one's own; who sees accounts sees all."""
    row = session.get(Subscription, subscription_id)
    if row is None or row.state == "ended":
        return None
    return row if row.user_id == actor.user_id or may(actor, SEE_ALL) else None


def seen(session: Session, actor: Actor, limit: int = 200) -> list[Subscription]:
    """One's own; those of everybody for who sees accounts."""
    return _own_first(session, actor, _visible(actor).limit(limit))


def of_reports(session: Session, actor: Actor, reports: Sequence[SavedReport]) -> dict[int, list[Subscription]]:
    """Of each report that is sent by mail, by its key, the subscriptions that one sees, as ``seen`` has them."""
    found: dict[int, list[Subscription]] = {}
    wanted = _visible(actor).where(Subscription.report_id.in_([one.id for one in reports]))
    for row in _own_first(session, actor, wanted):
        found.setdefault(row.report_id, []).append(row)
    return found


def _visible(actor: Actor) -> Select[Subscription]:
    statement = select(Subscription).where(Subscription.state != "ended").order_by(Subscription.id.desc())
    return statement if may(actor, SEE_ALL) else statement.where(Subscription.user_id == actor.user_id)


def _own_first(session: Session, actor: Actor, statement: Select[Subscription]) -> list[Subscription]:
    return sorted(session.scalars(statement), key=lambda row: row.user_id != actor.user_id)


def last_deliveries(session: Session, rows: Sequence[Subscription]) -> dict[int, Delivery]:
    """The latest delivery of each."""
    latest = (
        select(func.max(Delivery.id)).where(Delivery.subscription_id.in_([row.id for row in rows]))
        .group_by(Delivery.subscription_id)
    )  # fmt: skip
    return {one.subscription_id: one for one in session.scalars(select(Delivery).where(Delivery.id.in_(latest)))}


def may_subscribe(session: Session, actor: Actor, report_id: int) -> SavedReport | None:
    """The report, when the actor sees it."""
    return keeping_reports.find(session, actor, report_id)


# -- the link in the mail


def token_of(secret: str, subscription_id: int, recipient: str) -> str:
    """What lets an address end its mails without a log-in, and do nothing else."""
    return str(_signer(secret).dumps([subscription_id, recipient]))


def of_token(session: Session, secret: str, token: str) -> tuple[Subscription, str] | None:
    """The subscription and the address a token is for; None for one that nobody gave out."""
    try:
        key, recipient = _signer(secret).loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    row = session.get(Subscription, key)
    return None if row is None else (row, str(recipient))


def refuse(session: Session, row: Subscription, recipient: str, *, now: datetime, ip: str | None = None) -> None:
    """An address wants nothing more. Done twice, it is done. The owner's address ends the subscription, a further one itself."""
    who = Actor(None, NOBODY.name, ip=ip)
    changes: dict[str, list[Any]] = {"recipient": [recipient, None]}
    if recipient == row.user.email and row.state != "ended":
        row.state, row.next_at, row.updated_at = "ended", None, now
        record(session, who, "subscription.ended", row, at=now, changes=changes)
    elif recipient in row.further:
        row.further = [one for one in row.further if one != recipient]
        row.updated_at = now
        record(session, who, "subscription.changed", row, at=now, changes=changes)
    session.flush()


def _signer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="report subscription")
