"""Work through the API: many instruments at once, a verification by three people, a ledger, holders and their scope."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.persistence.instruments import Instrument
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import Verification
from metrology.persistence.visits import Visit
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import Team, certify, create_scale, create_team, scale_readings
from tests.tokens import Program, create_token

PLATE = {"accuracy_class": "III", "max": "30 kg", "e": "10 g"}


@pytest.fixture(autouse=True)
def _day(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture
def team(session: Session) -> Team:
    return create_team(session)


@pytest.fixture
def officer(session: Session, client: FlaskClient) -> Program:
    return Program(client, create_token(session, create_user(session, "officer")))


def scale(serial: Any) -> dict[str, Any]:
    return {"type_code": "digital_indicating_scale", "serial_number": serial, "nameplate": PLATE}


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Instrument)) or 0


# -- many at once


def test_good_rows_are_kept_and_bad_ones_told_by_their_place(session: Session, officer: Program) -> None:
    rows = [scale("M1"), scale(""), scale("M2"), {**scale("M3"), "colour": "red"}, scale("M1"), 7]
    told = officer.post("instruments/bulk", rows).get_json()
    assert [one["index"] for one in told["kept"]] == [0, 2]
    assert [(one["index"], one["code"]) for one in told["refused"]] == [
        (1, "missing_serial"), (3, "bad_fields"), (4, "duplicate"), (5, "bad_fields"),
    ]  # fmt: skip
    assert told["refused"][1]["errors"][0]["field"] == "colour"
    assert count(session) == 2


def test_atomic_keeps_all_or_nothing(session: Session, officer: Program) -> None:
    told = officer.post("instruments/bulk?atomic=true", [scale("M1"), scale("")]).get_json()
    assert (told["kept"], [one["index"] for one in told["refused"]], count(session)) == ([], [1], 0)
    told = officer.post("instruments/bulk?atomic=true", [scale("M1"), scale("M2")]).get_json()
    assert (len(told["kept"]), told["refused"], count(session)) == (2, [], 2)


def test_json_lines_are_taken(session: Session, officer: Program) -> None:
    body = "\n".join(json.dumps(scale(f"L{i}")) for i in range(3))
    answer = officer.ask("POST", "instruments/bulk", data=body, content_type="application/x-ndjson", key="lines")
    assert (answer.status_code, len(answer.get_json()["kept"])) == (200, 3)
    again = officer.ask("POST", "instruments/bulk", data=body, content_type="application/x-ndjson", key="lines")
    assert (again.data, count(session)) == (answer.data, 3)


@pytest.mark.parametrize(
    ("data", "media", "status", "code"),
    [
        (json.dumps([{}] * 1001), "application/json", 422, "too_many_rows"),
        ("{}", "application/json", 422, "list_needed"),
        ("x", "text/plain", 415, "json_needed"),
        ("{", "application/x-ndjson", 422, "bad_json"),
    ],
)
def test_lists_that_are_refused(officer: Program, data: str, media: str, status: int, code: str) -> None:
    answer = officer.ask("POST", "instruments/bulk", data=data, content_type=media)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_standings_of_many(session: Session, team: Team, officer: Program) -> None:
    certified = create_scale(session)
    certify(session, team, certified, scale_readings(kind="initial"))
    other = create_scale(session, "SC9")
    session.commit()
    told = officer.post(
        "instruments/standings", {"ids": [certified.id], "numbers": [other.number, "nothing"]}
    ).get_json()
    assert [(one["id"], one["holds"]) for one in told["items"]] == [(certified.id, True), (other.id, False)]
    assert officer.post("instruments/standings", {"ids": list(range(1, 1002))}).status_code == 422


def test_an_export_holds_what_the_account_sees(session: Session, client: FlaskClient, officer: Program) -> None:
    for i in range(3):
        create_scale(session, f"E{i}")
    answer = officer.get("instruments/export")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert (answer.mimetype, len(lines), lines[0]["type_code"]) == (
        "application/x-ndjson",
        3,
        "digital_indicating_scale",
    )
    away = create_user(session, "officer", district_code="410703")
    assert Program(client, create_token(session, away)).get("instruments/export").text == ""


# -- a verification


def test_three_people_verify_check_and_approve(session: Session, team: Team, client: FlaskClient) -> None:
    one = create_scale(session)
    standard = session.scalars(select(MeasurementStandard)).one()
    verifier, checker, approver = (
        Program(client, create_token(session, person)) for person in (team.verifier, team.checker, team.approver)
    )
    begun = verifier.post("verifications", {"instrument_id": one.id, "kind": "initial"}, key="v1")
    assert begun.status_code == 201
    address = begun.headers["Location"].removeprefix("http://localhost")
    preview = verifier.get(f"{address}/preview").get_json()
    assert preview["verdict"] is None
    assert preview["missing"]
    assert all(table["fields"] for table in preview["sheet"])
    given = {
        "readings": scale_readings(kind="initial"), "standard_ids": [standard.id], "verified_on": TODAY.isoformat(),
        "place_text": "检定现场",
    }  # fmt: skip
    kept = verifier.patch(address, given, match=begun.headers["ETag"])
    assert kept.status_code == 200, kept.text
    assert verifier.patch(address, given, match=begun.headers["ETag"]).status_code == 412
    early = verifier.post(f"{address}/check")
    assert (early.status_code, early.get_json()["code"]) in ((403, "http_403"), (403, "scope_needed"))
    handed = verifier.post(f"{address}/submit")
    assert (handed.status_code, handed.get_json()["verdict"]) == (200, "conforms"), handed.text
    assert checker.post(f"{address}/check").get_json()["state"] == "checked"
    approved = approver.post(f"{address}/approve", key="a1")
    assert (approved.status_code, approved.get_json()["state"]) == (200, "approved"), approved.text
    told = verifier.get(address).get_json()
    paper = verifier.get(f"certificates/{told['certificate_id']}").get_json()
    assert (paper["standing"], paper["instrument_id"]) == ("valid", one.id)
    assert session.scalar(select(func.count()).select_from(Verification)) == 1


def test_what_lacks_is_named_at_submission(session: Session, team: Team, client: FlaskClient) -> None:
    program = Program(client, create_token(session, team.verifier))
    begun = program.post("verifications", {"instrument_id": create_scale(session).id})
    refused = program.post(f"{begun.headers['Location'].removeprefix('http://localhost')}/submit")
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")
    assert refused.get_json()["errors"]


# -- holders, ledgers, accounts


def test_a_holder_sees_and_registers_its_own(session: Session, client: FlaskClient, officer: Program) -> None:
    made = officer.post("holders", {"name": "示范商户", "district_code": "410702"}).get_json()
    other = officer.post("holders", {"name": "其他商户", "district_code": "410702"}).get_json()
    account = create_user(session, "holder", holder_id=made["id"])
    holder = Program(client, create_token(session, account))
    registered = holder.post("instruments", {**scale("H1"), "holder_id": other["id"]})
    assert (registered.status_code, registered.get_json()["holder_id"]) == (201, made["id"])
    assert holder.get(f"holders/{other['id']}").status_code == 404
    assert [one["id"] for one in holder.get("holders").get_json()["items"]] == [made["id"]]
    contact = holder.post(f"holders/{made['id']}/contacts", {"name": "李", "phone": "13800000000"})
    assert contact.status_code == 201
    assert holder.get(f"holders/{made['id']}").get_json()["contacts"][0]["name"] == "李"


def test_a_ledger_is_sent_and_kept(session: Session, officer: Program) -> None:
    data = "使用单位,器具名称,出厂编号\n示范商户,数字指示秤,LX1\n".encode()
    answer = officer.ask(
        "POST", "ledgers?name=ledger.csv", data=data, content_type="application/octet-stream", key="ledger-1"
    )
    assert answer.status_code == 201, answer.text
    address = answer.headers["Location"].removeprefix("http://localhost")
    assert officer.get(address).get_json()["file_name"] == "ledger.csv"
    assert officer.get(f"{address}/file").data == data
    assert officer.ask("POST", "ledgers?name=x.csv", json={}).status_code == 415


def test_a_link_is_told_once(session: Session, client: FlaskClient) -> None:
    admin = Program(client, create_token(session, create_user(session, "administrator")))
    made = admin.post("users", {"name": "新人", "email": "new@example.test", "roles": ["officer"]}, key="u1")
    assert made.status_code == 201
    link = admin.post(f"users/{made.get_json()['id']}/link", key="l1").get_json()["address"]
    assert client.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert admin.post(f"users/{made.get_json()['id']}/link", key="l1").get_json()["code"] == "answer_not_kept"


@pytest.mark.parametrize(
    ("address", "status", "field"),
    [
        (f"reports/overdue?holder={'9' * 30}", 422, "holder"),
        (f"reports/overdue?place=-{'9' * 19}", 422, "place"),
        (f"journal?actor_id={2**63}", 422, "actor_id"),
        (f"journal?actor_id={2**63 - 1}", 200, ""),
        (f"people?institute={'9' * 30}", 422, "institute"),
        ("journal?until=9999-12-31&since=0001-01-01", 200, ""),
        ("reports/overdue?as_of=9999-12-31", 422, "as_of"),
    ],
)
def test_numbers_and_days_at_the_end_of_the_scale_are_answered(
    session: Session, client: FlaskClient, address: str, status: int, field: str
) -> None:
    token = create_token(session, create_user(session, "administrator", "manager", "officer"))
    session.commit()
    answer = Program(client, token).get(address)
    assert answer.status_code == status, answer.text
    if field:
        assert [one["field"] for one in answer.get_json()["errors"]] == [field]


@pytest.mark.parametrize("reason", ["龘" * 201, "x" * 5000, "延期\0"])
def test_a_reason_that_no_database_would_keep_is_refused(
    session: Session, client: FlaskClient, officer: Program, reason: str
) -> None:
    visit = Visit(number="V1", title="东市场", planned_on=TODAY, created_at=NOW, updated_at=NOW)
    session.add(visit)
    session.commit()
    answer = officer.post(f"visits/{visit.id}/cancel", {"reason": reason})
    assert answer.status_code == 422, answer.text
    assert [one["field"] for one in answer.get_json()["errors"]] == ["reason"]
    assert officer.post(f"visits/{visit.id}/cancel", {"reason": "延期 改日"}).status_code == 200


def test_instruments_of_a_past_day_say_what_they_were(session: Session, officer: Program) -> None:
    before = TODAY - timedelta(days=3)
    row = create_scale(session, "SC9")
    row.state, row.due_date, row.due_basis = "in_use", before - timedelta(days=1), "ledger"
    row.created_at = row.updated_at = NOW - timedelta(days=3)
    session.flush()
    row.state, row.updated_at = "retired", NOW
    session.commit()
    asked = f"instruments/then?as_of={before}&due=overdue&state=in_use"
    (one,) = officer.get(asked).json["items"]
    assert (one["id"], one["has_changed"], one["was"]["state"]) == (row.id, True, "in_use")
    assert officer.get(asked.replace("state=in_use", "state=retired")).json["items"] == []
    refused = officer.get(f"instruments/then?as_of={TODAY + timedelta(days=1)}")
    assert (refused.status_code, refused.json["code"]) == (422, "day_to_come")
