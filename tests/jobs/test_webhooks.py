"""Webhooks by the ticker: two schedulers in two processes send each message once, and one that is killed midway loses nothing."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.jobs import ticker
from metrology.persistence.database import db
from metrology.persistence.webhooks import WebhookDelivery, WebhookEndpoint
from tests.hooks import create_webhook
from tests.people import create_user
from tests.receiver import Receiver, receiving, wait
from tests.records import create_scale
from tests.schedulers import finish, start

ENDPOINTS = 8
TICKER = """
import sys, time
from datetime import datetime, timedelta
from metrology import create_app
from metrology.jobs import ticker, webhooks
from metrology.persistence import clock
from metrology.persistence.database import db
from sqlalchemy.orm import sessionmaker

begin, minutes = float(sys.argv[1]), int(sys.argv[2])
instant = datetime.fromisoformat(sys.argv[3]) + timedelta(minutes=minutes)
turns = [0]
clock.now_utc = lambda: instant + timedelta(seconds=11 * turns[0])
ticker.regular_work = lambda: webhooks.REGULAR
app = create_app()
with app.app_context():
    make = sessionmaker(db.engine, expire_on_commit=False)
    time.sleep(max(0, begin - time.time()))
    for turn in range(6):
        turns[0] = turn
        ticker.tick(make, app.config["METROLOGY"])
        time.sleep(0.1)
"""


@pytest.fixture
def box() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def told(session: Session, box: Receiver) -> list[int]:
    """Several endpoints, and instruments to tell them of."""
    owner = create_user(session, "officer")
    for number in range(ENDPOINTS):
        create_webhook(session, f"{box.url}/{number}", owner=owner, kinds=("instrument",))
    made = [create_scale(session, f"SC30000{number}").id for number in range(3)]
    session.commit()
    return made


def _start(app: Flask, box: Receiver, begin: float, minutes: int = 0) -> subprocess.Popen[bytes]:
    return start(app, TICKER, begin, minutes, METROLOGY_WEBHOOK_HOSTS=box.host)


def _finish(process: subprocess.Popen[bytes]) -> None:
    finish(process, within=240)


def _paths(box: Receiver) -> list[str]:
    return sorted(one.path for one in box.messages)


def test_the_ticker_knows_them() -> None:
    assert {"webhooks", "webhook messages"} <= {one.name for one in ticker.regular_work()}


def test_two_schedulers_send_each_message_once(app: Flask, session: Session, told: list[int], box: Receiver) -> None:
    begin = time.time() + 4
    session.rollback()
    both = [_start(app, box, begin), _start(app, box, begin)]
    for process in both:
        _finish(process)
    assert _paths(box) == [f"/in/{number}" for number in range(ENDPOINTS)]
    assert all([one["key"] for one in message.data["changes"]] == told for message in box.messages)
    session.expire_all()
    assert set(session.scalars(select(WebhookDelivery.state))) == {"delivered"}


def test_what_a_killed_scheduler_left_comes_again_under_its_id(
    app: Flask, session: Session, told: list[int], box: Receiver
) -> None:
    box.replies.append(wait(30))
    session.rollback()
    first = _start(app, box, 0)
    for _step in range(2400):
        if box.messages:
            break
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert len(box.messages) == 1
    held = box.messages[0]
    assert session.scalar(select(WebhookEndpoint.id).where(WebhookEndpoint.lease_owner != "")) is not None
    db.session.rollback()

    _finish(_start(app, box, 0, minutes=30))
    again = [one for one in box.messages if one.path == held.path]
    assert [one.id for one in again] == [held.id, held.id]
    assert again[1].body == held.body
    assert sorted(_paths(box)) == sorted([held.path, *(f"/in/{number}" for number in range(ENDPOINTS))])
    assert told == [one["key"] for one in held.data["changes"]]
