"""Reminders and background tasks as pages: addresses masked for readers, sent again by officers, tasks tried again and cancelled."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology import jobs
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.reminders import Notice
from metrology.persistence.tasks import Task
from metrology.services import reminder_outlook, tasks
from metrology.web import labels
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in

OFFICER = Actor(None, "Wang", frozenset({"officer"}))


def _notice(session: Session, state: str = "sent", **fields: Any) -> Notice:
    given = {
        "key": "k", "kind": "reminder", "channel": "email", "recipient": "wang.li@example.cn", "subject": "强制检定提醒", "body": "正文",
        "message_id": "m", "not_before": NOW, "created_at": NOW, "state": state, **fields,
    }  # fmt: skip
    notice = Notice(**given)
    session.add(notice)
    session.flush()
    return notice


def _page(client: FlaskClient, session: Session, role: str, url: str) -> str:
    sign_in(client, create_user(session, role))
    return client.get(url).get_data(as_text=True)


def test_who_only_reads_sees_no_whole_address(client: FlaskClient, session: Session) -> None:
    notice = _notice(session)
    for url in ("/reminders/", f"/reminders/{notice.id}"):
        assert "wang.li@" not in _page(client, session, "auditor", url)
        assert "wang.li@example.cn" in _page(client, session, "officer", url)


def test_the_key_of_a_robot_is_shown_to_nobody(client: FlaskClient, session: Session) -> None:
    _notice(session, channel="wecom", recipient="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6")
    page = _page(client, session, "officer", "/reminders/")
    assert "693a91f6" not in page
    assert "qyapi.weixin.qq.com/…91f6" in page


def test_an_officer_sends_a_failed_message_again(client: FlaskClient, session: Session) -> None:
    notice = _notice(session, "failed", tries=9)
    sign_in(client, create_user(session, "officer"))
    assert client.post(f"/reminders/{notice.id}/resend").status_code == 302
    assert session.get_one(Notice, notice.id).state == "queued"


def test_withheld_messages_say_why(client: FlaskClient, session: Session) -> None:
    _notice(session, "withheld")
    assert "METROLOGY_SMTP_URL" in _page(client, session, "officer", "/reminders/")


def test_another_districts_messages_do_not_exist(client: FlaskClient, session: Session) -> None:
    holder = Holder(number="H", name="n", identity_key="n", district_code="410783", created_at=NOW, updated_at=NOW)
    session.add(holder)
    session.flush()
    notice = _notice(session, holder_id=holder.id)
    sign_in(client, create_user(session, "officer", district_code="410702"))
    assert client.get(f"/reminders/{notice.id}").status_code == 404
    assert "强制检定提醒" not in client.get("/reminders/").get_data(as_text=True)


def test_the_outlook_counts_stages_and_who_cannot_be_told(session: Session) -> None:
    for number, (days, mail) in enumerate([(31, "a@x.cn"), (61, ""), (-6, "c@x.cn"), (40, "d@x.cn")]):
        holder = Holder(
            number=f"H{number}", name=f"n{number}", identity_key=f"n{number}", created_at=NOW, updated_at=NOW
        )
        holder.contacts.append(Contact(name="c", email=mail))
        session.add(holder)
        session.flush()
        key = f"s{number}"
        session.add(
            Instrument(
                number=key, public_code=key, type_code="fuel_dispenser", serial_number=key, serial_key=key, state="in_use",
                due_date=TODAY.fromordinal(TODAY.toordinal() + days), due_basis="ledger", holder_id=holder.id, created_at=NOW,
                updated_at=NOW,
            )
        )  # fmt: skip
    session.flush()
    days = reminder_outlook.outlook(session, OFFICER, today=TODAY)
    assert (days[0].instruments, days[0].holders, days[0].unreachable) == (3, 3, 1)
    assert [day.instruments for day in days].index(1) == 7  # the overdue one, a week later
    assert [day.instruments for day in days][9] == 1  # 30 days before, of the one due in 40


def _task(session: Session, **fields: Any) -> Task:
    task = tasks.enqueue(session, OFFICER, "search.reindex", {}, now=NOW)
    for name, value in fields.items():
        setattr(task, name, value)
    session.flush()
    return task


def test_a_failed_task_is_tried_again(client: FlaskClient, session: Session) -> None:
    task = _task(session, state="failed", tries=8, error="no space", finished_at=NOW)
    assert "no space" in _page(client, session, "administrator", f"/tasks/{task.id}")
    client.post(f"/tasks/{task.id}/retry")
    again = session.get_one(Task, task.id)
    assert (again.state, again.tries, again.finished_at) == ("queued", 0, None)


def test_only_a_waiting_task_is_cancelled(session: Session) -> None:
    waiting, running = _task(session), _task(session, state="running")
    tasks.cancel(session, OFFICER, waiting, now=NOW)
    assert waiting.state == "cancelled"
    with pytest.raises(Problem, match="task_not_waiting"):
        tasks.cancel(session, OFFICER, running, now=NOW)
    with pytest.raises(Problem, match="task_not_waiting"):
        tasks.retry_now(session, OFFICER, running, now=NOW)


def test_progress_is_told_to_the_page_that_watches(client: FlaskClient, session: Session) -> None:
    task = _task(session, state="running", progress=40, total=100, note="第 40 行")
    sign_in(client, create_user(session, "auditor"))
    assert client.get(f"/tasks/{task.id}/progress").json == {
        "progress": 40,
        "total": 100,
        "note": "第 40 行",
        "state": "running",
    }
    assert client.post(f"/tasks/{task.id}/retry").status_code == 403


def test_every_kind_of_task_has_a_name() -> None:
    handled = {kind for module in iter_modules(jobs.__path__) for kind in _kinds(module.name)}
    assert len(handled) > 10
    assert handled == set(labels.TASK_KINDS)


def _kinds(module: str) -> dict[str, Any]:
    return getattr(import_module(f"{jobs.__name__}.{module}"), "TASKS", {})


def test_a_task_says_what_came_of_it_and_where_to_look(client: FlaskClient, session: Session) -> None:
    result = {"same": 1234, "different": 2, "problems": [], "step": "approve"}
    task = _task(
        session, kind="reconciliation.compare", state="done", arguments={"reconciliation_id": 7}, result=result
    )
    page = _page(client, session, "administrator", f"/tasks/{task.id}?lang=en")
    assert "Comparing a ledger of another system" in page
    assert 'href="/exchange/7"' in page
    for words in ("Alike", "1,234", "Differing", "Step", "Approve"):
        assert f">{words}<" in page
    assert "[]" not in page
