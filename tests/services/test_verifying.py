"""A record is started, typed, handed in and corrected; whatever is lacking is said, and nothing is judged without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import JournalEntry
from metrology.persistence.people import Institute
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import Verification
from metrology.services import verifying
from metrology.services.record_digest import is_intact
from metrology.services.verifying import DraftChanges, RecordRefused
from tests.conftest import NOW, TODAY
from tests.records import (
    SCALE_PLATE,
    certify,
    create_scale,
    create_standard,
    create_team,
    days,
    fill,
    finish,
    hand_in,
    scale_readings,
    start,
)


def refused(session: Session, team: Any, draft: Verification, today: date = TODAY) -> RecordRefused:
    with pytest.raises(RecordRefused) as caught:
        verifying.submit(session, team.actor("verifier"), draft, today=today, now=NOW)
    return caught.value


def codes(problem: RecordRefused) -> list[str]:
    return [one.code for one in problem.problems]


# -- starting


def test_a_draft_stands_with_what_is_usual(session: Session) -> None:
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    assert (draft.kind, draft.verified_on, draft.state) == ("initial", date(2026, 11, 22), "draft")
    assert draft.nameplate == SCALE_PLATE
    assert draft.number == "JD00000001"
    assert draft.place_text == "新乡市示范路 1 号"


def test_the_kind_follows_what_happened_before(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certify(session, team, scale, scale_readings(kind="initial"))
    assert verifying.start_draft(session, team.actor("verifier"), scale, today=TODAY, now=NOW).kind == "subsequent"
    in_repair = create_scale(session, "SC2")
    in_repair.state = "under_repair"
    assert (
        verifying.start_draft(session, team.actor("verifier"), in_repair, today=TODAY, now=NOW).kind == "after_repair"
    )


def test_a_form_sent_twice_makes_one_record(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = start(session, team, scale, client_key="a1")
    again = verifying.start_draft(session, team.actor("verifier"), scale, today=TODAY, now=NOW, client_key="a1")
    assert again.id == first.id
    with pytest.raises(Problem, match="client_key_used"):
        start(session, team, create_scale(session, "SC2"), client_key="a1")


def test_a_draft_left_lying_is_taken_up_again(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    assert start(session, team, scale).id == start(session, team, scale).id


def test_no_second_record_while_one_waits_for_the_checker(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    hand_in(session, team, scale, scale_readings(kind="initial"))
    with pytest.raises(Problem, match="verification_waiting"):
        start(session, team, scale)


def test_standards_used_last_are_proposed(session: Session) -> None:
    team = create_team(session)
    hand_in(session, team, create_scale(session), scale_readings(kind="initial"))
    draft = verifying.start_draft(session, team.actor("verifier"), create_scale(session, "SC2"), today=TODAY, now=NOW)
    assert [use.standard_id for use in draft.standards] == [team.standard.id]


@pytest.mark.parametrize("state", ["retired", "lost"])
def test_what_is_gone_is_not_verified(session: Session, state: str) -> None:
    team = create_team(session)
    scale = create_scale(session)
    scale.state = state
    with pytest.raises(Problem, match="instrument_not_verifiable"):
        start(session, team, scale)


@pytest.mark.parametrize(
    ("state", "kind", "fits"),
    [
        ("in_use", "subsequent", True),
        ("in_use", "in_service", True),
        ("awaiting_verification", "subsequent", True),
        ("awaiting_verification", "in_service", False),
        ("suspended", "subsequent", True),
        ("under_repair", "after_repair", True),
        ("under_repair", "subsequent", False),
        ("rejected", "after_repair", True),
        ("rejected", "subsequent", False),
    ],
)
def test_the_kind_fits_the_state(session: Session, state: str, kind: str, fits: bool) -> None:
    team = create_team(session)
    scale = create_scale(session)
    scale.state = state
    if fits:
        assert start(session, team, scale, kind=kind).kind == kind
    else:
        with pytest.raises(Problem, match="kind_does_not_fit"):
            start(session, team, scale, kind=kind)


def test_an_expired_instrument_accepts_the_verification_that_revives_it(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    scale.state, scale.due_date, scale.due_basis = "in_use", date(2025, 1, 1), "ledger"
    certificate = certify(session, team, scale, kind="subsequent")
    assert (scale.state, scale.due_date, certificate.kind) == ("in_use", date(2027, 11, 21), "verification_certificate")


# -- typing


def test_a_draft_keeps_what_is_half_typed(session: Session) -> None:
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    fill(session, team, draft, {"weighing": [{"load": "200 g", "indication": "20O"}], "items": {"seals": True}})
    session.commit()
    session.expire_all()
    assert draft.readings["weighing"][0]["indication"] == "20O"
    assert draft.readings["items"] == {"seals": True}


def test_a_stale_window_does_not_overwrite_a_newer_one(session: Session) -> None:
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    token = verifying.token_of(draft)
    verifying.save_draft(session, team.actor("verifier"), draft, DraftChanges(notes="a"), now=NOW, token=token)
    with pytest.raises(Problem, match="draft_changed_elsewhere"):
        verifying.save_draft(session, team.actor("verifier"), draft, DraftChanges(notes="b"), now=NOW, token=token)


def test_nobody_writes_in_anothers_draft(session: Session) -> None:
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    with pytest.raises(Problem, match="not_your_draft"):
        verifying.save_draft(session, team.actor("checker"), draft, DraftChanges(notes="x"), now=NOW)


def test_preview_says_what_is_found_and_what_lacks(session: Session) -> None:
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    readings = scale_readings(kind="initial")
    readings["weighing"] = readings["weighing"][:1]
    fill(session, team, draft, readings)
    found = verifying.preview(session, draft, today=TODAY)
    weighing = found.laid.table("weighing")
    assert weighing is not None
    first, second = weighing.rows[0], weighing.rows[1]
    assert first.finding is not None
    assert (first.finding["error"], first.finding["mpe"], first.finding["within"]) == ("0 g", "5 g", True)
    assert second.finding is None
    assert found.so_far is None
    assert not found.is_ready
    assert "weighing.max_up" in {lack.path for lack in found.missing}


def test_preview_says_rejected_as_soon_as_one_point_is_outside(session: Session) -> None:
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    fill(session, team, draft, {"weighing": [{"load": "200 g", "indication": "210 g", "additional_load": "0 g"}]})
    assert verifying.preview(session, draft, today=TODAY).so_far == "rejected"


def test_without_a_nameplate_there_is_no_sheet_and_no_verdict(session: Session) -> None:
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    fill(session, team, draft, scale_readings(kind="initial"), nameplate={"max": "30 kg", "e": "ten"})
    found = verifying.preview(session, draft, today=TODAY)
    assert (found.sheet.tables, found.verdict, found.so_far) == ((), None, None)
    assert {problem.field for problem in found.problems} >= {"nameplate.e", "nameplate.accuracy_class"}


def test_the_sheet_follows_the_nameplate_and_rows_go_with_their_point(session: Session) -> None:
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    before = verifying.preview(session, draft, today=TODAY)
    typed = before.readings
    typed["weighing"][0]["indication"] = "200"  # Min, 200 g of both scales
    typed["weighing"][2]["indication"] = "15000"  # half of 30 kg is no half of 15 kg
    fill(session, team, draft, typed, nameplate={**SCALE_PLATE, "max": "15 kg"})
    after = verifying.preview(session, draft, today=TODAY)
    assert after.sheet_key != before.sheet_key
    weighing = after.laid.table("weighing")
    assert weighing is not None
    shown = [(row.values["load"], row.values["indication"], row.is_preset) for row in weighing.rows]
    assert shown[0] == ("200 g", "200", True)
    assert ("7500 g", "", True) in shown
    assert shown[-1] == ("15000 g", "15000", False)


# -- handing in


def test_a_record_is_judged_and_fixed(session: Session) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), scale_readings(kind="initial"))
    session.commit()
    assert (record.state, record.verdict, record.edition_code) == ("submitted", "conforms", "JJG 539-2016")
    assert record.environment == {"temperature": "21.5 °C", "humidity": "45 %RH"}
    assert record.standards[0].snapshot["certificate_number"] == "LX-2026-0001"
    assert is_intact(session, record)


def test_the_database_refuses_to_change_what_was_handed_in(session: Session) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), scale_readings(kind="initial"))
    session.commit()
    for column, value in (("verdict", "'rejected'"), ("verified_on", "'2026-01-01'"), ("number", "'X'")):
        with pytest.raises(DBAPIError, match="is fixed"):
            session.execute(text(f"update verification set {column} = {value} where id = {record.id}"))
        session.rollback()


def test_bare_numbers_take_the_unit_of_their_column(session: Session) -> None:
    team = create_team(session)
    readings = scale_readings(kind="initial")
    readings["weighing"][0] |= {"indication": "200", "additional_load": "5.0"}
    record = hand_in(session, team, create_scale(session), readings)
    assert record.readings["weighing"][0]["indication"] == "200 g"
    assert record.readings["weighing"][0]["additional_load"] == "5.0 g"


@pytest.mark.parametrize(
    ("row", "added", "verdict"),
    [
        ("1", "0 g", "conforms"),  # E = +5 g at 5 kg, the limit itself
        ("1", "10 g", "conforms"),  # E = −5 g
        ("1", "10.5 g", "rejected"),
        ("4", "0 g", "conforms"),  # E = +5 g at Max, limit 15 g
        ("4", "20.1 g", "rejected"),
    ],
)
def test_an_error_exactly_at_the_limit_conforms(session: Session, row: str, added: str, verdict: str) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), scale_readings({row: added}, kind="initial"))
    assert record.verdict == verdict


def test_incomplete_readings_are_refused(session: Session) -> None:
    team = create_team(session)
    readings = scale_readings(kind="initial")
    del readings["weighing"][3]["indication"]
    problem = refused(session, team, fill(session, team, start(session, team, create_scale(session)), readings))
    assert problem.code == "incomplete_readings"
    assert problem.missing[0].path == "weighing[3].indication"


def test_conditions_outside_the_limits_give_no_verdict(session: Session) -> None:
    team = create_team(session)
    readings = scale_readings(kind="initial")
    readings["environment"] = {"temperature": "40.1 °C", "humidity": "45 %RH"}
    problem = refused(session, team, fill(session, team, start(session, team, create_scale(session)), readings))
    assert [(lack.code, lack.path) for lack in problem.missing] == [("outside_conditions", "environment.temperature")]


def test_a_day_to_come_is_refused(session: Session) -> None:
    team = create_team(session)
    draft = fill(
        session,
        team,
        start(session, team, create_scale(session)),
        scale_readings(kind="initial"),
        verified_on=TODAY + days(1),
    )
    assert codes(refused(session, team, draft)) == ["verified_in_future"]
    assert verifying.submit(session, team.actor("verifier"), draft, today=TODAY + days(1), now=NOW).state == "submitted"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"valid_until": date(2026, 11, 21)}, "standard_lapsed"),
        ({"valid_until": date(2026, 11, 22)}, None),
        ({"state": "suspended"}, "standard_lapsed"),
        ({"type_codes": ["fuel_dispenser"]}, "standard_not_authorised"),
        ({"range_high": "20 kg"}, "standard_out_of_range"),
        ({"accuracy": "0.1 %"}, "standard_not_good_enough"),
        ({"accuracy": ""}, "standard_not_good_enough"),
        ({"examination_valid_until": date(2026, 11, 21)}, "standard_examination_lapsed"),
        ({"examination_valid_until": date(2026, 11, 22)}, None),
    ],
)
def test_a_standard_that_may_not_serve_is_refused(session: Session, fields: dict[str, Any], code: str | None) -> None:
    team = create_team(session)
    other = create_standard(session, team.institute, "BZ-2", **fields)
    draft = fill(
        session,
        team,
        start(session, team, create_scale(session)),
        scale_readings(kind="initial"),
        standard_ids=[other.id],
    )
    if code is None:
        assert verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW).state == "submitted"
    else:
        problem = refused(session, team, draft)
        assert codes(problem) == [code]
        assert "M1 等级砝码组" in problem.params["standard"]


def test_a_record_without_a_standard_is_refused(session: Session) -> None:
    team = create_team(session)
    draft = fill(
        session, team, start(session, team, create_scale(session)), scale_readings(kind="initial"), standard_ids=[]
    )
    assert codes(refused(session, team, draft)) == ["no_standard"]


def test_a_standard_of_another_body_is_refused(session: Session) -> None:
    team, other = create_team(session), standard_elsewhere(session)
    draft = fill(
        session,
        team,
        start(session, team, create_scale(session)),
        scale_readings(kind="initial"),
        standard_ids=[other.id],
    )
    assert codes(refused(session, team, draft)) == ["standard_of_other_institute"]


def standard_elsewhere(session: Session) -> MeasurementStandard:
    institute = Institute(name="另一检定机构", short_code="LYJL")
    session.add(institute)
    session.flush()
    return create_standard(session, institute, "BZ-9")


@pytest.mark.parametrize(
    ("qualification", "code"),
    [
        ({"type_code": "fuel_dispenser"}, "verifier_not_qualified"),
        ({"valid_until": date(2026, 11, 21)}, "qualification_lapsed"),
        ({"valid_until": date(2026, 11, 22)}, None),
    ],
)
def test_a_verifier_who_is_not_qualified_is_refused(
    session: Session, qualification: dict[str, Any], code: str | None
) -> None:
    team = create_team(session, **qualification)
    draft = fill(session, team, start(session, team, create_scale(session)), scale_readings(kind="initial"))
    if code is None:
        assert verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW).verdict == "conforms"
    else:
        assert codes(refused(session, team, draft)) == [code]


def test_a_body_whose_authorisation_lapsed_is_refused(session: Session) -> None:
    team = create_team(session)
    team.institute.authorised_until = date(2026, 11, 21)
    draft = fill(session, team, start(session, team, create_scale(session)), scale_readings(kind="initial"))
    assert codes(refused(session, team, draft)) == ["institute_not_authorised"]


def test_an_instrument_retired_meanwhile_is_refused(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    draft = fill(session, team, start(session, team, scale), scale_readings(kind="initial"))
    scale.state = "retired"
    assert "instrument_not_verifiable" in codes(refused(session, team, draft))


def test_everything_in_the_way_is_said_at_once(session: Session) -> None:
    team = create_team(session)
    draft = fill(
        session, team, start(session, team, create_scale(session)), {}, standard_ids=[], verified_on=TODAY + days(2)
    )
    problem = refused(session, team, draft)
    assert codes(problem) == ["verified_in_future", "no_standard"]
    assert len(problem.missing) > 10


def test_an_initial_verification_is_done_once(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certify(session, team, scale, scale_readings(kind="initial"))
    with pytest.raises(Problem, match="initial_done_before"):
        start(session, team, scale, kind="initial")


def test_the_edition_in_force_on_the_day_judges(session: Session) -> None:
    team = create_team(session)
    draft = fill(
        session,
        team,
        start(session, team, create_scale(session)),
        scale_readings(kind="initial"),
        verified_on=date(2016, 1, 1),
    )
    assert "not_covered" in codes(refused(session, team, draft))


def test_a_discarded_draft_is_no_record(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    draft = start(session, team, scale)
    verifying.discard(session, team.actor("verifier"), draft, now=NOW)
    assert start(session, team, scale).id != draft.id


# -- correcting


def test_a_returned_record_is_corrected_by_a_new_one(session: Session) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), scale_readings(kind="initial"))
    with pytest.raises(Problem, match="reason_needed"):
        verifying.return_record(session, team.actor("checker"), record, "  ", now=NOW)
    verifying.return_record(session, team.actor("checker"), record, "温度未读", now=NOW)
    draft = verifying.correct(session, team.actor("verifier"), record, today=TODAY, now=NOW)
    assert (draft.replaces_id, draft.state, record.state) == (record.id, "draft", "returned")
    assert draft.readings == record.readings
    assert verifying.correct(session, team.actor("verifier"), record, today=TODAY, now=NOW).id == draft.id
    new = verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)
    assert finish(session, team, new) is not None
    with pytest.raises(Problem, match="corrected_already"):
        verifying.correct(session, team.actor("verifier"), record, today=TODAY, now=NOW)


def test_correcting_an_approved_record_needs_a_reason(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), scale_readings(kind="initial"))
    with pytest.raises(Problem, match="reason_needed"):
        verifying.correct(session, team.actor("verifier"), certificate.verification, today=TODAY, now=NOW)


def test_a_draft_cannot_be_corrected(session: Session) -> None:
    team = create_team(session)
    draft = start(session, team, create_scale(session))
    with pytest.raises(Problem, match="not_correctable"):
        verifying.correct(session, team.actor("verifier"), draft, today=TODAY, now=NOW)


def test_the_journal_tells_the_life_of_a_record(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certify(session, team, scale, scale_readings(kind="initial"))
    session.commit()
    told = session.scalars(
        select(JournalEntry.action).where(JournalEntry.instrument_id == scale.id).order_by(JournalEntry.seq)
    ).all()
    assert list(told) == [
        "instrument.registered",
        "verification.started",
        "verification.submitted",
        "verification.checked",
        "verification.approved",
        "instrument.verified",
        "certificate.issued",
    ]


def test_system_does_not_verify(session: Session) -> None:
    with pytest.raises(Problem, match="verifier_needed"):
        verifying.start_draft(session, Actor.system(), create_scale(session), today=TODAY, now=NOW)


def test_people_of_another_body_do_not_decide(session: Session) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), scale_readings(kind="initial"))
    stranger = replace(team.actor("checker"), institute_id=team.institute.id + 1)
    with pytest.raises(Problem, match="other_institute"):
        verifying.check(session, stranger, record, now=NOW)
