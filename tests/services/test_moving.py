"""Instruments move as the law allows, and what their verification was worth ends where it must."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.journal import JournalEntry
from metrology.services import certifying, moving, sealing
from metrology.services.instrument_facts import SealFacts
from metrology.services.registering import InstrumentFacts, register_instrument
from tests.conftest import NOW, TODAY
from tests.records import certify, create_scale, create_team

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
DUE = TODAY + timedelta(days=100)


def move(session: Session, instrument: Instrument, to: Any, cause: Any, reason: str = "", today: date = TODAY) -> str:
    moving.move_instrument(session, OFFICER, instrument, to, cause=cause, reason=reason, today=today, now=NOW)
    return instrument.state


def nozzle(session: Session, label: str, due: date | None = DUE) -> Instrument:
    facts = InstrumentFacts(type_code="fuel_dispenser", serial_number="JY1", part_label=label, due_date=due)
    return register_instrument(session, OFFICER, facts, today=TODAY, now=NOW)


def test_suspended_and_restarted_while_its_certificate_holds(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale)
    assert move(session, scale, "suspended", "request") == "suspended"
    assert certificate.standing == "valid"
    assert move(session, scale, "in_use", "restart") == "in_use"


def test_no_restart_after_the_last_valid_day(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale)
    until = certificate.valid_until
    assert until is not None
    move(session, scale, "suspended", "request")
    assert ("in_use", "restart") in moving.possible_moves(session, scale, until)
    after = until + timedelta(days=1)
    assert ("in_use", "restart") not in moving.possible_moves(session, scale, after)
    with pytest.raises(Problem, match="move_not_allowed"):
        move(session, scale, "in_use", "restart", today=after)
    assert move(session, scale, "awaiting_verification", "expired_rest", today=after) == "awaiting_verification"


def test_a_repair_ends_the_certificate_at_once(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale)
    move(session, scale, "under_repair", "repair", "传感器")
    assert (certificate.standing, certificate.end_reason) == ("revoked", "repair")
    assert move(session, scale, "awaiting_verification", "repaired") == "awaiting_verification"
    assert ("in_use", "restart") not in moving.possible_moves(session, scale, TODAY)
    assert certifying.current(session, scale.id) is None


def test_the_ledgers_word_is_worth_nothing_after_a_repair(session: Session) -> None:
    scale = create_scale(session, due_date=DUE)
    move(session, scale, "under_repair", "repair")
    move(session, scale, "awaiting_verification", "repaired")
    assert scale.due_date == TODAY - timedelta(days=1)
    assert not moving.verification_holds(session, scale, TODAY)
    move(session, scale, "suspended", "request")
    with pytest.raises(Problem, match="move_not_allowed"):
        move(session, scale, "in_use", "restart")


def test_an_instrument_that_need_not_be_verified_restarts_freely(session: Session) -> None:
    facts = InstrumentFacts(type_code="vernier_caliper", serial_number="B1")
    balance = register_instrument(session, OFFICER, facts, today=TODAY, now=NOW)
    assert not balance.type.is_mandatory
    assert balance.state == "in_use"
    move(session, balance, "suspended", "request")
    assert move(session, balance, "in_use", "restart") == "in_use"


@pytest.mark.parametrize("to", ["retired", "lost"])
def test_gone_needs_a_reason_and_ends_no_certificate_by_itself(session: Session, to: str) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale)
    with pytest.raises(Problem, match="reason_needed"):
        move(session, scale, to, "request", "  ")
    assert move(session, scale, to, "request", "报废") == to
    assert certificate.standing == "valid"
    assert certifying.standing(certificate, scale, TODAY, 30) == "revoked"


def test_retired_is_final(session: Session) -> None:
    scale = create_scale(session, due_date=DUE)
    move(session, scale, "retired", "request", "报废")
    assert moving.possible_moves(session, scale, TODAY) == []


def test_a_person_does_not_move_by_verdict(session: Session) -> None:
    scale = create_scale(session)
    with pytest.raises(Problem, match="move_not_allowed"):
        move(session, scale, "in_use", "conforming_verification")


def test_a_move_is_journalled_with_cause_and_reason(session: Session) -> None:
    scale = create_scale(session, due_date=DUE)
    session.commit()
    move(session, scale, "suspended", "request", "停业")
    session.commit()
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "instrument.moved")).one()
    assert entry.changes == {"state": ["in_use", "suspended"], "cause": [None, "request"]}
    assert (entry.reason, entry.instrument_id) == ("停业", scale.id)


def test_outside_the_own_district_nothing_moves(session: Session) -> None:
    scale = create_scale(session, due_date=DUE)
    scale.district_code = "410703"
    elsewhere = Actor(None, "Li", frozenset({"officer"}), district_code="410702")
    with pytest.raises(Problem, match="outside_scope"):
        moving.move_instrument(session, elsewhere, scale, "suspended", cause="request", reason="", today=TODAY, now=NOW)


def test_the_way_back_is_offered_only_where_the_law_knows_one(session: Session) -> None:
    scale = create_scale(session, due_date=DUE)
    move(session, scale, "suspended", "request")
    assert moving.way_back(session, scale, "in_use", TODAY) == "restart"
    move(session, scale, "lost", "request", "不见")
    assert moving.way_back(session, scale, "suspended", TODAY) is None


# -- assemblies


def test_a_dispenser_moves_with_its_nozzles(session: Session) -> None:
    one, two = nozzle(session, "1"), nozzle(session, "2")
    whole = one.parent
    assert whole is not None
    assert move(session, whole, "suspended", "request") == "suspended"
    assert (one.state, two.state) == ("suspended", "suspended")
    two.due_date = TODAY - timedelta(days=1)
    assert move(session, whole, "in_use", "restart") == "in_use"
    assert (one.state, two.state) == ("in_use", "awaiting_verification")


def test_a_dispenser_stands_as_its_nozzles_do(session: Session) -> None:
    one, two = nozzle(session, "1"), nozzle(session, "2")
    whole = one.parent
    assert whole is not None
    move(session, one, "retired", "request", "拆除")
    assert whole.state == "in_use"
    move(session, two, "under_repair", "repair")
    assert whole.state == "under_repair"
    move(session, two, "retired", "request", "拆除")
    assert whole.state == "retired"


# -- seals


def seal_on(session: Session, instrument: Instrument, number: str = "QF1") -> Seal:
    return sealing.add_seal(
        session, OFFICER, instrument, SealFacts(number, "主板"), applied_on=TODAY, today=TODAY, now=NOW
    )


@pytest.mark.parametrize("found", ["broken", "missing"])
def test_a_broken_seal_ends_the_certificate(session: Session, found: Any) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale)
    seal = seal_on(session, scale)
    sealing.report_seal(session, OFFICER, seal, found, reason="", today=TODAY, now=NOW)
    assert (seal.state, seal.ended_on, seal.end_reason) == ("broken", TODAY, found)
    assert (scale.state, certificate.standing, certificate.end_reason) == (
        "awaiting_verification",
        "revoked",
        "seal_broken",
    )
    with pytest.raises(Problem, match="seal_has_ended"):
        sealing.report_seal(session, OFFICER, seal, found, reason="", today=TODAY, now=NOW)


def test_a_seal_taken_off_for_repair(session: Session) -> None:
    scale = create_scale(session, due_date=DUE)
    seal = seal_on(session, scale)
    sealing.report_seal(session, OFFICER, seal, "removed_for_repair", reason="", today=TODAY, now=NOW)
    assert (seal.state, scale.state) == ("removed", "under_repair")


def test_a_seal_broken_while_awaiting_changes_no_state(session: Session) -> None:
    scale = create_scale(session)
    seal = seal_on(session, scale)
    sealing.report_seal(session, OFFICER, seal, "broken", reason="", today=TODAY, now=NOW)
    assert scale.state == "awaiting_verification"


def test_a_seal_of_the_dispenser_stands_for_all_its_nozzles(session: Session) -> None:
    one, two = nozzle(session, "1"), nozzle(session, "2")
    whole = one.parent
    assert whole is not None
    seal = seal_on(session, whole)
    sealing.report_seal(session, OFFICER, seal, "broken", reason="", today=TODAY, now=NOW)
    assert {one.state, two.state, whole.state} == {"awaiting_verification"}


def test_the_same_seal_is_noted_once(session: Session) -> None:
    scale = create_scale(session)
    seal = seal_on(session, scale)
    with pytest.raises(Problem, match="duplicate_seal"):
        seal_on(session, scale, "ｑｆ1")
    with pytest.raises(Problem, match="missing_seal_number"):
        seal_on(session, scale, "-")
    seal.state = "removed"
    seal_on(session, scale)
    with pytest.raises(Problem, match="future_date"):
        sealing.add_seal(
            session, OFFICER, scale, SealFacts("X"), applied_on=TODAY + timedelta(days=1), today=TODAY, now=NOW
        )
