"""Webhooks: other systems that are told of changes. Made for an account, changed, given another secret, paused, resumed, ended.

What an endpoint is told is what its account may read in the change feed at the moment of sending (``webhook_sending``). As with
tokens, an administrator makes endpoints for the own account or for one nobody signs in with.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from metrology.channels import webhook
from metrology.channels.outcome import NotSent
from metrology.documents.sealed_text import seal, unseal
from metrology.domain.authority import Actor, may
from metrology.domain.problems import Problem
from metrology.domain.webhook import SECRET_BYTES, secret_text
from metrology.persistence.journal import changes_of, record
from metrology.persistence.people import User
from metrology.persistence.versions import hold
from metrology.persistence.webhooks import WebhookDelivery, WebhookEndpoint, waiting
from metrology.services import change_feed, cleaning, journal
from metrology.services.api_tokens import check_maker
from metrology.services.change_feed import Reader
from metrology.services.signing_in import actor_of
from metrology.settings import Settings

OVERLAP: Final = timedelta(days=7)
LONGEST_OVERLAP: Final = timedelta(days=90)
MOST: Final = 50
"""Endpoints that have not ended."""
PURPOSE: Final = "webhook secret"
_TOLD: Final = ("name", "url", "owner_id", "kinds", "state", "stopped_because", "previous_until", "cursor")
"""Columns whose changes the journal keeps; of the address what is before the ``?``."""


@dataclass(frozen=True, slots=True)
class WebhookFacts:
    """What is said of an endpoint."""

    name: str
    url: str
    kinds: tuple[str, ...]


def reader_of(owner: User) -> Reader:
    """All that an account may be told of now."""
    return change_feed.reader(actor_of(owner))


def check(actor: Actor, owner: User, facts: WebhookFacts, settings: Settings) -> WebhookFacts:
    """The facts as they are kept, or the Problem of the first wrong one. A token gives away no more than it may read."""
    name = cleaning.words("name", facts.name)
    if not name:
        raise Problem("bad_name", "name")
    url = facts.url.strip()
    try:
        webhook.target_of(url, settings.named_webhook_hosts)
    except NotSent as fault:
        raise Problem(str(fault), "url") from fault
    if not facts.kinds:
        raise Problem("webhook_kinds_missing", "kinds")
    who = actor if actor.user_id == owner.id else actor_of(owner)
    try:
        kinds = change_feed.reader(who, kinds=facts.kinds).kinds
    except Problem as problem:
        problem.field = "kinds"
        raise
    return WebhookFacts(name, url, kinds)


def make(
    session: Session,
    actor: Actor,
    owner: User,
    facts: WebhookFacts,
    *,
    settings: Settings,
    now: datetime,
    after: str = "",
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, told this once. It begins behind the last change, or behind a cursor read before."""
    _check_may(actor)
    check_maker(actor, owner)
    facts = check(actor, owner, facts, settings)
    if (session.scalar(select(func.count()).where(WebhookEndpoint.state != "ended")) or 0) >= MOST:
        raise Problem("too_many_webhooks", None, limit=MOST)
    who = reader_of(owner)
    cursor = after if after not in ("", change_feed.NOW) else change_feed.cursor_now(session, who)
    row = WebhookEndpoint(
        name=facts.name, url=facts.url, owner=owner, owner_id=owner.id, kinds=list(facts.kinds), state="active", stopped_because="",
        secret="", previous_secret="", cursor=cursor, seq=change_feed.position(session, who, cursor), next_try_at=now,
        created_by_id=actor.user_id, created_at=now,
    )  # fmt: skip
    session.add(row)
    _journal(session, actor, "webhook.made", row, now)
    session.flush()
    return row, _give_secret(session, row, settings)


def change(
    session: Session, actor: Actor, row: WebhookEndpoint, facts: WebhookFacts, *, settings: Settings, now: datetime
) -> None:
    """Another name, address or other kinds. What waits goes to the new address at once."""
    hold(session, row)
    _check_open(actor, row)
    facts = check(actor, row.owner, facts, settings)
    if facts.url != row.url:
        row.tries, row.failing_since, row.next_try_at = 0, None, now
    row.name, row.url, row.kinds = facts.name, facts.url, list(facts.kinds)
    row.version += 1
    _journal(session, actor, "webhook.changed", row, now)
    session.flush()


def rotate(
    session: Session,
    actor: Actor,
    row: WebhookEndpoint,
    old_until: date,
    *,
    settings: Settings,
    today: date,
    now: datetime,
) -> str:
    """A new secret, told this once; until a day messages are signed with the old one too, so that nothing stops."""
    _check_open(actor, row)
    if not today <= old_until <= today + LONGEST_OVERLAP:
        raise Problem("bad_overlap", "old_until", days=LONGEST_OVERLAP.days)
    row.previous_secret, row.previous_until = row.secret, old_until
    _journal(session, actor, "webhook.rotated", row, now)
    return _give_secret(session, row, settings)


