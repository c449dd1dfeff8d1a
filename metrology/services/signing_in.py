"""Signing in: sessions that live and end in the registry, failures that are counted, accounts that lock for a while.

The browser keeps a random token, the registry only its hash. A session ends by logging out, when the password changes, when
the account is deactivated, after 12 idle hours, and after 7 days in any case.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session, joinedload

from metrology.domain.authority import NOBODY, Actor
from metrology.persistence.journal import record
from metrology.persistence.people import AccountLink, LoginSession, User

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
TOUCHED_EVERY = timedelta(minutes=5)
"""How exact "last seen" is: writing it at each request would make every reader a writer."""
FAILURES_UNTIL_LOCKED = 10
LOCKED_FOR = timedelta(minutes=15)
KEPT = timedelta(days=400)
_OF_TOKEN = (
    select(LoginSession)
    .where(LoginSession.token_hash == bindparam("hash"))
    .options(joinedload(LoginSession.user).joinedload(User.roles))
)
"""Asked by every request of someone signed in, so built once."""


def token_hash(token: str) -> str:
    """What the registry keeps of a token. The token is random, so a plain hash cannot be reversed."""
    return hashlib.sha256(token.encode()).hexdigest()


def actor_of(user: User, ip: str | None = None) -> Actor:
    """The account as one who acts."""
    return Actor(user.id, user.name, user.role_names, user.district_code, user.holder_id, user.institute_id, ip)


def open_session(session: Session, user: User, *, now: datetime, ip: str, browser: str) -> str:
    """Begin a session after all factors were right; the token to give to the browser."""
    token = secrets.token_urlsafe(32)
    login = LoginSession(
        token_hash=token_hash(token),
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        ip=ip[:200],
        browser=browser[:200],
    )
    session.add(login)
    user.failed_logins, user.locked_until, user.last_login_on = 0, None, now
    session.flush()
    record(session, actor_of(user, ip), "session.opened", login, at=now, changes={})
    return token


def find_session(session: Session, token: str, *, now: datetime) -> LoginSession | None:
    """The open session of a token, with its account; None when it ended, is too old, or the account is not active."""
    login = session.scalars(_OF_TOKEN, {"hash": token_hash(token)}).unique().one_or_none()
    if login is None or not is_open(login, now=now) or not login.user.active:
        return None
    return login


def is_open(login: LoginSession, *, now: datetime) -> bool:
    """Whether a session has neither been ended nor run out."""
    return login.ended_at is None and now - login.last_seen_at < IDLE and now - login.created_at < ABSOLUTE


def needs_touch(login: LoginSession, *, now: datetime) -> bool:
    """Whether "last seen" is old enough to be written again."""
    return now - login.last_seen_at >= TOUCHED_EVERY


def touch(session: Session, login_id: int, *, now: datetime) -> None:
    """The session was used."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.id == login_id, LoginSession.last_seen_at < now, LoginSession.ended_at.is_(None))
        .values(last_seen_at=now)
        .execution_options(synchronize_session=False)
    )


def open_sessions(session: Session, user: User, *, now: datetime) -> list[LoginSession]:
    """Sessions of an account that are open, the last used first."""
    rows = session.scalars(
        select(LoginSession)
        .where(LoginSession.user_id == user.id, LoginSession.ended_at.is_(None), LoginSession.last_seen_at > now - IDLE)
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.id.desc())
        .limit(200)
    )
    return [login for login in rows if is_open(login, now=now)]


def end_session(session: Session, actor: Actor, login: LoginSession, *, now: datetime) -> None:
    """End one session; ending it twice is no mistake."""
    if login.ended_at is not None:
        return
    login.ended_at = now
    record(session, actor, "session.ended", login, at=now, changes={})
    session.flush()


def end_sessions(session: Session, actor: Actor, user: User, *, now: datetime, but: str | None = None) -> int:
    """End all sessions of an account, except the one whose token is ``but``; how many were ended."""
    statement = update(LoginSession).where(LoginSession.user_id == user.id, LoginSession.ended_at.is_(None))
    if but is not None:
        statement = statement.where(LoginSession.token_hash != token_hash(but))
    ended = session.execute(statement.values(ended_at=now).execution_options(synchronize_session="fetch"))
    count = int(ended.rowcount)  # type: ignore[attr-defined]
    if count:
        record(session, actor, "user.sessions_ended", user, at=now, changes={"sessions": [count, 0]})
    return count


def is_locked(user: User, *, now: datetime) -> bool:
    """Whether the account is locked at an instant."""
    return user.locked_until is not None and now < user.locked_until


def note_failure(session: Session, user: User, *, now: datetime, ip: str) -> None:
    """A password or code was wrong. The tenth in a row locks the account for a quarter of an hour, and is journalled."""
    count = session.execute(
        update(User)
        .where(User.id == user.id)
        .values(failed_logins=User.failed_logins + 1)
        .returning(User.failed_logins)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    if count < FAILURES_UNTIL_LOCKED:
        session.refresh(user)
        return
    until = now + LOCKED_FOR
    session.execute(
        update(User)
        .where(User.id == user.id)
        .values(failed_logins=0, locked_until=until)
        .execution_options(synchronize_session=False)
    )
    nobody = Actor(None, NOBODY.name, ip=ip)
    record(session, nobody, "user.locked", user, at=now, changes={"locked_until": [None, until]})
    session.refresh(user)


def take_code(session: Session, user: User, counter: int) -> bool:
    """Whether a one-time code of this time step may serve: none does twice, nor an older one after a newer."""
    taken = session.execute(
        update(User)
        .where(User.id == user.id, (User.tf_last_counter.is_(None)) | (User.tf_last_counter < counter))
        .values(tf_last_counter=counter)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def sweep(session: Session, *, now: datetime) -> int:
    """Forget sessions and links that ended long ago; their entries stay in the journal. How many went."""
    count = 0
    for statement in (
        delete(LoginSession).where(LoginSession.created_at < now - KEPT),
        delete(AccountLink).where(AccountLink.created_at < now - KEPT),
    ):
        gone = session.execute(statement.execution_options(synchronize_session=False))
        count += int(gone.rowcount)  # type: ignore[attr-defined]
    return count
