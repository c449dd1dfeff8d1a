"""Pages of types: what the regulation says, what is unconfirmed, and what it asks for a nameplate typed in."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology import regulations
from tests.people import create_user, sign_in
from tests.records import create_standard


@pytest.fixture
def reader(client: FlaskClient, session: Session) -> FlaskClient:
    sign_in(client, create_user(session, "auditor"))
    return client


@pytest.mark.parametrize("code", sorted(regulations.instrument_types()))
def test_every_type_with_rules_has_its_page_in_both_languages(reader: FlaskClient, code: str) -> None:
    one = regulations.get(code)
    for language in ("zh_Hans_CN", "en"):
        page = reader.get(f"/types/{code}?lang={language}")
        assert page.status_code == 200
        assert next(row for row in regulations.catalogue() if row.code == code).names["zh"] in page.text
        assert one.editions[-1].code in page.text


def test_every_catalogue_kind_has_its_page(reader: FlaskClient) -> None:
    for code in regulations.all_types():
        assert reader.get(f"/types/{code}").status_code == 200, code


def test_unconfirmed_numbers_are_marked(reader: FlaskClient) -> None:
    page = reader.get("/types/digital_indicating_scale?lang=en").text
    assert "unconfirmed" in page
    assert "OIML R 76-1:2006 Table 6" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("max=30 kg&e=10 g&accuracy_class=III&kind=subsequent", "±5\u2009g"),
        ("max=30 kg&e=10 g&accuracy_class=III&kind=in_service", "±10\u2009g"),
    ],
)
def test_limits_follow_a_nameplate_typed_in(reader: FlaskClient, query: str, expected: str) -> None:
    assert expected in reader.get(f"/types/digital_indicating_scale?{query}").text


@pytest.mark.parametrize(
    "query", ["kind=subsequent", "kind=nonsense&max=30 kg&e=10 g&accuracy_class=III", "kind=subsequent&max=x"]
)
def test_a_nameplate_that_says_too_little_is_told_so(reader: FlaskClient, query: str) -> None:
    page = reader.get(f"/types/digital_indicating_scale?{query}")
    assert page.status_code == 200
    assert "notice is-rejected" in page.text


def test_standards_that_serve_it_are_named_to_staff(client: FlaskClient, reader: FlaskClient, session: Session) -> None:
    create_standard(session, None, name="M1 等级砝码组")
    session.commit()
    assert "M1 等级砝码组" in reader.get("/types/digital_indicating_scale").text
    sign_in(client, create_user(session, "holder"))
    assert "M1 等级砝码组" not in client.get("/types/digital_indicating_scale").text


def test_an_unknown_type_is_not_found(reader: FlaskClient) -> None:
    assert reader.get("/types/nonsense").status_code == 404


def test_a_type_whose_file_has_gone_still_has_a_page(reader: FlaskClient, session: Session, monkeypatch: Any) -> None:
    known = dict(regulations.all_types())
    known.pop("digital_indicating_scale")
    monkeypatch.setattr(regulations, "all_types", lambda: known)
    assert reader.get("/types/digital_indicating_scale").status_code == 200
