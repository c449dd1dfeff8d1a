"""Tokens of the API: made by an account for itself, or by an administrator for a system; rotated, revoked, journalled.

A token acts as its account, with the roles and scope the account has at that moment, narrowed by its scopes. An
administrator makes tokens only for accounts nobody signs in with: otherwise a token would let one person give the word of
another, and three people verify, check and approve.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from metrology.domain.authority import Actor, may
from metrology.domain.problems import Problem
from metrology.domain.token_scopes import SCOPES, actions_within, scopes_for
from metrology.persistence.api_tokens import ApiToken
from metrology.persistence.journal import record
from metrology.persistence.people import User
from metrology.services import cleaning

LONGEST = timedelta(days=731)
"""Nothing is trusted for longer without somebody looking at it again."""
USUAL = timedelta(days=365)
OVERLAP = timedelta(days=7)
LONGEST_OVERLAP = timedelta(days=90)
TOUCHED_EVERY = timedelta(minutes=5)
MOST = 50
"""Tokens of one account that hold at the same time."""
FORM = re.compile(r"metr_[0-9a-f]{8}_[0-9a-f]{64}")
"""What a token looks like; scanners of leaked secrets find it by this."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What is said of a token."""

    name: str
    scopes: tuple[str, ...]
    expires_on: date


def check(facts: TokenFacts, user: User, *, today: date) -> TokenFacts:
    """The facts as they are kept, or the Problem of the first wrong one."""
    name = cleaning.words("name", facts.name)
    if not name:
        raise Problem("bad_name", "name")
    unknown = sorted(set(facts.scopes) - set(SCOPES))
    if unknown:
        raise Problem("unknown_scope", "scopes", value=unknown[0][:60])
    within = scopes_for(user.role_names)
    beyond = [scope for scope in facts.scopes if scope not in within]
    if beyond:
        raise Problem("scope_beyond_roles", "scopes", value=beyond[0])
    if not facts.scopes:
        raise Problem("scope_missing", "scopes")
    if not today <= facts.expires_on <= today + LONGEST:
        raise Problem("bad_expiry", "expires_on", days=LONGEST.days)
    return TokenFacts(name, tuple(scope for scope in SCOPES if scope in facts.scopes), facts.expires_on)


def make(
    session: Session, actor: Actor, user: User, facts: TokenFacts, *, today: date, now: datetime
) -> tuple[ApiToken, str]:
    """A new token of an account; told this once."""
    check_maker(actor, user)
    facts = check(facts, user, today=today)
    if sum(is_valid(one, today=today) for one in tokens_of(session, user)) >= MOST:
        raise Problem("too_many_tokens", None, limit=MOST)
    return _new(session, actor, user, facts, now=now)


def rotate(
    session: Session, actor: Actor, row: ApiToken, old_until: date, *, today: date, now: datetime
) -> tuple[ApiToken, str]:
    """A new token in place of one, for as long as that was made for; the old one is taken until a day, so that nothing stops."""
    if row.user_id != actor.user_id:
        check_maker(actor, row.user)
    if not is_valid(row, today=today):
        raise Problem("token_ended", None, name=row.name)
    if row.replaced_by_id is not None:
        raise Problem("token_rotated", None, name=row.name)
    if not today <= old_until <= today + LONGEST_OVERLAP:
        raise Problem("bad_overlap", "old_until", days=LONGEST_OVERLAP.days)
    life = min(max(row.expires_on - row.created_at.date(), timedelta(days=1)), LONGEST)
    scopes = tuple(scope for scope in row.scopes if scope in scopes_for(row.user.role_names))
    new, token = _new(session, actor, row.user, TokenFacts(row.name, scopes, today + life), now=now)
    row.replaced_by_id, row.expires_on = new.id, min(row.expires_on, old_until)
    record(session, actor, "api_token.rotated", row, at=now)
    session.flush()
    return new, token


def revoke(session: Session, actor: Actor, row: ApiToken, *, now: datetime) -> None:
    """From now on a token is not taken; revoking it twice is no mistake."""
    if row.user_id != actor.user_id and not may(actor, "user.edit"):
        raise Problem("outside_scope")
    if row.revoked_at is not None:
        return
    row.revoked_at = now
    record(session, actor, "api_token.revoked", row, at=now)
    session.flush()


def _new(session: Session, actor: Actor, user: User, facts: TokenFacts, *, now: datetime) -> tuple[ApiToken, str]:
    prefix = f"metr_{secrets.token_hex(4)}"
    token = f"{prefix}_{secrets.token_hex(32)}"
    row = ApiToken(
        user=user, name=facts.name, prefix=prefix, token_hash=hash_of(token), scopes=list(facts.scopes),
        created_by_id=actor.user_id, created_at=now, expires_on=facts.expires_on, last_ip="",
    )  # fmt: skip
    session.add(row)
    record(session, actor, "api_token.made", row, at=now)
    session.flush()
    return row, token


def check_maker(actor: Actor, user: User) -> None:
    """Whether one may give another system the rights of an account: one's own, or one nobody signs in with."""
    if not user.active:
        raise Problem("account_inactive")
    if user.id == actor.user_id:
        return
    if not may(actor, "user.edit"):
        raise Problem("outside_scope")
    if user.password:
        raise Problem("token_of_a_person", None, name=user.name)


def hash_of(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain hash cannot be turned round."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(session: Session, token: str) -> ApiToken | None:
    """The row of a token, whether it holds or not."""
    if not FORM.fullmatch(token):
        return None
    statement = select(ApiToken).where(ApiToken.token_hash == hash_of(token)).options(joinedload(ApiToken.user))
    return session.scalar(statement)


def refusal(row: ApiToken | None, *, today: date) -> Problem | None:
    """Why a token is not taken, or None."""
    if row is None:
        return Problem("token_unknown")
    if row.revoked_at is not None:
        return Problem("token_revoked")
    if today > row.expires_on:
        return Problem("token_expired", None, until=row.expires_on.isoformat())
    return None if row.user.active else Problem("account_inactive")


def is_valid(row: ApiToken, *, today: date) -> bool:
    """Whether a token is taken."""
    return refusal(row, today=today) is None


def actor_of(row: ApiToken, ip: str | None) -> Actor:
    """The account as one who acts through a token: its roles and scope of now, narrowed; the journal names the token."""
    user = row.user
    name = f"{user.name} [API {row.name}]"[:200]
    only = actions_within(row.scopes)
    return Actor(
        user.id, name, user.role_names, user.district_code, user.holder_id, user.institute_id, ip=ip, only=only
    )


def needs_touch(row: ApiToken, *, now: datetime) -> bool:
    """Whether "last used" is old enough to be written again."""
    return row.last_used_at is None or now - row.last_used_at >= TOUCHED_EVERY


def touch(session: Session, token_id: int, *, now: datetime, ip: str) -> None:
    """The token was used."""
    unused = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < now)
    session.execute(
        update(ApiToken)
        .where(ApiToken.id == token_id, unused)
        .values(last_used_at=now, last_ip=ip[:200])
        .execution_options(synchronize_session=False)
    )


def tokens_of(session: Session, user: User) -> list[ApiToken]:
    """Tokens of an account, the newest first."""
    statement = select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.id.desc()).limit(200)
    return list(session.scalars(statement.options(joinedload(ApiToken.user))))


def named(scopes: Iterable[str]) -> str:
    """Scopes as one line."""
    return " ".join(scopes)
