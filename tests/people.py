"""People for tests: accounts of any role, signed in without the cost of hashing a password."""

from __future__ import annotations

import secrets
import time
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session, object_session

from metrology.persistence import clock
from metrology.persistence.people import LoginSession, User
from metrology.services.accounts import roles_named
from metrology.services.signing_in import token_hash
from tests.conftest import NOW


def create_user(session: Session, *roles: str, **fields: Any) -> User:
    """An active account with some roles (officer when none is named), flushed. It has no password."""
    mark = secrets.token_hex(4)
    given = {"name": f"王{mark}", "email": f"{mark}@example.test", "active": True, "created_at": NOW, **fields}
    user = User(fs_uniquifier=secrets.token_hex(32), **given)
    user.roles = roles_named(session, roles or ("officer",))
    session.add(user)
    session.flush()
    return user


def sign_in(client: FlaskClient, user: User) -> None:
    """Let a test client act as an account; what its session holds is committed."""
    session = object_session(user)
    assert session is not None, "the account must belong to an open session"
    token = secrets.token_urlsafe(32)
    now = clock.now_utc()
    session.add(LoginSession(token_hash=token_hash(token), user_id=user.id, created_at=now, last_seen_at=now))
    session.commit()
    with client.session_transaction() as cookie:
        cookie.update({"_user_id": user.fs_uniquifier, "_fresh": True, "login": token, "fs_paa": time.time()})
