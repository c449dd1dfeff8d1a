"""Indicators and statements by the API: the same figures as the services, and nobody else's statements."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.domain.period import Period
from metrology.services import statements
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import actor_of, create_team
from tests.services.test_indicators import Registry
from tests.tokens import Program, create_token

OCTOBER = Period.parse("2026-10")


@pytest.fixture(autouse=True)
def _day(set_today: Any) -> None:
    set_today(TODAY)


def _program(client: FlaskClient, session: Session, *scopes: str, **fields: Any) -> Program:
    token = create_token(session, create_user(session, "manager", **fields), *scopes)
    session.commit()
    return Program(client, token)


def _of(answer: Any) -> dict[str, Any]:
    return {one["code"]: one for one in answer.get_json()["items"]}


def test_a_figure_comes_with_what_it_was_counted_from(client: FlaskClient, session: Session) -> None:
    registry = Registry(session, create_team(session))
    for number in range(3):
        scale = registry.instrument(date(2026, 10, 1), None, "410702", "M")
        verdict = "conforms" if number else "rejected"
        registry.verification(date(2026, 10, 20 + number), scale, "initial", verdict, 0)
    target = Decimal("66.67")
    statements.set_target(
        session, actor_of(create_user(session, "manager")), "first_pass", target, date(2026, 1, 1), now=NOW
    )
    program = _program(client, session, "reports:read")
    answer = program.get("/api/v1/indicators?period=2026-10&district=410702")
    told = answer.get_json()
    assert (told["period"], told["last_day"], told["as_of"], told["district"]) == (
        "2026-10",
        "2026-10-31",
        "2026-11-22",
        "410702",
    )
    one = _of(answer)["first_pass"]
    assert (one["value"], one["numerator"], one["denominator"], one["target"], one["meets_target"]) == (
        "66.6667", 2, 3, "66.67", False,
    )  # fmt: skip
    assert (one["interval_low"], one["interval_high"]) == ("20.766", "93.8508")
    assert (len(one["months"]), one["months"][-1]["numerator"]) == (12, 2)
    before = _of(program.get("/api/v1/indicators/first_pass?period=2026-10&as_of=2026-10-21"))["first_pass"]
    assert (before["numerator"], before["denominator"]) == (1, 2)
    assert _of(program.get("/api/v1/indicators?type=fuel_dispenser"))["complaints"]["is_narrowed_to_type"] is False


def test_what_is_asked_wrongly_is_refused(client: FlaskClient, session: Session) -> None:
    program = _program(client, session, "reports:read")
    assert program.get("/api/v1/indicators?period=2026-13").status_code == 422
    assert program.get("/api/v1/indicators/nothing").status_code == 404
    assert program.get("/api/v1/statements").status_code == 403


def test_a_locked_statement_can_be_proven_by_its_text(client: FlaskClient, session: Session) -> None:
    officer, approver = (actor_of(create_user(session, role)) for role in ("officer", "approver"))
    rows = [
        statements.prepare(session, officer, OCTOBER, code, today=TODAY, now=NOW) for code in ("410702", "410703", "")
    ]
    shown = statements.written(statements.figures_of(session, approver, rows[0], today=TODAY))
    statements.approve(
        session, approver, rows[0], statements.digest_of(shown), today=TODAY, now=NOW + timedelta(hours=1)
    )
    program = _program(client, session, "statements:read")
    listed = program.get("/api/v1/statements").get_json()["items"]
    assert [one["number"] for one in listed] == [row.number for row in reversed(rows)]
    assert [one["state"] for one in program.get("/api/v1/statements?state=approved").get_json()["items"]] == [
        "approved"
    ]
    told = program.get(f"/api/v1/statements/{rows[0].id}/figures").get_json()
    assert hashlib.sha256(told["text"].encode()).hexdigest() == told["digest"] == rows[0].digest
    assert told["figures"]["period"] == "2026-10"
    draft = program.get(f"/api/v1/statements/{rows[1].id}/figures").get_json()
    assert draft == {"number": rows[1].number, "digest": None, "text": None, "figures": None}
    home = _program(client, session, "statements:read", district_code="410703")
    assert [one["district_code"] for one in home.get("/api/v1/statements").get_json()["items"]] == ["410703"]
    assert home.get(f"/api/v1/statements/{rows[0].id}").status_code == 404


def test_a_target_is_set_from_a_day_on(client: FlaskClient, session: Session) -> None:
    program = _program(client, session)
    address = "/api/v1/indicators/first_pass/targets"
    made = program.post(address, {"value": "95.50", "valid_from": "2026-01-01"})
    assert (made.status_code, made.get_json()["value"]) == (201, "95.5")
    assert _of(program.get("/api/v1/indicators?period=2026-10"))["first_pass"]["target"] == "95.5"
    for value, code in (("95.12345", "bad_value"), ("-1", "bad_value"), (95, "bad_value"), ("101", "out_of_range")):
        refused = program.post(address, {"value": value, "valid_from": "2026-01-01"})
        assert [one["code"] for one in refused.get_json()["errors"]] == [code]
    program.post(address, {"value": None, "valid_from": "2026-10-01"})
    assert _of(program.get("/api/v1/indicators?period=2026-10"))["first_pass"]["target"] is None
    assert (
        program.post("/api/v1/indicators/nothing/targets", {"value": "1", "valid_from": "2026-01-01"}).status_code
        == 404
    )
