"""The nightly dump: a line for each certificate, signed, once a night, never half; what its receiver can check."""

from __future__ import annotations

import dataclasses
import gzip
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from metrology.documents.key_vault import SigningKey, make
from metrology.documents.signed_json import open_json, sign_json
from metrology.domain.problems import Problem
from metrology.jobs import status_dump as job
from metrology.jobs import worker
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.journal import JournalEntry
from metrology.persistence.tasks import Task
from metrology.services import status_dump
from metrology.settings import Settings
from tests.conftest import NOW, TODAY
from tests.records import certify, create_scale, create_team, scale_readings
from tests.tampering import without_triggers


@pytest.fixture(scope="module")
def signer() -> SigningKey:
    return make("dump")


def write(session: Session, folder: Path, signer: SigningKey) -> dict[str, Any]:
    session.commit()
    return status_dump.write(
        session, folder, signer, origin="https://jl.example.cn", today=TODAY, now=NOW, warn_days=30
    )


def lines_of(folder: Path) -> list[dict[str, Any]]:
    with gzip.open(folder / "status-2026-11-22.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def certified(session: Session, count: int) -> list[Certificate]:
    team = create_team(session)
    initial = scale_readings(kind="initial")
    return [certify(session, team, create_scale(session, f"SC{number}"), initial) for number in range(count)]


def test_a_line_for_each_certificate(
    session: Session, tmp_path: Path, signer: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_dump, "CHUNK", 2)
    made = certified(session, 5)
    manifest = write(session, tmp_path, signer)
    lines = lines_of(tmp_path)
    assert [one["number"] for one in lines] == [one.number for one in made]
    assert lines[0] == {
        "code": made[0].code, "number": "XXJL-JD-2026-000001", "kind": "verification_certificate", "standing": "valid",
        "holds": True, "verified_on": "2026-11-22", "issued_on": "2026-11-22", "valid_until": "2027-11-21",
        "ended_on": None, "replaced_by": None, "type": "digital_indicating_scale", "name": "数字指示秤",
        "model": "ACS-30", "manufacturer": "示范衡器有限公司", "serial_number": "SC0", "body": "新乡市计量技术检测中心",
    }  # fmt: skip
    assert (manifest["lines"], manifest["counts"]) == (5, {"valid": 5})
    assert status_dump.check(tmp_path / "status-2026-11-22.manifest.json", {signer.kid: signer.public}) == manifest
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "status-2026-11-22.jsonl.gz", "status-2026-11-22.manifest.json",
    ]  # fmt: skip


def test_a_registry_without_certificates_has_an_empty_dump(
    session: Session, tmp_path: Path, signer: SigningKey
) -> None:
    assert write(session, tmp_path, signer)["lines"] == 0
    assert lines_of(tmp_path) == []


def test_the_same_certificates_give_the_same_file(session: Session, tmp_path: Path, signer: SigningKey) -> None:
    certified(session, 1)
    assert write(session, tmp_path, signer)["sha256"] == write(session, tmp_path / "b", signer)["sha256"]


def test_of_a_touched_certificate_nothing_is_told(session: Session, tmp_path: Path, signer: SigningKey) -> None:
    first, second = certified(session, 2)
    key, code, number = first.id, first.code, first.number
    without_triggers(session, "certificate", f"update certificate set valid_until = '2099-01-01' where id = {key}")
    manifest = write(session, tmp_path, signer)
    assert lines_of(tmp_path)[0] == {"code": code, "number": number, "problem": "certificate_altered"}
    assert manifest["counts"] == {"certificate_altered": 1, "valid": 1}
    assert second.standing == "valid"


