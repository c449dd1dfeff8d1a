"""Pages and operations of webhooks: made, looked at, changed, and told to the one who may."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence.journal import JournalEntry
from metrology.persistence.people import User
from metrology.persistence.webhooks import WebhookDelivery, WebhookEndpoint
from metrology.services import webhooks
from tests.conftest import NOW, TODAY
from tests.hooks import create_webhook, send, settings_for
from tests.people import create_user, sign_in
from tests.receiver import receiving, say
from tests.records import create_scale
from tests.tokens import Program, create_token

FORM = {"name": "ERP", "url": "https://erp.example.cn/in", "kinds": ["instrument", "certificate"]}


@pytest.fixture(autouse=True)
def _day(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture
def administrator(session: Session, client: FlaskClient) -> User:
    user = create_user(session, "administrator")
    sign_in(client, user)
    return user


def only(session: Session) -> WebhookEndpoint:
    return session.scalars(select(WebhookEndpoint)).one()


# -- pages


@pytest.mark.usefixtures("administrator")
def test_without_any_the_page_says_what_they_are_for(client: FlaskClient) -> None:
    page = client.get("/webhooks/?lang=en").text
    assert "No webhooks yet" in page
    assert "posted to its address, signed" in page


def test_a_webhook_is_made_for_an_account_and_its_secret_shown_once(
    session: Session, client: FlaskClient, administrator: User
) -> None:
    system = create_user(session, "officer", name="ERP 对接")
    person = create_user(session, "officer", name="李人员", password="x")
    inactive = create_user(session, "officer", name="旧系统", active=False)
    choice = client.get("/webhooks/new").text
    assert [name in choice for name in (system.name, administrator.name, person.name, inactive.name)] == [
        True,
        True,
        False,
        False,
    ]
    form = client.get(f"/webhooks/new?owner={system.id}").text
    assert form.count("checked") == len(webhooks.reader_of(system).kinds)
    made = client.post(f"/webhooks/new?owner={system.id}", data=FORM)
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", made.text))
    assert made.headers["Cache-Control"] == "no-store"
    row = only(session)
    assert (row.owner_id, row.kinds, row.created_by_id) == (system.id, ["instrument", "certificate"], administrator.id)
    assert webhooks.secrets_of(row, settings_for().secret_key, today=TODAY) == (secret,)
    assert secret not in client.get(f"/webhooks/{row.id}").text
    assert client.post(f"/webhooks/new?owner={person.id}", data=FORM).status_code == 422


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"url": "http://erp.example.cn/in"}, "must begin with https://"),
        ({"url": "https://192.168.1.2/in"}, "private network"),
        ({"kinds": []}, "at least one kind"),
        ({"name": ""}, "required"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_made(
    session: Session, client: FlaskClient, administrator: User, changed: dict[str, Any], words: str
) -> None:
    answer = client.post(f"/webhooks/new?owner={administrator.id}&lang=en", data={**FORM, **changed})
    assert answer.status_code == 422
    assert words in answer.text
    assert session.scalar(select(WebhookEndpoint.id)) is None


@pytest.mark.usefixtures("administrator")
def test_its_page_shows_how_it_stands_and_what_was_sent(session: Session, client: FlaskClient) -> None:
    with receiving() as box:
        row, _secret = create_webhook(session, box.url, kinds=("instrument",))
        create_scale(session)
        send(session, box.host)
        box.replies.append(say(500, b"<b>down</b>"))
        create_scale(session, "SC200009")
        send(session, box.host)
    page = client.get(f"/webhooks/{row.id}?lang=en").text
    assert "Fails, is tried again" in page
    assert "HTTP 500 &lt;b&gt;down&lt;/b&gt;" in page
    assert "1 change" in page
    sent = session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)).all()
    message = client.get(f"/webhooks/{row.id}/messages/{sent[0].id}").text
    assert sent[0].message_id in message
    assert "instrument.registered" in message
    other, _secret = create_webhook(session)
    assert client.get(f"/webhooks/{other.id}/messages/{sent[0].id}").status_code == 404


@pytest.mark.usefixtures("administrator")
def test_many_messages_come_in_pages(session: Session, client: FlaskClient) -> None:
    row, _secret = create_webhook(session)
    for number in range(45):
        session.add(
            WebhookDelivery(
                endpoint_id=row.id, message_id=f"msg_{number:02}", kind="test", state="delivered", body="{}",
                created_at=row.created_at,
            )
        )  # fmt: skip
        session.flush()
    seen, address = [], f"/webhooks/{row.id}"
    for _page in range(3):
        page = client.get(address).text
        seen.append(len(re.findall(r"/messages/\d+", page)))
        older = re.search(rf"/webhooks/{row.id}\?before=\d+", page)
        address = older[0] if older else ""
    assert (seen, address) == ([20, 20, 5], "")


@pytest.mark.usefixtures("administrator")
def test_it_is_tested_rotated_paused_resumed_and_ended(session: Session, client: FlaskClient) -> None:
    row, old = create_webhook(session)
    at = f"/webhooks/{row.id}"
    assert client.post(f"{at}/test").location == at
    assert webhooks.deliveries(session, row)[0][0].kind == "test"
    shown = client.post(f"{at}/rotate", data={"old_until": "2026-11-29"}).text
    assert old not in shown
    assert len(webhooks.secrets_of(row, settings_for().secret_key, today=TODAY)) == 2
    assert client.post(f"{at}/rotate", data={"old_until": "2027-11-29"}).status_code == 422
    client.post(f"{at}/pause")
    session.expire_all()
    assert (row.state, "Nothing is sent" in client.get(f"{at}?lang=en").text) == ("paused", True)
    client.post(f"{at}/resume")
    client.post(f"{at}/edit", data={**FORM, "name": "ERP 2", "version": "1"})
    session.expire_all()
    assert (row.state, row.name) == ("active", "ERP 2")
    client.post(f"{at}/pause")
    create_scale(session)
    client.post(f"{at}/begin-anew")
    session.expire_all()
    assert (row.state, webhooks.behind(session, row)) == ("active", 1)
    client.post(f"{at}/end")
    session.expire_all()
    assert row.state == "ended"
    told = client.get(f"{at}?lang=en").text
    assert "Send a test" not in told.replace("Send a test to see", "")
    assert "has ended" in client.post(f"{at}/resume?lang=en", follow_redirects=True).text
    actions = list(session.scalars(select(JournalEntry.action).where(JournalEntry.object_kind == "webhook_endpoint")))
    assert actions == [
        f"webhook.{verb}" for verb in ("made", "tested", "rotated", "paused", "resumed", "changed", "paused", "resumed", "ended")
    ]  # fmt: skip
    assert "Webhook" in client.get("/journal/?lang=en").text


def test_an_auditor_looks_and_changes_nothing(session: Session, client: FlaskClient) -> None:
    sign_in(client, create_user(session, "auditor"))
    row, _secret = create_webhook(session, "https://erp.example.cn/in?key=s3cret")
    for address in ("/webhooks/", f"/webhooks/{row.id}"):
        page = client.get(address).text
        assert "erp.example.cn/in?…" in page
        assert "s3cret" not in page
        assert "webhooks/new" not in page
    assert client.post(f"/webhooks/{row.id}/pause").status_code == 403


# -- by program


@pytest.fixture
def program(session: Session, client: FlaskClient) -> Program:
    token = create_token(session, create_user(session, "administrator"))
    session.commit()
    return Program(client, token)


def test_a_program_makes_one_behind_a_cursor_and_loses_nothing(
    session: Session, client: FlaskClient, program: Program
) -> None:
    owner = create_user(session, "officer")
    system = Program(client, create_token(session, owner))
    begin = system.get("changes?after=now").get_json()["next"]
    scale = create_scale(session)
    session.commit()
    with receiving() as box:
        asked = {
            "name": "ERP",
            "url": "https://erp.example.cn/in",
            "kinds": ["instrument"],
            "owner_id": owner.id,
            "after": begin,
        }
        answer = program.post("webhooks", asked, key="k1")
        made = answer.get_json()
        assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/webhooks/{made['id']}")
        assert made["secret"].startswith("whsec_")
        assert program.post("webhooks", asked, key="k1").get_json()["code"] == "answer_not_kept"
        row = only(session)
        row.url = box.url
        send(session, box.host, at=NOW + timedelta(days=1))
        (message,) = box.messages
        assert message.is_signed_with(made["secret"])
        assert [one["key"] for one in message.data["changes"]] == [scale.id]
        fed = system.get(f"changes?kind=instrument&after={begin}").get_json()
        assert message.data["changes"] == fed["changes"]
        assert message.data["next"] == fed["next"]


def test_a_program_does_what_the_pages_do(session: Session, program: Program) -> None:
    row, _secret = create_webhook(session, "https://erp.example.cn/in?key=1")
    at = f"webhooks/{row.id}"
    assert [one["id"] for one in program.get("webhooks").get_json()["items"]] == [row.id]
    assert program.get(at).get_json()["url"] == "https://erp.example.cn/in?key=1"
    assert program.patch(at, {"name": "ERP 2"}, match='"1"').get_json()["name"] == "ERP 2"
    assert program.patch(at, {"url": "https://10.0.0.1/"}, match='"2"').get_json()["code"] == "webhook_host_private"
    assert program.post(f"{at}/rotate", {"old_until": "2026-11-29"}).get_json()["secret"].startswith("whsec_")
    assert program.post(f"{at}/test").get_json()["state"] == "waiting"
    assert program.post(f"{at}/pause").get_json()["state"] == "paused"
    assert program.post(f"{at}/resume", {"from_now": True}).get_json()["state"] == "active"
    (message,) = program.get(f"{at}/messages").get_json()["items"]
    assert message["state"] == "withdrawn"
    assert program.post(f"{at}/end").get_json()["state"] == "ended"
    assert program.post(f"{at}/pause").get_json()["code"] == "webhook_ended"
    assert "secret" not in program.get(at).get_json()


def test_an_officer_has_no_webhooks(session: Session, client: FlaskClient) -> None:
    officer = Program(client, create_token(session, create_user(session, "officer")))
    session.commit()
    assert officer.get("webhooks").status_code == 403
