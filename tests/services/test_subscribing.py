"""Subscriptions: once for each period, caught up once, with the rights of the day, to whom it may go, and ended by a link."""

from __future__ import annotations

import dataclasses
import io
from datetime import datetime, timedelta
from email import message_from_string
from typing import Any, Self

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.channels import mail
from metrology.channels.outcome import NotSent
from metrology.domain.problems import Problem
from metrology.jobs import worker
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.persistence.people import User
from metrology.persistence.reminders import Notice
from metrology.persistence.saved_reports import Delivery, Letter, NoticeFile, SavedReport, Subscription
from metrology.persistence.tasks import Task
from metrology.services import enclosures, keeping_reports, outbox, settings, subscribing, subscription_sending
from metrology.services.accounts import roles_named
from metrology.services.subscribing import SubscriptionFacts
from metrology.services.subscription_sending import Post
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.records import actor_of
from tests.services.test_own_lists import AWAY, HOME, create_rows

POST = Post("https://jl.example.cn", "secret")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)


def create_report(session: Session, owner: User, sharing: str = "private") -> SavedReport:
    query = "about=instruments&col=number&col=due"
    return keeping_reports.keep(session, actor_of(owner), "own_list", "我的清单", query, sharing, now=NOW)


def create_subscription(session: Session, owner: User, **facts: Any) -> Subscription:
    given = SubscriptionFacts(**{"with_pdf": False, **facts})
    return subscribing.subscribe(session, actor_of(owner), create_report(session, owner), given, now=NOW)


def deliver(session: Session) -> None:
    """What the worker does with the tasks that wait."""
    session.commit()
    for key in session.scalars(select(Delivery.id).where(Delivery.state == "making")).all():
        subscription_sending.make(session, key, POST, today=TODAY, now=lambda: NOW)
        session.commit()


def send(session: Session, row: Subscription, minutes: int = 0) -> None:
    subscription_sending.send_now(session, actor_of(row.user), row, now=NOW + timedelta(minutes=minutes))
    deliver(session)


# -- when


@pytest.mark.parametrize(
    ("rhythm", "day", "hour", "after", "expected"),
    [
        ("weekly", 1, 8, "2026-11-29 10:00", "2026-11-30 08:00"),
        ("weekly", 1, 8, "2026-11-30 07:59", "2026-11-30 08:00"),
        ("weekly", 1, 8, "2026-11-30 08:00", "2026-12-07 08:00"),
        ("monthly", 31, 6, "2026-11-29 10:00", "2026-11-30 06:00"),
        ("monthly", 31, 6, "2026-11-30 06:00", "2026-12-31 06:00"),
        ("monthly", 30, 6, "2027-02-01 00:00", "2027-02-28 06:00"),
        ("workdays", 0, 8, "2026-09-30 09:00", "2026-10-08 08:00"),  # the holiday of October
        ("workdays", 0, 8, "2026-10-09 09:00", "2026-10-10 08:00"),  # a Saturday worked to make up for it
    ],
)
def test_next_instant_keeps_the_offices_days(rhythm: str, day: int, hour: int, after: str, expected: str) -> None:
    assert subscribing.next_at(rhythm, day, hour, at(after)) == at(expected)


def test_a_period_is_served_once_however_often_it_is_asked(session: Session) -> None:
    row = create_subscription(session, create_user(session, "manager"))
    session.commit()
    due = row.next_at
    assert due is not None
    assert subscription_sending.queue_due(session, now=due - timedelta(seconds=1)) == 0
    assert subscription_sending.queue_due(session, now=due) == 1
    assert subscription_sending.queue_due(session, now=due) == 0
    session.refresh(row)
    assert row.next_at == due + timedelta(days=7)
    row.next_at = due  # as a process would see it that had read before
    session.commit()
    assert subscription_sending.queue_due(session, now=due) == 0, "the mark of the day refuses a second one"
    assert session.query(Delivery).count() == session.query(Task).filter_by(kind="report.send").count() == 1


def test_an_outage_of_weeks_is_caught_up_once(session: Session) -> None:
    row = create_subscription(session, create_user(session, "manager"), rhythm="workdays")
    session.commit()
    assert subscription_sending.queue_due(session, now=at("2026-12-15 09:30")) == 1
    assert session.scalars(select(Delivery.period)).all() == ["2026-12-15"]
    session.refresh(row)
    assert row.next_at == at("2026-12-16 08:00")


def test_two_runs_of_the_task_make_one_mail(session: Session) -> None:
    row = create_subscription(session, create_user(session, "manager"))
    for seconds in (0, 20):
        subscription_sending.send_now(session, actor_of(row.user), row, now=NOW + timedelta(seconds=seconds))
    deliver(session)
    key = session.scalars(select(Delivery.id)).one()
    subscription_sending.make(session, key, POST, today=TODAY, now=lambda: NOW)
    assert session.query(Notice).count() == session.query(Letter).count() == 1


