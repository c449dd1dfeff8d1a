"""A thing has one address: its key is written in one way, in pages and in the API."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Rule

from tests.people import create_user, sign_in
from tests.records import create_scale
from tests.tokens import Program, create_token
from tests.web.test_access import is_api

OTHERWISE = ("007", "00", "07", "+7", "-7", "7_0", " 7", "7 ", "７", "٧", str(2**63), "9" * 30, "7.0", "0x7", "")
"""Ways to write a number that Python reads, or that no database holds."""


def _numbers(rule: Rule) -> list[str]:
    return [name for name, one in rule._converters.items() if isinstance(one, IntegerConverter)]


def _arrives_as_number(app: Flask, rule: Rule, name: str, text: str) -> bool:
    """Whether an address of this rule with such a text in place of a key is taken for a number by any rule."""
    values = {argument: 7 if argument in _numbers(rule) else "x" for argument in rule.arguments}
    path = "".join(
        part if not is_dynamic else text if part == name else str(values[part]) for is_dynamic, part in rule._trace
    )
    adapter = app.url_map.bind("localhost")
    for method in rule.methods or ():
        try:
            found, arguments = adapter.match(path.removeprefix("|"), method=method, return_rule=True)
        except HTTPException:
            continue
        if isinstance(arguments.get(name), int) and name in _numbers(found):
            return True
    return False


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # no database is asked
def test_no_address_takes_a_key_written_otherwise(app: Flask) -> None:
    rules = [(rule, name) for rule in app.url_map.iter_rules() for name in _numbers(rule)]
    assert len(rules) >= 300
    assert sum(is_api(rule) for rule, _name in rules) >= 100
    for text in ("7", "0", str(2**63 - 1)):
        assert [rule.rule for rule, name in rules if not _arrives_as_number(app, rule, name, text)] == []
    wrong = [
        (rule.rule, text) for rule, name in rules for text in OTHERWISE if _arrives_as_number(app, rule, name, text)
    ]
    assert wrong == []


def test_an_instrument_has_one_address(session: Session, client: FlaskClient) -> None:
    officer = create_user(session, "officer")
    key = create_scale(session).id
    token = create_token(session, officer)
    session.commit()
    sign_in(client, officer)
    program = Program(client, token)
    for text, status in ((str(key), 200), (f"00{key}", 404), (f"+{key}", 404), (str(2**63), 404), ("9" * 30, 404)):
        assert client.get(f"/instruments/{text}").status_code == status, text
        assert program.get(f"instruments/{text}").status_code == status, text


def test_the_document_says_what_a_key_may_be(client: FlaskClient) -> None:
    told = client.get("/api/v1/openapi.json").get_json()
    keys = [
        one["schema"]
        for methods in told["paths"].values()
        for operation in methods.values()
        for one in operation["parameters"]
        if one["in"] == "path" and one["name"].endswith("_id")
    ]
    assert len(keys) >= 100
    assert all(one == {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1} for one in keys)
