"""What is done every day for the reports."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from metrology.jobs import figures, ticker
from metrology.persistence.database import db
from metrology.persistence.tasks import Lease
from tests.conftest import NOW, TODAY


def test_daily_work_runs_on_both_databases(app: Flask, session: Session, monkeypatch: Any) -> None:
    monkeypatch.setattr(ticker, "regular_work", lambda: figures.REGULAR)
    make_session = sessionmaker(db.engine, expire_on_commit=False)
    done = ticker.tick(make_session, app.config["METROLOGY"], now=NOW, today=TODAY)
    assert done == ["counts brought together", "overdue figures", "states of past days", "statistics"]
    assert session.get_one(Lease, "statistics").last_error == ""
