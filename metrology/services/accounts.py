"""Accounts of people: made, changed, deactivated, never deleted; each change journalled.

Nobody types a password for somebody else: the administrator hands over a link that works once. The registry always keeps
at least one active administrator.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from metrology.domain.authority import NOBODY, ROLES, Actor
from metrology.domain.problems import Problem
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.journal import changes_of, record
from metrology.persistence.people import AccountLink, Institute, Role, User
from metrology.persistence.versions import hold
from metrology.services import cleaning
from metrology.services.account_links import close_links, first_administrator_link, use_link
from metrology.services.signing_in import end_sessions

__all__ = [
    "AccountFacts",
    "change_user",
    "check",
    "choose_password",
    "count_users",
    "create_first_administrator",
    "create_user",
    "deactivate",
    "first_administrator_link",
    "list_users",
    "reactivate",
    "remove_second_factor",
    "set_password",
    "state_of",
    "unlock",
    "withdraw_password",
]

CITY_WIDE = frozenset({"administrator", "auditor"})
"""Roles that hold for the whole city: they see the journal and all accounts."""
OF_INSTITUTE = frozenset({"verifier", "checker", "approver"})
LANGUAGES = ("zh_Hans_CN", "en")
STATES = ("active", "locked", "inactive", "no_password")
_EMAIL = re.compile(r"[^@\s\x00-\x1f,;<>\"]+@[^@\s\x00-\x1f,;<>\"]+")


@dataclass(frozen=True)
class AccountFacts:
    """What an administrator says of an account."""

    email: str
    name: str
    roles: tuple[str, ...]
    district_code: str | None = None
    holder_id: int | None = None
    institute_id: int | None = None
    phone: str = ""
    language: str = "zh_Hans_CN"


def check(session: Session, facts: AccountFacts, *, but: User | None = None) -> AccountFacts:
    """The facts in their normal form; refused when they contradict each other or name what is not there."""
    email, name = facts.email.strip().lower(), " ".join(facts.name.split())
    if not _EMAIL.fullmatch(email) or len(email) > 255:
        raise Problem("bad_email", "email")
    if not name or len(name) > 200:
        raise Problem("bad_name", "name")
    taken = session.scalar(select(User.id).where(User.email == email))
    if taken is not None and (but is None or but.id != taken):
        raise Problem("email_taken", "email")
    roles = tuple(role for role in ROLES if role in facts.roles)
    if not roles or len(roles) != len(set(facts.roles)):
        raise Problem("role_needed" if not facts.roles else "bad_choice", "roles")
    if facts.language not in LANGUAGES:
        raise Problem("bad_choice", "language")
    district, holder, institute = _scope(session, facts, frozenset(roles))
    phone = cleaning.words("phone", facts.phone)
    return AccountFacts(email, name, roles, district, holder, institute, phone, facts.language)


def _scope(session: Session, facts: AccountFacts, roles: frozenset[str]) -> tuple[str | None, int | None, int | None]:
    district, holder, institute = facts.district_code or None, facts.holder_id, facts.institute_id
    if "holder" in roles:
        if len(roles) > 1:
            raise Problem("holder_role_alone", "roles")
        if holder is None or session.get(Holder, holder) is None:
            raise Problem("holder_needed", "holder_id")
        return None, holder, None
    if district is not None:
        if roles & CITY_WIDE:
            raise Problem("role_is_city_wide", "district_code")
        if session.get(District, district) is None:
            raise Problem("bad_choice", "district_code")
    if institute is not None and session.get(Institute, institute) is None:
        raise Problem("bad_choice", "institute_id")
    if institute is None and roles & OF_INSTITUTE:
        raise Problem("institute_needed", "institute_id")
    return district, None, institute


def create_user(session: Session, actor: Actor, facts: AccountFacts, *, now: datetime) -> User:
    """Make an account without a password; ``account_links.make_password_link`` lets its owner choose one."""
    facts = check(session, facts)
    user = User(active=True, fs_uniquifier=secrets.token_hex(32), created_at=now, failed_logins=0)
    _set(session, user, facts)
    session.add(user)
    changes = {**_told(user), "roles": [[], list(facts.roles)]}
    record(session, actor, "user.created", user, at=now, changes=changes)
    session.flush()
    return user


def change_user(session: Session, actor: Actor, user: User, facts: AccountFacts, *, now: datetime) -> None:
    """Change what an account may do and where. The last active administrator stays one."""
    hold(session, user)
    facts = check(session, facts, but=user)
    before = sorted(user.role_names)
    if "administrator" in before and "administrator" not in facts.roles:
        _keep_an_administrator(session, user)
    _set(session, user, facts)
    changes = _told(user)
    if before != sorted(facts.roles):
        changes["roles"] = [before, sorted(facts.roles)]
    if changes:
        user.version += 1
        record(session, actor, "user.changed", user, at=now, changes=changes)
    session.flush()


def _set(session: Session, user: User, facts: AccountFacts) -> None:
    user.email, user.name, user.phone, user.language = facts.email, facts.name, facts.phone, facts.language
    user.district_code, user.holder_id, user.institute_id = facts.district_code, facts.holder_id, facts.institute_id
    with session.no_autoflush:
        user.roles = roles_named(session, facts.roles)


def _told(user: User) -> dict[str, list[Any]]:
    return {key: value for key, value in changes_of(user).items() if key in AccountFacts.__dataclass_fields__}


def roles_named(session: Session, names: Iterable[str]) -> list[Role]:
    """The role rows of some names."""
    return list(session.scalars(select(Role).where(Role.name.in_(tuple(names))).order_by(Role.id)))


def _keep_an_administrator(session: Session, user: User) -> None:
    """Refuse what would leave the registry without an active administrator (two who do it at once wait for each other)."""
    session.execute(select(Role.id).where(Role.name == "administrator").with_for_update())
    others = session.scalar(
        select(func.count())
        .select_from(User)
        .where(User.active, User.id != user.id, User.roles.any(Role.name == "administrator"))
    )
    if not others:
        raise Problem("last_administrator", "roles")


def deactivate(session: Session, actor: Actor, user: User, *, now: datetime, reason: str = "") -> None:
    """End an account's use: its sessions and links end at once, its records stay."""
    if not user.active:
        return
    if user.id == actor.user_id:
        raise Problem("own_account")
    if "administrator" in user.role_names:
        _keep_an_administrator(session, user)
    user.active = False
    record(session, actor, "user.deactivated", user, at=now, reason=reason)
    close_links(session, user, now=now)
    end_sessions(session, actor, user, now=now)
    session.flush()