def pause(session: Session, actor: Actor, row: WebhookEndpoint, *, now: datetime) -> None:
    """Send nothing for a while; pausing twice is no mistake."""
    _check_open(actor, row)
    if row.state == "active":
        row.state, row.stopped_because = "paused", ""
        _journal(session, actor, "webhook.paused", row, now)
        session.flush()


def resume(session: Session, actor: Actor, row: WebhookEndpoint, *, now: datetime, from_now: bool = False) -> None:
    """Go on where it stopped, or (``from_now``) behind the last change, after the other system read everything anew."""
    _check_open(actor, row)
    if not row.owner.active:
        raise Problem("account_inactive")
    who = reader_of(row.owner)
    if from_now:
        row.cursor = change_feed.cursor_now(session, who)
        _withdraw(session, row)
    row.seq = change_feed.position(session, who, row.cursor)
    row.state, row.stopped_because = "active", ""
    row.tries, row.failing_since, row.next_try_at = 0, None, now
    _journal(session, actor, "webhook.resumed", row, now)
    session.flush()


def end(session: Session, actor: Actor, row: WebhookEndpoint, *, now: datetime) -> None:
    """Send nothing any more, ever; its secrets are forgotten. Ending twice is no mistake."""
    _check_may(actor)
    if row.state == "ended":
        return
    row.state, row.stopped_because, row.secret, row.previous_secret, row.previous_until = "ended", "", "", "", None
    _withdraw(session, row)
    _journal(session, actor, "webhook.ended", row, now)
    session.flush()


def test(session: Session, actor: Actor, row: WebhookEndpoint, *, now: datetime) -> WebhookDelivery:
    """Have a message sent that tells of nothing, once, also while it is paused. One that waits already is the answer."""
    _check_open(actor, row)
    before = waiting(session, row.id, "test")
    if before is not None:
        return before
    message = WebhookDelivery(
        endpoint_id=row.id, message_id=new_message_id(), kind="test", state="waiting", created_at=now,
        body=json.dumps({"type": "test", "timestamp": now.isoformat(), "data": {}}, separators=(",", ":")),
    )  # fmt: skip
    session.add(message)
    record(session, actor, "webhook.tested", row, at=now, changes={})
    session.flush()
    return message


def new_message_id() -> str:
    """The id of a message."""
    return f"msg_{secrets.token_hex(16)}"


def secrets_of(row: WebhookEndpoint, secret_key: str, *, today: date) -> tuple[str, ...]:
    """The secrets to sign with today; refused as ``secret_unreadable`` when the key they are sealed under is another."""
    kept = [row.secret]
    if row.previous_secret and row.previous_until is not None and today <= row.previous_until:
        kept.append(row.previous_secret)
    return tuple(unseal(secret_key, PURPOSE, str(row.id), one) for one in kept)


def behind(session: Session, row: WebhookEndpoint) -> int:
    """How many entries of the journal it has not looked at yet."""
    return max(0, journal.head(session)[0] - row.seq)


def deliveries(
    session: Session, row: WebhookEndpoint, *, before: int | None = None, limit: int = 50
) -> tuple[Sequence[WebhookDelivery], int | None]:
    """Messages of an endpoint, the newest first, and the key of the next page."""
    statement = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == row.id)
    if before is not None:
        statement = statement.where(WebhookDelivery.id < before)
    found = session.scalars(statement.order_by(WebhookDelivery.id.desc()).limit(limit + 1)).all()
    return found[:limit], found[limit - 1].id if len(found) > limit else None


# -- what all of these do


def _check_may(actor: Actor) -> None:
    if not may(actor, "webhook.edit"):
        raise Problem("outside_scope")


def _check_open(actor: Actor, row: WebhookEndpoint) -> None:
    _check_may(actor)
    if row.state == "ended":
        raise Problem("webhook_ended", None, name=row.name)


def _give_secret(session: Session, row: WebhookEndpoint, settings: Settings) -> str:
    """A new secret, kept sealed for this row."""
    secret = secret_text(secrets.token_bytes(SECRET_BYTES))
    row.secret = seal(settings.secret_key, PURPOSE, str(row.id), secret)
    session.flush()
    return secret


def _withdraw(session: Session, row: WebhookEndpoint) -> None:
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == row.id, WebhookDelivery.state == "waiting")
        .values(state="withdrawn")
        .execution_options(synchronize_session="fetch")
    )


def _journal(session: Session, actor: Actor, action: str, row: WebhookEndpoint, now: datetime) -> None:
    told = {name: pair for name, pair in changes_of(row).items() if name in _TOLD}
    if "url" in told:
        told["url"] = [None if one is None else shown_url(one) for one in told["url"]]
    record(session, actor, action, row, at=now, changes=told)


def shown_url(url: str) -> str:
    """An address without its query, where some systems want a key."""
    parts = urlsplit(url)
    return parts._replace(query="…" if parts.query else "").geturl()
