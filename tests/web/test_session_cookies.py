"""Who brings no cookie and gets none costs nothing; caches are told that an answer depends on cookies all the same."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.people import create_user, sign_in

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def test_a_visitor_gets_no_cookie_and_caches_are_told(app: Flask) -> None:
    answer = app.test_client().get(f"/c/{'a' * 22}")
    page = app.test_client().get("/login")
    assert (answer.status_code, page.status_code) == (404, 200)
    assert "Set-Cookie" not in answer.headers
    for one in (answer, page):
        assert one.headers.getlist("Vary") == ["Cookie"]
    assert "Set-Cookie" in page.headers  # the form's CSRF token


def test_who_logs_out_takes_the_session_along(app: Flask, session: Session) -> None:
    client = app.test_client()
    sign_in(client, create_user(session, "manager"))
    inside = client.get("/reports/overdue")
    assert (inside.status_code, inside.headers.getlist("Vary")) == (200, ["Cookie"])
    client.post("/logout")
    assert client.get("/reports/overdue").status_code == 302


def test_a_broken_cookie_is_not_kept(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], "broken")
    answer = client.get("/login")
    assert answer.status_code == 200
    assert answer.headers.getlist("Vary") == ["Cookie"]
