"""Who may verify what on which day; what institutes are."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import JournalEntry
from metrology.persistence.people import User
from metrology.services import people
from metrology.services.people import InstituteFacts, QualificationFacts, qualification_refusal
from tests.conftest import NOW
from tests.people import create_user

ADMIN = Actor(None, "Zhao", frozenset({"administrator"}))
SCALE, FUEL = "digital_indicating_scale", "fuel_dispenser"


@pytest.fixture
def verifier(session: Session) -> User:
    return create_user(session, "verifier", name="王检定")


def _qualify(
    session: Session,
    user: User,
    type_code: str = SCALE,
    first: date = date(2024, 1, 1),
    last: date = date(2026, 11, 22),
) -> None:
    facts = QualificationFacts(type_code, f"ZC-{type_code}-{first}", first, last)
    people.add_qualification(session, ADMIN, user, facts, now=NOW)


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (date(2023, 12, 31), "verifier_not_qualified"),
        (date(2024, 1, 1), None),
        (date(2026, 11, 22), None),
        (date(2026, 11, 23), "qualification_lapsed"),
    ],
)
def test_a_qualification_holds_from_its_first_to_its_last_day(
    session: Session, verifier: User, on: date, code: str | None
) -> None:
    _qualify(session, verifier)
    refused = qualification_refusal(session, verifier, SCALE, on)
    assert (refused.code if refused else None) == code


def test_it_holds_for_its_type_alone(session: Session, verifier: User) -> None:
    _qualify(session, verifier)
    refused = qualification_refusal(session, verifier, FUEL, date(2025, 1, 1))
    assert refused is not None
    assert refused.code == "verifier_not_qualified"
    _qualify(session, verifier, "*")
    assert qualification_refusal(session, verifier, FUEL, date(2025, 1, 1)) is None


def test_a_lapsed_one_tells_the_last_of_its_days_and_a_newer_one_serves(session: Session, verifier: User) -> None:
    _qualify(session, verifier, last=date(2024, 12, 31))
    _qualify(session, verifier, "*", last=date(2025, 6, 30))
    refused = qualification_refusal(session, verifier, SCALE, date(2026, 1, 1))
    assert refused is not None
    assert refused.params == {"name": "王检定", "until": "2025-06-30"}
    _qualify(session, verifier, first=date(2025, 12, 1))
    assert qualification_refusal(session, verifier, SCALE, date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (QualificationFacts(SCALE, " ", date(2026, 1, 1), date(2026, 12, 31)), "bad_certificate_number"),
        (QualificationFacts(SCALE, "A", date(2026, 1, 2), date(2026, 1, 1)), "days_not_in_order"),
        (QualificationFacts("teapot", "A", date(2026, 1, 1), date(2026, 12, 31)), "bad_choice"),
        (QualificationFacts(SCALE, "A", date(2026, 1, 1), date(2026, 12, 31), grade="king"), "bad_choice"),
    ],
)
def test_what_makes_no_sense_is_refused(session: Session, verifier: User, facts: QualificationFacts, code: str) -> None:
    with pytest.raises(Problem) as refused:
        people.add_qualification(session, ADMIN, verifier, facts, now=NOW)
    assert refused.value.code == code


def test_only_professionals_are_qualified_and_each_certificate_once(session: Session, verifier: User) -> None:
    facts = QualificationFacts(SCALE, "A  1", date(2026, 1, 1), date(2026, 12, 31))
    people.add_qualification(session, ADMIN, verifier, facts, now=NOW)
    with pytest.raises(Problem, match="qualification_known"):
        people.add_qualification(
            session, ADMIN, verifier, QualificationFacts(SCALE, "A 1", date(2026, 1, 1), date(2027, 1, 1)), now=NOW
        )
    with pytest.raises(Problem, match="not_a_verifier"):
        people.add_qualification(session, ADMIN, create_user(session, "officer"), facts, now=NOW)


def test_a_prolonged_qualification_is_journalled(session: Session, verifier: User) -> None:
    facts = QualificationFacts(SCALE, "A", date(2026, 1, 1), date(2026, 12, 31))
    row = people.add_qualification(session, ADMIN, verifier, facts, now=NOW)
    session.commit()
    people.change_qualification(
        session, ADMIN, row, QualificationFacts(SCALE, "A", date(2026, 1, 1), date(2028, 12, 31)), now=NOW
    )
    session.commit()
    replaced, added = session.query(JournalEntry).filter(JournalEntry.seq > 1).order_by(JournalEntry.seq)
    assert (replaced.action, added.action) == ("qualification.replaced", "qualification.added")
    assert added.changes["valid_until"] == [None, "2028-12-31"]
    assert (row.valid_until, row.is_kept) == (date(2026, 12, 31), False)


def test_what_was_replaced_or_ended_counts_no_more(session: Session, verifier: User) -> None:
    wrong = QualificationFacts(SCALE, "A", date(2026, 1, 1), date(2029, 12, 31))
    row = people.add_qualification(session, ADMIN, verifier, wrong, now=NOW)
    right = QualificationFacts(SCALE, "A", date(2026, 1, 1), date(2027, 12, 31))
    kept = people.change_qualification(session, ADMIN, row, right, now=NOW)
    refusal = people.qualification_refusal
    assert refusal(session, verifier, SCALE, date(2027, 12, 31)) is None
    lapsed = refusal(session, verifier, SCALE, date(2028, 1, 1))
    assert lapsed is not None
    assert (lapsed.code, lapsed.params["until"]) == ("qualification_lapsed", "2027-12-31")
    with pytest.raises(Problem, match="qualification_ended_already"):
        people.end_qualification(session, ADMIN, row, "调离", on=date(2026, 6, 1), now=NOW)
    with pytest.raises(Problem, match="reason_needed"):
        people.end_qualification(session, ADMIN, kept, " ", on=date(2026, 6, 1), now=NOW)
    people.end_qualification(session, ADMIN, kept, "调离", on=date(2026, 6, 1), now=NOW)
    assert refusal(session, verifier, SCALE, date(2026, 5, 31)) is None
    assert refusal(session, verifier, SCALE, date(2026, 6, 1)) is not None


def test_a_qualification_is_never_rewritten(session: Session, verifier: User) -> None:
    facts = QualificationFacts(SCALE, "A", date(2026, 1, 1), date(2026, 12, 31))
    row = people.add_qualification(session, ADMIN, verifier, facts, now=NOW)
    session.commit()
    row.valid_until = date(2030, 1, 1)
    with pytest.raises(DatabaseError, match="qualification is fixed"):
        session.flush()


def test_institutes_are_told_apart_by_their_code(session: Session) -> None:
    row = people.create_institute(session, ADMIN, InstituteFacts(name="计量中心", short_code=" xxjl "), now=NOW)
    assert row.short_code == "XXJL"
    with pytest.raises(Problem, match="institute_known"):
        people.create_institute(session, ADMIN, InstituteFacts(name="另一中心", short_code="XXJL"), now=NOW)
    people.change_institute(session, ADMIN, row, InstituteFacts(name="计量检测中心", short_code="XXJL"), now=NOW)
    session.commit()
    assert session.query(JournalEntry).filter_by(action="institute.changed").one().changes == {
        "name": ["计量中心", "计量检测中心"]
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [({"short_code": "X"}, "bad_short_code"), ({"short_code": "计量"}, "bad_short_code"), ({"uscc": "91110000600037341N"}, "bad_uscc"),
     ({"name": "  "}, "bad_name"), ({"district_code": "999999"}, "bad_choice")],
)  # fmt: skip
def test_bad_institutes_are_refused(session: Session, given: dict[str, str], code: str) -> None:
    with pytest.raises(Problem, match=code):
        people.create_institute(
            session, ADMIN, InstituteFacts(**{"name": "计量中心", "short_code": "XXJL", **given}), now=NOW
        )


def test_professionals_are_paged_by_name(session: Session) -> None:
    for number in range(7):
        create_user(session, "verifier", name=f"甲{number}")
    create_user(session, "officer", name="甲0")
    rows, after = people.professionals(session, limit=5)
    assert [user.name for user in rows] == [f"甲{number}" for number in range(5)]
    rest, end = people.professionals(session, after=after, limit=5)
    assert ([user.name for user in rest], end) == (["甲5", "甲6"], None)
    assert [user.name for user in people.professionals(session, text="甲3")[0]] == ["甲3"]
