"""The change feed by the API: bootstrapping, following, scope, refusals."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import TODAY
from tests.people import create_user
from tests.records import create_scale
from tests.tokens import Program, create_token


@pytest.fixture(autouse=True)
def _day(set_today: Any) -> None:
    set_today(TODAY)


def program(session: Session, client: FlaskClient, *roles: str, **said: Any) -> Program:
    token = create_token(session, create_user(session, *(roles or ("officer",)), **said))
    session.commit()
    return Program(client, token)


def test_a_copy_begins_from_now_and_follows(session: Session, client: FlaskClient) -> None:
    officer = program(session, client)
    create_scale(session, "before")
    session.commit()
    start = officer.get("changes?after=now").get_json()
    assert (start["changes"], start["has_more"]) == ([], False)
    scale = create_scale(session, "after")
    session.commit()
    page = officer.get(f"changes?after={start['next']}").get_json()
    (one,) = page["changes"]
    assert (one["change"], one["kind"], one["key"], one["by"]) == ("entered", "instrument", scale.id, None)
    assert one["action"] == "instrument.registered"
    assert "serial_number" in one["changed_fields"]
    assert officer.get(f"instruments/{one['key']}").status_code == 200
    assert officer.get(f"changes?after={page['next']}").get_json()["changes"] == []


def test_kinds_and_limits_are_asked_for(session: Session, client: FlaskClient) -> None:
    officer = program(session, client)
    create_scale(session)
    session.commit()
    page = officer.get("changes?kind=instrument&limit=1").get_json()
    assert {one["kind"] for one in page["changes"]} == {"instrument"}
    assert officer.get("changes?kind=user").status_code == 422
    assert officer.get("changes?limit=501").status_code == 422
    assert officer.get("changes?limit=0").status_code == 422


def test_a_token_of_few_scopes_is_told_of_few_kinds(session: Session, client: FlaskClient) -> None:
    user = create_user(session, "officer")
    narrow = Program(client, create_token(session, user, "instruments:read"))
    create_scale(session)
    session.commit()
    kinds = {one["kind"] for one in narrow.get("changes").get_json()["changes"]}
    assert "instrument" in kinds
    assert kinds <= {"instrument", "seal", "attachment", "condition_report"}
    assert narrow.get("changes?kind=verification").status_code == 422


def test_a_cursor_of_another_scope_is_refused(session: Session, client: FlaskClient) -> None:
    city, district = program(session, client), program(session, client, district_code="410702")
    cursor = city.get("changes?after=now").get_json()["next"]
    answer = district.get(f"changes?after={cursor}")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "cursor_lost")
    assert district.get("changes?after=nonsense").get_json()["code"] == "bad_cursor"
