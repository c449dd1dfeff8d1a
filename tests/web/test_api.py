"""The API: tokens, requests sent twice, pages by cursor, versions, limits; and that no cookie is believed."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import ACTIONS, Actor, may
from metrology.domain.problems import Problem
from metrology.domain.token_scopes import SCOPES, VERBS, actions_within, scope_of, scopes_for
from metrology.persistence.api_tokens import ApiToken, KeptAnswer
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.services import api_tokens, idempotency
from metrology.services.api_tokens import TokenFacts
from metrology.services.signing_in import actor_of
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.records import create_scale
from tests.tokens import Program, create_token

SCALE = {
    "type_code": "digital_indicating_scale", "serial_number": "API-1", "manufacturer": "示范衡器有限公司",
    "nameplate": {"accuracy_class": "III", "max": "30 kg", "e": "10 g"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _day(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture
def officer(session: Session, client: FlaskClient) -> Program:
    token = create_token(session, create_user(session, "officer"))
    session.commit()
    return Program(client, token)


# -- scopes


def test_every_action_belongs_to_a_scope() -> None:
    assert {scope_of(action) for action in ACTIONS} == set(SCOPES)
    assert {scope.partition(":")[2] for scope in SCOPES} == set(VERBS)
    assert actions_within(SCOPES) == frozenset(ACTIONS)


def test_words_of_second_and_third_people_are_apart() -> None:
    assert scope_of("verification.record") == "verifications:write"
    assert scope_of("verification.check") == scope_of("verification.approve") == "verifications:decide"
    assert "verifications:decide" not in scopes_for({"verifier"})


def test_a_token_never_does_more_than_its_account() -> None:
    verifier = Actor(1, "x", frozenset({"verifier"}), only=actions_within(SCOPES))
    assert may(verifier, "verification.record")
    assert not may(verifier, "verification.approve")
    narrowed = Actor(1, "x", frozenset({"verifier"}), only=actions_within({"instruments:read"}))
    assert may(narrowed, "instrument.view")
    assert not may(narrowed, "verification.record")


# -- tokens


def test_only_the_hash_is_kept(session: Session) -> None:
    user = create_user(session, "officer")
    token = create_token(session, user)
    row = session.scalar(select(ApiToken))
    assert row is not None
    assert token.startswith(row.prefix)
    assert api_tokens.FORM.fullmatch(token)
    assert row.token_hash == api_tokens.hash_of(token) != token
    session.commit()
    told = session.scalars(select(JournalEntry.changes).where(JournalEntry.action == "api_token.made")).one()
    assert token not in str(told)
    assert row.token_hash not in str(told)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"name": " "}, "bad_name"),
        ({"scopes": ()}, "scope_missing"),
        ({"scopes": ("everything",)}, "unknown_scope"),
        ({"scopes": ("users:write",)}, "scope_beyond_roles"),
        ({"expires_on": TODAY - timedelta(days=1)}, "bad_expiry"),
        ({"expires_on": TODAY + timedelta(days=732)}, "bad_expiry"),
    ],
)
def test_tokens_that_are_refused(session: Session, facts: dict[str, Any], code: str) -> None:
    user = create_user(session, "officer")
    given = {"name": "x", "scopes": ("instruments:read",), "expires_on": TODAY, **facts}
    with pytest.raises(Problem, match=code):
        api_tokens.make(session, actor_of(user), user, TokenFacts(**given), today=TODAY, now=NOW)


def test_nobody_makes_tokens_of_a_person(session: Session) -> None:
    """An administrator who could would give the word of an approver."""
    admin = actor_of(create_user(session, "administrator"))
    facts = TokenFacts("x", ("instruments:read",), TODAY)
    person = create_user(session, "officer", password="$argon2id$x")
    with pytest.raises(Problem, match="token_of_a_person"):
        api_tokens.make(session, admin, person, facts, today=TODAY, now=NOW)
    system = create_user(session, "officer")
    assert api_tokens.make(session, admin, system, facts, today=TODAY, now=NOW)
    with pytest.raises(Problem, match="outside_scope"):
        api_tokens.make(session, actor_of(person), system, facts, today=TODAY, now=NOW)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "token_needed"),
        ("Basic eDp5", "token_unknown"),
        ("Bearer ", "token_needed"),
        ("Bearer nonsense", "token_unknown"),
        ("Bearer metr_00000000_" + "0" * 64, "token_unknown"),
    ],
)
def test_without_a_token_nothing(app: Flask, client: FlaskClient, header: str, code: str) -> None:
    answer = client.get("/api/v1/instruments", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.mimetype, answer.get_json()["code"]) == (401, "application/problem+json", code)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="metrology"')


def test_no_cookie_is_believed(session: Session, client: FlaskClient) -> None:
    sign_in(client, create_user(session, "officer"))
    assert client.get("/instruments/").status_code == 200
    assert client.get("/api/v1/instruments").status_code == 401
    assert client.post("/api/v1/instruments", json=SCALE).status_code == 401


def test_csrf_is_asked_of_pages_only(app: Flask, officer: Program) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert officer.post("instruments", SCALE).status_code == 201
        assert officer.client.post("/tokens/1/revoke").status_code in (400, 401)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_a_token_ends(session: Session, client: FlaskClient, set_today: Any) -> None:
    user = create_user(session, "officer")
    program = Program(client, create_token(session, user, expires_on=TODAY))
    assert program.get("token").status_code == 200
    set_today(TODAY + timedelta(days=1))
    assert program.get("token").get_json()["code"] == "token_expired"
    set_today(TODAY)
    user.active = False
    assert program.get("token").get_json()["code"] == "account_inactive"
    user.active = True
    assert program.ask("DELETE", "token").status_code == 204
    assert program.get("token").get_json()["code"] == "token_revoked"


def test_roles_taken_from_the_account_are_taken_from_its_tokens(session: Session, client: FlaskClient) -> None:
    user = create_user(session, "officer", "verifier")
    program = Program(client, create_token(session, user))
    assert program.post("instruments", SCALE).status_code == 201
    user.roles = [role for role in user.roles if role.name == "verifier"]
    assert program.post("instruments", {**SCALE, "serial_number": "API-2"}).status_code == 403


def test_a_scope_that_lacks_is_named(session: Session, client: FlaskClient) -> None:
    program = Program(client, create_token(session, create_user(session, "officer"), "instruments:read"))
    refused = program.post("instruments", SCALE)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "scope_needed")
    assert 'scope="instruments:write"' in refused.headers["WWW-Authenticate"]


def test_rotation_overlaps(session: Session, officer: Program, set_today: Any) -> None:
    told = officer.post("token/rotate", {"old_until": (TODAY + timedelta(days=7)).isoformat()}, key="once")
    assert told.status_code == 201
    new = Program(officer.client, told.get_json()["token"])
    assert [one.get("token").status_code for one in (officer, new)] == [200, 200]
    assert officer.post("token/rotate", {"old_until": TODAY.isoformat()}).get_json()["code"] == "token_rotated"
    set_today(TODAY + timedelta(days=7))
    assert officer.get("token").status_code == 200
    set_today(TODAY + timedelta(days=8))
    assert [one.get("token").status_code for one in (officer, new)] == [401, 200]


def test_a_token_is_not_kept_for_a_second_answer(session: Session, officer: Program) -> None:
    body = {"old_until": TODAY.isoformat()}
    token = officer.post("token/rotate", body, key="r").get_json()["token"]
    again = officer.post("token/rotate", body, key="r")
    assert (again.status_code, again.get_json()["code"]) == (409, "answer_not_kept")
    assert token not in "".join(session.scalars(select(KeptAnswer.body)))


def test_the_journal_names_the_token(session: Session, client: FlaskClient) -> None:
    user = create_user(session, "officer")
    Program(client, create_token(session, user, name="ERP")).post("instruments", SCALE)
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "instrument.registered")).one()
    assert (entry.actor_id, entry.actor_name) == (user.id, f"{user.name} [API ERP]")


def test_last_use_is_told(session: Session, officer: Program) -> None:
    officer.get("token")
    assert session.scalars(select(ApiToken.last_used_at)).one() is not None


# -- pages of tokens


def test_a_token_is_shown_once(session: Session, client: FlaskClient) -> None:
    user = create_user(session, "officer")
    sign_in(client, user)
    form = {"name": "ERP", "expires_on": "2027-01-01", "scopes": ["instruments:read"]}
    page = client.post(f"/tokens/of/{user.id}/new", data=form)
    token = api_tokens.FORM.search(page.text)
    assert token is not None
    assert page.headers["Cache-Control"] == "no-store"
    assert Program(client, token[0]).get("token").get_json()["scopes"] == ["instruments:read"]
    listed = client.get("/tokens/").text
    assert token[0] not in listed
    assert token[0][:13] in listed
    row = session.scalars(select(ApiToken)).one()
    rotated = client.post(f"/tokens/{row.id}/rotate", data={"old_until": "2026-11-30"})
    assert api_tokens.FORM.search(rotated.text)
    client.post(f"/tokens/{row.id}/revoke")
    assert Program(client, token[0]).get("token").status_code == 401


def test_tokens_of_others_are_not_there(session: Session, client: FlaskClient) -> None:
    mine, other = create_user(session, "officer"), create_user(session, "officer")
    create_token(session, other)
    sign_in(client, mine)
    row = session.scalars(select(ApiToken)).one()
    assert client.get(f"/tokens/{row.id}/rotate").status_code == 404
    assert client.post(f"/tokens/{row.id}/revoke").status_code == 404
    assert client.get(f"/tokens/of/{other.id}/new").status_code == 404


# -- sent twice


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Instrument)) or 0


def test_sent_again_it_changes_nothing_and_answers_the_same(session: Session, officer: Program) -> None:
    first, again = (officer.post("instruments", SCALE, key="k1") for _time in range(2))
    assert (first.status_code, again.status_code, first.data) == (201, 201, again.data)
    assert (again.headers["Idempotent-Replayed"], "Idempotent-Replayed" in first.headers) == ("true", False)
    assert again.headers["Location"] == first.headers["Location"]
    assert count(session) == 1


def test_a_key_belongs_to_one_request(officer: Program) -> None:
    officer.post("instruments", SCALE, key="k1")
    other = officer.post("instruments", {**SCALE, "serial_number": "API-2"}, key="k1")
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency_key_reused")


def test_a_key_belongs_to_one_token(session: Session, officer: Program) -> None:
    officer.post("instruments", SCALE, key="k1")
    other = Program(officer.client, create_token(session, create_user(session, "officer")))
    assert other.post("instruments", {**SCALE, "serial_number": "API-2"}, key="k1").status_code == 201


def test_what_was_refused_may_be_tried_again(session: Session, officer: Program) -> None:
    wrong = {**SCALE, "serial_number": ""}
    assert officer.post("instruments", wrong, key="k1").status_code == 422
    assert session.scalar(select(func.count()).select_from(KeptAnswer)) == 0
    assert officer.post("instruments", SCALE, key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "schlüssel"])
def test_keys_that_are_refused(officer: Program, key: str) -> None:
    answer = officer.post("instruments", SCALE, headers={"Idempotency-Key": key})
    assert answer.get_json()["code"] == "bad_idempotency_key"


def test_kept_answers_go_after_48_hours(session: Session, officer: Program, set_today: Any) -> None:
    officer.post("instruments", SCALE, key="k1")
    kept_at = session.scalars(select(KeptAnswer.kept_at)).one()
    assert idempotency.sweep(session, now=kept_at + timedelta(hours=48)) == 0
    assert idempotency.sweep(session, now=kept_at + timedelta(hours=48, seconds=1)) == 1


def test_two_at_once_change_one_thing(session: Session, officer: Program, app: Flask) -> None:
    answers: list[Any] = []
    start = threading.Barrier(4)

    def send() -> None:
        start.wait()
        answers.append(Program(app.test_client(), officer.token).post("instruments", SCALE, key="same"))

    threads = [threading.Thread(target=send) for _one in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.status_code for one in answers] == [201] * 4, [one.text for one in answers]
    assert len({one.data for one in answers}) == 1
    assert sum("Idempotent-Replayed" in one.headers for one in answers) == 3
    assert count(session) == 1


# -- what is sent


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b"{", "application/json", 422, "bad_json"),
        (b"\xff", "application/json", 422, "bad_json"),
        (b"[" * 100_000, "application/json", 422, "bad_json"),
        (b'{"serial_number": "\\ud800"}', "application/json", 422, "bad_json"),
        (b'{"serial_number": NaN}', "application/json", 422, "bad_json"),
        (b"[]", "application/json", 422, "bad_fields"),
        (b"7", "application/json", 422, "bad_fields"),
        (b"", "application/json", 422, "bad_fields"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "json_needed"),
        (b'{"serial_number": "a\\u0000b"}', "application/json", 422, "bad_fields"),
    ],
)
def test_bodies_that_are_refused(officer: Program, body: bytes, media: str, status: int, code: str) -> None:
    answer = officer.ask("POST", "instruments", data=body, content_type=media)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json()["code"] == code


def test_every_wrong_field_is_named(officer: Program) -> None:
    told = officer.post(
        "instruments", {"serial_number": 5, "colour": "red", "holder_id": "1", "is_onsite": "yes"}
    ).get_json()
    assert {(one["field"], one["code"]) for one in told["errors"]} == {
        ("serial_number", "bad_value"), ("colour", "unknown_field"), ("holder_id", "bad_value"), ("is_onsite", "bad_value"),
        ("type_code", "field_needed"),
    }  # fmt: skip


def test_problems_are_those_of_the_form(officer: Program) -> None:
    told = officer.post("instruments", {**SCALE, "nameplate": {"accuracy_class": "III", "e": "10 g"}})
    assert (told.status_code, told.get_json()["code"]) == (422, "missing_characteristic")
    assert told.get_json()["errors"][0]["field"] == "nameplate.max"
    officer.post("instruments", SCALE)
    twice = officer.post("instruments", SCALE)
    assert (twice.status_code, twice.get_json()["code"]) == (409, "duplicate")
    chinese = officer.post("instruments", SCALE, headers={"Accept-Language": "zh-CN"}).get_json()["detail"]
    assert chinese != twice.get_json()["detail"]


def test_what_the_query_does_not_know_is_refused(officer: Program) -> None:
    assert officer.get("instruments?colour=red").get_json()["errors"][0]["code"] == "unknown_field"
    assert officer.get("instruments?sort=colour").status_code == 422
    assert officer.get("instruments?limit=0").status_code == 422
    assert officer.get("instruments?cursor=x").get_json()["code"] == "bad_cursor"


def test_keys_beyond_63_bits_are_not_there(officer: Program) -> None:
    assert officer.get(f"instruments/{2**63}").status_code == 404
    assert officer.get(f"instruments/{2**63 - 1}").status_code == 404


def test_other_methods_say_which_there_are(officer: Program) -> None:
    answer = officer.ask("PUT", "instruments")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


# -- versions


def test_nothing_is_written_over_unseen(session: Session, officer: Program) -> None:
    scale = create_scale(session)
    address = f"instruments/{scale.id}"
    tag = officer.get(address).headers["ETag"]
    assert officer.patch(address, {"notes": "a"}).status_code == 428
    changed = officer.patch(address, {"notes": "a"}, match=tag)
    assert (changed.status_code, changed.get_json()["notes"]) == (200, "a")
    late = officer.patch(address, {"notes": "b"}, match=tag)
    assert (late.status_code, late.get_json()["code"]) == (412, "changed_meanwhile")
    assert officer.patch(address, {"notes": "b"}, match=changed.headers["ETag"]).status_code == 200


# -- pages


def test_pages_by_cursor(session: Session, officer: Program) -> None:
    for i in range(5):
        create_scale(session, f"SN{i}")
    numbers, address = [], "instruments?limit=2&sort=-number"
    while address:
        told = officer.get(address).get_json()
        assert len(told["items"]) <= 2
        numbers += [one["number"] for one in told["items"]]
        address = (told["next"] or "").removeprefix("http://localhost")
    assert len(numbers) == 5
    assert numbers == sorted(numbers, reverse=True)


def test_a_district_sees_its_own(session: Session, client: FlaskClient) -> None:
    from tests.records import create_team
    from tests.web.samples import World

    team = create_team(session)
    home, away = World(session, "410702", "home", team), World(session, "410703", "away", team)
    user = create_user(session, "officer", district_code="410702")
    program = Program(client, create_token(session, user))
    mine, foreign = home.instrument.id, away.instrument.id
    assert [one["id"] for one in program.get("instruments").get_json()["items"]] == [mine]
    assert (program.get(f"instruments/{mine}").status_code, program.get(f"instruments/{foreign}").status_code) == (
        200,
        404,
    )
    body = {"to": "retired", "cause": "request", "reason": "x"}
    assert program.post(f"instruments/{foreign}/move", body).status_code == 404


# -- limits


def test_limits_are_told_and_kept(app: Flask, officer: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from metrology.services.rates import Limit
    from metrology.web.api import guard

    monkeypatch.setattr(guard, "ALL", Limit("api", 5, timedelta(minutes=1)))
    app.config["RATELIMIT_ENABLED"] = True
    try:
        answers = [officer.get("token") for _time in range(6)]
        assert [one.status_code for one in answers] == [200] * 5 + [429]
        assert answers[0].headers["RateLimit-Policy"] == '"api";q=5;w=60'
        assert answers[0].headers["RateLimit"].startswith('"api";r=4;t=')
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert answers[-1].mimetype == "application/problem+json"
    finally:
        app.config["RATELIMIT_ENABLED"] = False


# -- the document


def test_the_document_is_public_and_names_every_scope(client: FlaskClient) -> None:
    told = client.get("/api/v1/openapi.json").get_json()
    assert told["openapi"] == "3.1.0"
    scopes = {one for path in told["paths"].values() for each in path.values() for one in each["security"][0]["token"]}
    assert scopes <= set(SCOPES)


def test_the_pages_of_the_document(client: FlaskClient) -> None:
    told = client.get("/api/v1/openapi.json").get_json()
    page = client.get("/api/v1/docs?lang=zh_Hans_CN").text
    for path, methods in told["paths"].items():
        assert path in page
        for one in methods.values():
            assert one["x-summary-zh"] in page
            assert one["summary"]
    for tag in told["tags"]:
        assert client.get(f"/api/v1/docs/{tag['name']}").status_code == 200
    assert client.get("/api/v1/docs/nothing").status_code == 404
