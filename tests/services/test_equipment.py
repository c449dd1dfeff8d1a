"""Equipment of a standard: what a record refuses and why, chains up to the national standards, and down again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.problems import Problem
from metrology.persistence.equipment import Equipment
from metrology.services import equipment, outside, serving_standards, tracing
from metrology.services.equipment import CertificateFacts, CheckFacts
from metrology.services.outside import OutsideStandardFacts
from metrology.services.tracing import Chain
from tests.conftest import NOW, TODAY
from tests.records import SCALE_PLATE, Team, certify, create_scale, create_standard, create_team, scale_readings
from tests.standards import OFFICER, certify_equipment, create_equipment, create_upstream

SCALE = regulations.get("digital_indicating_scale")
LIMITS = SCALE.editions[-1].mpe_at(SCALE_PLATE, "initial")
INITIAL = scale_readings(kind="initial")


@pytest.fixture
def team(session: Session) -> Team:
    return create_team(session)


def why(session: Session, team: Team, on: date = TODAY) -> tuple[str, str] | None:
    problem = serving_standards.refusal(session, team.standard, SCALE, LIMITS, on, team.institute.id)
    return (problem.code, problem.params.get("equipment", "")) if problem else None


def refused(work: Any) -> str:
    with pytest.raises(Problem) as problem:
        work()
    return problem.value.code


def check(session: Session, row: Equipment, result: str, day: date) -> None:
    equipment.keep_check(session, OFFICER, row, CheckFacts(checked_on=day, result=result), today=TODAY, now=NOW)


# -- what a record refuses


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, None),
        ({"valid_until": TODAY}, None),
        ({"valid_until": TODAY - timedelta(days=1)}, "equipment_lapsed"),
        (
            {"valid_from": TODAY + timedelta(days=1), "valid_until": TODAY + timedelta(days=9)},
            "equipment_without_certificate",
        ),
        ({"accuracy": "0.0166 %"}, None),
        ({"accuracy": "0.0167 %"}, "equipment_not_good_enough"),
        ({"accuracy": ""}, None),
        ({"range_high": "30 kg"}, None),
        ({"range_high": "29.9 kg"}, "equipment_out_of_range"),
    ],
)
def test_main_equipment_is_looked_at_on_the_day(
    session: Session, team: Team, said: dict[str, Any], code: str | None
) -> None:
    row = create_equipment(session, team.standard)
    certify_equipment(session, row, create_upstream(session), **said)
    found = why(session, team)
    assert (found[0] if found else None) == code
    assert found is None or found[1] == "M1 等级砝码 SB-1"


def test_ancillary_equipment_must_hold_but_need_not_cover(session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard, role="ancillary", range_high="1 kg")
    assert why(session, team) == ("equipment_without_certificate", "M1 等级砝码 SB-1")
    certify_equipment(session, row, create_upstream(session), accuracy="0.5 g")
    assert why(session, team) is None


def test_two_pieces_cover_together_what_neither_covers_alone(session: Session, team: Team) -> None:
    above = create_upstream(session)
    for number, low, high in (("SB-1", "", "2 kg"), ("SB-2", "2 kg", "")):
        row = create_equipment(session, team.standard, number, range_low=low, range_high=high)
        certify_equipment(session, row, above, number=f"ZS-{number}")
    assert why(session, team) is None


def test_a_suspended_piece_takes_its_standard_out(session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    certify_equipment(session, row, create_upstream(session))
    equipment.move(session, OFFICER, row, "suspended", reason="送修", now=NOW)
    assert why(session, team) == ("equipment_out_of_service", "M1 等级砝码 SB-1")


def test_a_failed_check_refuses_from_its_day_until_put_right(session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    above = create_upstream(session)
    certify_equipment(session, row, above)
    check(session, row, "unsatisfactory", TODAY - timedelta(days=5))
    assert why(session, team, TODAY - timedelta(days=6)) is None
    assert why(session, team, TODAY - timedelta(days=5)) == ("equipment_check_failed", "M1 等级砝码 SB-1")
    check(session, row, "satisfactory", TODAY - timedelta(days=1))
    assert why(session, team) is None
    check(session, row, "unsatisfactory", TODAY - timedelta(days=1))
    assert why(session, team) is not None
    certify_equipment(session, row, above, number="再检", valid_from=TODAY, valid_until=TODAY + timedelta(days=365))
    assert why(session, team) is None


def test_the_certificate_of_the_day_counts_not_the_newest(session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    above = create_upstream(session)
    certify_equipment(session, row, above, number="旧", valid_from=date(2025, 1, 1), valid_until=date(2025, 12, 31))
    certify_equipment(session, row, above)
    assert why(session, team, date(2025, 6, 1)) is None
    assert why(session, team, date(2024, 12, 31)) == ("equipment_without_certificate", "M1 等级砝码 SB-1")
    assert row.valid_until == date(2026, 12, 31)


def test_a_lapsed_examination_refuses(session: Session, team: Team) -> None:
    team.standard.examination_valid_until = TODAY - timedelta(days=1)
    session.flush()
    assert why(session, team) == ("standard_examination_lapsed", "")


def test_what_left_the_standard_no_longer_counts(session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    equipment.take_out(session, OFFICER, row.places[0], until=TODAY - timedelta(days=1), now=NOW)
    assert why(session, team) is None
    assert why(session, team, TODAY - timedelta(days=1)) is not None


# -- what is kept


def test_certificates_and_checks_are_appended_only(session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    held = certify_equipment(session, row, create_upstream(session))
    session.commit()
    held.valid_until = date(2030, 1, 1)
    with pytest.raises(DBAPIError, match="equipment_certificate is append only"):
        session.flush()


def test_a_certificate_says_where_it_comes_from_and_comes_once(session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    above = create_upstream(session)
    certify_equipment(session, row, above)
    assert refused(lambda: certify_equipment(session, row, above)) == "standard_certificate_known"
    nowhere = CertificateFacts(number="X", valid_from=TODAY, valid_until=TODAY)
    assert refused(lambda: equipment.certify(session, OFFICER, row, nowhere, now=NOW)) == "upstream_needed"
    both = CertificateFacts(
        number="X", valid_from=TODAY, valid_until=TODAY, own_standard_id=team.standard.id, outside_standard_id=above.id
    )
    assert refused(lambda: equipment.certify(session, OFFICER, row, both, now=NOW)) == "one_upstream"


def test_a_chain_never_leads_back_to_itself(session: Session, team: Team) -> None:
    piece = create_equipment(session, team.standard)
    lower = create_standard(session, team.institute, "BZ-LOW")
    other = create_equipment(session, lower, "SB-2")
    own = CertificateFacts(number="自检 1", valid_from=TODAY, valid_until=TODAY, own_standard_id=team.standard.id)
    assert refused(lambda: equipment.certify(session, OFFICER, piece, own, now=NOW)) == "traceability_loop"
    equipment.certify(session, OFFICER, other, own, now=NOW)
    back = CertificateFacts(number="自检 2", valid_from=TODAY, valid_until=TODAY, own_standard_id=lower.id)
    assert refused(lambda: equipment.certify(session, OFFICER, piece, back, now=NOW)) == "traceability_loop"
    put = lambda: equipment.put_into(session, OFFICER, other, team.standard, role="main", since=TODAY, now=NOW)  # noqa: E731
    assert refused(put) == "traceability_loop"
    above = create_upstream(session)
    primary = above.traces_to
    assert primary is not None
    facts = OutsideStandardFacts(institute_id=primary.institute_id, name=primary.name, traces_to_id=above.id)
    assert refused(lambda: outside.keep_standard(session, OFFICER, facts, row=primary, now=NOW)) == "traceability_loop"


def test_the_next_check_follows_the_last_check_or_certificate(session: Session) -> None:
    row = create_equipment(session, None, check_months=6)
    assert row.next_check_on is None
    certify_equipment(session, row, create_upstream(session))
    assert row.next_check_on == date(2026, 7, 1)
    check(session, row, "satisfactory", date(2026, 8, 31))
    assert row.next_check_on == date(2027, 2, 28)


# -- the chain


def test_the_chain_of_a_record_goes_up_to_the_national_standard(session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    above = create_upstream(session)
    certify_equipment(session, row, above)
    certificate = certify(session, team, create_scale(session), INITIAL)
    certify_equipment(session, row, above, number="以后", valid_from=TODAY, valid_until=TODAY + timedelta(days=365))
    root = Chain(session, TODAY).of_record(certificate.verification)
    assert [one.kind for one in root.walk()] == [
        "instrument",
        "standard",
        "equipment",
        "certificate",
        "outside_standard",
        "outside_standard",
    ]
    assert [one.number for one in root.walk()][3] == ""
    assert next(one.name for one in root.walk() if one.kind == "certificate") == "豫计字 2026-001"
    assert tracing.reaches_top(root)


def test_a_standard_without_equipment_ends_at_its_own_certificate(session: Session, team: Team) -> None:
    root = Chain(session, TODAY).of_standard(team.standard)
    assert [one.kind for one in root.walk()] == ["standard", "standard_certificate"]
    assert not tracing.reaches_top(root)


def test_from_above_every_standard_below_is_found_and_counted(session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    above = create_upstream(session)
    held = certify_equipment(session, row, above)
    lower = create_standard(session, team.institute, "BZ-LOW")
    other = create_equipment(session, lower, "SB-2")
    own = CertificateFacts(number="自检", valid_from=TODAY, valid_until=TODAY, own_standard_id=team.standard.id)
    equipment.certify(session, OFFICER, other, own, now=NOW)
    for serial in ("S1", "S2", "S3"):
        certify(session, team, create_scale(session, serial), INITIAL)
    everything = tracing.resting_on(session, outside_ids=[one.id for one in outside.below(session, above.traces_to)])  # type: ignore[arg-type]
    assert [(one.standard.number, one.records) for one in everything] == [("BZ-M1-01", 3), ("BZ-LOW", 0)]
    assert [one.standard.number for one in tracing.resting_on(session, certificate_ids=[held.id])] == [
        "BZ-M1-01",
        "BZ-LOW",
    ]
    page, following = tracing.judged_with(session, OFFICER, team.standard.id, limit=2)
    assert len(page) == 2
    rest, end = tracing.judged_with(session, OFFICER, team.standard.id, before=following, limit=2)
    assert (len(rest), end) == (1, None)
    assert rest[0].certificate is not None
