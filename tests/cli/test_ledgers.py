"""``flask import-ledger`` answers one JSON object, tries without changing anything, and refuses what is no ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.cli.ledgers import import_ledger
from metrology.persistence import clock
from metrology.persistence.instruments import Instrument
from metrology.persistence.ledgers import LedgerBatch
from tests.conftest import NOW
from tests.ledgers import EXAMPLES, EXPECTED, market_ledger, scale_row


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(import_ledger, list(arguments))
    return result.exit_code, result.output


def answer(app: Flask, *arguments: str) -> dict[str, Any]:
    code, output = run(app, *arguments, "--json")
    assert code == 0, output
    found: dict[str, Any] = json.loads(output)
    return found


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    file = tmp_path / "台账.xlsx"
    file.write_bytes(market_ledger(scale_row(1), scale_row(2, 出厂编号=""), scale_row(3)))
    return str(file)


def count(session: Session, model: Any) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_answer_has_the_shape_that_is_promised(app: Flask, session: Session, ledger: str) -> None:
    assert answer(app, ledger) == {
        "rows": 3, "accepted": 2, "created": 2, "updated": 0, "unchanged": 0,
        "rejected": [
            {"row": 5, "column": "出厂编号", "code": "missing_serial", "message": "请填写出厂编号，核对铭牌以此为准。"}
        ],
    }  # fmt: skip
    again = answer(app, ledger)
    assert (again["created"], again["unchanged"], len(again["rejected"])) == (0, 2, 1)
    assert count(session, Instrument) == 2


def test_a_dry_run_foretells_and_changes_nothing(app: Flask, session: Session, ledger: str) -> None:
    foretold = answer(app, ledger, "--dry-run")
    assert (count(session, Instrument), count(session, LedgerBatch)) == (0, 0)
    assert answer(app, ledger) == foretold


def test_sentences_are_english_when_asked(app: Flask, ledger: str) -> None:
    found = answer(app, ledger, "--dry-run", "--language", "en")
    assert found["rejected"][0]["message"].startswith("The serial number is needed")


def test_people_get_lines(app: Flask, ledger: str) -> None:
    code, output = run(app, ledger)
    assert code == 0
    assert "rows 3  accepted 2  created 2" in output
    assert "出厂编号" in output and "(missing_serial)" in output


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file_empty"), ("名称,数量\n甲,1\n".encode(), "no_table_found"), (b"\x89PNG\r\n", "file_kind_unknown")],
)
def test_what_is_no_ledger_is_refused_with_its_code(
    app: Flask, session: Session, tmp_path: Path, data: bytes, code: str
) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(data)
    for more in ([], ["--dry-run"]):
        status, output = run(app, str(file), "--json", *more)
        assert status == 1
        assert json.loads(output)["problem"]["code"] == code
    assert count(session, LedgerBatch) == 0


@pytest.mark.skipif(not EXPECTED, reason="no example ledgers beside this folder")
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_example_ledgers_are_foretold_as_expected(app: Flask, name: str) -> None:
    found, expected = answer(app, str(EXAMPLES / name), "--dry-run"), EXPECTED[name]
    assert [(one["row"], one["code"]) for one in found["rejected"]] == [
        (one["row"], one["why"]) for one in expected["rejected"]
    ]
    assert found["rows"] == (expected.get("instrument_rows") or expected.get("nozzle_rows") or expected["rows"])
    assert found["accepted"] == found["created"] == found["rows"] - len(expected["rejected"])
    assert all(one["column"] and "无法完成此操作" not in one["message"] for one in found["rejected"])
