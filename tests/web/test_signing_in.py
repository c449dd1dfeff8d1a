"""Signing in: the same answer to whoever guesses, sessions that end here, locks and limits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology import create_app
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.persistence.journal import JournalEntry
from metrology.persistence.people import LoginSession, User
from metrology.settings import load
from metrology.web import sign_in_forms
from metrology.web.accounts import hashed
from tests.conftest import NOW
from tests.people import create_user, sign_in

PASSWORD = "纸飞机 37 落在河边的桥"


@pytest.fixture
def user(app: Flask, session: Session) -> User:
    with app.test_request_context():
        kept = hashed(PASSWORD)
    user = create_user(session, "officer", email="wang@example.test", password=kept)
    session.commit()
    return user


def _log_in(client: FlaskClient, password: str = PASSWORD, email: str = "wang@example.test", query: str = ""):
    return client.post(f"/login{query}", data={"email": email, "password": password})


def _again(session: Session, user: User) -> User:
    session.rollback()
    session.refresh(user)
    return user


def test_right_password_opens_a_session_kept_by_its_hash(client: FlaskClient, session: Session, user: User) -> None:
    answer = _log_in(client, email=" WANG@example.test ")
    assert (answer.status_code, answer.location) == (302, "/")
    with client.session_transaction() as cookie:
        token = cookie["login"]
    session.rollback()
    login = session.query(LoginSession).one()
    assert login.user_id == user.id
    assert login.token_hash != token
    assert client.get("/sessions/").status_code == 200
    assert [entry.action for entry in session.query(JournalEntry).filter_by(actor_id=user.id)] == ["session.opened"]


def test_wrong_password_and_unknown_account_answer_alike(client: FlaskClient, user: User) -> None:
    wrong = _log_in(client, password="something else")
    unknown = _log_in(client, email="nobody@example.test")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert wrong.text.replace("wang@", "nobody@") == unknown.text


def test_an_unknown_account_costs_one_hash_like_a_known_one(
    client: FlaskClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[str] = []
    monkeypatch.setattr(sign_in_forms, "hash_password", hashes.append)
    _log_in(client, email="nobody@example.test", password="guess")
    assert hashes == ["guess"]
    _log_in(client, password="guess")
    assert hashes == ["guess"], "the known one is compared instead"


def test_locked_and_inactive_accounts_answer_like_a_wrong_password(
    client: FlaskClient, session: Session, user: User
) -> None:
    wrong = _log_in(client, password="something else")
    user.locked_until = clock.now_utc() + timedelta(minutes=1)
    session.commit()
    assert _log_in(client).text == wrong.text
    user.locked_until, user.active = None, False
    session.commit()
    assert _log_in(client).text == wrong.text


def test_tenth_failure_locks_for_a_quarter_of_an_hour(
    client: FlaskClient, session: Session, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    instant = [NOW]
    monkeypatch.setattr(clock, "now_utc", lambda: instant[0])
    for _attempt in range(9):
        _log_in(client, password="wrong")
    assert _again(session, user).failed_logins == 9
    assert user.locked_until is None
    _log_in(client, password="wrong")
    assert _again(session, user).locked_until == NOW + timedelta(minutes=15)
    instant[0] = NOW + timedelta(minutes=14, seconds=59)
    assert _log_in(client).status_code == 422
    instant[0] = NOW + timedelta(minutes=15)
    assert _log_in(client).status_code == 302
    assert (_again(session, user).failed_logins, user.locked_until) == (0, None)
    assert session.query(JournalEntry).filter_by(action="user.locked").one().actor_name == "public"


def test_log_out_ends_the_session_on_the_server(client: FlaskClient, app: Flask, user: User) -> None:
    _log_in(client)
    stolen = client.get_cookie("metrology")
    client.post("/logout")
    thief = app.test_client()
    thief.set_cookie("metrology", stolen.value)
    assert thief.get("/sessions/").location.startswith("/login")


def test_new_password_ends_other_sessions_and_keeps_this_one(client: FlaskClient, app: Flask, user: User) -> None:
    other = app.test_client()
    _log_in(other)
    _log_in(client)
    new = "三只青蛙 92 过了冬天的湖"
    answer = client.post("/change", data={"password": PASSWORD, "new_password": new, "new_password_confirm": new})
    assert answer.status_code == 302
    assert client.get("/sessions/").status_code == 200
    assert other.get("/sessions/").status_code == 302
    assert _log_in(app.test_client()).status_code == 422
    assert _log_in(app.test_client(), password=new).status_code == 302


@pytest.mark.parametrize("new", ["short 37", "password123", "wang@example", "1234567890"])
def test_weak_passwords_are_refused(client: FlaskClient, user: User, new: str) -> None:
    _log_in(client)
    answer = client.post("/change", data={"password": PASSWORD, "new_password": new, "new_password_confirm": new})
    assert answer.status_code == 422


def test_long_passwords_are_taken(client: FlaskClient, app: Flask, user: User) -> None:
    _log_in(client)
    new = "河水 流过 老桥 " * 8
    assert len(new) >= 64
    assert (
        client.post(
            "/change", data={"password": PASSWORD, "new_password": new, "new_password_confirm": new}
        ).status_code
        == 302
    )
    assert _log_in(app.test_client(), password=new).status_code == 302


def test_wrong_current_password_counts_as_a_failure(client: FlaskClient, session: Session, user: User) -> None:
    _log_in(client)
    new = "三只青蛙 92 过了冬天的湖"
    answer = client.post("/change", data={"password": "wrong", "new_password": new, "new_password_confirm": new})
    assert answer.status_code == 422
    assert _again(session, user).failed_logins == 1


@pytest.mark.parametrize(
    ("idle", "age", "status"), [(719, 719, 200), (720, 720, 302), (1, 7 * 1440 - 1, 200), (1, 7 * 1440, 302)]
)
def test_sessions_end_after_12_idle_hours_and_after_7_days(
    client: FlaskClient, session: Session, user: User, monkeypatch: pytest.MonkeyPatch, idle: int, age: int, status: int
) -> None:
    sign_in(client, user)
    login = session.query(LoginSession).one()
    login.created_at, login.last_seen_at = NOW - timedelta(minutes=age), NOW - timedelta(minutes=idle)
    session.commit()
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)
    assert client.get("/sessions/").status_code == status


@pytest.mark.parametrize(("minutes", "written"), [(4, False), (5, True)])
def test_last_use_is_written_every_five_minutes_even_by_a_reader(
    client: FlaskClient, session: Session, user: User, monkeypatch: pytest.MonkeyPatch, minutes: int, written: bool
) -> None:
    sign_in(client, user)
    login = session.query(LoginSession).one()
    login.created_at = login.last_seen_at = NOW
    session.commit()
    monkeypatch.setattr(clock, "now_utc", lambda: NOW + timedelta(minutes=minutes))
    client.get("/sessions/")
    session.rollback()
    session.refresh(login)
    assert (login.last_seen_at > NOW) is written


def test_a_link_opened_after_a_pause_by_somebody_signed_in_is_answered(
    client: FlaskClient, session: Session, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is looked up in a transaction that only reads, and who asks is asked for there too."""
    sign_in(client, user)
    later = clock.now_utc() + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now_utc", lambda: later)
    assert client.post("/choose-password/none-such", data={"password": "x"}).status_code == 404


