"""What institutes may do, kept for ever; what goes to the province; what of ours ends and who is told, once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.people import Qualification
from metrology.persistence.reminders import Notice
from metrology.services import authorisations, capability, house_due, verifying
from metrology.services.authorisations import AuthorisationFacts
from metrology.services.house_reminding import remind_house
from metrology.services.verifying import RecordRefused
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import Team, create_scale, create_standard, create_team, fill, scale_readings, start
from tests.standards import certify_equipment, create_equipment, create_upstream

ADMIN = Actor(None, "Zheng", frozenset({"administrator"}))
SCALE = "digital_indicating_scale"
INITIAL = scale_readings(kind="initial")
FACTS = AuthorisationFacts(
    number="（豫）法计", type_code=SCALE, valid_from=date(2026, 1, 1), valid_until=date(2027, 12, 31)
)


@pytest.fixture
def team(session: Session) -> Team:
    return create_team(session)


def only(session: Session, team: Team, **said: Any) -> Authorisation:
    """The institute's one item that counts."""
    row = session.scalars(select(Authorisation).where(Authorisation.replaced_by_id.is_(None))).one()
    facts = {name: getattr(FACTS, name) for name in AuthorisationFacts.__dataclass_fields__}
    return authorisations.replace_item(session, ADMIN, row, AuthorisationFacts(**{**facts, **said}), now=NOW)


def codes(session: Session, team: Team, **said: Any) -> list[str]:
    draft = fill(session, team, start(session, team, create_scale(session, **said)), INITIAL)
    try:
        verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)
    except RecordRefused as refused:
        return [problem.code for problem in refused.problems]
    return []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"type_code": "fuel_dispenser"}, ["type_not_authorised"]),
        ({"valid_until": TODAY - timedelta(days=1)}, ["authorisation_lapsed"]),
        ({"valid_until": TODAY}, []),
        ({"characteristic": "max", "high": "30 kg"}, []),
        ({"characteristic": "max", "high": "29 kg"}, ["outside_authorised_range"]),
        ({"district_code": "410783"}, ["outside_authorised_district"]),
    ],
)
def test_recording_outside_the_authorisation_is_refused(
    session: Session, team: Team, said: dict[str, Any], expected: list[str]
) -> None:
    only(session, team, **said)
    assert codes(session, team) == expected


def test_the_form_says_so_while_it_is_filled(session: Session, team: Team) -> None:
    only(session, team, type_code="fuel_dispenser")
    draft = start(session, team, create_scale(session))
    found = verifying.preview(session, draft, today=TODAY)
    assert "type_not_authorised" in [problem.code for problem in found.problems]


def test_items_are_kept_ended_and_replaced_never_rewritten(session: Session, team: Team) -> None:
    row = only(session, team)
    assert len(authorisations.of_institute(session, team.institute)) == 2
    authorisations.end(session, ADMIN, row, "授权撤回", on=TODAY, now=NOW)
    with pytest.raises(Problem, match="authorisation_ended_already"):
        authorisations.end(session, ADMIN, row, "再次", on=TODAY, now=NOW)
    assert codes(session, team) == ["authorisation_lapsed"]
    session.commit()
    row.valid_until = date(2040, 1, 1)
    with pytest.raises(DBAPIError, match="authorisation is fixed"):
        session.flush()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"number": " "}, "bad_certificate_number"),
        ({"valid_until": date(2025, 1, 1)}, "days_not_in_order"),
        ({"type_code": "nonsense"}, "bad_choice"),
        ({"high": "30 kg"}, "range_of_what"),
        ({"characteristic": "max"}, "range_without_ends"),
        ({"characteristic": "dn", "high": "5"}, "bad_choice"),
        ({"characteristic": "max", "low": "30 kg", "high": "3 kg"}, "range_not_in_order"),
        ({"characteristic": "max", "high": "viel"}, "bad_quantity"),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(
    session: Session, team: Team, said: dict[str, Any], code: str
) -> None:
    with pytest.raises(Problem) as problem:
        only(session, team, **said)
    assert problem.value.code == code


