"""Webhooks: everything in order and at least once, only what the account may see, secrets that change without a stop."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from metrology.channels.outcome import NotSent
from metrology.channels.webhook import Answer
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.domain.webhook import AT_MOST
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.persistence.reminders import Notice
from metrology.persistence.webhooks import WebhookDelivery, WebhookEndpoint
from metrology.services import change_feed, holding, webhook_sending, webhooks
from metrology.services.accounts import roles_named
from metrology.services.signing_in import actor_of
from metrology.services.webhook_sending import Round
from metrology.services.webhooks import WebhookFacts
from tests.conftest import NOW, TODAY
from tests.hooks import ADMINISTRATOR, create_webhook, send, settings_for
from tests.people import create_user
from tests.receiver import Receiver, receiving, say
from tests.records import create_holder, create_scale

HOUR = timedelta(hours=1)
KINDS = ("instrument",)


@pytest.fixture
def box() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def deliveries(session: Session) -> list[WebhookDelivery]:
    return list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))


def scales(session: Session, *serials: str) -> list[int]:
    made = [create_scale(session, serial) for serial in serials]
    session.commit()
    return [one.id for one in made]


def in_district(session: Session, district: str, name: str) -> Instrument:
    holder = create_holder(session, name)
    holder.district_code = district
    session.flush()
    return create_scale(session, f"S-{name}", holder_id=holder.id)


# -- what comes


def test_changes_come_signed_in_order_and_once(session: Session, box: Receiver) -> None:
    row, secret = create_webhook(session, box.url, kinds=KINDS)
    first = scales(session, "A", "B")
    assert send(session, box.host).delivered == 1
    second = scales(session, "C")
    assert send(session, box.host).delivered == 1
    assert send(session, box.host).delivered == 0
    keys = [one["key"] for message in box.messages for one in message.data["changes"]]
    assert keys == [*first, *second]
    assert all(message.is_signed_with(secret) for message in box.messages)
    assert box.messages[1].data["after"] == box.messages[0].data["next"] == deliveries(session)[0].upto
    assert (row.cursor, row.state, row.delivered_at) == (box.messages[1].data["next"], "active", NOW)
    assert box.messages[0].headers["webhook-timestamp"] == str(int(NOW.timestamp()))


def test_a_message_tells_what_the_feed_tells(session: Session, box: Receiver) -> None:
    owner = create_user(session, "officer")
    row, _secret = create_webhook(session, box.url, owner=owner)
    begin = row.cursor
    create_scale(session)
    send(session, box.host)
    page = change_feed.page(session, change_feed.reader(actor_of(owner)), after=begin)
    (message,) = box.messages
    assert message.data["changes"] == [one.told() for one in page.changes]
    assert (message.data["next"], message.data["has_more"]) == (page.next, False)
    assert json.loads(message.body)["type"] == "changes"


def test_many_changes_come_in_several_messages(
    session: Session, box: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sending, "AT_MOST", 2)
    create_webhook(session, box.url, kinds=KINDS)
    scales(session, *"ABCDE")
    assert send(session, box.host).delivered == 3
    assert [len(one.data["changes"]) for one in box.messages] == [2, 2, 1]
    assert [one.data["has_more"] for one in box.messages] == [True, True, False]
    assert box.changes == sorted(set(box.changes))
    assert AT_MOST <= change_feed.MOST


def test_what_concerns_it_not_moves_it_on_without_a_message(session: Session, box: Receiver) -> None:
    row, _secret = create_webhook(session, box.url, kinds=("place",))
    scales(session, "A")
    assert webhooks.behind(session, row) > 0
    send(session, box.host)
    assert (box.messages, webhooks.behind(session, row)) == ([], 0)


def test_it_may_begin_at_a_cursor_read_before(session: Session, box: Receiver) -> None:
    owner = create_user(session, "officer")
    begin = change_feed.cursor_now(session, webhooks.reader_of(owner))
    between = scales(session, "A")
    create_webhook(session, box.url, owner=owner, kinds=KINDS, after=begin)
    send(session, box.host)
    assert [one["key"] for one in box.messages[0].data["changes"]] == between
    with pytest.raises(Problem, match="bad_cursor"):
        create_webhook(session, box.url, owner=owner, after="nonsense")


# -- at least once


def test_what_was_not_taken_comes_again_the_same_with_growing_pauses(session: Session, box: Receiver) -> None:
    row, secret = create_webhook(session, box.url, kinds=KINDS)
    scales(session, "A")
    box.replies += [say(500, b"down"), say(302, b"", Location="http://127.0.0.1:1/")]
    assert send(session, box.host).failed == 1
    assert (row.tries, row.failing_since, row.next_try_at - NOW) == (1, NOW, timedelta(seconds=30))
    assert (deliveries(session)[0].last_status, deliveries(session)[0].last_answer) == (500, "down")
    scales(session, "B")
    send(session, box.host, at=NOW + timedelta(seconds=29))
    assert len(box.messages) == 1
    later = NOW + timedelta(seconds=30)
    assert send(session, box.host, at=later).failed == 1
    assert row.next_try_at - later == timedelta(seconds=60)
    assert send(session, box.host, at=NOW + HOUR).delivered == 2
    assert [one.body for one in box.messages[:3]] == [box.messages[0].body] * 3
    assert len({one.id for one in box.messages[:3]}) == 1
    assert box.messages[2].headers["webhook-timestamp"] != box.messages[0].headers["webhook-timestamp"]
    assert all(one.is_signed_with(secret) for one in box.messages)
    assert box.changes == sorted(box.changes)
    assert (row.tries, row.failing_since) == (0, None)
    assert [one.tries for one in deliveries(session)] == [3, 1]


def test_a_sender_killed_between_sending_and_noting_sends_the_same_again(session: Session, box: Receiver) -> None:
    row, _secret = create_webhook(session, box.url, kinds=KINDS)
    scales(session, "A")

    class Killed(BaseException):
        pass

    def post(target: Any, body: bytes, headers: Any) -> Answer:
        from metrology.channels import webhook

        webhook.post(target, body, headers)
        raise Killed

    with pytest.raises(Killed):
        send(session, box.host, post=post)
    session.rollback()
    assert send(session, box.host, name="w2").delivered == 0, "its lease still holds"
    later = NOW + webhook_sending.LEASE + timedelta(seconds=1)
    assert send(session, box.host, at=later, name="w2").delivered == 1
    assert [one.id for one in box.messages] == [box.messages[0].id] * 2
    assert box.messages[0].body == box.messages[1].body
    assert (row.state, deliveries(session)[0].state, deliveries(session)[0].tries) == ("active", "delivered", 2)


@pytest.mark.parametrize(
    ("status", "asked", "seconds"),
    [
        (429, "600", 600),
        (503, "Sun, 22 Nov 2026 03:00:00 GMT", 3600),
        (503, "5", 30),
        (503, "soon", 30),
        (429, "86400", 6 * 3600),
    ],
)  # fmt: skip
def test_a_receiver_that_asks_to_be_left_alone_is_within_six_hours(
    session: Session, box: Receiver, status: int, asked: str, seconds: int
) -> None:
    row, _secret = create_webhook(session, box.url, kinds=KINDS)
    scales(session, "A")
    box.replies.append(say(status, **{"Retry-After": asked}))
    assert send(session, box.host).failed == 1
    assert (row.next_try_at - NOW, row.state) == (timedelta(seconds=seconds), "active")


def test_one_message_of_an_endpoint_is_under_way_at_a_time(session: Session, box: Receiver) -> None:
    create_webhook(session, box.url, kinds=KINDS)
    scales(session, "A")
    inner: list[int] = []

    def post(_target: Any, _body: bytes, _headers: Any) -> Answer:
        inner.append(send(session, box.host, name="w2").delivered)
        return Answer(204, "")

    assert send(session, box.host, post=post).delivered == 1
    assert (inner, box.messages) == ([0], [])


def test_a_turn_that_was_taken_over_writes_nothing(session: Session, box: Receiver) -> None:
    row, _secret = create_webhook(session, box.url, kinds=KINDS)
    scales(session, "A")
    begin = row.cursor

    def post(_target: Any, _body: bytes, _headers: Any) -> Answer:
        session.execute(update(WebhookEndpoint).values(lease_owner="w2"))
        session.commit()
        return Answer(204, "")

    send(session, box.host, post=post)
    assert (row.cursor, row.lease_owner) == (begin, "w2")
    assert [one.state for one in deliveries(session)] == ["waiting"]


# -- secrets


def test_during_the_overlap_both_secrets_sign(session: Session, box: Receiver) -> None:
    row, old = create_webhook(session, box.url, kinds=KINDS)
    last = TODAY + timedelta(days=7)
    new = webhooks.rotate(session, ADMINISTRATOR, row, last, settings=settings_for(), today=TODAY, now=NOW)
    scales(session, "A")
    send(session, box.host, today=last)
    scales(session, "B")
    send(session, box.host, today=last + timedelta(days=1))
    during, after = box.messages
    assert (during.is_signed_with(old), during.is_signed_with(new)) == (True, True)
    assert (after.is_signed_with(old), after.is_signed_with(new)) == (False, True)
    with pytest.raises(Problem, match="bad_overlap"):
        webhooks.rotate(
            session, ADMINISTRATOR, row, TODAY + timedelta(days=91), settings=settings_for(), today=TODAY, now=NOW
        )


def test_secrets_and_bodies_stand_in_no_journal_and_no_log(
    session: Session, box: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    row, secret = create_webhook(session, f"{box.url}?key=s3cret")
    new = webhooks.rotate(session, ADMINISTRATOR, row, TODAY, settings=settings_for(), today=TODAY, now=NOW)
    scales(session, "A")
    box.replies.append(say(500))
    send(session, box.host)
    webhooks.end(session, ADMINISTRATOR, row, now=NOW)
    session.commit()
    entries = list(session.scalars(select(JournalEntry).where(JournalEntry.object_kind == "webhook_endpoint")))
    assert [one.action for one in entries] == ["webhook.made", "webhook.rotated", "webhook.ended"]
    told = json.dumps([one.changes for one in entries])
    for hidden in (secret, new, secret[6:], new[6:], "s3cret", box.messages[0].id):
        assert hidden not in told
        assert hidden not in caplog.text
    assert (row.secret, row.previous_secret) == ("", "")


def test_a_secret_lies_sealed_and_opens_in_its_row_alone(session: Session) -> None:
    (one, secret), (other, _) = create_webhook(session), create_webhook(session)
    key = settings_for().secret_key
    assert secret not in one.secret
    assert webhooks.secrets_of(one, key, today=TODAY) == (secret,)
    other.secret = one.secret
    for row, under in ((other, key), (one, key + "x")):
        with pytest.raises(Problem, match="secret_unreadable"):
            webhooks.secrets_of(row, under, today=TODAY)


# -- rights


def test_a_district_hears_of_its_own_at_the_moment_of_sending(session: Session, box: Receiver) -> None:
    owner = create_user(session, "officer", district_code="410702")
    create_webhook(session, box.url, owner=owner, kinds=KINDS)
    own, foreign = in_district(session, "410702", "甲"), in_district(session, "410703", "乙")
    session.commit()
    send(session, box.host)
    assert {one["key"] for one in box.messages[0].data["changes"]} == {own.id}
    assert foreign.id != own.id


def test_what_left_the_scope_meanwhile_is_not_told_from_an_older_message(session: Session, box: Receiver) -> None:
    owner = create_user(session, "officer", district_code="410702")
    create_webhook(session, box.url, owner=owner, kinds=KINDS)
    staying, leaving = in_district(session, "410702", "甲"), in_district(session, "410702", "乙")
    session.commit()
    box.replies.append(say(500))
    send(session, box.host)
    assert {one["key"] for one in box.messages[0].data["changes"]} == {staying.id, leaving.id}
    city = Actor(None, "Wang", frozenset({"officer"}))
    assert leaving.holder is not None
    holding.revise_holder(session, city, leaving.holder, {"district_code": "410703"}, now=NOW)
    send(session, box.host, at=NOW + HOUR)
    again = box.messages[1]
    assert again.id != box.messages[0].id
    assert [(one["change"], one["key"]) for one in again.data["changes"]] == [
        ("entered", staying.id),
        ("gone", leaving.id),
    ]
    assert [one.state for one in deliveries(session)] == ["withdrawn", "delivered"]


def test_kinds_the_account_may_read_no_more_are_left_out(session: Session, box: Receiver) -> None:
    owner = create_user(session, "officer")
    row, _secret = create_webhook(session, box.url, owner=owner, kinds=("instrument", "complaint"))
    owner.roles = roles_named(session, ("verifier",))
    scales(session, "A")
    send(session, box.host)
    assert {one["kind"] for one in box.messages[0].data["changes"]} == {"instrument"}
    row.kinds = ["complaint"]
    scales(session, "B")
    assert send(session, box.host).paused == 1
    assert (row.state, row.stopped_because, len(box.messages)) == ("paused", "nothing_readable", 1)


def test_a_deactivated_account_is_told_nothing(session: Session, box: Receiver) -> None:
    owner = create_user(session, "officer")
    row, _secret = create_webhook(session, box.url, owner=owner, kinds=KINDS)
    owner.active = False
    scales(session, "A")
    send(session, box.host)
    assert (row.state, row.stopped_because, box.messages) == ("paused", "owner_inactive", [])
    with pytest.raises(Problem, match="account_inactive"):
        webhooks.resume(session, ADMINISTRATOR, row, now=NOW)
    owner.active = True
    webhooks.resume(session, ADMINISTRATOR, row, now=NOW)
    send(session, box.host)
    assert len(box.changes) == 1


def test_another_scope_needs_a_new_beginning(session: Session, box: Receiver) -> None:
    owner = create_user(session, "officer")
    row, _secret = create_webhook(session, box.url, owner=owner, kinds=KINDS)
    owner.district_code = "410702"
    scales(session, "A")
    send(session, box.host)
    assert (row.state, row.stopped_because) == ("paused", "cursor_lost")
    with pytest.raises(Problem, match="cursor_lost"):
        webhooks.resume(session, ADMINISTRATOR, row, now=NOW)
    webhooks.resume(session, ADMINISTRATOR, row, now=NOW, from_now=True)
    own = in_district(session, "410702", "甲")
    send(session, box.host)
    assert [one["key"] for one in box.messages[0].data["changes"]] == [own.id]


def test_for_whom_an_administrator_makes_one(session: Session) -> None:
    person = create_user(session, "officer", password="x")
    with pytest.raises(Problem, match="token_of_a_person"):
        create_webhook(session, owner=person, kinds=KINDS)
    with pytest.raises(Problem, match="bad_choice"):
        create_webhook(session, owner=create_user(session, "verifier"), kinds=("complaint",))
    officer = create_user(session, "officer")
    facts = WebhookFacts("ERP", "https://erp.example.cn", KINDS)
    with pytest.raises(Problem, match="outside_scope"):
        webhooks.make(session, actor_of(officer), officer, facts, settings=settings_for(), now=NOW)


def test_a_token_gives_away_no_more_than_it_may_read(session: Session) -> None:
    both = create_user(session, "administrator", "officer")
    narrow = Actor(both.id, "x", both.role_names, only=frozenset({"webhook.edit", "instrument.view"}))
    facts = WebhookFacts("ERP", "https://erp.example.cn", ("instrument", "complaint"))
    with pytest.raises(Problem, match="bad_choice"):
        webhooks.make(session, narrow, both, facts, settings=settings_for(), now=NOW)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (WebhookFacts(" ", "https://erp.example.cn", KINDS), "bad_name"),
        (WebhookFacts("ERP", "http://erp.example.cn", KINDS), "webhook_needs_https"),
        (WebhookFacts("ERP", "https://127.0.0.1", KINDS), "webhook_host_private"),
        (WebhookFacts("ERP", "https://erp.example.cn", ()), "webhook_kinds_missing"),
    ],
)
def test_what_is_refused_of_an_endpoint(session: Session, facts: WebhookFacts, code: str) -> None:
    with pytest.raises(Problem, match=code):
        webhooks.check(ADMINISTRATOR, create_user(session, "officer"), facts, settings_for())


# -- stopping


def test_after_three_days_in_vain_it_is_paused_and_nothing_is_lost(session: Session, box: Receiver) -> None:
    administrator = create_user(session, "administrator", language="en")
    create_user(session, "administrator", active=False)
    row, _secret = create_webhook(session, box.url, kinds=KINDS)
    keys = scales(session, "A")

    def refuse(_target: Any, _body: bytes, _headers: Any) -> Answer:
        raise NotSent("ConnectionRefusedError")

    at, tries = NOW, 0
    while row.state == "active":
        tries += send(session, box.host, at=at, post=refuse).failed
        assert at <= NOW + timedelta(hours=80)
        at += timedelta(minutes=30)
    assert at - timedelta(minutes=30) - NOW >= timedelta(hours=72)
    assert tries >= 15
    assert (row.state, row.stopped_because, row.failing_since) == ("paused", "failing", NOW)
    (notice,) = session.scalars(select(Notice).where(Notice.kind == "webhook"))
    assert (notice.user_id, notice.recipient, notice.subject) == (
        administrator.id,
        administrator.email,
        "Webhook paused: ERP",
    )
    assert f"/webhooks/{row.id}" in notice.body
    assert send(session, box.host, at=at + HOUR).delivered == 0
    webhooks.resume(session, ADMINISTRATOR, row, now=at)
    keys += scales(session, "B")
    assert send(session, box.host, at=at).delivered == 2
    assert [one["key"] for message in box.messages for one in message.data["changes"]] == keys


def test_an_address_that_is_gone_is_paused_at_once(session: Session, box: Receiver) -> None:
    row, _secret = create_webhook(session, box.url, kinds=KINDS)
    scales(session, "A")
    box.replies.append(say(410))
    assert send(session, box.host).paused == 1
    assert (row.state, row.stopped_because) == ("paused", "gone")


def test_a_host_the_installation_no_longer_names_is_not_called(session: Session, box: Receiver) -> None:
    row, _secret = create_webhook(session, box.url, kinds=KINDS)
    scales(session, "A")
    assert send(session).failed == 1
    assert (box.messages, row.tries, deliveries(session)[0].last_answer) == ([], 1, "webhook_needs_https")


def test_pausing_resuming_ending(session: Session, box: Receiver) -> None:
    row, _secret = create_webhook(session, box.url, kinds=KINDS)
    webhooks.pause(session, ADMINISTRATOR, row, now=NOW)
    scales(session, "A")
    assert send(session, box.host).delivered == 0
    webhooks.resume(session, ADMINISTRATOR, row, now=NOW)
    assert send(session, box.host).delivered == 1
    webhooks.end(session, ADMINISTRATOR, row, now=NOW)
    scales(session, "B")
    assert send(session, box.host).delivered == 0
    with pytest.raises(Problem, match="webhook_ended"):
        webhooks.resume(session, ADMINISTRATOR, row, now=NOW)


def test_who_pauses_it_while_a_message_is_under_way_is_obeyed(session: Session, box: Receiver) -> None:
    row, _secret = create_webhook(session, box.url, kinds=KINDS)
    scales(session, "A")

    def post(_target: Any, _body: bytes, _headers: Any) -> Answer:
        webhooks.end(session, ADMINISTRATOR, session.get_one(WebhookEndpoint, row.id), now=NOW)
        session.commit()
        return Answer(410, "")

    send(session, box.host, post=post)
    assert (row.state, row.stopped_because, row.lease_until) == ("ended", "", None)
    assert session.scalar(select(Notice.id).where(Notice.kind == "webhook")) is None


def test_another_address_is_tried_at_once(session: Session, box: Receiver) -> None:
    row, _secret = create_webhook(session, "http://127.0.0.1:1/in", kinds=KINDS)
    scales(session, "A")
    assert send(session, "127.0.0.1:1").failed == 1
    facts = WebhookFacts("ERP", box.url, KINDS)
    webhooks.change(session, ADMINISTRATOR, row, facts, settings=settings_for(box.host), now=NOW)
    assert send(session, box.host).delivered == 1
    assert row.failing_since is None


# -- tests


def test_a_test_goes_once_also_while_paused(session: Session, box: Receiver) -> None:
    row, secret = create_webhook(session, box.url, kinds=KINDS)
    webhooks.pause(session, ADMINISTRATOR, row, now=NOW)
    first = webhooks.test(session, ADMINISTRATOR, row, now=NOW)
    assert webhooks.test(session, ADMINISTRATOR, row, now=NOW) is first
    scales(session, "A")
    box.replies.append(say(503, b"asleep"))
    send(session, box.host)
    send(session, box.host, at=NOW + HOUR)
    (message,) = box.messages
    assert json.loads(message.body) == {"type": "test", "timestamp": NOW.isoformat(), "data": {}}
    assert message.is_signed_with(secret)
    assert (first.state, first.last_status, first.last_answer) == ("failed", 503, "asleep")
    assert (row.tries, row.failing_since, row.state) == (0, None, "paused")


def test_a_test_nobody_can_sign_does_not_wait_for_ever(session: Session, box: Receiver) -> None:
    row, _secret = create_webhook(session, box.url, kinds=KINDS)
    row.secret = "broken"
    test = webhooks.test(session, ADMINISTRATOR, row, now=NOW)
    assert send(session, box.host).failed == 1
    assert (test.state, test.last_answer, row.state, row.stopped_because) == (
        "failed", "secret_unreadable", "paused", "secret_unreadable",
    )  # fmt: skip
    assert send(session, box.host).failed == 0


def test_old_messages_are_forgotten_and_waiting_ones_kept(session: Session, box: Receiver) -> None:
    create_webhook(session, box.url, kinds=KINDS)
    scales(session, "A")
    send(session, box.host)
    box.replies.append(say(500))
    scales(session, "B")
    send(session, box.host)
    webhook_sending.forget(session, now=NOW + timedelta(days=30))
    assert len(deliveries(session)) == 2
    webhook_sending.forget(session, now=NOW + timedelta(days=31))
    assert [one.state for one in deliveries(session)] == ["waiting"]


def test_a_look_that_finds_nothing_takes_no_lock(
    session: Session, box: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_webhook(session, box.url, kinds=KINDS)
    send(session, box.host)

    def claim(*_words: Any, **_more: Any) -> None:
        raise AssertionError("claimed")

    monkeypatch.setattr(webhook_sending.kept, "claim", claim)
    assert send(session, box.host) == Round()
    assert box.messages == []
