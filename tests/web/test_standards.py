"""Pages of measurement standards: list, one standard, entering, renewing, taking out of use."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence.standards import MeasurementStandard
from tests.conftest import TODAY
from tests.forms import form_on
from tests.people import create_user, sign_in
from tests.records import create_standard

ENTERED = {
    "name": "标准金属量器", "serial_number": "JL-20", "type_codes": ["fuel_dispenser"], "range_low": "20 L", "range_high": "20 L",
    "accuracy": "0.025 %", "certificate_number": "LX-9", "valid_from": "2026-01-01", "valid_until": "2027-01-01",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _today(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture
def officer(client: FlaskClient, session: Session) -> FlaskClient:
    sign_in(client, create_user(session, "officer"))
    return client


@pytest.fixture
def standard(session: Session) -> MeasurementStandard:
    row = create_standard(session, None)
    session.commit()
    return row


def numbers(page: str) -> list[str]:
    return re.findall(r"data-open>(BZ[^<]*)<", page)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["BZ-OLD", "BZ-SOON", "BZ-EXAM", "BZ-GOOD"]),
        ("validity=lapsed", ["BZ-OLD", "BZ-EXAM"]),
        ("validity=due_soon", ["BZ-SOON"]),
        ("validity=valid", ["BZ-SOON", "BZ-GOOD"]),
        ("type=fuel_dispenser", ["BZ-GOOD"]),
        ("state=suspended", ["BZ-OLD"]),
        ("institute=none", ["BZ-OLD", "BZ-SOON", "BZ-EXAM", "BZ-GOOD"]),
        ("type=nonsense", []),
        ("sort=number", ["BZ-EXAM", "BZ-GOOD", "BZ-OLD", "BZ-SOON"]),
    ],
)
def test_the_list_finds(officer: FlaskClient, session: Session, query: str, expected: list[str]) -> None:
    scale = ["digital_indicating_scale"]
    create_standard(session, None, "BZ-OLD", valid_until=TODAY - timedelta(days=1), state="suspended", type_codes=scale)
    create_standard(session, None, "BZ-SOON", valid_until=TODAY + timedelta(days=60), type_codes=scale)
    exam = TODAY - timedelta(days=1)
    create_standard(
        session, None, "BZ-EXAM", valid_until=TODAY + timedelta(days=61), examination_valid_until=exam, type_codes=scale
    )
    create_standard(session, None, "BZ-GOOD", valid_until=TODAY + timedelta(days=61), type_codes=["fuel_dispenser"])
    session.commit()
    assert numbers(officer.get(f"/standards/?{query}").text) == expected


def test_a_standard_is_entered_shown_and_found(officer: FlaskClient, session: Session) -> None:
    answer = officer.post("/standards/new", data=ENTERED)
    assert (answer.status_code, answer.location) == (302, "/standards/1")
    page = officer.get("/standards/1").text
    for shown in ("标准金属量器", "JL-20", "LX-9", "2027-01-01", "燃油加油机"):
        assert shown in page
    assert "标准<mark>金属量器</mark>" in officer.get("/search/suggest?q=金属量器").text


@pytest.mark.parametrize(
    ("field", "value"), [("accuracy", "good"), ("valid_until", "2025-01-01"), ("name", ""), ("type_codes", "x")]
)
def test_a_refused_form_keeps_what_was_typed(officer: FlaskClient, session: Session, field: str, value: str) -> None:
    answer = officer.post("/standards/new", data={**ENTERED, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="JL-20"' in answer.text
    assert session.query(MeasurementStandard).count() == 0


def test_editing_does_not_touch_the_certificate(
    officer: FlaskClient, session: Session, standard: MeasurementStandard
) -> None:
    page = officer.get(f"/standards/{standard.id}/edit").text
    assert 'name="certificate_number"' not in page
    assert 'value="FM-BZ-M1-01"' in page
    form = {
        "version": form_on(page)["version"],
        "name": "砝码",
        "serial_number": "",
        "number": "BZ-2",
        "accuracy": "0.005 %",
        "type_codes": ["fuel_dispenser"],
        "certificate_number": "FAKE",
    }
    assert officer.post(f"/standards/{standard.id}/edit", data=form).status_code == 302
    session.refresh(standard)
    assert (standard.name, standard.number, standard.certificate_number) == ("砝码", "BZ-2", "LX-2026-0001")
    assert (standard.serial_number, standard.type_codes) == ("", ["fuel_dispenser"])


def test_a_certificate_is_added(officer: FlaskClient, session: Session, standard: MeasurementStandard) -> None:
    form = {"certificate_number": "LX-2027", "valid_from": "2026-11-01", "valid_until": "2028-10-31"}
    assert officer.post(f"/standards/{standard.id}/renew", data=form).status_code == 302
    session.refresh(standard)
    assert (standard.certificate_number, standard.valid_until) == ("LX-2027", date(2028, 10, 31))
    again = officer.post(f"/standards/{standard.id}/renew", data=form)
    assert (again.status_code, "certificate_number-error" in again.text) == (422, True)


def test_a_standard_is_suspended_with_a_reason(
    officer: FlaskClient, session: Session, standard: MeasurementStandard
) -> None:
    officer.post(f"/standards/{standard.id}/move", data={"to": "suspended", "reason": ""})
    session.refresh(standard)
    assert standard.state == "in_use"
    officer.post(f"/standards/{standard.id}/move", data={"to": "suspended", "reason": "损坏"})
    session.refresh(standard)
    assert standard.state == "suspended"


def test_a_withdrawn_standard_offers_nothing_more(
    officer: FlaskClient, session: Session, standard: MeasurementStandard
) -> None:
    standard.state = "withdrawn"
    session.commit()
    page = officer.get(f"/standards/{standard.id}").text
    assert "/renew" not in page
    assert "/move" not in page


@pytest.mark.parametrize("role", ["verifier", "auditor", "manager"])
def test_others_look_only(client: FlaskClient, session: Session, standard: MeasurementStandard, role: str) -> None:
    sign_in(client, create_user(session, role))
    assert client.get("/standards/").status_code == 200
    assert "/edit" not in client.get(f"/standards/{standard.id}").text
    assert client.post("/standards/new", data=ENTERED).status_code == 403
    assert client.post(f"/standards/{standard.id}/move", data={"to": "suspended", "reason": "x"}).status_code == 403


def test_a_holder_sees_no_standard(client: FlaskClient, session: Session, standard: MeasurementStandard) -> None:
    sign_in(client, create_user(session, "holder"))
    assert client.get("/standards/").status_code == 403
    assert client.get(f"/standards/{standard.id}").status_code == 403
    assert client.get("/lists/standards/export.csv").status_code == 403


def test_an_unknown_standard_is_not_found(officer: FlaskClient) -> None:
    assert officer.get("/standards/99").status_code == 404
