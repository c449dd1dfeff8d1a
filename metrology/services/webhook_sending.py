"""Sending to webhooks: an endpoint is claimed under a lease, its next message composed or taken up again, sent, and noted.

The promise: every change its account may read comes to an endpoint in order, at least once; a message keeps its id at every try,
so that a receiver can drop a copy. One message of an endpoint is under way at a time, and the place in the feed moves on only
when it was taken. A message that waits is sent again only while its account may still be told all that is in it: otherwise it
is withdrawn and another composed.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from metrology.channels import webhook
from metrology.channels.outcome import NotSent
from metrology.channels.webhook import Answer, Target
from metrology.documents.webhook_notice_text import compose as notice_text
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.domain.webhook import AT_MOST, GIVE_UP, headers, pause, pause_asked
from metrology.persistence import webhooks as kept
from metrology.persistence.database import reading
from metrology.persistence.journal import record
from metrology.persistence.people import Role, User
from metrology.persistence.reminders import Notice
from metrology.persistence.webhooks import WebhookDelivery, WebhookEndpoint
from metrology.services import change_feed
from metrology.services import settings as bureau_settings
from metrology.services.change_feed import FeedPage, Reader
from metrology.services.outbox import message_id_of
from metrology.services.webhooks import new_message_id, reader_of, secrets_of
from metrology.settings import Settings

LEASE: Final = timedelta(minutes=2)
"""Longer than any sending may take."""
KEPT: Final = timedelta(days=30)
"""How long a message that is done with is shown."""
ROUND: Final = 30.0
"""Seconds after which a round begins no further message: other work of the ticker waits."""
Post = Callable[[Target, bytes, Mapping[str, str]], Answer]


@dataclass
class Round:
    """What one round did."""

    delivered: int = 0
    failed: int = 0
    paused: int = 0


@dataclass
class Sender:
    """Who sends, with what, at which time."""

    session: Session
    settings: Settings
    name: str
    now: Callable[[], datetime]
    today: date
    post: Post = webhook.post
    chance: Callable[[], float] = random.random
    done: Round = field(default_factory=Round)

    def note(self, row: WebhookEndpoint, **values: Any) -> None:
        """Write what a turn found and end it."""
        kept.note(self.session, row.id, self.name, lease_owner="", lease_until=None, **values)


def send_due(sender: Sender, *, limit: int = 500) -> Round:
    """Send what is due, to each endpoint in its turn. Commits around each message; safe to run in several processes at once."""
    session, ends = sender.session, time.monotonic() + ROUND
    with reading():  # a look every few seconds takes no write lock
        is_due = kept.is_due(session, now=sender.now())
        session.rollback()
    for _time in range(limit if is_due else 0):
        now = sender.now()
        row = kept.claim(session, sender.name, now=now, until=now + LEASE)
        session.commit()
        if row is None:
            break
        _turn(sender, row)
        session.commit()
        if time.monotonic() > ends:
            break
    return sender.done


def forget(session: Session, *, now: datetime) -> None:
    """Let go of messages that were done with a month ago."""
    table = WebhookDelivery
    session.execute(delete(table).where(table.created_at < now - KEPT, table.state != "waiting"))


def _turn(sender: Sender, row: WebhookEndpoint) -> None:
    try:
        secrets = secrets_of(row, sender.settings.secret_key, today=sender.today)
        message = _next(sender, row)
    except Problem as problem:
        _fail_test(sender, row, problem.code)
        _stop(sender, row, problem.code)
        return
    if message is None:
        return
    message.tries, message.last_try_at = message.tries + 1, sender.now()
    sender.session.commit()  # before it goes: a sender that is killed has tried, and no lock is held meanwhile
    said = _post(sender, row, message, secrets)
    if not kept.holds(sender.session, row.id, sender.name):
        return  # it took so long that another has the turn: what became of the message is that one's to write
    if isinstance(said, NotSent):
        message.last_status, message.last_answer = None, str(said)[:500]
        _failed(sender, row, message, None)
        return
    message.last_status, message.last_answer = said.status, said.text
    if HTTPStatus.OK <= said.status < HTTPStatus.MULTIPLE_CHOICES:
        _delivered(sender, row, message)
    else:
        _failed(sender, row, message, said.status, said.retry_after)


def _post(sender: Sender, row: WebhookEndpoint, message: WebhookDelivery, secrets: tuple[str, ...]) -> Answer | NotSent:
    body, sent_at = message.body.encode(), int(sender.now().timestamp())
    try:
        target = webhook.target_of(row.url, sender.settings.named_webhook_hosts)
        return sender.post(target, body, headers(secrets, message.message_id, sent_at, body))
    except NotSent as fault:
        return fault


# -- what is sent


def _next(sender: Sender, row: WebhookEndpoint) -> WebhookDelivery | None:
    """The message to send now; None when there is nothing to tell. A Problem says why nothing may be told."""
    session = sender.session
    test = kept.waiting(session, row.id, "test")
    if test is not None:
        return test
    owner = session.get(User, row.owner_id, populate_existing=True)
    if owner is None or not owner.active:
        raise Problem("owner_inactive")
    who = reader_of(owner).only(row.kinds)
    if not who.kinds:
        raise Problem("nothing_readable")
    before = kept.waiting(session, row.id, "changes")
    if before is not None:
        if _still_told(session, who, before):
            return before
        before.state = "withdrawn"
        session.flush()
    page = change_feed.page(session, who, after=row.cursor, limit=AT_MOST)
    if not page.changes:
        sender.note(row, cursor=page.next, seq=page.seq, next_try_at=sender.now())
        return None
    return _compose(sender, row, page)


def _still_told(session: Session, who: Reader, message: WebhookDelivery) -> bool:
    """Whether the account would be told the very same now: it may have lost rights, or a thing have left its scope."""
    page = change_feed.page(session, who, after=message.after, limit=message.count)
    told: list[Any] = json.loads(message.body)["data"]["changes"]
    return [one.told() for one in page.changes] == told


def _compose(sender: Sender, row: WebhookEndpoint, page: FeedPage) -> WebhookDelivery:
    told = [one.told() for one in page.changes]
    data = {"after": row.cursor, "changes": told, "next": page.next, "has_more": page.has_more}
    body = {"type": "changes", "timestamp": sender.now().isoformat(), "data": data}
    message = WebhookDelivery(
        endpoint_id=row.id, message_id=new_message_id(), kind="changes", state="waiting", after=row.cursor, upto=page.next,
        seq=page.seq, count=len(told), body=json.dumps(body, ensure_ascii=False, separators=(",", ":")), tries=0,
        created_at=sender.now(),
    )  # fmt: skip
    sender.session.add(message)
    sender.session.flush()
    return message


# -- what became of it


def _delivered(sender: Sender, row: WebhookEndpoint, message: WebhookDelivery) -> None:
    now = sender.now()
    message.state, message.delivered_at = "delivered", now
    sender.done.delivered += 1
    if message.kind == "test":
        sender.note(row)
        return
    kept.advance(sender.session, row.id, sender.name, message)
    sender.note(row, tries=0, failing_since=None, next_try_at=now, delivered_at=now)


def _failed(
    sender: Sender, row: WebhookEndpoint, message: WebhookDelivery, status: int | None, retry_after: str = ""
) -> None:
    now = sender.now()
    sender.done.failed += 1
    if message.kind == "test":
        message.state = "failed"
        sender.note(row)
        return
    since, tries = row.failing_since or now, row.tries + 1
    if status == HTTPStatus.GONE:
        _stop(sender, row, "gone")
    elif now - since >= GIVE_UP:
        _stop(sender, row, "failing")
    else:
        at = now + max(pause(tries, sender.chance()), pause_asked(retry_after, now))
        sender.note(row, tries=tries, failing_since=since, next_try_at=at)


def _fail_test(sender: Sender, row: WebhookEndpoint, why: str) -> None:
    """A test that nothing can be signed for does not wait for ever."""
    test = kept.waiting(sender.session, row.id, "test")
    if test is not None:
        test.state, test.last_answer = "failed", why
        sender.done.failed += 1


def _stop(sender: Sender, row: WebhookEndpoint, why: str) -> None:
    """Pause an endpoint and tell the administrators; one that a person paused or ended meanwhile stays as it is."""
    session, now = sender.session, sender.now()
    session.flush()
    session.refresh(row)
    if row.state == "active":
        changes: dict[str, list[Any]] = {"state": [row.state, "paused"], "stopped_because": [row.stopped_because, why]}
        row.state, row.stopped_because = "paused", why
        record(session, Actor.system(), "webhook.paused", row, at=now, changes=changes)
        _tell(sender, row, why, now)
        sender.done.paused += 1
    session.flush()
    sender.note(row)


def _tell(sender: Sender, row: WebhookEndpoint, why: str, now: datetime) -> None:
    session = sender.session
    bureau = bureau_settings.read(session)
    administrators = select(User).where(User.active.is_(True), User.roles.any(Role.name == "administrator"))
    address = f"{sender.settings.public_url}/webhooks/{row.id}"
    for user in session.scalars(administrators.order_by(User.id)):
        subject, body = notice_text(
            user.name, row.name, why, address, bureau.bureau_name, bureau.bureau_name_en, user.language
        )
        key = f"webhook/{row.id}/{user.id}/{now.timestamp():.0f}"
        session.add(
            Notice(
                key=key, kind="webhook", channel="email", recipient=user.email, user_id=user.id, language=user.language,
                subject=subject, body=body, facts={"webhook": row.id}, message_id=message_id_of(key), state="queued",
                not_before=now, created_at=now,
            )
        )  # fmt: skip
