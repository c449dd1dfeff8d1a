"""Types and districts are kept by each process, and asked anew once any process has changed them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, func, select, update
from sqlalchemy.orm import Session

from metrology.persistence.database import db, engine_options, listen, reading
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.law import LawMark
from metrology.services import catalogue, law
from metrology.services.preparing import prepare
from tests.asking import asked
from tests.generic import KIND, approved

HONGQI = "410702"


@pytest.fixture
def other(session: Session) -> Iterator[Session]:
    """A session of another process: an engine of its own on the same database."""
    session.commit()
    engine = create_engine(db.engine.url, **engine_options(str(db.engine.url)))
    listen(engine)
    with Session(engine) as elsewhere:
        yield elsewhere
    engine.dispose()


def name_of(session: Session, code: str = HONGQI) -> str:
    return next(one.zh for one in catalogue.read(session).districts if one.code == code)


def seen(session: Session) -> str:
    """The name as a page shows it: in a reading transaction of its own."""
    session.rollback()
    with reading():
        name = name_of(session)
        session.rollback()
    return name


def rename(session: Session, name: str) -> None:
    session.execute(update(District).where(District.code == HONGQI).values(name_zh=name))
    law.changed(session)


def test_it_holds_every_type_those_with_rules_first_and_every_district(session: Session) -> None:
    found = catalogue.read(session)
    ruled = session.scalars(select(TypeEntry.code).where(TypeEntry.has_rules).order_by(TypeEntry.position)).all()
    assert [one.code for one in found.ruled] == list(ruled)
    assert found.types[: len(ruled)] == found.ruled
    assert len(found.types) == session.scalar(select(func.count()).select_from(TypeEntry))
    assert (found.districts[0].code, found.districts[0].zh, found.districts[0].en) == (
        HONGQI,
        "红旗区",
        "Hongqi District",
    )
    assert len(found.districts) == 15


def test_what_is_kept_costs_one_question_in_a_transaction(session: Session) -> None:
    catalogue.read(session)
    session.commit()
    with asked(session.get_bind()) as statements:
        catalogue.read(session)
        catalogue.read(session)
    questions = [statement for statement, _values in statements if statement.startswith("SELECT")]
    assert ["FROM law_mark" in one for one in questions] == [True]


def test_what_another_process_changed_is_seen_once_it_is_committed(session: Session, other: Session) -> None:
    assert seen(session) == "红旗区"
    rename(other, "红旗新区")
    assert seen(session) == "红旗区"
    other.commit()
    assert seen(session) == "红旗新区"


def test_what_was_taken_back_is_kept_nowhere(session: Session, other: Session) -> None:
    rename(other, "红旗新区")
    assert name_of(other) == "红旗新区"
    other.rollback()
    assert seen(other) == seen(session) == "红旗区"


def test_approved_rules_bring_their_type_to_those_with_rules(session: Session) -> None:
    assert KIND not in {one.code for one in catalogue.read(session).ruled}
    approved(session)
    assert KIND in {one.code for one in catalogue.read(session).ruled}


def test_a_release_brings_other_names_also_to_processes_that_run_on(session: Session, other: Session) -> None:
    rename(session, "旧名")
    session.commit()
    assert seen(session) == "旧名"
    prepare(other)
    other.commit()
    assert seen(session) == "红旗区"


def test_under_no_mark_nothing_is_kept(session: Session) -> None:
    session.execute(update(LawMark).values(mark=""))
    session.commit()
    assert name_of(session) == "红旗区"
    session.execute(update(District).where(District.code == HONGQI).values(name_zh="红旗新区"))
    assert name_of(session) == "红旗新区"