def test_paused_nothing_is_due_and_what_was_missed_is_not_sent(session: Session) -> None:
    row = create_subscription(session, create_user(session, "manager"))
    subscribing.pause(session, actor_of(row.user), row, now=NOW)
    session.commit()
    later = NOW + timedelta(days=30)
    assert subscription_sending.queue_due(session, now=later) == 0
    subscribing.resume(session, actor_of(row.user), row, now=later)
    assert row.next_at is not None
    assert row.next_at > later


# -- with whose rights


def test_it_is_made_with_the_rights_its_owner_has_that_day(session: Session) -> None:
    create_rows(session, 2, district_code=HOME)
    create_rows(session, 3, district_code=AWAY)
    report = create_report(session, create_user(session, "manager"), "staff")
    reader = create_user(session, "manager", district_code=HOME)
    row = subscribing.subscribe(session, actor_of(reader), report, SubscriptionFacts(with_pdf=False), now=NOW)

    def rows_sent(minutes: int) -> int:
        send(session, row, minutes)
        data = session.scalars(select(NoticeFile.data).order_by(NoticeFile.id.desc())).first()
        assert data is not None
        return openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].max_row - 1

    assert rows_sent(0) == 2
    reader.district_code = None
    session.commit()
    assert rows_sent(1) == 5


@pytest.mark.parametrize(
    ("change", "reason", "mails"),
    [
        ("account", "account_inactive", 0),
        ("role", "own_list_not_allowed", 1),
        ("report", "report_gone", 1),
        ("sharing", "report_gone", 1),
    ],
)
def test_it_stops_and_says_so_when_its_owner_may_no_more(
    session: Session, change: str, reason: str, mails: int
) -> None:
    author, reader = create_user(session, "manager"), create_user(session, "manager")
    report = create_report(session, author, "staff")
    row = subscribing.subscribe(session, actor_of(reader), report, SubscriptionFacts(), now=NOW)
    session.commit()
    assert row.next_at is not None
    subscription_sending.queue_due(session, now=row.next_at)
    if change == "account":
        reader.active = False
    elif change == "role":
        reader.roles = roles_named(session, ["holder"])
    elif change == "report":
        keeping_reports.remove(session, actor_of(author), report, now=NOW)
    else:
        keeping_reports.change(session, actor_of(author), report, name="x", sharing="private", now=NOW)
    deliver(session)
    session.refresh(row)
    assert (row.state, row.stopped_because, row.next_at) == ("stopped", reason, None)
    assert session.scalars(select(Delivery.dropped_because)).all() == [reason]
    assert session.query(NoticeFile).count() == 0, "no data left the house"
    assert session.query(Notice).count() == mails


# -- to whom


def test_further_addresses_lie_at_allowed_domains_and_are_looked_at_again(session: Session) -> None:
    owner, chief = create_user(session, "manager"), actor_of(create_user(session, "administrator"))
    with pytest.raises(Problem, match="address_not_allowed"):
        create_subscription(session, owner, further=["li@xinxiang.gov.cn"])
    settings.change(session, chief, {"report_mail_domains": "xinxiang.gov.cn"}, now=NOW)
    with pytest.raises(Problem, match="address_not_allowed"):
        create_subscription(session, owner, further=["li@xinxiang.gov.cn.example.com"])
    row = create_subscription(session, owner, further=["li@xinxiang.gov.cn"])
    send(session, row)
    assert set(session.scalars(select(Letter.recipient))) == {owner.email, "li@xinxiang.gov.cn"}
    settings.change(session, chief, {"report_mail_domains": ""}, now=NOW)
    send(session, row, 1)
    assert session.query(Letter).filter_by(recipient="li@xinxiang.gov.cn").count() == 1


def test_the_mail_carries_the_files_and_a_header_that_ends_it(
    session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_rows(session, 2)
    row = create_subscription(session, create_user(session, "manager"), with_pdf=True)
    send(session, row)
    sent: list[str] = []

    class Server:
        def __init__(self, **_facts: Any) -> None:
            self._socket = self

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_fault: object) -> None:
            return None

        def sendmail(self, _sender: str, _to: list[str], text: str) -> None:
            sent.append(text)

    monkeypatch.setattr(mail, "AppriseSMTPController", Server)
    installation = dataclasses.replace(
        app.config["METROLOGY"], smtp_url="mailto://mail.example.cn?from=jl@example.cn", mail_from="jl@example.cn"
    )
    outbox.deliver_due(session, now=lambda: NOW, settings=installation, owner="x")
    letter = message_from_string(sent[0])
    token = subscribing.token_of(installation.secret_key, row.id, row.user.email)
    assert letter["List-Unsubscribe"] == f"<{installation.public_url}/reports/unsubscribe/{token}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    parts: dict[str, Any] = {part.get_content_type(): part for part in letter.walk()}
    assert parts["application/pdf"].get_payload(decode=True)[:4] == b"%PDF"
    assert "我的清单" in parts["text/plain"].get_payload(decode=True).decode()
    assert session.scalars(select(Notice.state)).all() == ["sent"]