def test_one_that_breaks_off_leaves_nothing(
    session: Session, tmp_path: Path, signer: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    certified(session, 1)

    def broken(*_args: Any) -> Any:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(status_dump, "altered", broken)
    with pytest.raises(RuntimeError):
        write(session, tmp_path, signer)
    assert list(tmp_path.iterdir()) == []
    assert status_dump.dumps(tmp_path) == []


@pytest.mark.parametrize("fault", ["data", "lines", "manifest", "key", "gone"])
def test_what_was_changed_on_the_way_is_found(session: Session, tmp_path: Path, signer: SigningKey, fault: str) -> None:
    certified(session, 1)
    write(session, tmp_path, signer)
    data, manifest = tmp_path / "status-2026-11-22.jsonl.gz", tmp_path / "status-2026-11-22.manifest.json"
    keys = {signer.kid: signer.public}
    if fault == "data":
        whole = data.read_bytes()
        data.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elif fault == "lines":
        data.write_bytes(gzip.compress(b"{}\n{}\n"))
    elif fault == "manifest":
        envelope = json.loads(manifest.read_text())
        envelope["payload"] = envelope["payload"][:-4] + "AAAA"
        manifest.write_text(json.dumps(envelope))
    elif fault == "key":
        keys = {signer.kid: make("dump").public}
    else:
        data.unlink()
    with pytest.raises(Problem, match=r"not_signed|dump_altered|dump_incomplete"):
        status_dump.check(manifest, keys)


def test_a_signature_of_another_kind_is_none(signer: SigningKey) -> None:
    signed = sign_json({"a": 1}, signer, "metrology-dump+json")
    assert open_json(signed, {signer.kid: signer.public}, "metrology-dump+json") == {"a": 1}
    for text in (signed.replace('"payload"', '"load"'), "[]", "{", "x" * 2_000_000):
        with pytest.raises(Problem, match="not_signed"):
            open_json(text, {signer.kid: signer.public}, "metrology-dump+json")
    with pytest.raises(Problem, match="not_signed"):
        open_json(signed, {signer.kid: signer.public}, "metrology-keys+json")


def test_old_ones_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for number in range(4):
        day = TODAY - timedelta(days=number)
        (tmp_path / status_dump.data_name(day)).touch()
        (tmp_path / status_dump.manifest_name(day)).touch()
    (tmp_path / "status-2020-01-01.txt").touch()
    (tmp_path / "notes.txt").touch()
    gone = status_dump.prune(tmp_path, today=TODAY, days=2)
    assert gone == ["status-2026-11-19.jsonl.gz", "status-2026-11-19.manifest.json"]
    assert [one.day for one in status_dump.dumps(tmp_path)] == [TODAY - timedelta(days=number) for number in range(3)]
    assert (tmp_path / "notes.txt").exists()


# -- at night


def set_to(app: Flask, **values: Any) -> Settings:
    found: Settings = app.config["METROLOGY"]
    return dataclasses.replace(found, **values)


def test_one_dump_a_night_by_a_task(app: Flask, session: Session, tmp_path: Path, set_today: Any) -> None:
    now = set_today(TODAY)
    certified(session, 1)
    session.commit()
    settings = set_to(app, dump_folder=str(tmp_path))
    for _time in range(2):
        job.REGULAR[0].run(session, now=now, today=TODAY, settings=settings)
        session.commit()
    assert len(session.scalars(select(Task)).all()) == 1
    session.rollback()
    assert worker.run_all(sessionmaker(db.engine, expire_on_commit=False), settings) == 1
    session.expire_all()
    task = session.scalars(select(Task)).one()
    assert (task.state, task.result["lines"], task.progress) == ("done", 1, 1)
    assert session.scalars(select(JournalEntry).where(JournalEntry.action == "dump.made")).one().changes["lines"] == [
        None,
        1,
    ]
    job.REGULAR[0].run(session, now=now, today=TODAY, settings=settings)
    assert len(session.scalars(select(Task)).all()) == 1


def test_before_one_o_clock_nothing_is_queued(app: Flask, session: Session, tmp_path: Path) -> None:
    settings = set_to(app, dump_folder=str(tmp_path))
    midnight = NOW.replace(day=21, hour=16, minute=59)  # 00:59 of the 22nd in Shanghai
    job.REGULAR[0].run(session, now=midnight, today=TODAY, settings=settings)
    assert session.scalars(select(Task)).all() == []
    job.REGULAR[0].run(session, now=midnight + timedelta(minutes=1), today=TODAY, settings=settings)
    assert len(session.scalars(select(Task)).all()) == 1


def test_the_commands(app: Flask, session: Session, tmp_path: Path, set_today: Any) -> None:
    set_today(TODAY)
    certified(session, 1)
    session.commit()
    runner = app.test_cli_runner()
    made = runner.invoke(args=["dump-status", "--folder", str(tmp_path)])
    assert made.exit_code == 0, made.output
    manifest = tmp_path / "status-2026-11-22.manifest.json"
    checked = runner.invoke(args=["verify-dump", str(manifest)])
    assert (checked.exit_code, "1 lines of 2026-11-22" in checked.output) == (0, True), checked.output
    (tmp_path / "status-2026-11-22.jsonl.gz").write_bytes(gzip.compress(b"{}\n"))
    refused = runner.invoke(args=["verify-dump", str(manifest)])
    assert (refused.exit_code, "not the one that was signed" in refused.output) == (1, True)


# -- where it is fetched


@pytest.fixture
def dumped(app: Flask, session: Session, tmp_path: Path, signer: SigningKey, set_today: Any) -> Path:
    set_today(TODAY)
    certified(session, 1)
    write(session, tmp_path, signer)
    return tmp_path


def offered(app: Flask, monkeypatch: pytest.MonkeyPatch, folder: Path, **values: Any) -> FlaskClient:
    monkeypatch.setitem(app.config, "METROLOGY", set_to(app, dump_folder=str(folder), **values))
    return app.test_client()


def test_it_is_not_offered_unless_set_so(app: Flask, monkeypatch: pytest.MonkeyPatch, dumped: Path) -> None:
    client = offered(app, monkeypatch, dumped)
    assert client.get("/api/public/dumps/").status_code == 404
    assert client.get("/api/public/dumps/status-2026-11-22.jsonl.gz").status_code == 404


def test_it_is_fetched_with_the_token(app: Flask, monkeypatch: pytest.MonkeyPatch, dumped: Path) -> None:
    client = offered(app, monkeypatch, dumped, dump_token="s3cret")
    for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret"}):
        refused = client.get("/api/public/dumps/", headers=given)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="dumps"')
    allowed = {"Authorization": "Bearer s3cret"}
    listed = client.get("/api/public/dumps/", headers=allowed).get_json()["dumps"]
    assert [one["day"] for one in listed] == ["2026-11-22"]
    data = client.get(listed[0]["data"], headers=allowed)
    assert data.data == (dumped / "status-2026-11-22.jsonl.gz").read_bytes()
    part = client.get(listed[0]["data"], headers={**allowed, "Range": "bytes=10-"})
    assert (part.status_code, part.data) == (206, data.data[10:])


@pytest.mark.parametrize(
    "name", ["../keys/secret_key", "status-2026-11-23.jsonl.gz", ".status", "notes.txt", "%2e%2e%2fx"]
)
def test_nothing_else_of_the_folder_is_given_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch, dumped: Path, name: str
) -> None:
    (dumped / "notes.txt").write_text("secret")
    client = offered(app, monkeypatch, dumped, dump_public=True)
    assert client.get("/api/public/dumps/").status_code == 200
    assert client.get(f"/api/public/dumps/{name}").status_code == 404
    assert date.fromisoformat("2026-11-22") == TODAY
