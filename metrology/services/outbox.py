"""The outbox: notices are claimed under a lease, sent, and marked; tried again for days; never marked before they went.

The promise: queued exactly once, delivered at least once, at most one further copy for each crash of a sender, always with
the same Message-ID.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from metrology.channels.mail import send_mail
from metrology.channels.outcome import NotSent, NotSetUp
from metrology.channels.wecom import PER_MINUTE, send_wecom
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import record
from metrology.persistence.reminders import Notice
from metrology.services import enclosures
from metrology.settings import Settings

LEASE = timedelta(minutes=5)
"""Longer than any sending may take."""
GIVE_UP = timedelta(hours=96)
LONGEST_PAUSE = timedelta(hours=1)
CHANNELS = ("email", "wecom")

Send = Callable[[Notice, Settings], None]


@dataclass
class Delivery:
    """What one round did."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    withheld: int = 0


def message_id_of(key: str) -> str:
    """The Message-ID of a notice: the same at every try."""
    return f"{hashlib.sha256(key.encode()).hexdigest()[:40]}@metrology"


def send_over_channel(notice: Notice, settings: Settings) -> None:
    """Send a notice over its channel. Raises NotSent."""
    if notice.channel == "email":
        send_mail(
            settings.smtp_url,
            sender=settings.mail_from,
            recipient=notice.recipient,
            subject=notice.subject,
            body=notice.body,
            message_id=notice.message_id,
            files=enclosures.files_of(notice),
            headers=enclosures.headers_of(notice, settings),
        )
    elif notice.channel == "wecom":
        hosts = [host.strip() for host in settings.wecom_hosts.split(",")]
        send_wecom(notice.recipient, subject=notice.subject, body=notice.body, hosts=hosts)
    else:
        raise NotSent(f"unknown channel {notice.channel}", is_final=True)


def deliver_due(
    session: Session,
    *,
    now: Callable[[], datetime],
    settings: Settings,
    owner: str,
    limit: int = 100,
    send: Send = send_over_channel,
) -> Delivery:
    """Send what is due. Commits around each notice; safe to run in several processes at once."""
    done = Delivery()
    for _time in range(limit):
        notice = _claim(session, owner, now=now())
        session.commit()
        if notice is None:
            break
        _deliver(session, notice, owner, done, now=now, settings=settings, send=send)
        session.commit()
    return done


def _claim(session: Session, owner: str, *, now: datetime) -> Notice | None:
    free = or_(Notice.state == "queued", (Notice.state == "sending") & (Notice.lease_until < now))
    first = session.execute(
        select(Notice.id).where(free, Notice.not_before <= now).order_by(Notice.not_before, Notice.id).limit(1)
    ).scalar_one_or_none()
    if first is None:
        return None
    taken = session.execute(
        update(Notice)
        .where(Notice.id == first, free)
        .values(state="sending", lease_owner=owner, lease_until=now + LEASE, tries=Notice.tries + 1)
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return None if taken is None else session.get(Notice, taken, populate_existing=True)


def _deliver(
    session: Session,
    notice: Notice,
    owner: str,
    done: Delivery,
    *,
    now: Callable[[], datetime],
    settings: Settings,
    send: Send,
) -> None:
    if notice.channel == "wecom" and _is_busy(session, notice.recipient, now=now()):
        _mark(session, notice, owner, state="queued", not_before=now() + timedelta(minutes=1), tries=notice.tries - 1)
        done.retried += 1
        return
    try:
        send(notice, settings)
    except NotSetUp as fault:
        _mark(session, notice, owner, state="withheld", last_error=str(fault))
        done.withheld += 1
    except NotSent as fault:
        if fault.is_final or now() - notice.created_at > GIVE_UP:
            _mark(session, notice, owner, state="failed", last_error=str(fault))
            done.failed += 1
        else:
            pause = min(timedelta(minutes=1) * 2 ** min(notice.tries - 1, 10), LONGEST_PAUSE)
            _mark(session, notice, owner, state="queued", not_before=now() + pause, last_error=str(fault))
            done.retried += 1
    else:
        _mark(session, notice, owner, state="sent", sent_at=now(), last_error="")
        done.sent += 1


def _is_busy(session: Session, robot: str, *, now: datetime) -> bool:
    """Whether a robot has had its messages of this minute."""
    sent = session.scalar(
        select(func.count())
        .select_from(Notice)
        .where(Notice.state == "sent", Notice.recipient == robot, Notice.sent_at > now - timedelta(minutes=1))
    )
    return (sent or 0) >= PER_MINUTE


def _mark(session: Session, notice: Notice, owner: str, **values: object) -> None:
    session.execute(
        update(Notice)
        .where(Notice.id == notice.id, Notice.lease_owner == owner, Notice.state == "sending")
        .values(lease_until=None, lease_owner="", **values)
        .execution_options(synchronize_session=False)
    )


def release_withheld(session: Session, *, now: datetime) -> int:
    """Queue the withheld notices of the last days again (a mail server was set up). The number of them."""
    released = session.execute(
        update(Notice)
        .where(Notice.state == "withheld", Notice.created_at > now - GIVE_UP)
        .values(state="queued", not_before=now)
        .execution_options(synchronize_session=False)
    )
    return int(released.rowcount)  # type: ignore[attr-defined]


def resend(session: Session, actor: Actor, notice: Notice, *, now: datetime) -> Notice:
    """Queue a notice once more, by someone's wish: as it was when it never went (a draft goes so), as a copy naming it when it did."""
    if notice.state in ("queued", "sending"):
        raise Problem("notice_still_queued")
    if notice.state == "withdrawn":
        raise Problem("notice_withdrawn")
    if notice.state in ("draft", "failed", "withheld"):
        notice.state, notice.not_before, notice.tries, notice.last_error = "queued", now, 0, ""
        record(session, actor, "notice.requeued", notice, at=now)
        session.flush()
        return notice
    key = f"{notice.key}/again/{int(now.timestamp())}"
    copy = Notice(
        key=key,
        kind=notice.kind,
        channel=notice.channel,
        recipient=notice.recipient,
        holder_id=notice.holder_id,
        user_id=notice.user_id,
        language=notice.language,
        subject=notice.subject,
        body=notice.body,
        facts=notice.facts,
        message_id=message_id_of(key),
        not_before=now,
        created_at=now,
        resend_of_id=notice.id,
    )
    session.add(copy)
    session.flush()
    record(session, actor, "notice.resent", copy, at=now, changes={"resend_of_id": [None, notice.id]})
    return copy
