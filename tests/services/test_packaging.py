"""Packages: whole, with index and hashes that fit; only for who asked; gone after seven days. And approving many at once."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.problems import Problem
from metrology.jobs import worker
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.journal import JournalEntry
from metrology.persistence.printing import PaperPackage
from metrology.persistence.tasks import Task
from metrology.persistence.verifications import Verification
from metrology.services import approving, approving_many, kept_files, packaging
from metrology.services.paper import Press
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.records import Team, actor_of, certify, create_scale, create_team, hand_in, scale_readings

PRESS = Press("https://jl.example.cn")
INITIAL = {"kind": "initial"}


def issued(session: Session, team: Team, count: int) -> list[Certificate]:
    return [
        certify(session, team, create_scale(session, f"SC{number:06d}"), scale_readings(**INITIAL))
        for number in range(count)
    ]


def packed(session: Session, package: PaperPackage, folder: Path, **given: Any) -> dict[str, Any]:
    task = session.get_one(Task, package.task_id)
    made = packaging.make(
        session, task.arguments, press=given.get("press", PRESS), instance=folder, now=lambda: NOW,
        step=lambda *_told: session.commit(),
    )  # fmt: skip
    session.commit()
    return made


def test_a_package_holds_every_paper_an_index_and_hashes_that_fit(session: Session, tmp_path: Path) -> None:
    team = create_team(session)
    rows, who = issued(session, team, 3), team.actor("verifier")
    package = packaging.ask(session, who, "东湖市场", [one.id for one in rows], "zh", now=NOW)
    session.commit()
    assert packed(session, package, tmp_path) == {"papers": 3, "left_out": 0}
    path = packaging.file_of(tmp_path, session.get_one(PaperPackage, package.id))
    data = path.read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (package.sha256, package.size)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert names == [f"{one.number}.pdf" for one in rows] + [packaging.INDEX, packaging.MANIFEST]
        listed = dict(line.split("  ")[::-1] for line in archive.read(packaging.MANIFEST).decode().splitlines())
        assert listed == {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names[:-1]}
        sheet = openpyxl.load_workbook(io.BytesIO(archive.read(packaging.INDEX))).worksheets[0]
        assert [row[1].value for row in sheet.iter_rows(min_row=2)] == [one.number for one in rows]
        assert [row[12].value for row in sheet.iter_rows(min_row=2)] == [listed[f"{one.number}.pdf"] for one in rows]
    assert [one.name for one in (tmp_path / "packages").iterdir()] == [path.name]


def test_made_again_after_a_crash_it_is_the_same_one(session: Session, tmp_path: Path) -> None:
    team = create_team(session)
    rows = issued(session, team, 1)
    package = packaging.ask(session, team.actor("verifier"), "x", [rows[0].id], "zh", now=NOW)
    session.commit()
    packed(session, package, tmp_path)
    assert packed(session, package, tmp_path) == {"papers": 1}


def test_a_paper_that_was_altered_is_left_out_and_listed(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = create_team(session)
    rows = issued(session, team, 2)
    package = packaging.ask(session, team.actor("verifier"), "x", [one.id for one in rows], "zh", now=NOW)
    session.commit()
    altered = rows[0].number
    real = packaging.paper.pdf

    def pdf(session: Session, certificate: Certificate, *given: Any) -> bytes:
        if certificate.number == altered:
            raise Problem("certificate_altered", number=altered)
        return real(session, certificate, *given)

    monkeypatch.setattr(packaging.paper, "pdf", pdf)
    assert packed(session, package, tmp_path) == {"papers": 1, "left_out": 1}
    with zipfile.ZipFile(packaging.file_of(tmp_path, session.get_one(PaperPackage, package.id))) as archive:
        sheet = openpyxl.load_workbook(io.BytesIO(archive.read(packaging.INDEX))).worksheets[0]
        assert [row[11].value for row in sheet.iter_rows(min_row=2)] == [
            "— certificate_altered",
            f"{rows[1].number}.pdf",
        ]


def test_it_is_gone_after_seven_days(session: Session, tmp_path: Path) -> None:
    team = create_team(session)
    package = packaging.ask(session, team.actor("verifier"), "x", [issued(session, team, 1)[0].id], "zh", now=NOW)
    session.commit()
    packed(session, package, tmp_path)
    assert (
        kept_files.expire(session, PaperPackage, packaging.file_of, tmp_path, now=NOW + timedelta(days=7, seconds=-1))
        == 0
    )
    assert kept_files.expire(session, PaperPackage, packaging.file_of, tmp_path, now=NOW + timedelta(days=7)) == 1
    assert list((tmp_path / "packages").iterdir()) == []
    assert package.state == "expired"


@pytest.mark.parametrize(("keys", "code"), [([], "nothing_selected"), (range(5001), "too_many_selected")])
def test_what_cannot_be_packed_is_refused(session: Session, keys: Any, code: str) -> None:
    who = actor_of(create_user(session, "officer"))
    with pytest.raises(Problem, match=code):
        packaging.ask(session, who, "x", list(keys), "zh", now=NOW)


def test_three_at_once_are_enough(session: Session) -> None:
    who = actor_of(create_user(session, "officer"))
    for _time in range(packaging.MOST_AT_ONCE):
        packaging.ask(session, who, "x", [1], "zh", now=NOW)
    with pytest.raises(Problem, match="packages_under_way"):
        packaging.ask(session, who, "x", [1], "zh", now=NOW)


# -- through the pages


@pytest.fixture
def today(set_today: Any) -> None:
    set_today(TODAY)


def work(app: Flask, folder: Path) -> int:
    settings = dataclasses.replace(app.config["METROLOGY"], instance=folder)
    db.session.commit()
    return worker.run_all(lambda: Session(db.engine, expire_on_commit=False), settings)


def test_a_holders_certificates_are_fetched_as_one_file(
    app: Flask, client: FlaskClient, session: Session, today: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "METROLOGY", dataclasses.replace(app.config["METROLOGY"], instance=tmp_path))
    team = create_team(session)
    rows = issued(session, team, 2)
    holder = rows[0].instrument.holder
    sign_in(client, create_user(session, "officer"))
    answer = client.post(f"/packages/holders/{holder.id}")
    package = session.scalars(select(PaperPackage)).one()
    assert answer.location == f"/packages/{package.id}"
    assert client.get(f"/packages/{package.id}.zip").status_code == 404
    assert work(app, tmp_path) == 1
    session.expire_all()
    got = client.get(f"/packages/{package.id}.zip")
    assert zipfile.ZipFile(io.BytesIO(got.data)).testzip() is None
    assert hashlib.sha256(got.data).hexdigest() == session.get_one(PaperPackage, package.id).sha256
    assert session.scalar(select(JournalEntry).where(JournalEntry.action == "package.fetched")) is not None
    stranger = app.test_client()
    sign_in(stranger, create_user(session, "officer"))
    assert stranger.get(f"/packages/{package.id}.zip").status_code == 404


def _waiting(session: Session, team: Team, serial: str) -> Verification:
    record = hand_in(session, team, create_scale(session, serial), scale_readings(**INITIAL))
    return approving.check(session, team.actor("checker"), record, now=NOW)


def test_many_are_approved_each_for_itself_and_the_refused_are_listed(
    app: Flask, client: FlaskClient, session: Session, today: None, tmp_path: Path
) -> None:
    team = create_team(session)
    good = [_waiting(session, team, f"SC{number:06d}") for number in range(2)]
    unchecked = hand_in(session, team, create_scale(session, "SC000009"), scale_readings(**INITIAL))
    team.approver.language = "en"
    sign_in(client, team.approver)
    answer = client.post("/verifications/approvals/", data={"id": [one.id for one in (*good, unchecked)]})
    assert work(app, tmp_path) == 1
    session.expire_all()
    assert [session.get_one(Verification, one.id).state for one in (*good, unchecked)] == [
        "approved",
        "approved",
        "submitted",
    ]
    page = client.get(answer.location).text
    assert unchecked.number in page
    assert good[0].number not in page
    task = session.scalars(select(Task).where(Task.kind == approving_many.TASK)).one()
    assert (task.result["approved"], task.result["refused"], len(task.result["certificates"])) == (2, 1, 2)
    made = client.post(f"{answer.location}/package")
    assert made.location.startswith("/packages/")


def test_who_lost_the_role_meanwhile_approves_nothing(
    app: Flask, session: Session, today: None, tmp_path: Path
) -> None:
    team = create_team(session)
    record = _waiting(session, team, "SC000001")
    approving_many.ask(session, team.actor("approver"), [record.id], now=NOW)
    team.approver.roles = []
    work(app, tmp_path)
    session.expire_all()
    assert session.get_one(Verification, record.id).state == "checked"


def test_started_again_it_goes_on_where_it_was(session: Session) -> None:
    team = create_team(session)
    rows = [_waiting(session, team, f"SC{number:06d}") for number in range(2)]
    arguments = {"user_id": team.approver.id, "ip": "", "keys": [one.id for one in rows]}
    approving.approve(session, team.actor("approver"), rows[0], today=TODAY, now=NOW)
    session.commit()
    result = approving_many.run(session, arguments, today=TODAY, now=lambda: NOW, step=lambda *_told: session.commit())
    assert (result["approved"], result["refused"]) == (2, 0)
