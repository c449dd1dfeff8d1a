"""``verify-journal`` as an operator meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.journal import record
from metrology.services import checkpointing, keys
from tests.conftest import NOW, TODAY
from tests.tampering import without_triggers

OFFICER = Actor(None, "Wang", frozenset({"officer"}))


def _entries(session: Session, count: int) -> None:
    for number in range(count):
        record(
            session,
            OFFICER,
            "setting.changed",
            ("registry_setting", f"key{number}"),
            at=NOW,
            changes={"x": [None, number]},
        )
        session.commit()


def _touch(session: Session, statement: str) -> None:
    """Change the database by hand, past the triggers."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("drop trigger journal_entry_no_update"))
        session.execute(text("drop trigger journal_entry_no_delete"))
    else:
        session.execute(text("alter table journal_entry disable trigger all"))
    session.execute(text(statement))
    session.commit()


def test_a_whole_journal_passes_and_tells_its_head(app: Flask, session: Session) -> None:
    _entries(session, 3)
    told = app.test_cli_runner().invoke(args=["verify-journal"])
    assert told.exit_code == 0
    assert re.search(r"whole: 3 entries in \d+\.\d s, last hash [0-9a-f]{64}", told.output)
    answer = json.loads(app.test_cli_runner().invoke(args=["verify-journal", "--json"]).output)
    assert (answer["ok"], answer["entries"], answer["first_bad"]) == (True, 3, None)


@pytest.mark.parametrize(
    ("statement", "first", "fault"),
    [
        ("update journal_entry set actor_name = 'Li' where seq = 2", 2, "altered"),
        ("delete from journal_entry where seq = 2", 2, "missing"),
        ("delete from journal_entry where seq = 3", 3, "head"),
        ("update journal_entry set reason = 'because' where seq = 1", 1, "altered"),
    ],
)
def test_a_touched_journal_fails_and_names_the_first_bad_entry(
    app: Flask, session: Session, statement: str, first: int, fault: str
) -> None:
    _entries(session, 3)
    _touch(session, statement)
    told = app.test_cli_runner().invoke(args=["verify-journal"])
    assert told.exit_code == 1
    assert f"First bad entry: {first}" in told.output
    answer = app.test_cli_runner().invoke(args=["verify-journal", "--json"])
    assert answer.exit_code == 1
    assert json.loads(answer.output)["first_bad"] == {"seq": first, "last": first, "fault": fault, "witness": ""}


# -- against what others keep


def _kept(app: Flask, session: Session, folder: Path) -> tuple[str, str]:
    """Six entries, a checkpoint after four in the folder, and the key file; the head as paper has it."""
    _entries(session, 4)
    signer = keys.signer("journal", now=NOW)
    made = checkpointing.make(session, signer, origin="jl.example.cn/journal", sinks=(), now=NOW)
    session.commit()
    assert made is not None
    (folder / "000000000004.note").write_text(made.note)
    _entries(session, 2)
    key_file = folder / "keys.txt"
    key_file.write_text(app.test_cli_runner().invoke(args=["journal-keys"]).output)
    return str(key_file), f"{made.size}:{made.hash}"


@pytest.fixture(autouse=True)
def _day(set_today: Any) -> None:
    set_today(TODAY)


def test_checkpoints_that_agree_are_told(app: Flask, session: Session, tmp_path: Path) -> None:
    key_file, head = _kept(app, session, tmp_path)
    for more in ([], ["--keys", key_file], ["--keys", key_file, "--head", head]):
        told = app.test_cli_runner().invoke(args=["verify-journal", "--checkpoints", str(tmp_path), *more])
        assert told.exit_code == 0, told.output
        assert "vouches for the first 4 entries" in told.output


def test_a_cut_tail_is_named_against_checkpoints_only(app: Flask, session: Session, tmp_path: Path) -> None:
    key_file, _head = _kept(app, session, tmp_path)
    without_triggers(
        session,
        "journal_entry",
        "delete from journal_entry where seq > 2",
        "update journal_head set seq = 2, hash = (select hash from journal_entry where seq = 2)",
    )
    assert app.test_cli_runner().invoke(args=["verify-journal"]).exit_code == 0
    told = app.test_cli_runner().invoke(args=["verify-journal", "--checkpoints", str(tmp_path), "--keys", key_file])
    assert told.exit_code == 1
    assert "First bad entry: 3 (or a later one up to 4)" in told.output
    assert "Shown by 000000000004.note" in told.output


def test_a_head_from_paper_is_enough(app: Flask, session: Session, tmp_path: Path) -> None:
    _key_file, head = _kept(app, session, tmp_path)
    assert app.test_cli_runner().invoke(args=["verify-journal", "--head", head]).exit_code == 0
    wrong = head[:-1] + ("0" if head[-1] != "0" else "1")
    told = app.test_cli_runner().invoke(args=["verify-journal", "--head", wrong, "--json"])
    assert (told.exit_code, json.loads(told.output)["first_bad"]["fault"]) == (1, "rewritten")
    assert app.test_cli_runner().invoke(args=["verify-journal", "--head", "nonsense"]).exit_code == 1


def test_a_folder_without_checkpoints_is_no_proof(app: Flask, session: Session, tmp_path: Path) -> None:
    _entries(session, 1)
    told = app.test_cli_runner().invoke(args=["verify-journal", "--checkpoints", str(tmp_path)])
    assert told.exit_code == 1
    assert "no checkpoint" in told.output


def test_notes_of_other_keys_fail(app: Flask, session: Session, tmp_path: Path) -> None:
    _kept(app, session, tmp_path)
    (tmp_path / "000000000005.note").write_text("no note")
    told = app.test_cli_runner().invoke(args=["verify-journal", "--checkpoints", str(tmp_path)])
    assert told.exit_code == 1
    assert "000000000005.note is no checkpoint" in told.output
