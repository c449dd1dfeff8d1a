"""Sends subscribed reports: each period once, whatever fails, however many schedulers run; a missed hour is caught up once.

A due subscription is moved on to its next instant and its delivery written under a unique key in one transaction; the files are
made in the background with the owner's rights of that moment, and the outbox carries the mails, tries again and shows its faults.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from metrology.documents.report_mail_text import ReportMail, compose, compose_stopped
from metrology.documents.spreadsheet_out import XLSX_TYPE
from metrology.domain.authority import Actor, may
from metrology.domain.problems import Problem
from metrology.persistence.clock import SHANGHAI
from metrology.persistence.database import insert_into
from metrology.persistence.journal import record
from metrology.persistence.reminders import Notice
from metrology.persistence.saved_reports import Delivery, Letter, NoticeFile, SavedReport, Subscription
from metrology.services import keeping_reports, tasks
from metrology.services import settings as bureau_settings
from metrology.services.outbox import message_id_of
from metrology.services.own_list_papers import reader
from metrology.services.report_kinds import Reader, kind_of
from metrology.services.signing_in import actor_of
from metrology.services.subscribing import allowed_addresses, next_at, stop, token_of

TASK: Final = "report.send"
KIND: Final = "report"
LARGEST: Final = 12_000_000
"""Bytes that go with one mail; mail servers refuse much more."""
FILES_KEPT: Final = timedelta(days=30)
MOST_AT_ONCE: Final = 200
STOP_PATH: Final = "/reports/unsubscribe/"


@dataclass(frozen=True)
class Post:
    """What sending needs to know of the installation."""

    public_url: str
    secret: str
    fonts_folder: Path | None = None


# -- what is due


def queue_due(session: Session, *, now: datetime) -> int:
    """Write the deliveries that are due, each in a transaction of its own; how many. Safe in any number of processes."""
    due = select(Subscription.id).where(Subscription.next_at <= now).order_by(Subscription.next_at, Subscription.id)
    count = 0
    for key in session.scalars(due.limit(MOST_AT_ONCE)).all():
        count += _queue(session, key, now)
        session.commit()
    return count


def _queue(session: Session, key: int, now: datetime) -> int:
    row = session.get(Subscription, key, populate_existing=True)
    if row is None or row.next_at is None or row.next_at > now:
        return 0
    following = next_at(row.rhythm, row.day, row.hour, now)
    moved = session.execute(
        update(Subscription)
        .where(Subscription.id == key, Subscription.next_at == row.next_at, Subscription.state == "active")
        .values(next_at=following, version=Subscription.version + 1)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        return 0
    session.expire(row)
    return 1 if _write(session, row, now.astimezone(SHANGHAI).date().isoformat(), now) else 0


def _write(session: Session, row: Subscription, period: str, now: datetime) -> bool:
    """The mark of a period, with its task; False when it is there already."""
    statement = insert_into(session, Delivery).on_conflict_do_nothing(index_elements=["subscription_id", "period"])
    key = session.scalar(
        statement.returning(Delivery.id),
        {"subscription_id": row.id, "period": period, "state": "making", "dropped_because": "", "created_at": now},
    )
    if key is None:
        return False
    task = tasks.enqueue(session, Actor.system(), TASK, {"delivery_id": key}, now=now, key=f"{TASK}/{key}")
    session.execute(update(Delivery).where(Delivery.id == key).values(task_id=task.id))
    return True


def send_now(session: Session, actor: Actor, row: Subscription, *, now: datetime) -> None:
    """Send it once, now, beside the rhythm; asked for twice within a minute it is sent once."""
    if row.user_id != actor.user_id:
        raise Problem("subscription_not_yours")
    if row.state == "ended":
        raise Problem("subscription_ended")
    if _write(session, row, f"now {now.astimezone(SHANGHAI).strftime('%Y-%m-%d %H:%M')}", now):
        record(session, actor, "subscription.asked", row, at=now, changes={})
    session.flush()


# -- making


def make(session: Session, delivery_id: int, post: Post, *, today: date, now: Callable[[], datetime]) -> dict[str, Any]:
    """Make the files and queue the mails. Started again after half the work, it begins anew; done, it does nothing."""
    delivery = session.get_one(Delivery, delivery_id)
    if delivery.state != "making":
        return {"state": delivery.state}
    row = delivery.subscription
    reason = _why_not(session, row)
    if not reason:
        try:
            return _send(session, delivery, row, post, today, now)
        except Problem as problem:
            session.rollback()
            reason = problem.code
    delivery = session.get_one(Delivery, delivery_id, populate_existing=True)
    delivery.state, delivery.dropped_because, delivery.made_at = "dropped", reason, now()
    if row.state in ("active", "paused"):
        stop(session, row, reason, now=now())
        if reason != "account_inactive":
            _tell_stopped(session, delivery, row, reason, post, now())
    session.flush()
    return {"dropped": reason}


def _why_not(session: Session, row: Subscription) -> str:
    """Why the report may not be sent now; nothing when it may."""
    user, report = row.user, row.report
    if not user.active:
        return "account_inactive"
    actor = actor_of(user)
    try:
        is_allowed = may(actor, kind_of(report.kind).action) and may(actor, "report.subscribe")
    except Problem as problem:
        return problem.code
    if not is_allowed:
        return "own_list_not_allowed"
    return "" if keeping_reports.find(session, actor, report.id) is not None else "report_gone"


def _send(
    session: Session, delivery: Delivery, row: Subscription, post: Post, today: date, now: Callable[[], datetime]
) -> dict[str, Any]:
    key, report, actor, language = delivery.id, row.report, actor_of(row.user), row.language
    wants_pdf, wants_xlsx = row.with_pdf, row.with_xlsx
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    session.commit()  # making takes long; no transaction is open meanwhile that would keep a writer waiting
    with reader(engine) as reading_session:
        who = Reader(reading_session, actor, today, language, report.name, post.fonts_folder)
        files, is_too_long = _files(report, who, wants_pdf=wants_pdf, wants_xlsx=wants_xlsx)
    delivery = session.get_one(Delivery, key, populate_existing=True)
    instant = now()
    for name, kind, data in files:
        digest = hashlib.sha256(data).hexdigest()
        session.add(
            NoticeFile(
                delivery_id=key,
                name=name,
                media_type=kind,
                size=len(data),
                sha256=digest,
                data=data,
                created_at=instant,
            )
        )
    names = [name for name, _kind, _data in files]
    recipients = [row.user.email, *(one for one in allowed_addresses(session, row.further) if one != row.user.email)]
    for recipient in recipients:
        stop_url = post.public_url + STOP_PATH + token_of(post.secret, row.id, recipient)
        mail = ReportMail(
            report.name, today.isoformat(), _bureau(session, language), names, _url(report, post), stop_url, is_too_long
        )
        _letter(session, delivery, row, recipient, compose(mail, language), instant)
    delivery.state, delivery.made_at = "made", instant
    changes: dict[str, list[Any]] = {
        "period": [None, delivery.period], "files": [None, names], "recipients": [None, len(recipients)],
    }  # fmt: skip
    record(session, Actor.system(), "subscription.made", row, at=instant, changes=changes)
    session.flush()
    return {"mails": len(recipients), "files": len(files)}


def _files(
    report: SavedReport, who: Reader, *, wants_pdf: bool, wants_xlsx: bool
) -> tuple[list[tuple[str, str, bytes]], bool]:
    """The files, and whether the spreadsheet was too long."""
    kind = kind_of(report.kind)
    name = f"{_plain(report.name)}-{who.today.isoformat()}"
    found: list[tuple[str, str, bytes]] = []
    is_too_long = False
    if wants_pdf:
        found.append((f"{name}.pdf", "application/pdf", kind.pdf(who, report.query)))
    if wants_xlsx:
        try:
            kind.check(who, report.query)
            with kind.xlsx(who, report.query) as book:
                data = book.read()
        except Problem as problem:
            if problem.code != "report_too_long":
                raise
            data, is_too_long = b"", True
        if data and len(data) + sum(len(one[2]) for one in found) <= LARGEST:
            found.append((f"{name}.xlsx", XLSX_TYPE, data))
        else:
            is_too_long = True
    return found, is_too_long


def _letter(
    session: Session, delivery: Delivery, row: Subscription, recipient: str, words: tuple[str, str], now: datetime
) -> None:
    key = f"{KIND}/{delivery.id}/{hashlib.sha256(recipient.encode()).hexdigest()[:24]}"
    notice = Notice(
        key=key, kind=KIND, channel="email", recipient=recipient, user_id=row.user_id, language=row.language,
        subject=words[0], body=words[1], facts={"delivery_id": delivery.id, "subscription_id": row.id},
        message_id=message_id_of(key), state="queued", not_before=now, created_at=now,
    )  # fmt: skip
    session.add(notice)
    session.flush()
    session.add(Letter(delivery_id=delivery.id, recipient=recipient, notice_id=notice.id))


def _tell_stopped(
    session: Session, delivery: Delivery, row: Subscription, reason: str, post: Post, now: datetime
) -> None:
    url = f"{post.public_url}/reports/subscriptions/"
    words = compose_stopped(row.report.name, reason, url, _bureau(session, row.language), row.language)
    _letter(session, delivery, row, row.user.email, words, now)


def _bureau(session: Session, language: str) -> str:
    return bureau_settings.read(session).named(language)


def _url(report: SavedReport, post: Post) -> str:
    return f"{post.public_url}/reports/saved/{report.id}"


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)[:60] or "report"


def forget_files(session: Session, *, now: datetime) -> int:
    """Let go of files sent some weeks ago; their names and hashes stay."""
    old = select(NoticeFile.id).where(NoticeFile.created_at < now - FILES_KEPT, NoticeFile.data.is_not(None)).limit(500)
    gone = session.execute(
        update(NoticeFile).where(NoticeFile.id.in_(old)).values(data=None).execution_options(synchronize_session=False)
    )
    session.flush()
    return int(gone.rowcount)  # type: ignore[attr-defined]
