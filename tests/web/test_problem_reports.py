"""Report a problem: a form for everybody, small, without script, hard on machines; and the office's queue."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence import clock
from metrology.persistence.complaints import Complaint
from metrology.persistence.people import User
from metrology.settings import ROOT
from tests.conftest import TODAY
from tests.people import create_user, sign_in
from tests.records import create_scale
from tests.web.samples import PHOTO

EN = {"Accept-Language": "en"}


def staff(session: Session, *roles: str, **fields: Any) -> User:
    return create_user(session, *roles, language="en", **fields)


@pytest.fixture
def wait(set_today: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let some time go by on the clock the pages read."""
    begun = set_today(TODAY)

    def pass_by(**span: float) -> None:
        later = begun + timedelta(**span)
        monkeypatch.setattr(clock, "now_utc", lambda: later)

    return pass_by


def form_of(client: FlaskClient, code: str) -> dict[str, Any]:
    page = client.get(f"/report/{code}", headers=EN).text
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    return {"token": token[1], "kind": "short_measure", "text": "买三斤少二两", "website": ""}


def told(client: FlaskClient, code: str, wait: Any, **given: Any) -> Any:
    data = {**form_of(client, code), **given}
    wait(seconds=40)
    return client.post(f"/report/{code}", data=data, content_type="multipart/form-data", headers=EN)


def test_anyone_complains_and_follows_it(client: FlaskClient, session: Session, wait: Any) -> None:
    scale = create_scale(session)
    session.commit()
    answer = told(
        client,
        scale.public_code,
        wait,
        contact="13800000000",
        seller="东湖市场 A-012",
        photo=(io.BytesIO(PHOTO), "a.png"),
    )
    one = session.scalars(select(Complaint)).one()
    assert answer.status_code == 302
    assert answer.location == f"/report/followed/{one.receipt}?new=1"
    assert (one.instrument_id, one.kind, one.text) == (scale.id, "short_measure", "买三斤少二两")
    page = client.get(answer.location, headers=EN).text
    assert one.number in page
    assert "2026-12-01 at the latest" in page
    assert "13800000000" not in page
    assert client.get(f"/report/?receipt={one.receipt.lower()}").location.endswith(one.receipt)


def test_a_code_of_nothing_can_be_reported_too(client: FlaskClient, session: Session, wait: Any) -> None:
    assert told(client, "forged-label-0001", wait, kind="label_suspect").status_code == 302
    one = session.scalars(select(Complaint)).one()
    assert (one.instrument_id, one.scanned_code) == (None, "forged-label-0001")


def test_the_form_sent_twice_makes_one(client: FlaskClient, session: Session, wait: Any) -> None:
    scale = create_scale(session)
    session.commit()
    data = form_of(client, scale.public_code)
    wait(seconds=40)
    first, second = (client.post(f"/report/{scale.public_code}", data=data) for _time in range(2))
    assert first.location == second.location
    assert len(session.scalars(select(Complaint)).all()) == 1


@pytest.mark.parametrize(
    ("given", "seconds", "said"),
    [
        ({"website": "https://spam.example"}, 40, "leave the last field empty"),
        ({}, 1, "very quick"),
        ({}, 6 * 3600 + 1, "open too long"),
        ({"token": "forged"}, 40, "open too long"),
        ({"kind": "nonsense"}, 40, "choose what is wrong"),
        ({"kind": "other", "text": " "}, 40, "in a few words"),
    ],
)
def test_machines_and_empty_forms_are_refused_and_nothing_typed_is_lost(
    client: FlaskClient, session: Session, wait: Any, given: dict[str, str], seconds: int, said: str
) -> None:
    scale = create_scale(session)
    session.commit()
    data = {**form_of(client, scale.public_code), "seller": "东湖市场", **given}
    wait(seconds=seconds)
    answer = client.post(f"/report/{scale.public_code}", data=data, headers=EN)
    assert answer.status_code == 422
    assert said in answer.text
    assert "东湖市场" in answer.text
    assert session.scalars(select(Complaint)).all() == []


