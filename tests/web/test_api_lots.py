"""Lots in the API: listed, read with their counts, meter by meter; each within the scope of the one who asks."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import TODAY
from tests.lots import certify_lot
from tests.people import create_user
from tests.records import create_team
from tests.tokens import Program, create_token


@pytest.fixture(autouse=True)
def _day(set_today: Any) -> None:
    set_today(TODAY)


def test_a_lot_is_told_with_its_meters(session: Session, client: FlaskClient) -> None:
    lot = certify_lot(session, create_team(session), 3, bad=[2])
    program = Program(client, create_token(session, create_user(session, "officer"), "lots:read"))
    listed = program.get("lots?state=approved").get_json()["items"]
    assert [(one["id"], one["number"]) for one in listed] == [(lot.id, lot.number)]
    told = program.get(f"lots/{lot.id}").get_json()
    assert told["certificate_number"] == lot.certificate_number is not None
    assert {name: told["counts"][name] for name in ("meters", "conforming", "rejected", "unread", "left")} == {
        "meters": 3, "conforming": 2, "rejected": 1, "unread": 0, "left": 0,
    }  # fmt: skip
    first = program.get(f"lots/{lot.id}/meters?limit=2").get_json()
    rest = program.get(first["next"].removeprefix("http://localhost")).get_json()
    rows = first["items"] + rest["items"]
    assert [one["verdict"] for one in rows] == ["conforms", "rejected", "conforms"]
    assert [one["position"] for one in rows] == sorted(one["position"] for one in rows)
    assert all(one["verification_id"] for one in rows)
    rejected = program.get(f"lots/{lot.id}/meters?which=rejected").get_json()["items"]
    assert [one["instrument_id"] for one in rejected] == [rows[1]["instrument_id"]]


def test_lots_of_others_are_not_there(session: Session, client: FlaskClient) -> None:
    lot = certify_lot(session, create_team(session), 1)
    lot.district_code = "410702"
    elsewhere = Program(client, create_token(session, create_user(session, "officer", district_code="410703")))
    assert elsewhere.get("lots").get_json()["items"] == []
    assert elsewhere.get(f"lots/{lot.id}").status_code == 404
    assert elsewhere.get(f"lots/{lot.id}/meters").status_code == 404
