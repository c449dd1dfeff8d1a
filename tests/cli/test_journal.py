"""``verify-journal`` as an operator meets it."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.journal import record
from tests.conftest import NOW

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
    assert re.search(r"whole: 3 entries, last hash [0-9a-f]{64}", told.output)
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
    assert json.loads(answer.output)["first_bad"] == {"seq": first, "fault": fault}
