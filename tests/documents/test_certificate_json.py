"""The JSON of a certificate is what its schema and its page in docs say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from metrology.documents.certificate_facts import CertificateFacts
from metrology.documents.certificate_json import certificate_json, schema
from tests.documents.paper import create_calibration, create_facts, create_notice

FINGERPRINT = "a" * 64
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("facts", [create_facts(), create_notice(), create_calibration()], ids=lambda facts: facts.kind)
def test_it_fits_the_schema_that_is_published(facts: CertificateFacts) -> None:
    published = json.loads((DOCS / "certificate.schema.json").read_text(encoding="utf-8"))
    assert jsonschema_rs.is_valid(published, json.loads(certificate_json(facts, FINGERPRINT)))


def test_the_published_schema_is_the_codes() -> None:
    published = (DOCS / "certificate.schema.json").read_text(encoding="utf-8")
    assert published == json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def test_a_document_that_lacks_something_or_has_a_number_for_a_text_is_refused() -> None:
    told = json.loads(certificate_json(create_facts(), FINGERPRINT))
    for wrong in (
        {key: value for key, value in told.items() if key != "number"},
        told | {"kind": "diploma"},
        told | {"fingerprint": "A"},
        told | {"valid_until": 20271121},
    ):
        assert not jsonschema_rs.is_valid(schema(), wrong)


def test_it_says_what_the_paper_says() -> None:
    told = json.loads(certificate_json(create_facts(), FINGERPRINT))
    assert (told["format"], told["version"], told["fingerprint"]) == ("metrology-certificate", 1, FINGERPRINT)
    assert (told["number"], told["conclusion"]["zh"]) == ("XXJL-衡-2026-JD-000128", "准予作 Ⅲ 级使用")
    assert told["tables"][0]["rows"][0]["error"] == "+1"
    assert "qr_text" not in told
    assert "示范经营户244" in certificate_json(create_facts(), FINGERPRINT)
