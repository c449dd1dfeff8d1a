"""Accounts are made by an administrator, opened by a link that works once, and never deleted."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence import clock
from metrology.persistence.journal import JournalEntry, verify_chain
from metrology.persistence.people import User
from metrology.services.account_links import first_administrator_link
from tests.conftest import NOW
from tests.people import create_user, sign_in

NEW = {
    "name": "李检定",
    "email": "li@example.test",
    "roles": ["officer"],
    "language": "zh_Hans_CN",
    "district_code": "410702",
    "institute_id": "",
    "holder_id": "",
}
PASSWORD = "纸飞机 37 落在河边的桥"


@pytest.fixture
def admin(client: FlaskClient, session: Session) -> User:
    user = create_user(session, "administrator")
    sign_in(client, user)
    return user


def _address(text: str) -> str:
    found = re.search(r"http://[^\"]+(/choose-password/[\w-]+)", text)
    assert found
    return found[1]


def test_an_account_is_made_without_a_password_and_opened_by_its_link(
    client: FlaskClient, app: Flask, admin: User, session: Session
) -> None:
    made = client.post("/users/new", data=NEW)
    assert made.status_code == 200
    user = session.query(User).filter_by(email="li@example.test").one()
    assert (user.password, user.role_names, user.district_code) == (None, {"officer"}, "410702")
    guest = app.test_client()
    address = _address(made.text)
    assert "李检定" in guest.get(address).text
    assert guest.post(address, data={"password": PASSWORD, "again": PASSWORD}).location == "/login"
    assert guest.post("/login", data={"email": "li@example.test", "password": PASSWORD}).status_code == 302
    assert guest.get(address).status_code == 404
    assert guest.post(address, data={"password": PASSWORD, "again": PASSWORD}).status_code == 404
    session.refresh(user)
    actions = [
        entry.action
        for entry in session.query(JournalEntry)
        .filter_by(object_kind="user", object_id=str(user.id))
        .order_by(JournalEntry.seq)
    ]
    assert actions == ["user.created", "user.link_made", "user.password_set"]
    assert list(verify_chain(session)) == []


def test_a_newer_link_replaces_the_older_and_both_end_after_72_hours(
    client: FlaskClient, app: Flask, admin: User, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)
    user = create_user(session)
    sign_in(client, admin)
    older, newer = (_address(client.post(f"/users/{user.id}/link").text) for _turn in range(2))
    guest = app.test_client()
    assert (guest.get(older).status_code, guest.get(newer).status_code) == (404, 200)
    monkeypatch.setattr(clock, "now_utc", lambda: NOW + timedelta(hours=72))
    assert guest.get(newer).status_code == 404


def test_only_the_hash_of_a_link_is_kept(client: FlaskClient, admin: User, session: Session) -> None:
    user = create_user(session)
    token = _address(client.post(f"/users/{user.id}/link").text).rsplit("/", 1)[1]
    from metrology.persistence.people import AccountLink

    assert token not in {link.token_hash for link in session.query(AccountLink)}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"email": "no address"}, "mail address"),
        ({"roles": []}, "at least one role"),
        ({"roles": ["officer", "holder"]}, "does not go together"),
        ({"roles": ["holder"]}, "which holder"),
        ({"roles": ["verifier"]}, "belong to an institute"),
        ({"roles": ["auditor"]}, "whole city"),
        ({"roles": ["emperor"]}, "not a valid choice"),
    ],
)
def test_contradictions_are_refused(client: FlaskClient, admin: User, given: dict[str, object], words: str) -> None:
    answer = client.post("/users/new?lang=en", data={**NEW, **given})
    assert answer.status_code == 422
    assert words in answer.text.replace("&#39;", "'")


def test_a_mail_address_serves_one_account(client: FlaskClient, admin: User, session: Session) -> None:
    create_user(session, email="li@example.test")
    assert client.post("/users/new", data={**NEW, "email": "LI@example.test "}).status_code == 422


def test_changed_roles_are_journalled_from_old_to_new(client: FlaskClient, admin: User, session: Session) -> None:
    user = create_user(session, "officer", name="李", email="li@example.test")
    assert (
        client.post(
            f"/users/{user.id}/edit", data={**NEW, "version": "1", "name": "李", "roles": ["manager", "officer"]}
        ).status_code
        == 302
    )
    entry = session.query(JournalEntry).filter_by(action="user.changed").one()
    assert entry.changes == {"roles": [["officer"], ["manager", "officer"]], "district_code": [None, "410702"]}
    assert entry.actor_id == admin.id


def test_the_last_administrator_stays(client: FlaskClient, admin: User, session: Session) -> None:
    data = {**NEW, "version": "1", "district_code": "", "email": admin.email, "name": admin.name}
    assert client.post(f"/users/{admin.id}/edit", data=data).status_code == 422
    other = create_user(session, "administrator")
    assert client.post(f"/users/{admin.id}/deactivate").status_code == 302
    assert session.get(User, admin.id).active, "nobody deactivates the own account"
    client.post(f"/users/{other.id}/deactivate", data={"reason": "left"})
    assert not session.get(User, other.id).active
    assert client.post(f"/users/{admin.id}/edit", data=data).status_code == 422


def test_an_inactive_administrator_does_not_count(client: FlaskClient, admin: User, session: Session) -> None:
    create_user(session, "administrator", active=False)
    data = {**NEW, "version": "1", "district_code": "", "email": admin.email, "name": admin.name}
    assert client.post(f"/users/{admin.id}/edit", data=data).status_code == 422


def test_deactivation_logs_out_and_ends_links_and_can_be_undone(
    client: FlaskClient, app: Flask, admin: User, session: Session
) -> None:
    user = create_user(session)
    theirs = app.test_client()
    sign_in(theirs, user)
    address = _address(client.post(f"/users/{user.id}/link").text)
    client.post(f"/users/{user.id}/deactivate", data={"reason": "moved to another bureau"})
    assert theirs.get("/sessions/").status_code == 302
    assert app.test_client().get(address).status_code == 404
    assert session.query(JournalEntry).filter_by(action="user.deactivated").one().reason == "moved to another bureau"
    client.post(f"/users/{user.id}/reactivate")
    assert session.get(User, user.id).active
    assert theirs.get("/sessions/").status_code == 302


def test_a_withdrawn_password_serves_no_longer(client: FlaskClient, app: Flask, admin: User, session: Session) -> None:
    user = create_user(session, password="$argon2id$v=19$m=32768,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA")
    theirs = app.test_client()
    sign_in(theirs, user)
    answer = client.post(f"/users/{user.id}/reset")
    assert "/choose-password/" in answer.text
    assert session.get(User, user.id).password is None
    assert theirs.get("/sessions/").status_code == 302


def test_unlocking_lifts_the_lock(client: FlaskClient, admin: User, session: Session) -> None:
    user = create_user(session, locked_until=clock.now_utc() + timedelta(minutes=9))
    client.post(f"/users/{user.id}/unlock")
    assert session.get(User, user.id).locked_until is None
    assert session.query(JournalEntry).filter_by(action="user.unlocked").count() == 1


def test_the_list_is_narrowed_and_paged(client: FlaskClient, admin: User, session: Session) -> None:
    for number in range(55):
        create_user(session, "verifier", name=f"检定员{number:02d}")
    page = client.get("/users/?role=verifier").text
    assert len(re.findall(r">检定员\d\d<", page)) == 50
    after = re.search(r"role=verifier&amp;after=(\d+)", page)
    assert after
    assert client.get(f"/users/?role=verifier&after={after[1]}").text.count(">检定员5") == 5
    assert "检定员07" in client.get("/users/?q=检定员07").text
    assert "检定员07" not in client.get("/users/?q=检%07").text
    assert "检定员07" not in client.get("/users/?state=inactive").text


def test_first_administrator_is_made_by_a_link_that_works_once(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    settings = app.config["METROLOGY"]
    older = first_administrator_link(session, settings, clock.now_utc())
    newer = first_administrator_link(session, settings, clock.now_utc())
    session.commit()
    assert older and newer
    older, newer = (link.removeprefix(settings.public_url) for link in (older, newer))
    assert client.get(older).status_code == 404
    assert client.get(newer).status_code == 200
    data = {"name": "张", "email": "Zhang@Example.test", "password": PASSWORD, "again": PASSWORD}
    assert client.post(newer, data={**data, "again": "another one 88"}).status_code == 422
    assert client.post(newer, data={**data, "password": "zhang12345", "again": "zhang12345"}).status_code == 422
    assert client.post(newer, data=data).location == "/login"
    assert client.post(newer, data={**data, "email": "b@example.test"}).status_code == 404
    assert client.post("/login", data={"email": "zhang@example.test", "password": PASSWORD}).status_code == 302
    assert first_administrator_link(session, settings, clock.now_utc()) is None


def test_link_for_the_first_administrator_ends_after_a_day(
    app: Flask, client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.config["METROLOGY"]
    link = first_administrator_link(session, settings, NOW)
    assert link
    monkeypatch.setattr(clock, "now_utc", lambda: NOW + timedelta(hours=23, minutes=59))
    assert client.get(link.removeprefix(settings.public_url)).status_code == 200
    monkeypatch.setattr(clock, "now_utc", lambda: NOW + timedelta(hours=24))
    assert client.get(link.removeprefix(settings.public_url)).status_code == 404
