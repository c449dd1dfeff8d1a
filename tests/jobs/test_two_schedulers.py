"""Two schedulers in two processes on one database: every recipient gets one letter, also when one of them is killed midway."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy.orm import Session

from metrology.persistence.database import db
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.reminders import Notice, Reminder
from tests.conftest import NOW, TODAY
from tests.schedulers import finish, start

HOLDERS = 12
TICKER = """
import sys, time
from datetime import datetime, timedelta
from metrology import create_app
from metrology.jobs import ticker
from metrology.persistence import clock
from metrology.persistence.database import db
from sqlalchemy.orm import sessionmaker

begin, minutes = float(sys.argv[1]), int(sys.argv[2])
instant = datetime.fromisoformat(sys.argv[3]) + timedelta(minutes=minutes)
turns = [0]
clock.now_utc = lambda: instant + timedelta(minutes=turns[0])  # a minute a turn: work that found nothing is due again
app = create_app()
with app.app_context():
    make = sessionmaker(db.engine, expire_on_commit=False)
    time.sleep(max(0, begin - time.time()))
    for turn in range(8):
        turns[0] = turn
        ticker.tick(make, app.config["METROLOGY"])
        time.sleep(0.25)
"""


class Post:
    """Takes letters; while it holds, a letter that has arrived is not answered."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str]] = []
        self.held: list[str] = []
        self.holds = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        import asyncio

        to = envelope.rcpt_tos[0]
        if self.holds:
            self.held.append(to)
            await asyncio.sleep(60)
        self.letters.append((to, message_from_bytes(envelope.content)["Message-ID"]))
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return sorted(to for to, _message_id in self.letters)


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    box = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def due(session: Session) -> list[str]:
    """Holders with three instruments each that fall due in 30 days."""
    for number in range(HOLDERS):
        holder = Holder(
            number=f"H{number}", name=f"单位{number}", identity_key=f"h{number}", created_at=NOW, updated_at=NOW
        )
        holder.contacts.append(Contact(name="联系人", email=f"h{number:02}@example.cn"))
        session.add(holder)
        session.flush()
        for place in range(3):
            key = f"s{number}-{place}"
            session.add(
                Instrument(
                    number=key, public_code=key, type_code="fuel_dispenser", serial_number=key, serial_key=key, state="in_use",
                    due_date=TODAY.fromordinal(TODAY.toordinal() + 30), due_basis="ledger", holder_id=holder.id,
                    district_code="410702", created_at=NOW, updated_at=NOW,
                )
            )  # fmt: skip
    session.commit()
    return [f"h{number:02}@example.cn" for number in range(HOLDERS)]


def _start(app: Flask, port: int, begin: float, minutes: int = 0) -> subprocess.Popen[bytes]:
    address = f"mailto://127.0.0.1:{port}?from=jl@bureau.example.cn&mode=insecure"
    return start(app, TICKER, begin, minutes, METROLOGY_SMTP_URL=address)


def _finish(process: subprocess.Popen[bytes]) -> None:
    finish(process, within=90)


def test_two_schedulers_send_one_letter_to_each(
    app: Flask, session: Session, due: list[str], post: tuple[Post, int]
) -> None:
    box, port = post
    begin = time.time() + 4
    session.rollback()
    both = [_start(app, port, begin), _start(app, port, begin)]
    for process in both:
        _finish(process)
    assert box.recipients == due
    session.expire_all()
    assert session.query(Notice).filter_by(state="sent").count() == HOLDERS
    assert session.query(Reminder).filter_by(stage="30", is_skipped=False).count() == 3 * HOLDERS


def test_what_a_killed_scheduler_left_is_caught_up(
    app: Flask, session: Session, due: list[str], post: tuple[Post, int]
) -> None:
    """Killed while its letter was under way: nobody knows whether it arrived, so it goes again with the same Message-ID."""
    box, port = post
    box.holds = True
    first = _start(app, port, 0)
    for _step in range(600):
        if box.held:
            break
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    box.holds = False
    assert len(box.held) == 1
    assert session.query(Notice).filter_by(state="sending").count() == 1
    db.session.rollback()  # on SQLite a session that only looked holds the write lock

    _finish(_start(app, port, 0, minutes=30))
    assert box.recipients == due
    session.expire_all()
    assert session.query(Notice).filter_by(state="sent").count() == HOLDERS
    assert session.query(Reminder).filter_by(is_skipped=False).count() == 3 * HOLDERS
