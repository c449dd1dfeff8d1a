"""The second factor: codes serve once, wrong ones lock the account, recovery codes open it without the phone."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence import clock
from metrology.persistence.journal import JournalEntry
from metrology.persistence.people import User
from metrology.web.accounts import hashed
from tests.people import create_user

PASSWORD = "纸飞机 37 落在河边的桥"


@pytest.fixture
def user(app: Flask, session: Session) -> User:
    with app.test_request_context():
        kept = hashed(PASSWORD)
    user = create_user(session, "administrator", email="wang@example.test", password=kept)
    session.commit()
    return user


def _password(client: FlaskClient):
    return client.post("/login", data={"email": "wang@example.test", "password": PASSWORD})


def _set_up(client: FlaskClient) -> pyotp.TOTP:
    """Log in, turn the second factor on, tell its secret. The set-up takes the code of the step before this one."""
    _password(client)
    page = html.unescape(client.post("/tf-setup", data={"setup": "authenticator"}).text)
    assert 'src="data:image/svg+xml;base64,' in page
    key = re.search(r'class="mono">([A-Z2-7\s-]{20,})<', page)
    address = re.search(r'action="(/tf-setup/[^"]+)"', page)
    assert key
    assert address
    codes = pyotp.TOTP(re.sub(r"[\s-]", "", key[1]))
    answer = client.post(address[1], data={"code": codes.at(clock.now_utc() - timedelta(seconds=30))})
    assert answer.location == "/tf-setup"
    return codes


def _now(codes: pyotp.TOTP) -> str:
    return codes.at(clock.now_utc())


def test_log_in_asks_for_a_code_once_it_is_set_up(
    client: FlaskClient, app: Flask, user: User, session: Session
) -> None:
    codes = _set_up(client)
    guest = app.test_client()
    assert _password(guest).location.startswith("/tf-validate")
    assert guest.get("/sessions/").status_code == 302, "the password alone opens nothing"
    assert guest.get("/tf-validate").status_code == 200
    assert guest.post("/tf-validate", data={"code": _now(codes)}).location == "/"
    assert guest.get("/sessions/").status_code == 200
    actions = {
        entry.action for entry in session.query(JournalEntry).filter_by(object_kind="user", object_id=str(user.id))
    }
    assert "user.second_factor_set" in actions


def test_a_code_serves_once(client: FlaskClient, app: Flask, user: User) -> None:
    codes = _set_up(client)
    code = _now(codes)
    first, second = app.test_client(), app.test_client()
    for browser in (first, second):
        _password(browser)
    assert first.post("/tf-validate", data={"code": code}).status_code == 302
    assert second.post("/tf-validate", data={"code": code}).status_code == 422
    assert second.get("/sessions/").status_code == 302


def test_an_older_code_does_not_serve_after_a_newer(
    client: FlaskClient, app: Flask, user: User, session: Session
) -> None:
    codes = _set_up(client)
    guest = app.test_client()
    _password(guest)
    assert guest.post("/tf-validate", data={"code": _now(codes)}).status_code == 302
    other = app.test_client()
    _password(other)
    assert (
        other.post("/tf-validate", data={"code": codes.at(clock.now_utc() - timedelta(seconds=30))}).status_code == 422
    )


def test_wrong_codes_lock_the_account(client: FlaskClient, app: Flask, user: User, session: Session) -> None:
    codes = _set_up(client)
    guest = app.test_client()
    _password(guest)
    right = _now(codes)
    wrong = "000000" if right != "000000" else "111111"
    for _attempt in range(10):
        assert guest.post("/tf-validate", data={"code": wrong}).status_code == 422
    assert session.get(User, user.id).locked_until is not None
    assert guest.post("/tf-validate", data={"code": right}).status_code == 422


def test_the_code_must_follow_the_password_within_ten_minutes(
    client: FlaskClient, app: Flask, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = _set_up(client)
    guest = app.test_client()
    _password(guest)
    later = clock.now_utc() + timedelta(minutes=10, seconds=1)
    monkeypatch.setattr(clock, "now_utc", lambda: later)
    assert guest.post("/tf-validate", data={"code": codes.now()}).location == "/login"


def test_a_recovery_code_opens_the_account_once(client: FlaskClient, app: Flask, user: User) -> None:
    _set_up(client)
    page = client.post("/mf-recovery-codes", data={"generate_new_codes": "1"}).text
    codes = re.findall(r"<li>([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4})</li>", page)
    assert len(codes) == 8
    for browser, expected in ((app.test_client(), 302), (app.test_client(), 422)):
        _password(browser)
        assert browser.post("/mf-recovery", data={"code": f" {codes[0].upper()} "}).status_code == expected


def test_recovery_codes_and_secrets_are_kept_encrypted(
    client: FlaskClient, app: Flask, user: User, session: Session
) -> None:
    codes = _set_up(client)
    page = client.post("/mf-recovery-codes", data={"generate_new_codes": "1"}).text
    session.expire_all()
    kept = session.get(User, user.id)
    assert codes.secret not in kept.tf_totp_secret
    assert '"enckey"' in kept.tf_totp_secret
    assert not [code for code in kept.mf_recovery_codes if code in page]


def test_the_administrator_removes_the_factor_of_one_who_lost_it(
    client: FlaskClient, app: Flask, user: User, session: Session
) -> None:
    _set_up(client)
    other = create_user(
        session, "officer", tf_primary_method="authenticator", tf_totp_secret="{}", mf_recovery_codes=["x"]
    )
    client.post(f"/users/{other.id}/remove-second-factor")
    kept = session.get(User, other.id)
    assert (kept.tf_primary_method, kept.tf_totp_secret, list(kept.mf_recovery_codes)) == (None, None, [])


def test_turning_it_off_wants_a_fresh_password(client: FlaskClient, user: User, session: Session) -> None:
    _set_up(client)
    with client.session_transaction() as cookie:
        cookie["fs_paa"] -= 31 * 60
        cookie.pop("fs_gexp", None)
    assert client.post("/tf-setup", data={"setup": "disable"}).location.startswith("/confirm-password")
    assert session.get(User, user.id).tf_primary_method == "authenticator"
    assert client.get("/confirm-password?next=/tf-setup").status_code == 200
    assert client.post("/confirm-password?next=/tf-setup", data={"password": "wrong"}).status_code == 422
    assert client.post("/confirm-password?next=/tf-setup", data={"password": PASSWORD}).location == "/tf-setup"
    assert client.post("/tf-setup", data={"setup": "disable"}).status_code == 302
    assert session.get(User, user.id).tf_primary_method is None


def test_looking_at_the_code_page_logs_nobody_out(client: FlaskClient, user: User) -> None:
    _password(client)
    assert client.get("/tf-validate").location == "/"
    assert client.get("/sessions/").status_code == 200
