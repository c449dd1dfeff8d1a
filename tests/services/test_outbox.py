"""The outbox: sent once it was sent, tried again while it was not, never lost, the same Message-ID at every try."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from metrology.channels.outcome import NotSent, NotSetUp
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.reminders import Notice
from metrology.services.outbox import Delivery, deliver_due, message_id_of, release_withheld, resend
from tests.conftest import NOW

_numbers = count(1)
OFFICER = Actor(None, "Wang", frozenset({"officer"}))


def _notice(session: Session, **facts: Any) -> Notice:
    key = f"n{next(_numbers)}"
    values: dict[str, Any] = {
        "key": key, "kind": "reminder", "channel": "email", "recipient": "a@example.cn", "subject": "s", "body": "b",
        "message_id": message_id_of(key), "not_before": NOW, "created_at": NOW,
    }  # fmt: skip
    notice = Notice(**{**values, **facts})
    session.add(notice)
    session.commit()
    return notice


class Post:
    """A channel that does what it is told to."""

    def __init__(self, *faults: Exception | None) -> None:
        self.faults = list(faults)
        self.seen: list[str] = []

    def __call__(self, notice: Notice, _settings: Any) -> None:
        self.seen.append(notice.message_id)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault


def _deliver(session: Session, post: Post, at: datetime = NOW, owner: str = "w1") -> Delivery:
    done = deliver_due(session, now=lambda: at, settings=None, owner=owner, send=post)  # type: ignore[arg-type]
    session.expire_all()
    return done


def test_a_notice_goes_out_once(session: Session) -> None:
    notice = _notice(session)
    post = Post()
    assert _deliver(session, post).sent == 1
    assert _deliver(session, post).sent == 0
    assert (notice.state, len(post.seen)) == ("sent", 1)


def test_a_fault_is_tried_again_with_the_same_message_id(session: Session) -> None:
    notice = _notice(session)
    post = Post(NotSent("451 greylisted"), None)
    _deliver(session, post)
    assert (notice.state, notice.last_error) == ("queued", "451 greylisted")
    assert _deliver(session, post, NOW + timedelta(seconds=59)).sent == 0
    assert _deliver(session, post, NOW + timedelta(seconds=60)).sent == 1
    assert len(set(post.seen)) == 1


def test_an_outage_of_three_days_loses_nothing(session: Session) -> None:
    notice = _notice(session)
    post = Post(*[NotSent("no route")] * 500)
    at = NOW
    while at < NOW + timedelta(hours=72):
        _deliver(session, post, at)
        at += timedelta(minutes=10)
    assert notice.state == "queued"
    post.faults = []
    _deliver(session, post, at + timedelta(hours=1))
    assert notice.state == "sent"


def test_after_four_days_it_is_given_up_visibly(session: Session) -> None:
    notice = _notice(session)
    _deliver(session, Post(NotSent("no route")), NOW + timedelta(hours=97))
    assert (notice.state, notice.last_error) == ("failed", "no route")


def test_an_address_that_does_not_exist_is_not_tried_again(session: Session) -> None:
    notice = _notice(session)
    _deliver(session, Post(NotSent("550 no such user", is_final=True)))
    assert notice.state == "failed"


def test_without_a_mail_server_it_is_withheld_and_goes_when_there_is_one(session: Session) -> None:
    notice = _notice(session)
    _deliver(session, Post(NotSetUp("no server")))
    assert notice.state == "withheld"
    assert release_withheld(session, now=NOW + timedelta(hours=1)) == 1
    _deliver(session, Post(), NOW + timedelta(hours=1))
    session.refresh(notice)
    assert notice.state == "sent"


def test_a_notice_whose_sender_died_is_taken_over_after_its_lease(session: Session) -> None:
    notice = _notice(session, state="sending", lease_owner="dead", lease_until=NOW + timedelta(minutes=5), tries=1)
    post = Post()
    assert _deliver(session, post, NOW + timedelta(minutes=4)).sent == 0
    assert _deliver(session, post, NOW + timedelta(minutes=6)).sent == 1
    assert notice.state == "sent"


def test_a_robot_gets_twenty_a_minute(session: Session) -> None:
    for _time in range(22):
        _notice(session, channel="wecom", recipient="https://robot")
    post = Post()
    assert _deliver(session, post).sent == 20
    assert _deliver(session, post, NOW + timedelta(minutes=2)).sent == 2


def test_a_failed_notice_can_be_sent_again_and_a_sent_one_is_copied(session: Session) -> None:
    failed = _notice(session, state="failed", tries=9)
    assert resend(session, OFFICER, failed, now=NOW).id == failed.id
    assert failed.state == "queued"
    sent = _notice(session, state="sent", sent_at=NOW)
    copy = resend(session, OFFICER, sent, now=NOW)
    assert copy.resend_of_id == sent.id
    assert copy.message_id != sent.message_id
    with pytest.raises(Problem, match="notice_still_queued"):
        resend(session, OFFICER, copy, now=NOW)
