"""Contacts are people who can be reached the way they say."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import JournalEntry
from metrology.services import contacting
from metrology.services.contacting import ContactFacts
from tests.conftest import NOW
from tests.records import create_holder

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
HOSTS = ("qyapi.weixin.qq.com",)
ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"name": " "}, "missing_name", "name"),
        ({"phone": "call me"}, "bad_phone", "phone"),
        ({"email": "wang@"}, "bad_email", "email"),
        ({"email": "a@b.cn, c@d.cn"}, "bad_email", "email"),
        ({"wecom_webhook": "https://evil.example/?key=abc"}, "bad_wecom_webhook", "wecom_webhook"),
        (
            {"wecom_webhook": "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"},
            "bad_wecom_webhook",
            "wecom_webhook",
        ),
        ({"wecom_webhook": "https://qyapi.weixin.qq.com@evil.example/?key=a"}, "bad_wecom_webhook", "wecom_webhook"),
        ({"wecom_webhook": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, "bad_wecom_webhook", "wecom_webhook"),
        ({"notify_wecom": True}, "webhook_needed", "wecom_webhook"),
        ({"language": "fr"}, "bad_choice", "language"),
    ],
)
def test_a_wrong_field_is_named(said: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        contacting.check(ContactFacts(**{"name": "王", **said}), wecom_hosts=HOSTS)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_told_by_mail_only_with_an_address(session: Session) -> None:
    assert not contacting.check(ContactFacts(name="王"), wecom_hosts=HOSTS).notify_email
    assert contacting.check(ContactFacts(name="王", email="Wang@example.cn"), wecom_hosts=HOSTS).notify_email


def test_added_revised_removed_and_journalled(session: Session) -> None:
    holder = create_holder(session)
    facts = ContactFacts(name="王", phone="0373-3050000", wecom_webhook=ROBOT, notify_wecom=True)
    contact = contacting.add_contact(session, OFFICER, holder, facts, wecom_hosts=HOSTS, now=NOW)
    contacting.revise_contact(session, OFFICER, contact, {"post": "店长"}, wecom_hosts=HOSTS, now=NOW)
    contacting.revise_contact(session, OFFICER, contact, {"post": "店长"}, wecom_hosts=HOSTS, now=NOW)
    contacting.remove_contact(session, OFFICER, contact, now=NOW)
    session.commit()
    actions = session.scalars(select(JournalEntry.action).where(JournalEntry.object_kind == "contact")).all()
    assert list(actions) == ["contact.added", "contact.revised", "contact.removed"]


def test_a_holder_changes_its_own_contacts_only(session: Session) -> None:
    mine, other = create_holder(session, "A"), create_holder(session, "B")
    keeper = Actor(7, "A", frozenset({"holder"}), holder_id=mine.id)
    contacting.add_contact(session, keeper, mine, ContactFacts(name="王"), wecom_hosts=HOSTS, now=NOW)
    with pytest.raises(Problem, match="outside_scope"):
        contacting.add_contact(session, keeper, other, ContactFacts(name="王"), wecom_hosts=HOSTS, now=NOW)
