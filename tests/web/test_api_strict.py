"""What the API is sent is taken whole or refused: nothing is passed over, nothing is guessed, nothing is kept that breaks an answer."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence.rules_versions import RulesVersion
from metrology.services import rules_versions
from metrology.services.signing_in import actor_of
from metrology.settings import ROOT
from metrology.web.problems import API_STATUS, known
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import create_scale, create_team
from tests.tokens import Program, create_token

PLATE = {"accuracy_class": "III", "max": "30 kg", "e": "10 g"}
SCALE = {"type_code": "digital_indicating_scale", "serial_number": "S-1", "nameplate": PLATE}


@pytest.fixture(autouse=True)
def _day(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture
def officer(session: Session, client: FlaskClient) -> Program:
    return Program(client, create_token(session, create_user(session, "officer")))


@pytest.fixture
def draft(session: Session) -> RulesVersion:
    """A draft of rules: the one thing that is kept as it was typed, right or wrong."""
    writer = actor_of(create_user(session, "officer"))
    return rules_versions.start(session, writer, "infrared_ear_thermometer", now=NOW)


def codes(answer: Any) -> set[tuple[str, str]]:
    return {(one["field"], one["code"]) for one in answer.get_json()["errors"]}


# -- bodies


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"rules": {"a": "\\u0000"}}', "bad_fields"),
        (b'{"rules": {"a": [{"\\u0000": 1}]}}', "bad_fields"),
        (b'{"rules": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}", "bad_fields"),
        (b'{"rules": {"a": 1e400}}', "bad_json"),
        (b'{"rules": {"a": 1, "a": 2}}', "bad_json"),
    ],
)
def test_what_no_database_keeps_or_no_answer_could_tell(
    officer: Program, draft: RulesVersion, body: bytes, code: str
) -> None:
    answer = officer.ask("PUT", f"rules/{draft.id}", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_a_draft_is_kept_as_it_was_typed(officer: Program, draft: RulesVersion) -> None:
    rules = {"points": [{"at": "3 km", "text": "两行\n　文字"}], "number": 1.5}
    assert officer.ask("PUT", f"rules/{draft.id}", match="*", json={"rules": rules}).get_json()["rules"] == rules


def test_wide_blanks_are_taken_as_by_a_form(officer: Program) -> None:
    told = officer.post("instruments", {**SCALE, "manufacturer": "东湖　市场", "location": "3\u00a0号"}).get_json()
    assert (told["manufacturer"], told["location"]) == ("东湖 市场", "3 号")
    assert officer.post("instruments", {**SCALE, "location": "a\u200bb"}).status_code == 422


@pytest.mark.parametrize("day", ["2026-W40-1", "20261001", "2026-10-1", "2026-02-30", 20261001])
def test_a_day_has_one_form(officer: Program, day: Any) -> None:
    answer = officer.post("instruments", {**SCALE, "manufactured_on": day})
    assert codes(answer) == {("manufactured_on", "bad_value")}


def test_a_packed_body_is_refused_unopened(officer: Program) -> None:
    packed = gzip.compress(json.dumps(SCALE).encode())
    for address, media in (("instruments", "application/json"), ("ledgers?name=a.csv", "application/octet-stream")):
        answer = officer.ask("POST", address, data=packed, content_type=media, headers={"Content-Encoding": "gzip"})
        assert (answer.status_code, answer.get_json()["code"]) == (415, "body_packed")


@pytest.mark.parametrize("key", ["", "once"])
def test_a_json_body_has_at_most_4_mb_with_a_key_too(officer: Program, key: str) -> None:
    for address in ("instruments", "instruments/bulk"):
        blanks = officer.ask("POST", address, key=key, data=b" " * 4_000_001, content_type="application/json")
        assert blanks.status_code == 413


def test_files_are_larger_than_json(officer: Program) -> None:
    answer = officer.ask("POST", "ledgers?name=a.csv", data=b" " * 4_000_001, content_type="application/octet-stream")
    assert answer.status_code == 201


def test_a_body_where_none_is_read_is_refused(session: Session, officer: Program) -> None:
    address = f"instruments/{create_scale(session).id}/print-label"
    assert codes(officer.post(address, {"copies": 3})) == {("body", "unknown_field")}
    assert officer.post(address, {}).status_code == 200


def test_true_is_no_word(session: Session, client: FlaskClient) -> None:
    admin = Program(client, create_token(session, create_user(session, "administrator")))
    hook = {"name": "ERP", "url": "https://erp.example.com/in", "kinds": ["instrument"]}
    made = admin.post("webhooks", hook).get_json()
    assert codes(admin.post(f"webhooks/{made['id']}/resume", {"from_now": "yes"})) == {("from_now", "bad_value")}


# -- what the database would refuse, or cut off


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("name", "长" * 201, "text_too_long"),
        ("address", "长" * 201, "text_too_long"),
        ("phone", "1" * 201, "text_too_long"),
        ("district_code", "999999", "bad_choice"),
    ],
)
def test_institutes_have_limits(session: Session, client: FlaskClient, field: str, text: str, code: str) -> None:
    admin = Program(client, create_token(session, create_user(session, "administrator")))
    whole = {"name": "示范检测中心", "short_code": "SFJC", field: text}
    assert codes(admin.post("institutes", whole)) == {(field, code)}


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("title", "长" * 201, "text_too_long"),
        ("notes", "长" * 4001, "text_too_long"),
        ("district_code", "999999", "unknown_district"),
    ],
)
def test_visits_have_limits(session: Session, officer: Program, field: str, text: str, code: str) -> None:
    scale = create_scale(session)
    visit = {"planned_on": TODAY.isoformat(), "instrument_ids": [scale.id]}
    assert codes(officer.post("visits", {**visit, field: text})) == {(field, code)}
    made = officer.post("visits", visit).get_json()
    said = {"planned_on": TODAY.isoformat(), field: text}
    changed = officer.post(f"visits/{made['id']}/change", said, match="*")
    assert codes(changed) == {(field, "unknown_field" if field == "district_code" else code)}


def test_a_remark_is_not_cut_off(session: Session, officer: Program) -> None:
    scale = create_scale(session)
    visit = officer.post("visits", {"planned_on": TODAY.isoformat(), "instrument_ids": [scale.id]}).get_json()["id"]
    item = officer.get(f"visits/{visit}").get_json()["items"][0]["id"]
    address = f"visits/{visit}/items/{item}/note"
    assert codes(officer.post(address, {"state": "not_found", "remark": "长" * 201})) == {("remark", "text_too_long")}


def test_a_record_names_a_visit_that_is_there(session: Session, client: FlaskClient) -> None:
    team = create_team(session)
    verifier = Program(client, create_token(session, team.verifier))
    start = {"instrument_id": create_scale(session).id, "visit_id": 999}
    assert codes(verifier.post("verifications", start)) == {("visit_id", "bad_choice")}
    assert verifier.post("verifications", {**start, "visit_id": None}).status_code == 201


@pytest.mark.parametrize("long", ["㍿" * 51, "ﬀ" * 101, "ß" * 101])
def test_what_is_compared_is_kept_too(officer: Program, long: str) -> None:
    """㍿ is one character and four of its key, which has a column of its own."""
    assert codes(officer.post("holders", {"name": long})) == {("name", "text_too_long")}
    assert codes(officer.post("places", {"name": long})) == {("name", "text_too_long")}
    assert codes(officer.post("instruments", {**SCALE, "manufacturer": long})) == {("manufacturer", "text_too_long")}
    assert codes(officer.post("instruments", {**SCALE, "serial_number": long})) == {("serial_number", "text_too_long")}
    assert officer.post("holders", {"name": long[:50]}).status_code == 201


def test_the_phone_of_an_account_is_not_cut_off(session: Session, client: FlaskClient) -> None:
    admin = Program(client, create_token(session, create_user(session, "administrator")))
    account = {"email": "a@example.test", "name": "示范", "roles": ["officer"], "phone": "1" * 201}
    assert codes(admin.post("users", account)) == {("phone", "text_too_long")}


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31"])
def test_nothing_was_counted_before_1900(officer: Program, day: str) -> None:
    assert codes(officer.get(f"indicators?as_of={day}")) == {("as_of", "date_out_of_range")}
    assert officer.get("indicators?as_of=1900-01-01").status_code == 200


def test_coordinates_are_told_as_the_document_says(client: FlaskClient, officer: Program) -> None:
    told = officer.post("places", {"name": "东门", "latitude": "35.30", "longitude": "113.9"}).get_json()
    assert (told["latitude"], told["longitude"]) == ("35.3", "113.9")
    shapes = client.get("/api/v1/openapi.json").get_json()["components"]["schemas"]
    assert shapes["PlaceTold"]["properties"]["latitude"]["type"] == ["string", "null"]


# -- what can be chosen


def test_the_document_names_the_codes_of_bodies_and_answers(client: FlaskClient) -> None:
    shapes = client.get("/api/v1/openapi.json").get_json()["components"]["schemas"]
    assert shapes["EndingSaid"]["properties"]["kind"]["enum"] == ["revocation", "annulment", "replacement"]
    assert "officer" in shapes["UserSaid"]["properties"]["roles"]["items"]["enum"]
    assert "in_use" in shapes["InstrumentTold"]["properties"]["state"]["enum"]
    assert None in shapes["VerificationTold"]["properties"]["verdict"]["enum"]


def test_accounts_of_no_role_are_no_empty_list(session: Session, client: FlaskClient) -> None:
    admin = Program(client, create_token(session, create_user(session, "administrator")))
    assert codes(admin.get("users?role=king")) == {("role", "bad_value")}
    assert codes(admin.get("users?state=asleep")) == {("state", "bad_value")}
    assert codes(admin.get("statements?state=lost")) == {("state", "bad_value")}


# -- addresses


@pytest.mark.parametrize("digits", ["1_0", "%EF%BC%95", "%2B5", "%205", "1.0", ""])
def test_a_number_in_an_address_is_its_digits(officer: Program, digits: str) -> None:
    assert codes(officer.get(f"instruments?limit={digits}")) == {("limit", "bad_value")}


def test_what_stands_twice_in_a_query_is_refused(officer: Program) -> None:
    assert codes(officer.get("instruments?limit=5&limit=6")) == {("limit", "said_twice")}
    assert officer.get("instruments?state=in_use&state=retired").status_code == 200


def test_a_query_where_none_is_read_is_refused(session: Session, officer: Program) -> None:
    address = f"instruments/{create_scale(session).id}"
    assert codes(officer.get(f"{address}?fields=number")) == {("fields", "unknown_field")}
    assert officer.get(address).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["state=in-use", "state=in_use&state=in-use", "due_from=2026-13-01", "due_to=2026-W40-1", "holder=abc", "sort=-"],
)
def test_a_slip_of_the_pen_is_no_empty_list(session: Session, officer: Program, query: str) -> None:
    create_scale(session)
    answer = officer.get(f"instruments?{query}")
    assert answer.status_code == 422
    assert {code for _field, code in codes(answer)} == {"bad_choice"}


def test_the_document_names_what_can_be_chosen(client: FlaskClient) -> None:
    told = client.get("/api/v1/openapi.json").get_json()["paths"]["/api/v1/instruments"]["get"]["parameters"]
    shapes = {one["name"]: one["schema"] for one in told}
    assert {"all", "in_use", "retired"} <= set(shapes["state"]["items"]["enum"])
    assert shapes["onsite"]["enum"] == ["yes", "no"]
    assert shapes["due_from"]["format"] == "date"


@pytest.mark.parametrize("address", ["districts", "types/digital_indicating_scale/editions/JJG 539-2016/numbers"])
def test_short_lists_have_pages_too(session: Session, officer: Program, address: str) -> None:
    whole = officer.get(f"{address}?limit=200").get_json()
    assert whole["next"] is None
    found, following = [], f"/api/v1/{address}?limit=3"
    while following:
        page = officer.get(following).get_json()
        assert len(page["items"]) <= 3
        found += page["items"]
        following = (page["next"] or "").removeprefix("http://localhost")
    assert found == whole["items"]
    assert len(found) > 3
    assert officer.get(f"{address}?cursor=x").get_json()["code"] == "bad_cursor"


def test_ledgers_have_the_limit_that_is_asked_for(session: Session, officer: Program) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        officer.ask("POST", f"ledgers?name={name}", data=name.encode(), content_type="application/octet-stream")
    first = officer.get("ledgers?limit=2").get_json()
    assert [one["file_name"] for one in first["items"]] == ["c.csv", "b.csv"]
    rest = officer.get(first["next"].removeprefix("http://localhost")).get_json()
    assert ([one["file_name"] for one in rest["items"]], rest["next"]) == (["a.csv"], None)


# -- keys


def test_a_key_may_have_blanks_inside_as_the_document_says(client: FlaskClient, officer: Program) -> None:
    assert officer.post("instruments", SCALE, key="order 4711 line 1").status_code == 201
    told = client.get("/api/v1/openapi.json").get_json()["paths"]["/api/v1/instruments"]["post"]["parameters"]
    pattern = next(one["schema"]["pattern"] for one in told if one["name"] == "Idempotency-Key")
    assert pattern == "^[!-~]([ -~]*[!-~])?$"


# -- codes


def test_every_code_is_told_with_its_sentence(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs/problems?lang=en").text
    assert [code for code in known() if f'<td class="mono">{code}</td>' not in page] == []
    assert "This token does not have the scope “‹scope›”." in page
    assert "%(" not in page
    assert "该令牌没有" in client.get("/api/v1/docs/problems?lang=zh_Hans_CN").text


def test_codes_with_a_status_of_their_own_stand_in_the_documentation() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert [code for code in API_STATUS if f"`{code}`" not in text] == []
