"""Statements: two people, locked figures, corrections as new versions, and what a recount says since."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.period import Period
from metrology.domain.problems import Problem
from metrology.persistence.statements import IndicatorTarget, Statement
from metrology.services import statements
from metrology.services.indicators import target_of
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import actor_of, create_team
from tests.services.test_indicators import Registry

OCTOBER = Period.parse("2026-10")


@pytest.fixture
def people(session: Session) -> tuple[Actor, Actor]:
    return actor_of(create_user(session, "officer")), actor_of(create_user(session, "approver"))


def _digest(session: Session, actor: Actor, row: Statement) -> str:
    return statements.digest_of(statements.written(statements.figures_of(session, actor, row, today=TODAY)))


def _locked(session: Session, people: tuple[Actor, Actor], district: str = "") -> Statement:
    row = statements.prepare(session, people[0], OCTOBER, district, today=TODAY, now=NOW)
    digest = _digest(session, people[1], row)
    return statements.approve(session, people[1], row, digest, today=TODAY, now=NOW)


def test_what_is_approved_is_locked_by_the_database(session: Session, people: tuple[Actor, Actor]) -> None:
    row = _locked(session, people)
    for change in ({"figures": "{}"}, {"state": "draft"}, {"digest": "0" * 64}, {"approved_by_id": row.prepared_by_id}):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(update(Statement).values(**change))
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(delete(Statement))


def test_nobody_approves_what_they_prepared(session: Session) -> None:
    both = actor_of(create_user(session, "manager"))
    row = statements.prepare(session, both, OCTOBER, "", today=TODAY, now=NOW)
    with pytest.raises(Problem, match="two_people_needed"):
        statements.approve(session, both, row, _digest(session, both, row), today=TODAY, now=NOW)


def test_who_approves_approves_what_was_shown(session: Session, people: tuple[Actor, Actor]) -> None:
    registry = Registry(session, create_team(session))
    row = statements.prepare(session, people[0], OCTOBER, "", today=TODAY, now=NOW)
    shown = _digest(session, people[1], row)
    scale = registry.instrument(date(2026, 10, 1), None, "410702", "M")
    registry.verification(date(2026, 10, 20), scale, "initial", "conforms", 0)
    with pytest.raises(Problem, match="statement_moved"):
        statements.approve(session, people[1], row, shown, today=TODAY, now=NOW)
    approved = statements.approve(session, people[1], row, _digest(session, people[1], row), today=TODAY, now=NOW)
    assert statements.locked(approved)["indicators"]["verified"]["counted"] == 1
    line = {"code": "410702", "verified": 1, "conforms": 1, "rejected": 0, "certificates": 1}
    assert line.items() <= statements.locked(approved)["districts"][0].items()


def test_a_month_is_approved_from_the_day_after_its_end(session: Session, people: tuple[Actor, Actor]) -> None:
    last = date(2026, 10, 31)
    row = statements.prepare(session, people[0], OCTOBER, "", today=last, now=NOW)
    with pytest.raises(Problem, match="statement_too_early"):
        statements.approve(session, people[1], row, "", today=last, now=NOW)
    figures = statements.figures_of(session, people[1], row, today=date(2026, 11, 1))
    digest = statements.digest_of(statements.written(figures))
    assert statements.approve(session, people[1], row, digest, today=date(2026, 11, 1), now=NOW).state == "approved"


def test_later_corrections_are_shown_and_go_into_a_new_version(session: Session, people: tuple[Actor, Actor]) -> None:
    registry = Registry(session, create_team(session))
    scale = registry.instrument(date(2026, 10, 1), None, "410702", "M")
    wrong = registry.verification(date(2026, 10, 20), scale, "initial", "conforms", 0)
    row = _locked(session, people)
    kept = row.figures
    assert (
        statements.differences(statements.locked(row), statements.figures_of(session, people[0], row, today=TODAY))
        == []
    )
    registry.verification(date(2026, 11, 25), scale, "initial", "rejected", 36, replaces_id=wrong)
    later = date(2026, 11, 26)
    now = statements.figures_of(session, people[0], row, today=later)
    assert "indicators.first_pass" in [
        where for where, _then, _now in statements.differences(statements.locked(row), now)
    ]
    assert statements.later_corrections(session, row, today=later) == 2
    with pytest.raises(Problem, match="statement_exists"):
        statements.prepare(session, people[0], OCTOBER, "", today=later, now=NOW)
    with pytest.raises(Problem, match="reason_needed"):
        statements.correct(session, people[0], row, " ", now=NOW)
    new = statements.correct(session, people[0], row, "10 月一条记录更正", now=NOW)
    assert (new.version, new.replaces_id, row.figures) == (2, row.id, kept)
    with pytest.raises(Problem, match="statement_not_correctable"):
        statements.correct(session, people[0], row, "again", now=NOW)


def test_a_district_prepares_and_sees_its_own(session: Session) -> None:
    home = actor_of(create_user(session, "manager", district_code="410702"))
    row = statements.prepare(session, home, OCTOBER, "410703", today=TODAY, now=NOW)
    assert row.district_code == "410702"
    assert statements.sees_statement(home, row)
    assert not statements.sees_statement(Actor(None, "x", frozenset({"manager"}), district_code="410703"), row)
    assert not statements.sees_statement(Actor(None, "x", frozenset({"holder"}), holder_id=1), row)


def test_a_withdrawn_draft_makes_room(session: Session, people: tuple[Actor, Actor]) -> None:
    row = statements.prepare(session, people[0], OCTOBER, "", today=TODAY, now=NOW)
    statements.withdraw(session, people[0], row, now=NOW)
    assert statements.prepare(session, people[0], OCTOBER, "", today=TODAY, now=NOW).number != row.number


def test_a_target_holds_from_its_day_until_the_next(session: Session, people: tuple[Actor, Actor]) -> None:
    statements.set_target(session, people[0], "coverage", Decimal("99.7"), date(2026, 1, 1), now=NOW)
    statements.set_target(session, people[0], "coverage", None, date(2026, 7, 1), now=NOW)
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [target_of(session, "coverage", day) for day in days] == [
        None,
        Decimal("99.7"),
        Decimal("99.7"),
        None,
    ]
    for value in ("100.0001", "-1", "nan", "inf", "99.00001"):
        with pytest.raises(Problem, match="out_of_range"):
            statements.set_target(session, people[0], "coverage", Decimal(value), TODAY, now=NOW)
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(update(IndicatorTarget).values(value=Decimal(1)))
