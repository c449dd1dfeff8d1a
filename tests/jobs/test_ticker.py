"""Regular work is done once by any number of processes, retried after a failure, caught up after an outage; tasks survive their worker."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from metrology.domain.authority import Actor
from metrology.jobs import ticker, worker
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.persistence.tasks import Lease, Task
from metrology.services import leases, tasks
from tests.conftest import NOW, TODAY

MINUTE = timedelta(minutes=1)


def _settings(app: Any) -> Any:
    return app.config["METROLOGY"]


@pytest.fixture
def make_session(session: Session) -> Any:
    return sessionmaker(db.engine, expire_on_commit=False)


def _turn(session: Session, owner: str, minutes: int) -> int | None:
    return leases.acquire(session, "work", owner, every=60 * MINUTE, lease=10 * MINUTE, now=NOW + minutes * MINUTE)


def test_only_one_of_two_gets_the_turn(session: Session) -> None:
    assert (_turn(session, "a", 0), _turn(session, "b", 0)) == (1, None)


def test_turn_is_free_again_when_its_holder_died(session: Session) -> None:
    _turn(session, "a", 0)
    assert _turn(session, "b", 9) is None
    assert _turn(session, "b", 11) == 2


def test_work_done_waits_for_its_time(session: Session) -> None:
    fence = _turn(session, "a", 0)
    assert fence is not None
    leases.release(session, "work", "a", fence, now=NOW)
    assert _turn(session, "b", 59) is None
    assert _turn(session, "b", 60) == 2


def test_failed_work_stays_due(session: Session) -> None:
    fence = _turn(session, "a", 0)
    assert fence is not None
    leases.release(session, "work", "a", fence, now=NOW, error="no route")
    assert _turn(session, "b", 1) == 2


def test_tick_runs_what_is_due_and_keeps_failures_visible(
    app: Any, make_session: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def good(session: Session, **_known: object) -> None:
        ran.append("good")

    def bad(session: Session, **_known: object) -> None:
        raise RuntimeError("broken")

    work = [ticker.Regular("bad", MINUTE, bad), ticker.Regular("good", 60 * MINUTE, good)]
    monkeypatch.setattr(ticker, "regular_work", lambda: work)
    assert ticker.tick(make_session, _settings(app), now=NOW, today=TODAY) == ["good"]
    assert ticker.tick(make_session, _settings(app), now=NOW + MINUTE, today=TODAY) == []
    assert ran == ["good"]
    assert "broken" in session.get_one(Lease, "bad").last_error


def _queue(session: Session, kind: str) -> int:
    task = tasks.enqueue(session, Actor.system(), kind, {"n": 3}, now=NOW)
    session.commit()
    return task.id


def test_task_runs_and_tells_its_progress(
    app: Any, make_session: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(session: Session, task: Task, report: worker.Report) -> dict[str, int]:
        for number in range(task.arguments["n"]):
            report(number + 1, total=3, note=f"row {number}")
        return {"counted": 3}

    monkeypatch.setattr(worker, "handlers", lambda: {"count": count})
    task_id = _queue(session, "count")
    assert worker.run_all(make_session, _settings(app)) == 1
    session.expire_all()
    task = session.get_one(Task, task_id)
    assert (task.state, task.progress, task.total, task.result) == ("done", 3, 3, {"counted": 3})


def test_failed_task_is_tried_again_later_and_says_why(
    app: Any, make_session: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(session: Session, task: Task, report: worker.Report) -> None:
        raise ValueError("bad row")

    monkeypatch.setattr(worker, "handlers", lambda: {"broken": broken})
    task_id = _queue(session, "broken")
    assert worker.run_all(make_session, _settings(app)) == 1
    session.expire_all()
    task = session.get_one(Task, task_id)
    assert (task.state, task.tries) == ("queued", 1)
    assert "bad row" in task.error
    assert task.not_before > clock.now_utc()


def test_task_of_a_dead_worker_is_taken_over(session: Session) -> None:
    task_id = _queue(session, "count")
    assert tasks.claim(session, "a", now=NOW) is not None
    session.commit()
    assert tasks.claim(session, "b", now=NOW + timedelta(seconds=59)) is None
    taken = tasks.claim(session, "b", now=NOW + timedelta(seconds=61))
    assert taken is not None and taken.id == task_id
    session.commit()
    assert not tasks.advance(session, task_id, "a", now=NOW + timedelta(seconds=62), progress=1)
    assert tasks.advance(session, task_id, "b", now=NOW + timedelta(seconds=62), progress=1)


def test_task_with_a_key_is_queued_once(session: Session) -> None:
    first = tasks.enqueue(session, Actor.system(), "count", {}, now=NOW, key="k")
    second = tasks.enqueue(session, Actor.system(), "count", {}, now=NOW, key="k")
    assert first.id == second.id