def test_a_report_whose_files_are_gone_is_not_sent_without_them(session: Session) -> None:
    send(session, create_subscription(session, create_user(session, "manager")))
    assert subscription_sending.forget_files(session, now=NOW + timedelta(days=31)) == 1
    with pytest.raises(NotSent, match="no longer kept"):
        enclosures.files_of(session.scalars(select(Notice)).one())


def test_a_failed_sending_is_tried_again_and_seen(session: Session, app: Flask, client: FlaskClient) -> None:
    row = create_subscription(session, create_user(session, "manager"))
    send(session, row)

    def refuse(_notice: Notice, _settings: Any) -> None:
        raise NotSent("451 later")

    outbox.deliver_due(session, now=lambda: NOW, settings=app.config["METROLOGY"], owner="x", send=refuse)
    notice = session.scalars(select(Notice)).one()
    assert (notice.state, notice.last_error) == ("queued", "451 later")
    sign_in(client, row.user)
    assert "451 later" in client.get("/reports/subscriptions/").text


# -- the link in the mail


def test_one_click_ends_it_without_a_log_in_and_twice_is_once(
    session: Session, app: Flask, client: FlaskClient
) -> None:
    row = create_subscription(session, create_user(session, "manager"))
    session.commit()
    url = f"/reports/unsubscribe/{subscribing.token_of(app.config['METROLOGY'].secret_key, row.id, row.user.email)}"
    assert client.get(url).status_code == 200
    session.refresh(row)
    assert row.state == "active", "a program that opens links ends nothing"
    for _time in range(2):
        assert client.post(url, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    session.refresh(row)
    assert (row.state, row.next_at) == ("ended", None)
    assert client.post(url[:-3] + "abc").status_code == 404


def test_only_its_owner_changes_it_and_an_administrator_may_end_it(session: Session) -> None:
    row = create_subscription(session, create_user(session, "manager"))
    other, chief = actor_of(create_user(session, "manager")), actor_of(create_user(session, "administrator"))
    for act in (subscribing.pause, subscribing.resume, subscribing.end):
        with pytest.raises(Problem, match="subscription_not_yours"):
            act(session, other, row, now=NOW)
    assert subscribing.find(session, other, row.id) is None
    assert subscribing.seen(session, chief) == [row]
    subscribing.end(session, chief, row, now=NOW)
    with pytest.raises(Problem, match="subscription_ended"):
        subscribing.resume(session, actor_of(row.user), row, now=NOW)


# -- kept reports


@pytest.mark.parametrize(
    ("sharing", "district", "sees"),
    [
        ("private", None, False),
        ("office", None, False),
        ("office", AWAY, False),
        ("office", HOME, True),
        ("staff", AWAY, True),
    ],
)
def test_who_sees_a_kept_report(session: Session, sharing: str, district: str | None, sees: bool) -> None:
    report = create_report(session, create_user(session, "manager", district_code=HOME), sharing)
    reader = actor_of(create_user(session, "officer", district_code=district))
    assert (keeping_reports.find(session, reader, report.id) is not None) is sees
    with pytest.raises(Problem, match="report_not_yours"):
        keeping_reports.remove(session, reader, report, now=NOW)


def test_the_overdue_report_is_kept_with_its_filters_and_sent(
    session: Session, app: Flask, client: FlaskClient
) -> None:
    user = create_user(session, "manager")
    sign_in(client, user)
    kept = {"kind": "overdue", "query": f"district={HOME}", "name": "红旗区逾期", "sharing": "private"}
    answer = client.post("/reports/saved/", data=kept)
    report = session.scalars(select(SavedReport)).one()
    assert answer.location == f"/reports/overdue?district={HOME}&saved={report.id}"
    assert client.get(answer.location).status_code == 200
    wanted = {
        "rhythm": "weekly",
        "weekday": "1",
        "monthday": "1",
        "hour": "8",
        "with_pdf": "y",
        "with_xlsx": "y",
        "language": "en",
    }
    client.post(f"/reports/saved/{report.id}/subscribe", data=wanted)
    row = session.scalars(select(Subscription)).one()
    subscription_sending.send_now(session, actor_of(user), row, now=clock.now_utc())
    session.commit()
    assert worker.run_all(lambda: Session(db.engine), app.config["METROLOGY"]) == 1
    sent = session.scalars(select(NoticeFile).order_by(NoticeFile.id)).all()
    assert [(one.name.rpartition(".")[2], one.size > 0) for one in sent] == [("pdf", True), ("xlsx", True)]


def test_a_removed_report_can_be_put_back(session: Session, client: FlaskClient) -> None:
    user = create_user(session, "manager")
    report = create_report(session, user)
    sign_in(client, user)
    client.post(f"/reports/saved/{report.id}/remove")
    assert client.get(f"/reports/saved/{report.id}").status_code == 404
    client.post(f"/reports/saved/{report.id}/restore")
    assert client.get(f"/reports/saved/{report.id}").location == f"/reports/lists/?{report.query}&saved={report.id}"
