"""The list of saved reports says which are sent by mail, when, to how many addresses, and by whom to those who may know."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence import clock
from metrology.persistence.people import User
from metrology.persistence.saved_reports import SavedReport, Subscription
from metrology.services import subscribing
from metrology.services.subscribing import SubscriptionFacts
from tests.conftest import NOW
from tests.people import create_user, sign_in
from tests.records import actor_of
from tests.services.test_subscribing import create_report


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)


def _subscribe(session: Session, report: SavedReport, user: User, *further: str, **facts: Any) -> Subscription:
    row = subscribing.subscribe(session, actor_of(user), report, SubscriptionFacts(**facts), now=NOW)
    row.further = list(further)
    session.flush()
    return row


def _by_mail(client: FlaskClient, user: User, language: str = "en") -> list[str]:
    """What stands under “By mail” of each report, its addresses in brackets."""
    sign_in(client, user)
    page = client.get(f"/reports/saved/?lang={language}").text
    heading = {"en": "By mail", "zh_Hans_CN": "邮件发送"}[language]
    cells = re.findall(rf'<td data-label="{heading}">(.*?)</td>', page, re.DOTALL)
    told = [re.sub(r'<a href="([^"]*)">', r"[\1] ", cell) for cell in cells]
    return [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in told]


def test_each_report_says_when_it_is_sent(session: Session, client: FlaskClient) -> None:
    owner = create_user(session, "manager")
    first, second, never = (create_report(session, owner) for _time in range(3))
    weekly = _subscribe(session, first, owner, "a@example.cn", "b@example.cn", rhythm="weekly", day=1)
    paused = _subscribe(session, second, owner, rhythm="monthly", day=31)
    subscribing.pause(session, actor_of(owner), paused, now=NOW)
    ended = _subscribe(session, never, owner, rhythm="workdays")
    subscribing.end(session, actor_of(owner), ended, now=NOW)
    session.commit()
    edit = "/reports/subscriptions/{}/edit".format
    assert _by_mail(client, owner) == [
        "—",
        f"[{edit(paused.id)}] on day 31 of the month at 08:00 Paused to 1 address",
        f"[{edit(weekly.id)}] Monday at 08:00 to 3 addresses",
    ]
    assert _by_mail(client, owner, "zh_Hans_CN") == [
        "—",
        f"[{edit(paused.id)}] 每月 31 日 08:00 已暂停 发至 1 个邮箱",
        f"[{edit(weekly.id)}] 每星期一 08:00 发至 3 个邮箱",
    ]
    assert client.get(edit(weekly.id)).status_code == 200


def test_by_whom_it_is_sent_is_seen_by_who_sees_accounts(session: Session, client: FlaskClient) -> None:
    owner, reader, admin = (create_user(session, role) for role in ("manager", "officer", "administrator"))
    shared = create_report(session, owner, "staff")
    _subscribe(session, shared, reader, rhythm="workdays")
    session.commit()
    assert _by_mail(client, owner) == ["—"]
    assert _by_mail(client, admin) == [f"[/reports/subscriptions/] every workday at 08:00 to 1 address · {reader.name}"]
    mine = _subscribe(session, shared, admin, rhythm="weekly", day=5)
    for day in (1, 2, 3):
        _subscribe(session, shared, reader, rhythm="weekly", day=day)
    session.commit()
    told = _by_mail(client, admin)[0]
    assert told.startswith(f"[/reports/subscriptions/{mine.id}/edit] Friday at 08:00 to 1 address [")
    assert told.endswith("[/reports/subscriptions/] and 2 more")
    assert "every workday" not in told
