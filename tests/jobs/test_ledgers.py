"""The tasks of ledgers: claimed, retried and finished like every other, and gone on with when their worker died."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from metrology.jobs import ledgers, worker
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.persistence.tasks import Task
from metrology.services import importing, ledger_chunks, tasks
from tests.conftest import NOW
from tests.ledgers import market_ledger, scale_row
from tests.people import create_user
from tests.records import actor_of


class Killed(BaseException):
    """The worker was killed."""


@pytest.fixture
def make_session(session: Session) -> Any:
    return sessionmaker(db.engine, expire_on_commit=False)


def confirmed(session: Session, app: Flask, make_session: Any, rows: int) -> int:
    officer = actor_of(create_user(session, "officer"))
    batch = importing.upload(
        session, officer, market_ledger(*(scale_row(number) for number in range(1, rows + 1))), "a.xlsx", now=NOW
    )
    batch_id = batch.id
    session.commit()
    worker.run_all(make_session, app.config["METROLOGY"])
    session.expire_all()
    importing.confirm(session, officer, session.get_one(LedgerBatch, batch_id), now=NOW)
    session.commit()
    return batch_id


def test_every_task_of_a_ledger_has_its_handler() -> None:
    assert {"ledger.check", "ledger.import", "ledger.undo"} <= set(worker.handlers())


def test_an_import_whose_worker_died_is_taken_over_and_ends(
    app: Flask, session: Session, make_session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_chunks, "CHUNK", 2)
    batch_id = confirmed(session, app, make_session, rows=7)
    steps = iter(range(100))

    class Dying(worker.Report):
        def __call__(self, progress: int, total: int | None = None, note: str = "") -> None:
            super().__call__(progress, total, note)
            if next(steps) == 2:
                raise Killed

    with make_session() as own:
        task = tasks.claim(own, "dying", now=clock.now_utc())
        assert task is not None
        own.commit()
        with pytest.raises(Killed):
            ledgers.run(own, task, Dying(own, task, "dying", app.config["METROLOGY"]))
        own.rollback()
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Instrument)) == 4
    session.rollback()
    assert worker.run_all(make_session, app.config["METROLOGY"]) == 0

    later = clock.now_utc() + tasks.LEASE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now_utc", lambda: later)
    assert worker.run_all(make_session, app.config["METROLOGY"]) == 1
    session.expire_all()
    batch = session.get_one(LedgerBatch, batch_id)
    assert (batch.state, batch.counts["created"]) == ("done", 7)
    assert session.scalar(select(func.count()).select_from(LedgerRow)) == 7
    assert session.get_one(Task, batch.task_id or 0).state == "done"


def test_a_worker_that_lost_its_lease_stops_and_writes_nothing_more(
    app: Flask, session: Session, make_session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_chunks, "CHUNK", 2)
    confirmed(session, app, make_session, rows=4)
    with make_session() as own:
        task = tasks.claim(own, "slow", now=clock.now_utc())
        assert task is not None
        own.commit()
        with make_session() as other:
            later = clock.now_utc() + tasks.LEASE + timedelta(seconds=1)
            assert tasks.claim(other, "other", now=later) is not None
            other.commit()
        with pytest.raises(worker.LostLease):
            ledgers.run(own, task, worker.Report(own, task, "slow", app.config["METROLOGY"]))
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Instrument)) == 0
