"""Links that work once: to choose a password, and to create the first administrator of a new registry.

Only the hash of a link's token is kept; a newer link replaces an older one.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import record
from metrology.persistence.people import AccountLink, Role, User
from metrology.services.signing_in import token_hash
from metrology.settings import Settings

PASSWORD_WITHIN = timedelta(hours=72)
FIRST_WITHIN = timedelta(hours=24)
FIRST = "first_administrator"
PASSWORD = "password"  # noqa: S105 - the purpose of a link


def make_password_link(session: Session, actor: Actor, user: User, *, now: datetime) -> str:
    """A token with which the account's owner chooses a password within 72 hours. It is told this once only."""
    if not user.active:
        raise Problem("account_inactive")
    close_links(session, user, now=now)
    token = _make(session, PASSWORD, user, now=now, within=PASSWORD_WITHIN)
    record(session, actor, "user.link_made", user, at=now, changes={})
    return token


def _make(session: Session, purpose: str, user: User | None, *, now: datetime, within: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        AccountLink(
            purpose=purpose,
            token_hash=token_hash(token),
            user_id=user.id if user else None,
            created_at=now,
            expires_at=now + within,
        )
    )
    session.flush()
    return token


def close_links(session: Session, user: User | None, *, now: datetime) -> None:
    """Links that were not used serve no longer: an account's, or without one those for the first administrator."""
    whose = AccountLink.purpose == FIRST if user is None else AccountLink.user_id == user.id
    session.execute(
        update(AccountLink)
        .where(whose, AccountLink.closed_at.is_(None))
        .values(closed_at=now)
        .execution_options(synchronize_session="fetch")
    )


def find_link(session: Session, token: str, purpose: str, *, now: datetime) -> AccountLink | None:
    """The link of a token while it serves."""
    link = session.scalar(
        select(AccountLink).where(AccountLink.token_hash == token_hash(token), AccountLink.purpose == purpose)
    )
    if link is None or link.closed_at is not None or now >= link.expires_at:
        return None
    if purpose == PASSWORD and (link.user is None or not link.user.active):
        return None
    if purpose == FIRST and has_administrator(session):
        return None
    return link


def use_link(session: Session, link: AccountLink, *, now: datetime) -> None:
    """Mark a link as used; of two who use it at once, one is refused."""
    used = session.execute(
        update(AccountLink)
        .where(AccountLink.id == link.id, AccountLink.closed_at.is_(None))
        .values(closed_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise Problem("link_used")
    session.refresh(link)


def has_administrator(session: Session) -> bool:
    """Whether anyone can administer the registry."""
    return (
        session.scalar(select(User.id).where(User.active, User.roles.any(Role.name == "administrator")).limit(1))
        is not None
    )


def first_administrator_link(session: Session, settings: Settings, now: datetime) -> str | None:
    """Address at which the first administrator is created, valid 24 hours; None when there is one already.

    Each call makes a new one and ends the one before, so what an old log shows serves nobody.
    """
    if has_administrator(session):
        return None
    close_links(session, None, now=now)
    token = _make(session, FIRST, None, now=now, within=FIRST_WITHIN)
    return f"{settings.public_url}/first-administrator/{token}"
