"""``check-figures`` tells whether the counts behind the reports are true, and puts them right."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import update

from metrology.persistence import tallies
from metrology.persistence.database import db
from tests.records import create_scale


def test_says_so_when_all_is_true(app: Flask) -> None:
    with app.app_context():
        create_scale(db.session())
        db.session.commit()
    result = app.test_cli_runner().invoke(args=["check-figures"])
    assert (result.exit_code, result.output) == (0, "Every figure is what a recount finds.\n")


def test_names_what_differs_and_repairs_it(app: Flask) -> None:
    with app.app_context():
        create_scale(db.session())
        db.session.execute(update(tallies.state_tally).values(instruments=41))
        db.session.commit()
    runner = app.test_cli_runner()
    told = runner.invoke(args=["check-figures"])
    assert told.exit_code == 1
    assert "state_tally: 41 kept, 1 counted" in told.output
    assert runner.invoke(args=["check-figures", "--repair"]).output == "1 counts put right.\n"
    assert runner.invoke(args=["check-figures"]).exit_code == 0
