"""What docs/exchange.md shows is true: its Python runs as it stands there, on messages that were really sent."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy.orm import Session

from metrology.domain import webhook
from metrology.services import webhooks
from metrology.settings import ROOT
from tests.conftest import NOW, TODAY
from tests.hooks import ADMINISTRATOR, create_webhook, send, settings_for
from tests.receiver import Message, receiving, say
from tests.records import create_scale

TEXT = (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")


@pytest.fixture
def page() -> dict[str, Any]:
    """The names that the Python of the page defines."""
    found: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, found)
    return found


def _check(page: dict[str, Any], secret: str, message: Message, *, seconds: int = 0, **changed: Any) -> bool:
    given = {"headers": message.headers, "body": message.body, **changed}
    right: bool = page["check"](secret, given["headers"], given["body"], now=NOW.timestamp() + seconds)
    return right


def test_the_receiver_of_the_page_knows_true_messages(session: Session, page: dict[str, Any]) -> None:
    with receiving() as box:
        row, old = create_webhook(session, box.url, kinds=("instrument",))
        new = webhooks.rotate(session, ADMINISTRATOR, row, TODAY, settings=settings_for(), today=TODAY, now=NOW)
        create_scale(session)
        send(session, box.host)
        (message,) = box.messages
    assert _check(page, old, message)
    assert _check(page, new, message)
    assert not _check(page, webhook.secret_text(b"x" * 32), message)
    assert not _check(page, new, message, body=message.body + b" ")
    assert not _check(page, new, message, headers={**message.headers, "webhook-id": "msg_other"})
    assert not _check(
        page, new, message, headers={**message.headers, "webhook-timestamp": str(int(NOW.timestamp()) + 1)}
    )
    assert _check(page, new, message, seconds=300)
    assert not _check(page, new, message, seconds=301)


def test_the_copy_of_the_page_takes_each_change_once(session: Session, page: dict[str, Any]) -> None:
    copy: dict[str, Any] = {"seq": 0, "stale": set()}
    with receiving() as box:
        row, _secret = create_webhook(session, box.url, kinds=("instrument",))
        webhooks.test(session, ADMINISTRATOR, row, now=NOW)
        keys = [create_scale(session, f"SC40000{number}").id for number in range(2)]
        box.replies += [say(204, b""), say(500)]
        send(session, box.host)
        send(session, box.host, at=NOW.replace(hour=3))
        assert len(box.messages) == 3
        for message in box.messages:
            page["take"](copy, message.body)
        assert copy["stale"] == {("instrument", key) for key in keys}
        copy["stale"].clear()
        page["take"](copy, box.messages[-1].body)
        assert copy["stale"] == set()


def test_the_message_of_the_page_has_the_fields_of_a_real_one(session: Session) -> None:
    (block,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    shown = json.loads(block)
    with receiving() as box:
        create_webhook(session, box.url, kinds=("instrument",))
        create_scale(session)
        send(session, box.host)
        sent = json.loads(box.messages[0].body)
    assert list(shown) == list(sent)
    assert list(shown["data"]) == list(sent["data"])
    assert list(shown["data"]["changes"][0]) == list(sent["data"]["changes"][0])


def test_numbers_of_the_page_are_those_of_the_program() -> None:
    assert f"at most {webhook.AT_MOST}, in order" in TEXT
    assert f"After {webhook.GIVE_UP.total_seconds() / 3600:.0f} hours" in TEXT
    assert f"up to {webhook.LONGEST_PAUSE.total_seconds() / 3600:.0f} hours" in TEXT
    assert f"after {webhook.FIRST_PAUSE.total_seconds():.0f} seconds" in TEXT
    assert f"at most {webhooks.LONGEST_OVERLAP.days} days" in TEXT
