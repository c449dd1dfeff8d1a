"""Limits hold across processes, cannot be walked round by a header, and tell how long to wait."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests

from metrology import create_app
from metrology.persistence import clock
from metrology.services.rates import Limit
from metrology.web import rates
from tests.conftest import NOW, Browser
from tests.people import create_user


@pytest.fixture
def limited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setattr(rates, "LOGIN", Limit("login", 3, timedelta(minutes=15)))
    monkeypatch.setattr(rates, "LINK", Limit("link", 3, timedelta(minutes=15)))
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)
    rates._pending.clear()
    yield app
    rates._pending.clear()


def _another_process(app: Flask) -> Flask:
    other = create_app(dataclasses.replace(app.config["METROLOGY"]))
    other.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    other.test_client_class = Browser
    return other


def _wrong(client: FlaskClient, **options: object) -> int:
    return client.post("/login", data={"email": "nobody@example.test", "password": "wrong"}, **options).status_code


def test_log_in_is_limited_across_processes_whatever_address_is_claimed(limited: Flask, client: FlaskClient) -> None:
    other = _another_process(limited).test_client()
    assert [_wrong(client), _wrong(other), _wrong(client)] == [422, 422, 422]
    assert _wrong(other) == 429
    assert _wrong(client, headers={"X-Forwarded-For": "203.0.113.9"}) == 429
    assert client.post("/login", data={"email": "a", "password": "b"}).headers["Retry-After"] == "900"


def test_another_network_and_the_next_window_are_free(
    limited: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _attempt in range(4):
        _wrong(client)
    assert _wrong(client, environ_overrides={"REMOTE_ADDR": "203.0.113.9"}) == 422
    monkeypatch.setattr(clock, "now_utc", lambda: NOW + timedelta(minutes=15))
    assert _wrong(client) == 422


def test_right_log_ins_do_not_use_the_limit_up(
    limited: Flask, app: Flask, client: FlaskClient, session: Session
) -> None:
    from metrology.web.accounts import hashed

    with app.test_request_context():
        kept = hashed("纸飞机 37 落在河边的桥")
    create_user(session, "officer", email="wang@example.test", password=kept)
    session.commit()
    for _morning in range(5):
        answer = app.test_client().post(
            "/login", data={"email": "wang@example.test", "password": "纸飞机 37 落在河边的桥"}
        )
        assert answer.status_code == 302


def test_guesses_of_links_are_limited(limited: Flask, client: FlaskClient) -> None:
    assert [client.get(f"/choose-password/guess{number}").status_code for number in range(5)] == [
        404,
        404,
        404,
        429,
        429,
    ]


def _scans(app: Flask, times: int) -> list[int]:
    """Answers to one phone that asks for a page again and again."""
    view = rates.limited(Limit("public", 24, timedelta(minutes=1)))(lambda: 200)
    answers = []
    with app.test_request_context("/", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}):
        for _scan in range(times):
            try:
                answers.append(view())
            except TooManyRequests:
                answers.append(429)
    return answers


def test_pages_for_the_public_count_in_batches(limited: Flask) -> None:
    assert _scans(limited, 30) == [200] * 24 + [429] * 6


def test_batches_of_two_processes_add_up(limited: Flask) -> None:
    here = _scans(limited, 20)
    rates._pending.clear()
    there = _scans(_another_process(limited), 20)
    assert here == [200] * 20
    assert 4 <= there.count(200) <= 6