def test_others_can_be_logged_out_and_strangers_cannot(
    client: FlaskClient, app: Flask, session: Session, user: User
) -> None:
    other = app.test_client()
    sign_in(other, user)
    sign_in(client, user)
    foreign = app.test_client()
    sign_in(foreign, create_user(session))
    theirs = session.query(LoginSession).filter(LoginSession.user_id != user.id).one().id
    assert client.post(f"/sessions/{theirs}/end").status_code == 404
    assert client.post("/sessions/end-others").status_code == 302
    assert other.get("/sessions/").status_code == 302
    assert client.get("/sessions/").status_code == 200
    assert foreign.get("/sessions/").status_code == 200


def test_deactivation_ends_sessions_at_the_next_request(client: FlaskClient, session: Session, user: User) -> None:
    sign_in(client, user)
    user.active = False
    session.commit()
    assert client.get("/sessions/").status_code == 302


@pytest.mark.parametrize(
    "goal", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"]
)
def test_log_in_leads_nowhere_else(client: FlaskClient, user: User, goal: str) -> None:
    got = client.get("/login", query_string={"next": goal})
    assert (got.status_code, got.location) == (302, "/login")
    posted = client.post(
        "/login", query_string={"next": goal}, data={"email": "wang@example.test", "password": PASSWORD}
    )
    assert posted.status_code == 400
    hidden = client.post("/login", data={"email": "wang@example.test", "password": PASSWORD, "next": goal})
    assert hidden.status_code == 400


def test_log_in_goes_back_to_the_page_asked_for(client: FlaskClient, user: User) -> None:
    assert client.get("/sessions/").location == "/login?next=/sessions/"
    assert _log_in(client, query="?next=/sessions/%3Fa%3D1").location == "/sessions/?a=1"


def test_the_cookie_is_for_this_host_alone(client: FlaskClient, user: User) -> None:
    header = next(value for value in _log_in(client).headers.getlist("Set-Cookie") if value.startswith("metrology="))
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/" in header
    assert "Domain" not in header


def test_passwords_are_kept_as_argon2id_of_asvs_strength(user: User) -> None:
    assert user.password.startswith("$argon2id$v=19$m=32768,t=2,p=1$")


def test_no_token_stands_in_for_a_session(client: FlaskClient, user: User) -> None:
    answer = client.post("/login?include_auth_token", json={"email": "wang@example.test", "password": PASSWORD})
    assert b"authentication_token" not in answer.data


def test_behind_https_the_cookie_is_bound_to_host_and_transport(tmp_path: Path) -> None:
    settings = load({"METROLOGY_INSTANCE": str(tmp_path), "METROLOGY_PUBLIC_URL": "https://metrology.example.cn"})
    app = create_app(settings)
    with app.app_context():
        db.metadata.create_all(db.engine)
        answer = app.test_client().get("/login", base_url="https://metrology.example.cn")
        db.engine.dispose()
    header = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("__Host-metrology="))
    assert "Secure" in header
    assert "HttpOnly" in header
    assert "Path=/" in header
    assert "Domain" not in header
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_keys_of_an_installation_are_its_own_and_private(tmp_path: Path) -> None:
    ours, theirs = (load({"METROLOGY_INSTANCE": str(tmp_path / name)}) for name in ("a", "b"))
    assert (
        len(
            {
                ours.secret_key,
                ours.password_salt,
                ours.totp_key,
                theirs.secret_key,
                theirs.password_salt,
                theirs.totp_key,
            }
        )
        == 6
    )
    again = load({"METROLOGY_INSTANCE": str(tmp_path / "a")})
    assert (again.secret_key, again.totp_key) == (ours.secret_key, ours.totp_key)
    for file in (tmp_path / "a" / "keys").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
