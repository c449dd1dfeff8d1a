"""What is asked by the OpenAPI document is answered as it says: never 5xx, never an answer it does not name.

schemathesis makes the requests, in a fixed order and with fixed seeds; what they write is undone, so that each meets the same
registry. Longer runs by hand: ``SCHEMATHESIS_EXAMPLES=200 pytest tests/web/test_api_document.py``.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from sqlalchemy.orm import Session

from metrology.domain.authority import ACTIONS, ROLES
from metrology.domain.token_scopes import SCOPES, scope_of
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.settings import ROOT
from tests.conftest import DIALECTS, NOW, TODAY, Bench
from tests.people import create_user
from tests.records import certify, create_scale, create_team, scale_readings
from tests.tokens import Program, create_token
from tests.web.samples import MAKERS, World, maker_of
from tests.web.test_public_api import assert_within

load_all_checks()  # only then are there more than one
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "1"))
NOT_ASKED = {
    "positive_data_acceptance",  # the registry refuses what law or another record forbids, whatever its shape
    "missing_required_header",  # 428 says more than the 4xx it knows
    "ignored_auth", "use_after_free", "ensure_resource_availability",  # asked by tests of our own, with less
}  # fmt: skip
CHECKED = [one for one in CHECKS.get_all() if one.__name__ not in NOT_ASKED]
LEFT = [one for one in CHECKS.get_all() if one.__name__ in NOT_ASKED]
STAFF = tuple(role for role in ROLES if role != "holder")
NO_OPERATION = {
    "account.own": "one's own browsers, password and second factor are a person's, with a browser",
    "label.print": "sheets of labels are paper, made on their page for the printer at hand",
    "report.export": "the figures are answered as JSON; PDF and XLSX of a report are paper",
    "statement.prepare": "statements are prepared and approved by people who look at them",
    "statement.approve": "statements are prepared and approved by people who look at them",
    "lot.edit": "lots are worked on by people with their bench files; each meter of a lot is an instrument here",
    "lot.return": "lots are worked on by people with their bench files; each meter of a lot is an instrument here",
    "lot.rotate": "lots are worked on by people with their bench files; each meter of a lot is an instrument here",
    "list.build": "a program asks the lists with filters of its own",
    "report.keep": "reports under a name and by mail are for people; a program asks when it needs one",
    "report.subscribe": "reports under a name and by mail are for people; a program asks when it needs one",
}


def operations(told: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            yield method, path, one


class Registry:
    """A registry with one of everything, and tokens that may much or little."""

    def __init__(self, dialect: str, folder: Path) -> None:
        self.bench = Bench(dialect, folder, "schema")
        self.app: Flask = self.bench.app
        self.app.config["PROPAGATE_EXCEPTIONS"] = False
        with self.app.app_context():
            self._fill(db.session())
            db.session.commit()
            db.session.remove()

    def _fill(self, session: Session) -> None:
        team = create_team(session)
        world = World(session, "410702", "home", team)
        everybody = create_user(session, *STAFF, institute_id=team.institute.id)
        verifier = create_user(session, "verifier", institute_id=team.institute.id, district_code="410702")
        holder = create_user(session, "holder", holder_id=world.holder.id)
        self.tokens = [
            create_token(session, everybody),
            create_token(session, verifier),
            create_token(session, holder),
            create_token(session, everybody, *(scope for scope in SCOPES if scope.endswith(":read"))),
        ]
        made: dict[str, Any] = {}
        self.values: dict[tuple[str, str], Any] = {}
        for rule in self.app.url_map.iter_rules():
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            for argument in rule.arguments if rule.rule.startswith("/api/v1/") else ():
                name = maker_of(rule.endpoint, argument)
                assert name is not None, f"add a maker to tests/web/samples.py for {rule.endpoint}: {argument}"
                if name not in made:
                    made[name] = MAKERS[name](world)
                self.values[path, argument] = made[name]

    def faults(self, modes: tuple[GenerationMode, ...], *, step: int = 1, only: str = "") -> list[str]:
        """What is wrong with the answers to requests made for every operation (each ``step``-th, those of one path)."""
        schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", self.app)
        found: list[str] = []
        asked = 0
        for place, each in enumerate(schema.get_all_operations()):
            operation = each.ok()
            if place % step or not operation.path.startswith(only):
                continue
            for turn, mode in enumerate(modes):
                token = self.tokens[0 if turn == 0 else (place + turn) % len(self.tokens)]
                found += self._of(operation, mode, token)
                asked += 1
        assert only or asked >= 205 * len(modes) // step, "the document has fewer operations than it had"
        return found

    def _of(self, operation: Any, mode: GenerationMode, token: str) -> list[str]:
        headers, found = {"Authorization": f"Bearer {token}"}, []

        @settings(
            max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            assume(_arrives_as_it_is(case))
            if mode is GenerationMode.POSITIVE:
                known = {key: self.values.get((operation.path, key)) for key in case.path_parameters or {}}
                case.path_parameters = {
                    **(case.path_parameters or {}),
                    **{k: v for k, v in known.items() if v is not None},
                }
            answer = case.call(headers=headers)
            try:
                case.validate_response(answer, checks=CHECKED, excluded_checks=LEFT, headers=headers)
            except BaseExceptionGroup as group:
                found.extend(_told(operation, mode, answer, one) for one in group.exceptions if _counts(one, answer))
            except AssertionError as fault:
                found.extend([_told(operation, mode, answer, fault)] if _counts(fault, answer) else [])

        with suppress(Unsatisfiable):  # nothing could be made up that HTTP carries
            ask()
        return found


def _arrives_as_it_is(case: Any) -> bool:
    """Whether HTTP carries what was made up: it trims header values, and a query has no null."""
    headers = [str(value) for value in (case.headers or {}).values()]
    asked = [one for value in (case.query or {}).values() for one in (value if isinstance(value, list) else [value])]
    return all(value == value.strip() for value in headers) and None not in asked


def _counts(fault: BaseException, answer: Any) -> bool:
    """Whether it is one: schemathesis does not know that 412 refuses an ETag that is none."""
    return not (type(fault).__name__ == "AcceptedNegativeData" and answer.status_code == 412)


def _told(operation: Any, mode: GenerationMode, answer: Any, fault: BaseException) -> str:
    return f"{operation.method} {operation.path} ({mode.name}) {answer.status_code}: {type(fault).__name__} {str(fault)[:400]}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_answer_is_as_documented(dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)
    logging.disable(logging.CRITICAL)
    registry = Registry(dialect, tmp_path)
    monkeypatch.setattr(Session, "commit", Session.flush)
    both = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    try:
        if dialect == "sqlite":
            assert registry.faults(both) == []
            _check_that_it_finds(registry)
        else:  # what differs between the two is how a value reaches the database: every other operation shows it
            assert registry.faults((GenerationMode.POSITIVE,), step=2) == []
    finally:
        monkeypatch.undo()
        logging.disable(logging.NOTSET)
        registry.bench.remove()


def _check_that_it_finds(registry: Registry) -> None:
    """The walk itself is tried: an operation that answers 500, and those that answer something else than they say."""
    views, one = registry.app.view_functions, "api_today.waits"
    kept = views[one]
    for broken, word in (
        (lambda: ({"counts": {}}, 500), "500"),
        (lambda: ({"counts": 7}, 200), "200"),
        (lambda: ("", 418), "418"),
    ):
        views[one] = broken
        faults = registry.faults((GenerationMode.POSITIVE,), only="/api/v1/waiting")
        assert faults, word
        assert word in faults[0]
    views[one] = kept


# -- what there is


@pytest.fixture
def told(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return found


def test_the_document_is_openapi(told: dict[str, Any]) -> None:
    assert told["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(told).iter_errors()) == []
    broken = {**told, "paths": {**told["paths"], "/x/{y}": {"get": {"responses": {"200": {}}}}}}
    assert list(OpenAPIV31SpecValidator(broken).iter_errors()) != []


def test_every_action_of_the_pages_has_an_operation_or_a_reason(told: dict[str, Any]) -> None:
    used = {one["x-action"] for _method, _path, one in operations(told) if "x-action" in one}
    lacking = set(ACTIONS) - used - set(NO_OPERATION)
    assert not lacking, f"an operation in metrology/web/api, or a reason here and in docs/api.md, for {sorted(lacking)}"
    assert not used & set(NO_OPERATION)
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert {action for action in set(NO_OPERATION) & set(ACTIONS) if f"`{action}`" not in text} == set()


def test_each_operation_names_its_scope(told: dict[str, Any]) -> None:
    for method, path, one in operations(told):
        action = one.get("x-action")
        assert one["security"] == [{"token": [scope_of(action)] if action else []}], f"{method} {path}"
        assert {"401", "403", "404", "422", "429"} <= set(one["responses"]), f"{method} {path}"
        assert one["summary"], f"{method} {path}"
        assert one["x-summary-zh"], f"{method} {path}"


def test_posts_take_a_key_and_locked_changes_a_version(told: dict[str, Any]) -> None:
    for method, path, one in operations(told):
        names = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "header"}
        assert ("Idempotency-Key" in names) is (method == "post"), path
        assert ("If-Match" in names) is ("428" in one["responses"]), path


def test_references_lead_somewhere(told: dict[str, Any]) -> None:
    for reference in set(re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(told))):
        place: Any = told
        for key in reference.split("/"):
            place = place[key]
    refusals = told["components"]["responses"].values()
    assert all(set(one["content"]) == {"application/problem+json"} for one in refusals if "content" in one)


# -- what the documentation says


@pytest.fixture
def examples(session: Session, client: FlaskClient, set_today: Any) -> tuple[Program, dict[str, str]]:
    set_today(TODAY)
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, create_scale(session, "SC200002"), scale_readings(kind="initial"))
    token = create_token(session, create_user(session, "officer"), name="ERP")
    session.commit()
    places = {"{instrument}": str(scale.id), "{certificate}": str(certificate.id), "{token}": token}
    return Program(client, token), places


def test_the_examples_of_the_documentation_are_true(examples: tuple[Program, dict[str, str]]) -> None:
    """Each ```http block is sent as it stands (keys put in), in order, and the JSON after it must be in the answer."""
    program, places = examples
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```http\n(.*?)```\n+`(\d+)`[^\n]*\n*(?:```json\n(.*?)```)?", text, re.DOTALL)
    assert len(blocks) >= 10
    assert text.count("```http") == len(blocks)
    for sent, status, wanted in blocks:
        head, _blank, body = _filled(sent, places).partition("\n\n")
        first, *lines = head.splitlines()
        method, address = first.split(" ")[:2]
        headers = dict(line.split(": ", 1) for line in lines)
        answer = program.client.open(address, method=method, headers=headers, data=body.strip() or None)
        assert answer.status_code == int(status), f"{first}: {answer.text}"
        if wanted:
            assert_within(json.loads(_filled(wanted, places)), answer.get_json(), first)


def _filled(text: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text
