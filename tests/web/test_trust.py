"""What an offline checker fetches: public, with an ETag, and enough to tell what a printed code is worth."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.documents.code_checker import check, open_key_list, open_status_list, roots_of
from metrology.documents.key_ring import KeyRing
from metrology.persistence import clock
from metrology.services import certificate_codes, certifying, keys
from tests.conftest import NOW, TODAY
from tests.records import OFFICER, certify, create_scale, create_team, scale_readings

KEYS, ROOTS = "/.well-known/metrology-keys.json", "/.well-known/metrology-roots.json"


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)


@pytest.fixture
def _own_keys(app: Flask, tmp_path: Path) -> None:
    """Keys that no other test has published by another clock."""
    keys.use(KeyRing(tmp_path / "keys", app.config["METROLOGY"].public_url))
    keys.ring().ensure(NOW)


def fetched(client: FlaskClient, text: str) -> str:
    """The word a checker gives that has nothing but what it fetches and the roots it pinned."""
    roots = roots_of(client.get(ROOTS).json["roots"])
    found = open_key_list(client.get(KEYS).data, roots, now=NOW)
    status = [
        open_status_list(client.get(one["url"]).data, found, now=NOW) for one in client.get("/status/").json["shards"]
    ]
    return check(text, found, {one.shard: one for one in status}, now=NOW).word


@pytest.mark.usefixtures("_own_keys")
def test_a_printed_code_proves_itself_by_what_is_published(client: FlaskClient, session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    text = certificate_codes.text_of(certificate, "P2", keys.ring().origin)
    assert fetched(client, text) == "valid"
    certifying.end_document(session, OFFICER, certificate, "revoked", "记录有误", today=TODAY, now=NOW)
    assert fetched(client, text) == "revoked"


@pytest.mark.parametrize("path", [KEYS, ROOTS, "/status/", "/status/0"])
def test_answers_are_kept_by_caches_and_asked_for_by_their_tag(
    client: FlaskClient, session: Session, path: str
) -> None:
    certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    first = client.get(path)
    assert (first.status_code, first.headers["Cache-Control"][:6]) == (200, "public")
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_change_is_a_new_tag_at_once(client: FlaskClient, session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    first = client.get("/status/0").headers["ETag"]
    certificate.under_review = True
    assert client.get("/status/0", headers={"If-None-Match": first}).status_code == 200


def test_media_types(client: FlaskClient, session: Session) -> None:
    certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    assert client.get("/status/0").mimetype == "application/statuslist+jwt"
    assert client.get(KEYS).mimetype == "application/json"
    assert client.get("/status/0").headers["Access-Control-Allow-Origin"] == "*"


def test_a_shard_that_is_not_there(client: FlaskClient) -> None:
    assert client.get("/status/0").status_code == 404
    assert client.get("/status/").json == {"shards": []}


def test_without_a_key_there_is_no_list_rather_than_an_old_one(
    client: FlaskClient, session: Session, monkeypatch: Any
) -> None:
    certificate = certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    assert client.get("/status/0").status_code == 200
    certificate.under_review = True
    monkeypatch.setattr(keys.ring(), "signer", lambda *_: None)
    assert client.get("/status/0").status_code == 503


def test_before_the_first_start_there_is_no_key_list(client: FlaskClient, tmp_path: Any) -> None:
    keys.use(keys.KeyRing(tmp_path, "https://jl.example.cn"))
    assert client.get(KEYS).status_code == 404
    assert client.get(ROOTS).json == {"roots": []}


def test_the_registry_opens_its_own_keys(app: Any) -> None:
    settings = app.config["METROLOGY"]
    assert keys.ring().folder == settings.instance / "keys"
    assert "passphrase" not in repr(dataclasses.replace(settings, keys_passphrase="x" * 20)).replace(
        "signing_passphrase", ""
    )


def test_readiness_tells_whether_certificates_are_signed(client: FlaskClient, tmp_path: Any) -> None:
    assert client.get("/readyz").json["checks"]["keys"] == "ok"
    keys.use(keys.KeyRing(tmp_path, "https://jl.example.cn"))
    assert client.get("/readyz").json["checks"]["keys"] == "no_signing_key"
