"""The page that supposes, what it finds, and the recomputation of one record."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.jobs import worker
from metrology.persistence.database import db
from metrology.services import what_ifs
from tests.people import create_user, sign_in
from tests.records import REJECTING, certify, create_scale, create_team, hand_in, scale_readings
from tests.services.test_rechecking import tampered, with_numbers

SCALE = "digital_indicating_scale"


def test_a_supposition_is_judged_and_shown(client: FlaskClient, session: Session) -> None:
    team = create_team(session)
    certify(session, team, create_scale(session, "SC-1"))
    rejected = certify(session, team, create_scale(session, "SC-2"), scale_readings(added=REJECTING)).verification
    number = rejected.number
    sign_in(client, create_user(session, "manager"))
    assert 'name="number.mpe.1"' in client.get(f"/what-if/?type={SCALE}").text
    answer = client.post("/what-if/", data={"type": SCALE, "number.mpe.1": "0.6"})
    assert answer.status_code == 302
    page = client.get(f"{answer.location}?lang=en").text
    assert number in page
    assert "1.2 → 1" in page
    assert "would conform" in page
    assert number not in client.get(f"{answer.location}?outcome=would_reject").text
    exported = client.get(f"{answer.location}/records.csv").data.decode("utf-8-sig")
    assert number in exported
    assert client.get(f"{answer.location}/records.xlsx").data[:2] == b"PK"
    assert client.get(f"{answer.location}/records.pdf").status_code == 404
    assert "mpe.1 = 0.6" in client.get("/what-if/").text


def test_a_wrong_supposition_keeps_what_was_typed(client: FlaskClient, session: Session) -> None:
    sign_in(client, create_user(session, "administrator"))
    answer = client.post("/what-if/?lang=en", data={"type": SCALE, "number.mpe.1": "half", "since": "2026-01-01"})
    assert answer.status_code == 422
    assert 'value="half"' in answer.text
    assert client.post("/what-if/", data={"type": SCALE, "since": "soon", "number.mpe.1": "1"}).status_code == 422
    assert client.post("/what-if/", data={"type": "nonsense", "number.mpe.1": "1"}).status_code == 422


def test_a_large_one_runs_in_the_background(
    client: FlaskClient, session: Session, app: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(what_ifs, "AT_ONCE", 0)
    certify(session, create_team(session), create_scale(session, "SC-1"))
    sign_in(client, create_user(session, "administrator"))
    answer = client.post("/what-if/", data={"type": SCALE, "number.mpe.1": "0.6"})
    assert "data-poll" in client.get(answer.location).text
    settings = app.config["METROLOGY"]  # type: ignore[attr-defined]
    session.rollback()
    worker.run_all(lambda: Session(db.engine, expire_on_commit=False), settings)
    page = client.get(f"{answer.location}?lang=en").text
    assert "data-poll" not in page
    assert "No record would be judged otherwise" in page


def test_a_record_is_recomputed_beside_what_it_keeps(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = hand_in(session, create_team(session), create_scale(session, "SC-1"))
    key = record.id
    sign_in(client, create_user(session, "auditor"))
    detail = client.get(f"/verifications/{key}?lang=en").text
    assert f"/verifications/{key}/recompute" in detail
    assert "Rounded" in detail
    assert "Equal to what is kept" in client.get(f"/verifications/{key}/recompute?lang=en").text
    with_numbers(monkeypatch, **{"mpe.1": "0.9"})
    page = client.get(f"/verifications/{key}/recompute?lang=en").text
    assert "Not equal to what is kept" in page


def test_a_touched_record_is_not_recomputed(client: FlaskClient, session: Session) -> None:
    record = hand_in(session, create_team(session), create_scale(session, "SC-1"))
    key = record.id
    tampered(session, record, verdict="rejected")
    sign_in(client, create_user(session, "auditor"))
    answer = client.get(f"/verifications/{key}/recompute?lang=en")
    assert (answer.status_code, "Rounded" in answer.text) == (422, False)
