"""``flask recheck-verdicts``: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from metrology.cli.rechecking import recheck_verdicts
from tests.records import REJECTING, certify, create_scale, create_team, hand_in, scale_readings
from tests.services.test_rechecking import tampered, with_numbers


def test_all_is_well(app: Flask, session: Session, tmp_path: Path) -> None:
    team = create_team(session)
    certify(session, team, create_scale(session, "SC-1"))
    certify(session, team, create_scale(session, "SC-2"), scale_readings(added=REJECTING))
    session.commit()
    report = tmp_path / "report.jsonl"
    told = app.test_cli_runner().invoke(recheck_verdicts, ["--report", str(report)])
    assert told.exit_code == 0, told.output
    assert "2 records recomputed; every verdict comes out as it was kept." in told.output
    assert [json.loads(line) for line in report.read_text().splitlines()] == [
        {"records": 2, "verdict": 0, "figures": 0, "unknown": 0}
    ]


def test_what_differs_is_named_and_ends_with_one(
    app: Flask, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = hand_in(session, create_team(session), create_scale(session), scale_readings(added=REJECTING))
    session.commit()
    with_numbers(monkeypatch, **{"mpe.1": "0.9"})
    report = tmp_path / "report.jsonl"
    told = app.test_cli_runner().invoke(
        recheck_verdicts, ["--report", str(report), "--type", "digital_indicating_scale"]
    )
    assert told.exit_code == 1
    assert (
        f"{record.number} (digital_indicating_scale, JJG 539-2016): another verdict; was rejected, would be conforms"
        in told.output
    )
    first, last = map(json.loads, report.read_text(encoding="utf-8").splitlines())
    assert (first["number"], first["kind"], first["was"], first["would_be"]) == (
        record.number,
        "verdict",
        "rejected",
        "conforms",
    )
    assert last == {"records": 1, "verdict": 1, "figures": 0, "unknown": 0}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_several_processes_find_the_same(
    app: Flask, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = create_team(session)
    records = [hand_in(session, team, create_scale(session, f"SC-{i}")) for i in range(5)]
    tampered(session, records[3], verdict="rejected")
    monkeypatch.setattr("metrology.services.rechecking.CHUNK", 2)
    told = app.test_cli_runner().invoke(recheck_verdicts, ["--jobs", "2"])
    assert told.exit_code == 1, told.output
    assert f"{records[3].number} " in told.output
    assert "5 records recomputed: 1 another verdict." in told.output


def test_an_unknown_type_is_refused(app: Flask) -> None:
    told = app.test_cli_runner().invoke(recheck_verdicts, ["--type", "nonsense"])
    assert told.exit_code == 2
    assert "no instrument type has the code nonsense" in told.output
