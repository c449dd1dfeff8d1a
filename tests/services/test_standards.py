"""Measurement standards: entered once, certified again and again, refused when what is said of them contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import JournalEntry
from metrology.persistence.standards import MeasurementStandard
from metrology.services import searching, standards
from metrology.services.standards import CertificateFacts, StandardFacts
from tests.conftest import NOW, TODAY

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
FACTS = StandardFacts(
    name="M1 等级砝码", serial_number="FM-1", range_low="1g", range_high="５０ kg", accuracy="±0.005%", accuracy_text="M1",
    type_codes=("digital_indicating_scale", "digital_indicating_scale"), certificate_number="LX 2026-1",
    certificate_issuer="省院", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31),
)  # fmt: skip


def create(session: Session, **changes: Any) -> MeasurementStandard:
    return standards.create_standard(session, OFFICER, replace(FACTS, **changes), today=TODAY, now=NOW)


def renewal(
    number: str = "LX 2027-1", first: date = date(2026, 12, 20), days: int = 365, **more: Any
) -> CertificateFacts:
    return CertificateFacts(number=number, valid_from=first, valid_until=first + timedelta(days=days), **more)


def refusal(work: Any) -> tuple[str, str | None]:
    with pytest.raises(Problem) as refused:
        work()
    return refused.value.code, refused.value.field


def test_a_standard_is_kept_in_normal_form_with_its_certificate(session: Session) -> None:
    standard = create(session)
    assert standard.number == "BZ00000001"
    assert (standard.range_low, standard.range_high, standard.accuracy) == ("1 g", "50 kg", "0.005 %")
    assert standard.type_codes == ["digital_indicating_scale"]
    (certificate,) = standard.certificates
    assert (certificate.number, certificate.valid_until, certificate.accuracy) == (
        "LX 2026-1",
        date(2026, 12, 31),
        "0.005 %",
    )
    assert searching.search(session, OFFICER, "M1 等级")[0].hits[0].row is standard
    session.commit()
    assert [entry.action for entry in session.query(JournalEntry)] == ["standard.created"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": " "}, "standard_needs_name", "name"),
        ({"certificate_number": ""}, "bad_certificate_number", "certificate_number"),
        ({"valid_until": date(2025, 12, 31)}, "days_not_in_order", "valid_until"),
        ({"valid_from": date(2026, 11, 23)}, "standard_not_valid_yet", "valid_from"),
        ({"accuracy": "good"}, "bad_quantity", "accuracy"),
        ({"accuracy": "1" * 70}, "bad_quantity", "accuracy"),
        ({"range_low": "ab"}, "bad_quantity", "range_low"),
        ({"range_high": "0.5 g"}, "range_not_in_order", "range_high"),
        ({"range_high": "5 L"}, "range_of_two_kinds", "range_high"),
        ({"type_codes": ("nonsense",)}, "bad_choice", "type_codes"),
        ({"institute_id": 99}, "bad_choice", "institute_id"),
    ],
)
def test_what_contradicts_itself_is_refused(session: Session, changes: dict[str, Any], code: str, field: str) -> None:
    assert refusal(lambda: create(session, **changes)) == (code, field)


def test_a_range_may_be_a_point_and_a_certificate_a_day(session: Session) -> None:
    standard = create(session, range_high="1 g", valid_from=TODAY, valid_until=TODAY)
    assert (standard.range_low, standard.range_high) == ("1 g", "1 g")


def test_a_number_of_ones_own_is_taken_once(session: Session) -> None:
    assert create(session, number="BZ-M1-01").number == "BZ-M1-01"
    assert refusal(lambda: create(session, number="BZ-M1-01")) == ("standard_number_taken", "number")


def test_a_renewal_is_appended_and_becomes_current(session: Session) -> None:
    standard = create(session)
    standards.renew(session, OFFICER, standard, renewal(issuer="国家院", accuracy="0.004 %"), now=NOW)
    assert [one.number for one in standard.certificates] == ["LX 2027-1", "LX 2026-1"]
    assert (standard.certificate_number, standard.certificate_issuer) == ("LX 2027-1", "国家院")
    assert (standard.valid_from, standard.valid_until) == (date(2026, 12, 20), date(2027, 12, 20))
    assert standard.accuracy == "0.004 %"
    session.commit()
    entry = session.query(JournalEntry).filter_by(action="standard.renewed").one()
    assert entry.changes["certificate_number"] == ["LX 2026-1", "LX 2027-1"]


def test_a_renewal_that_says_no_accuracy_keeps_the_one_before(session: Session) -> None:
    standard = create(session)
    row = standards.renew(session, OFFICER, standard, renewal(), now=NOW)
    assert (standard.accuracy, row.accuracy) == ("0.005 %", "0.005 %")


def test_an_older_certificate_fills_the_history_only(session: Session) -> None:
    standard = create(session)
    standards.renew(session, OFFICER, standard, renewal("LX 2025-1", date(2025, 12, 31)), now=NOW)
    assert standard.certificate_number == "LX 2026-1"
    assert [one.number for one in standard.certificates] == ["LX 2026-1", "LX 2025-1"]
    standards.renew(session, OFFICER, standard, renewal("LX 2026-2", date(2026, 1, 1)), now=NOW)
    assert standard.certificate_number == "LX 2026-2"


def test_the_same_certificate_is_not_added_twice(session: Session) -> None:
    standard = create(session)
    standards.renew(session, OFFICER, standard, renewal(), now=NOW)
    assert (
        refusal(lambda: standards.renew(session, OFFICER, standard, renewal(), now=NOW))[0]
        == "standard_certificate_known"
    )


@pytest.mark.parametrize(
    "statement", ["update standard_certificate set number = 'x'", "delete from standard_certificate"]
)
def test_certificates_are_appended_only(session: Session, statement: str) -> None:
    create(session)
    session.commit()
    with pytest.raises(DatabaseError, match="append only"):
        session.execute(text(statement))


def test_a_revision_leaves_the_certificate_alone(session: Session) -> None:
    standard = create(session)
    facts = replace(
        standards.facts_of(standard), name="M1 等级砝码组", certificate_number="other", valid_until=date(2030, 1, 1)
    )
    standards.revise_standard(session, OFFICER, standard, facts, now=NOW)
    assert (standard.name, standard.certificate_number, standard.valid_until) == (
        "M1 等级砝码组",
        "LX 2026-1",
        date(2026, 12, 31),
    )
    session.commit()
    entry = session.query(JournalEntry).filter_by(action="standard.revised").one()
    assert entry.changes == {"name": ["M1 等级砝码", "M1 等级砝码组"]}


def test_a_revision_that_changes_nothing_is_not_journalled(session: Session) -> None:
    standard = create(session)
    session.commit()
    standards.revise_standard(session, OFFICER, standard, standards.facts_of(standard), now=NOW)
    session.commit()
    assert session.query(JournalEntry).filter_by(action="standard.revised").count() == 0


def test_a_standard_is_suspended_put_to_use_again_and_withdrawn_for_good(session: Session) -> None:
    standard = create(session)
    for state in ("suspended", "in_use", "withdrawn"):
        standards.move_standard(session, OFFICER, standard, state, reason="期间核查", now=NOW)
        assert standard.state == state
    assert (
        refusal(lambda: standards.move_standard(session, OFFICER, standard, "in_use", reason="x", now=NOW))[0]
        == "move_not_allowed"
    )
    assert refusal(lambda: standards.renew(session, OFFICER, standard, renewal(), now=NOW))[0] == "standard_withdrawn"
    assert (
        refusal(lambda: standards.revise_standard(session, OFFICER, standard, FACTS, now=NOW))[0]
        == "standard_withdrawn"
    )
    session.commit()
    moved = session.query(JournalEntry).filter(JournalEntry.action != "standard.created").order_by(JournalEntry.seq)
    assert [(entry.action, entry.reason) for entry in moved] == [
        ("standard.suspended", "期间核查"), ("standard.in_use", "期间核查"), ("standard.withdrawn", "期间核查"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "reason", "code"),
    [("suspended", " ", "reason_needed"), ("in_use", "x", "move_not_allowed"), ("x", "x", "move_not_allowed")],
)
def test_a_move_needs_a_reason_and_a_way(session: Session, state: str, reason: str, code: str) -> None:
    standard = create(session)
    assert (
        refusal(lambda: standards.move_standard(session, OFFICER, standard, state, reason=reason, now=NOW))[0] == code
    )
    assert standard.state == "in_use"


@pytest.mark.parametrize(
    ("until", "examined", "state", "expected"),
    [
        (TODAY + timedelta(days=61), None, "in_use", "valid"),
        (TODAY + timedelta(days=60), None, "in_use", "due_soon"),
        (TODAY, None, "in_use", "due_soon"),
        (TODAY - timedelta(days=1), None, "in_use", "lapsed"),
        (TODAY + timedelta(days=400), TODAY + timedelta(days=60), "in_use", "due_soon"),
        (TODAY + timedelta(days=400), TODAY - timedelta(days=1), "in_use", "lapsed"),
        (TODAY - timedelta(days=1), None, "suspended", "suspended"),
        (TODAY + timedelta(days=61), None, "withdrawn", "withdrawn"),
    ],
)
def test_what_a_standard_is_good_for_today(until: date, examined: date | None, state: str, expected: str) -> None:
    standard = MeasurementStandard(
        valid_from=TODAY - timedelta(days=500), valid_until=until, examination_valid_until=examined, state=state
    )
    assert standards.standing(standard, TODAY) == expected


def test_a_standard_whose_certificate_has_not_begun_says_so() -> None:
    standard = MeasurementStandard(
        valid_from=TODAY + timedelta(days=1), valid_until=TODAY + timedelta(days=366), state="in_use"
    )
    assert standards.standing(standard, TODAY) == "not_yet"
