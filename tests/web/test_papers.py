"""Papers at their addresses: for whom, in which language, under which name."""

from __future__ import annotations

import json

import pytest
from cryptography import x509
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.documents.paper import page_texts
from tests.people import sign_in
from tests.records import certify, create_scale, create_team, scale_readings


@pytest.fixture
def address(session: Session, client: FlaskClient) -> str:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), scale_readings(kind="initial"))
    session.commit()
    sign_in(client, team.verifier)
    return f"/certificates/{certificate.id}"


@pytest.mark.parametrize(
    ("query", "title"), [("", "检定证书"), ("?language=en", "VERIFICATIONCERTIFICATE"), ("?language=zh-en", "检定证书")]
)
def test_the_pdf_in_each_language(client: FlaskClient, address: str, query: str, title: str) -> None:
    answer = client.get(f"{address}.pdf{query}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == "inline; filename=XXJL-JD-2026-000001.pdf"
    assert title in page_texts(answer.data)[0]
    assert b"/ETSI.CAdES.detached" in answer.data


def test_a_language_that_is_none_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(f"{address}.pdf?language=de").status_code == 404


def test_xml_and_json(client: FlaskClient, address: str) -> None:
    xml, told = client.get(f"{address}.xml"), client.get(f"{address}.json")
    assert (xml.mimetype, told.mimetype) == ("application/xml", "application/json")
    assert b"uniqueIdentifier>XXJL-JD-2026-000001<" in xml.data
    assert json.loads(told.data)["number"] == "XXJL-JD-2026-000001"
    page = client.get(address).text
    assert all(f"{address}.{ending}" in page for ending in ("pdf", "xml", "json"))


def test_papers_name_people_so_a_guest_gets_none(app: object, address: str) -> None:
    guest = app.test_client()  # type: ignore[attr-defined]
    assert [guest.get(f"{address}.{ending}").status_code for ending in ("pdf", "xml", "json")] == [302, 302, 302]


def test_everybody_may_have_the_root_that_signs_papers(client: FlaskClient) -> None:
    answer = client.get("/.well-known/metrology-paper-authority.pem")
    certificate = x509.load_pem_x509_certificate(answer.data)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is True
    assert b"PRIVATE" not in answer.data
