"""What SQLite does to load a few rows with their instruments: it looks them up, it never works out a join of whole tables."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.verifications import Verification


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # PostgreSQL's planner takes such joins apart by itself
@pytest.mark.parametrize("model", [Certificate, Verification])
def test_a_page_of_documents_looks_its_instruments_up(session: Session, model: Any) -> None:
    load = joinedload(model.instrument).joinedload(Instrument.holder)
    statement = select(model).order_by(model.id.desc()).limit(51).options(load)
    sql = str(statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    plan = [str(row[3]) for row in session.execute(text(f"explain query plan {sql}"))]
    assert any("instrument_1 USING INTEGER PRIMARY KEY" in step for step in plan)
    assert [step for step in plan if "MATERIALIZE" in step or "SCAN instrument" in step] == []
