"""``first-administrator`` and ``password-link`` as an operator meets them."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from metrology.persistence import clock
from metrology.persistence.people import User
from metrology.services.account_links import FIRST, PASSWORD, find_link
from tests.people import create_user


def test_first_administrator_prints_a_link_until_there_is_one(app: Flask, session: Session) -> None:
    told = app.test_cli_runner().invoke(args=["first-administrator"])
    link = re.fullmatch(r"http://127\.0\.0\.1:8000/first-administrator/([\w-]{40,})\n", told.output)
    assert told.exit_code == 0
    assert link
    assert find_link(session, link[1], FIRST, now=clock.now_utc()) is not None
    create_user(session, "administrator")
    session.commit()
    told = app.test_cli_runner().invoke(args=["first-administrator"])
    assert told.exit_code == 1
    assert "http" not in told.output


def test_password_link_helps_the_only_administrator(app: Flask, session: Session) -> None:
    user = create_user(
        session, "administrator", email="zhao@example.test", locked_until=clock.now_utc() + timedelta(minutes=9)
    )
    session.commit()
    told = app.test_cli_runner().invoke(args=["password-link", " Zhao@example.test"])
    link = re.fullmatch(r"http://127\.0\.0\.1:8000/choose-password/([\w-]{40,})\n", told.output)
    assert told.exit_code == 0
    assert link
    session.expire_all()
    found = find_link(session, link[1], PASSWORD, now=clock.now_utc())
    assert found is not None
    assert found.user_id == user.id
    assert session.get(User, user.id).locked_until is None


def test_password_link_wants_an_active_account(app: Flask, session: Session) -> None:
    create_user(session, "officer", email="gone@example.test", active=False)
    session.commit()
    for email in ("gone@example.test", "nobody@example.test"):
        told = app.test_cli_runner().invoke(args=["password-link", email])
        assert (told.exit_code, "http" in told.output) == (1, False)