def test_a_token_is_good_for_its_code_only(client: FlaskClient, session: Session, wait: Any) -> None:
    data = form_of(client, "code-one")
    wait(seconds=40)
    assert client.post("/report/code-two", data=data).status_code == 422


def test_one_network_does_not_complain_without_end(
    app: Flask, client: FlaskClient, session: Session, wait: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    data = form_of(client, "some-code")
    wait(seconds=40)
    answers = [client.post("/report/some-code", data={**data, "kind": "x"}).status_code for _time in range(9)]
    assert answers == [422] * 8 + [429]


def test_no_token_of_the_session_no_complaint(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert client.post("/report/some-code", data={"kind": "other"}).status_code == 400


def test_an_unknown_receipt_is_not_there(client: FlaskClient, session: Session) -> None:
    assert client.get("/report/followed/AAAA-BBBB-CCCC").status_code == 404
    assert client.get("/report/followed/-").status_code == 404


@pytest.mark.parametrize("page", ["tell", "followed"])
def test_the_pages_are_small_and_need_no_script(client: FlaskClient, session: Session, wait: Any, page: str) -> None:
    scale = create_scale(session)
    session.commit()
    address = f"/report/{scale.public_code}"
    if page == "followed":
        address = told(client, scale.public_code, wait).location
    text = client.get(address).text
    assert "<script" not in text
    sheets = re.findall(r'href="/static/([^"?]+\.css)', text)
    assert len(text.encode()) + sum((ROOT / "static" / sheet).stat().st_size for sheet in sheets) < 50_000


# -- the office


def test_the_office_works_through_its_queue(client: FlaskClient, session: Session, wait: Any) -> None:
    scale = create_scale(session)
    session.commit()
    told(client, scale.public_code, wait, photo=(io.BytesIO(PHOTO), "a.png"))
    one = session.scalars(select(Complaint)).one()
    officer = client.application.test_client()
    sign_in(officer, staff(session, "officer"))
    assert "complaint of the public" in officer.get("/", headers=EN).text
    assert one.number in officer.get("/complaints/").text
    assert one.number in officer.get(f"/instruments/{scale.id}").text
    assert officer.get(f"/complaints/{one.id}/photo").mimetype == "image/jpeg"
    address = f"/complaints/{one.id}"
    officer.post(f"{address}/accept")
    officer.post(f"{address}/inspect", data={"finding": "复秤少 50 g", "inspected_on": "2026-11-22"})
    officer.post(f"{address}/close", data={"answer": "已责令改正并补足"})
    officer.get(address)  # what was said of it is read
    assert session.get_one(Complaint, one.id).state == "closed"
    page = client.get(f"/report/followed/{one.receipt}", headers=EN).text
    assert "已责令改正并补足" in page
    assert "复秤少 50 g" not in page
    assert one.number not in officer.get("/complaints/").text
    assert one.number in officer.get("/complaints/?state=closed").text
    history = officer.get(f"/instruments/{scale.id}/history", headers=EN).text
    assert all(step in history for step in ("Complaint received", "Complaint accepted", "Complaint closed"))


def test_what_is_not_decided_in_time_is_said(client: FlaskClient, session: Session, wait: Any) -> None:
    told(client, "forged-label-0001", wait)
    one = session.scalars(select(Complaint)).one()
    wait(days=10)
    officer = client.application.test_client()
    sign_in(officer, staff(session, "officer"))
    assert "not decided on within seven working days" in officer.get("/", headers=EN).text
    assert one.number in officer.get("/complaints/?late=yes").text
    assert "Decision overdue" in officer.get(f"/complaints/{one.id}", headers=EN).text


@pytest.mark.parametrize("role", ["verifier", "holder"])
def test_others_do_not_see_complaints(client: FlaskClient, session: Session, role: str) -> None:
    scale = create_scale(session)
    sign_in(client, staff(session, role, holder_id=scale.holder_id if role == "holder" else None))
    assert client.get("/complaints/").status_code == 403