# -- capability


def line(session: Session, code: str = SCALE) -> capability.Line:
    return next(one for one in capability.view(session, today=TODAY).lines if one.type.code == code)


def test_able_with_authorisation_standard_and_people(session: Session, team: Team) -> None:
    create_scale(session)
    session.commit()
    found = line(session)
    assert (found.total, found.cells[0].lacks, found.cells[0].verifiers, found.is_covered) == (1, (), 1, True)
    assert line(session, "taximeter").cells[0].lacks == ("standard",)


def test_each_thing_that_lacks_is_named(session: Session, team: Team) -> None:
    only(session, team, type_code="fuel_dispenser")
    team.standard.valid_until = TODAY - timedelta(days=1)
    for row in session.scalars(select(Qualification)):
        row.ended_on = TODAY
    create_scale(session)
    session.commit()
    found = line(session)
    assert found.cells[0].lacks == ("authorisation", "standard", "verifier", "checker")
    assert found.uncovered.count == 1


def test_what_lies_beyond_the_range_goes_to_the_province(session: Session, team: Team) -> None:
    only(session, team, characteristic="max", high="30 kg")
    create_scale(session, "S1")
    for serial in ("S2", "S3"):
        create_scale(session, serial, nameplate={"max": "150 kg", "e": "50 g", "accuracy_class": "III"})
    session.commit()
    capability.count_nameplates(session, today=TODAY)
    capability.count_nameplates(session, today=TODAY)
    found = line(session)
    assert (found.total, found.uncovered.count, found.uncovered.characteristic) == (3, 2, "max")
    assert found.uncovered.values == (("150 kg", 2),)
    assert found.cells[0].is_limited


# -- what of ours ends


def test_what_ends_within_the_time_is_told_by_day(session: Session, team: Team) -> None:
    team.standard.valid_until = TODAY + timedelta(days=60)
    team.standard.examination_valid_until = TODAY + timedelta(days=61)
    row = create_equipment(session, create_standard(session, None, "BZ-2"), check_months=6)
    certify_equipment(session, row, create_upstream(session), valid_until=TODAY - timedelta(days=1))
    session.commit()
    found = [(one.kind, one.days_left(TODAY)) for one in house_due.due_within(session, TODAY)]
    assert found == [("check", -144), ("equipment", -1), ("standard", 60)]


def test_what_was_prolonged_is_no_matter(session: Session) -> None:
    team = create_team(session, valid_until=TODAY + timedelta(days=10))
    assert [one.kind for one in house_due.due_within(session, TODAY)] == ["qualification", "qualification"]
    session.add(
        Qualification(
            user_id=team.verifier.id,
            type_code="*",
            certificate_number="ZC-2",
            valid_from=TODAY,
            valid_until=date(2031, 1, 1),
        )
    )
    session.flush()
    assert [one.owner for one in house_due.due_within(session, TODAY)] == [team.checker.id]


def test_each_stage_is_told_once_to_each_person(session: Session) -> None:
    team = create_team(session, valid_until=TODAY + timedelta(days=30))
    officer = create_user(session, "officer")
    session.commit()
    told = lambda day: remind_house(session, today=day, now=NOW + (day - TODAY), public_url="https://x")  # noqa: E731
    assert told(TODAY) == 3  # the officer of both, verifier and checker of their own
    assert told(TODAY) == 0
    assert told(TODAY + timedelta(days=1)) == 0
    assert told(TODAY + timedelta(days=23)) == 3
    mine = session.scalars(select(Notice).where(Notice.user_id == officer.id)).all()
    assert len(mine) == 2
    assert "检定员甲" in mine[0].body
    assert "核验员乙" in mine[0].body
    own = session.scalars(select(Notice).where(Notice.user_id == team.verifier.id)).first()
    assert own is not None
    assert "核验员乙" not in own.body