def reactivate(session: Session, actor: Actor, user: User, *, now: datetime) -> None:
    """Let an account be used again."""
    if user.active:
        return
    user.active = True
    user.failed_logins, user.locked_until = 0, None
    record(session, actor, "user.reactivated", user, at=now, changes={"active": [False, True]})
    session.flush()


def unlock(session: Session, actor: Actor, user: User, *, now: datetime) -> None:
    """Lift the lock that wrong passwords put on an account."""
    changes = {"locked_until": [user.locked_until, None]}
    user.failed_logins, user.locked_until = 0, None
    record(session, actor, "user.unlocked", user, at=now, changes=changes)
    session.flush()


def set_password(session: Session, actor: Actor, user: User, password_hash: str, *, now: datetime) -> None:
    """Keep the hash of a new password; all sessions and links of before end, the lock is lifted."""
    user.password, user.fs_uniquifier = password_hash, secrets.token_hex(32)
    user.failed_logins, user.locked_until = 0, None
    record(session, actor, "user.password_set", user, at=now, changes={})
    close_links(session, user, now=now)
    end_sessions(session, actor, user, now=now)
    session.flush()


def choose_password(session: Session, link: AccountLink, password_hash: str, *, now: datetime, ip: str | None) -> User:
    """The owner of an account chose a password by a link."""
    user = link.user
    assert user is not None
    use_link(session, link, now=now)
    set_password(session, Actor(user.id, user.name, user.role_names, ip=ip), user, password_hash, now=now)
    return user


def create_first_administrator(
    session: Session, link: AccountLink, facts: AccountFacts, password_hash: str, *, now: datetime, ip: str | None
) -> User:
    """Make the account that makes all others."""
    use_link(session, link, now=now)
    nobody = Actor(None, NOBODY.name, ip=ip)
    user = create_user(session, nobody, facts, now=now)
    set_password(session, nobody, user, password_hash, now=now)
    return user


def withdraw_password(session: Session, actor: Actor, user: User, *, now: datetime) -> None:
    """The password holds no longer: the account waits for its owner to choose another by a link."""
    user.password, user.fs_uniquifier = None, secrets.token_hex(32)
    user.failed_logins, user.locked_until = 0, None
    record(session, actor, "user.password_withdrawn", user, at=now, changes={})
    end_sessions(session, actor, user, now=now)
    session.flush()


def remove_second_factor(session: Session, actor: Actor, user: User, *, now: datetime) -> None:
    """For one who lost the phone and the recovery codes."""
    user.tf_primary_method = user.tf_totp_secret = user.tf_phone_number = None
    user.mf_recovery_codes = []
    record(session, actor, "user.second_factor_removed", user, at=now, changes={})
    end_sessions(session, actor, user, now=now)
    session.flush()


def state_of(user: User, *, now: datetime) -> str:
    """One of ``STATES``."""
    if not user.active:
        return "inactive"
    if user.locked_until is not None and now < user.locked_until:
        return "locked"
    return "active" if user.password else "no_password"


def list_users(
    session: Session,
    *,
    now: datetime,
    text: str = "",
    role: str = "",
    state: str = "",
    after: int | None = None,
    limit: int = 50,
) -> tuple[list[User], int | None]:
    """A page of accounts by name, and the key of the next page."""
    statement = _narrow(select(User), now=now, text=text, role=role, state=state)
    if after is not None and (last := session.get(User, after)) is not None:
        statement = statement.where(or_(User.name > last.name, (User.name == last.name) & (User.id > last.id)))
    rows = list(session.scalars(statement.order_by(User.name, User.id).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def count_users(session: Session, *, now: datetime, text: str = "", role: str = "", state: str = "") -> int:
    """How many accounts a filter leaves."""
    return (
        session.scalar(_narrow(select(func.count()).select_from(User), now=now, text=text, role=role, state=state)) or 0
    )


def _narrow(statement: Select[Any], *, now: datetime, text: str, role: str, state: str) -> Select[Any]:
    if text.strip():
        like = "%" + re.sub(r"([\\%_])", r"\\\1", text.strip().lower()) + "%"
        statement = statement.where(
            or_(
                func.lower(User.name).like(like, escape="\\"),
                User.email.like(like, escape="\\"),
                User.phone.like(like, escape="\\"),
            )
        )
    if role:
        statement = statement.where(User.roles.any(Role.name == role))
    locked = User.locked_until.is_not(None) & (User.locked_until > now)
    conditions = {
        "inactive": ~User.active,
        "locked": User.active & locked,
        "active": User.active & ~func.coalesce(locked, False) & User.password.is_not(None),
        "no_password": User.active & User.password.is_(None),
    }
    return statement.where(conditions[state]) if state in conditions else statement
