"""Three people decide, and what an approved record brings: state, dates, seals, the documents before and after."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.verifications import Verification
from metrology.services import certifying, ending, verifying
from metrology.services.registering import InstrumentFacts, register_instrument
from metrology.services.verifying import DraftChanges
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import (
    OFFICER,
    REJECTING,
    Team,
    actor_of,
    certify,
    create_scale,
    create_team,
    days,
    fill,
    finish,
    hand_in,
    qualify,
    scale_readings,
    start,
)

INITIAL = scale_readings(kind="initial")
BAD_INITIAL = scale_readings(REJECTING, kind="initial")
BAD = scale_readings(REJECTING)


def correct(
    session: Session, team: Team, record: Verification, readings: dict[str, Any], **changes: Any
) -> Certificate:
    draft = verifying.correct(session, team.actor("verifier"), record, today=TODAY, now=NOW, reason="抄录错误")
    verifying.save_draft(session, team.actor("verifier"), draft, DraftChanges(readings=readings, **changes), now=NOW)
    verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)
    certificate = finish(session, team, draft)
    assert certificate is not None
    return certificate


# -- three people


def test_three_people_verify_check_and_approve(session: Session) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), INITIAL)
    with pytest.raises(Problem, match="checker_is_verifier"):
        verifying.check(session, team.actor("verifier"), record, now=NOW)
    with pytest.raises(Problem, match="not_decidable"):
        verifying.approve(session, team.actor("approver"), record, today=TODAY, now=NOW)
    verifying.check(session, team.actor("checker"), record, now=NOW)
    for role in ("verifier", "checker"):
        with pytest.raises(Problem, match="approver_is_not_a_third"):
            verifying.approve(session, team.actor(role), record, today=TODAY, now=NOW)
    verifying.approve(session, team.actor("approver"), record, today=TODAY, now=NOW)
    session.commit()
    assert record.state == "approved"
    assert len({record.verifier_id, record.checker_id, record.approver_id}) == 3


@pytest.mark.parametrize("column", ["checker_id", "approver_id"])
def test_the_database_wants_three_people_too(session: Session, column: str) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), INITIAL)
    session.commit()
    with pytest.raises(DBAPIError):
        session.execute(text(f"update verification set {column} = verifier_id where id = {record.id}"))
    session.rollback()


def test_two_who_approve_at_once_issue_one_certificate(app: Flask, session: Session) -> None:
    team = create_team(session)
    second = create_user(session, "approver", institute_id=team.institute.id)
    record = hand_in(session, team, create_scale(session), INITIAL)
    verifying.check(session, team.actor("checker"), record, now=NOW)
    people, key = (team.actor("approver"), actor_of(second)), record.id
    session.commit()
    together, outcomes = threading.Barrier(2), []

    def approve(who: Actor) -> None:
        with app.app_context():
            own = db.session()
            together.wait()
            try:
                verifying.approve(own, who, own.get_one(Verification, key), today=TODAY, now=NOW)
                own.commit()
                outcomes.append("approved")
            except Problem as problem:
                own.rollback()
                outcomes.append(problem.code)

    threads = [threading.Thread(target=approve, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["approved", "not_decidable"]
    assert len(session.scalars(select(Certificate)).all()) == 1


def test_a_decision_is_made_once(session: Session) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), INITIAL)
    finish(session, team, record)
    for decide in (
        lambda: verifying.check(session, team.actor("checker"), record, now=NOW),
        lambda: verifying.approve(session, team.actor("approver"), record, today=TODAY, now=NOW),
        lambda: verifying.return_record(session, team.actor("checker"), record, "x", now=NOW),
    ):
        with pytest.raises(Problem):
            decide()
    assert len(session.scalars(select(Certificate)).all()) == 1


def test_the_approver_may_return_a_checked_record(session: Session) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), INITIAL)
    verifying.check(session, team.actor("checker"), record, now=NOW)
    verifying.return_record(session, team.actor("approver"), record, "环境温度存疑", now=NOW)
    assert (record.state, record.return_reason, record.returned_by_id) == ("returned", "环境温度存疑", team.approver.id)
    assert certifying.document_of(session, record.id) is None


def test_a_record_touched_by_hand_is_not_approved(session: Session) -> None:
    team = create_team(session)
    record = hand_in(session, team, create_scale(session), BAD_INITIAL)
    session.commit()
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("drop trigger verification_fixed"))
    else:
        session.execute(text("alter table verification disable trigger all"))
    session.execute(text(f"update verification set verdict = 'conforms' where id = {record.id}"))
    session.commit()
    session.expire_all()
    with pytest.raises(Problem, match="record_altered"):
        verifying.check(session, team.actor("checker"), record, now=NOW)


# -- conforming


def test_a_conforming_record_puts_the_instrument_in_use(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    assert scale.state == "awaiting_verification"
    certificate = certify(session, team, scale, INITIAL)
    session.commit()
    assert (scale.state, scale.last_verified_on, scale.due_date) == ("in_use", date(2026, 11, 22), date(2027, 11, 21))
    assert (scale.due_basis, scale.due_kind) == ("certificate", "verification")
    assert (certificate.kind, certificate.standing, certificate.valid_until) == (
        "verification_certificate", "valid", date(2027, 11, 21),
    )  # fmt: skip


def test_a_new_certificate_supersedes_the_earlier(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL, today=date(2026, 1, 10))
    second = certify(session, team, scale)
    session.commit()
    assert (first.standing, first.end_reason, first.replaced_by_id, first.ended_on) == (
        "superseded",
        "superseded",
        second.id,
        TODAY,
    )
    assert certifying.current(session, scale.id) == second


def test_the_database_allows_one_document_that_stands(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL, today=date(2026, 1, 10))
    certify(session, team, scale)
    session.commit()
    with pytest.raises(DBAPIError):
        session.execute(text(f"update certificate set standing = 'valid' where id = {first.id}"))
    session.rollback()


def test_the_nameplate_read_completes_the_ledgers(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    draft = fill(
        session, team, start(session, team, scale), INITIAL, nameplate={**scale.nameplate, "min": "200g", "d": "10 g"}
    )
    record = verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)
    assert "min" not in scale.nameplate
    finish(session, team, record)
    assert (scale.nameplate["min"], scale.nameplate["max"]) == ("200 g", "30 kg")


def test_seals_applied_stay_with_the_instrument_and_broken_ones_end(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    earlier = Seal(instrument_id=scale.id, number="F001", position="壳体", state="intact", applied_on=date(2025, 1, 1))
    session.add(earlier)
    session.flush()
    session.expire(scale, ["seals"])
    draft = fill(
        session, team, start(session, team, scale), INITIAL,
        seals=[
            {"seal_id": earlier.id, "found": "broken"},
            {"number": "F002", "position": "校准开关", "found": "applied"},
            {"number": "", "position": "x", "found": "applied"},
        ],
    )  # fmt: skip
    finish(session, team, verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW))
    session.expire_all()
    assert [(seal.number, seal.state, seal.ended_on) for seal in scale.seals] == [
        ("F001", "broken", TODAY),
        ("F002", "intact", None),
    ]


def test_repair_is_witnessed_by_the_verification_after_it(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certify(session, team, scale, BAD_INITIAL)
    assert scale.state == "rejected"
    certificate = certify(
        session, team, scale, scale_readings(kind="after_repair"), kind="after_repair", today=TODAY + days(3)
    )
    assert (scale.state, certificate.valid_until) == ("in_use", date(2027, 11, 24))


def test_service_life_counts_from_the_first_verification(session: Session) -> None:
    team = create_team(session)
    meter = _water_meter(session)
    first = certify(session, team, meter, _water(meter), kind="initial", today=date(2026, 1, 10))
    assert (first.valid_until, meter.due_kind) == (date(2032, 1, 9), "rotation")
    second = certify(session, team, meter, _water(meter), kind="subsequent")
    assert (second.valid_until, meter.due_date) == (date(2032, 1, 9), date(2032, 1, 9))


def test_a_meter_past_its_service_life_gets_no_certificate(session: Session) -> None:
    team = create_team(session)
    meter = _water_meter(session, last_verified_on=date(2020, 11, 22))
    draft = fill(session, team, start(session, team, meter, kind="subsequent"), _water(meter))
    with pytest.raises(verifying.RecordRefused, match="service_life_ended"):
        verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)
    verifying.save_draft(session, team.actor("verifier"), draft, DraftChanges(verified_on=date(2026, 11, 21)), now=NOW)
    assert verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW).verdict == "conforms"


# -- rejected


def test_a_rejection_ends_the_earlier_certificate_at_once(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL, today=date(2026, 1, 10))
    notice = certify(session, team, scale, BAD)
    session.commit()
    assert (scale.state, scale.due_date, scale.due_basis) == ("rejected", None, None)
    assert (first.standing, first.end_reason, first.ended_on, first.replaced_by_id) == (
        "revoked",
        "rejected",
        TODAY,
        notice.id,
    )
    assert (notice.kind, notice.valid_until, notice.standing) == ("rejection_notice", None, "valid")
    assert notice.number == "XXJL-TZ-2026-000001"


def test_after_a_rejection_a_new_certificate_supersedes_the_notice(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    notice = certify(session, team, scale, BAD_INITIAL)
    certificate = certify(session, team, scale, scale_readings(kind="after_repair"), kind="after_repair")
    assert (notice.standing, notice.replaced_by_id) == ("superseded", certificate.id)


# -- in service


def test_an_inspection_that_conforms_changes_no_date_and_gives_no_certificate(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL, today=date(2026, 1, 10))
    inspection = hand_in(session, team, scale, scale_readings({"0": "0 g"}, kind="in_service"), kind="in_service")
    assert finish(session, team, inspection) is None
    assert (inspection.state, scale.due_date, scale.last_verified_on) == (
        "approved",
        date(2027, 1, 9),
        date(2026, 1, 10),
    )
    assert certifying.current(session, scale.id) == first


def test_an_inspection_uses_the_wider_limit_of_service(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certify(session, team, scale, INITIAL, today=date(2026, 1, 10))
    # E = 5 − 15 = −10 g at 200 g: twice the limit of verification, exactly the limit of service.
    at_limit = hand_in(session, team, scale, scale_readings({"0": "15 g"}, kind="in_service"), kind="in_service")
    assert at_limit.verdict == "conforms"


def test_an_inspection_that_rejects_cancels_the_certificate(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL, today=date(2026, 1, 10))
    notice = certify(session, team, scale, scale_readings({"0": "15.1 g"}, kind="in_service"), kind="in_service")
    assert (notice.kind, first.end_reason, scale.state) == ("rejection_notice", "rejected", "rejected")


def test_a_seal_found_broken_in_service_ends_the_certificate(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL, today=date(2026, 1, 10))
    seal = Seal(instrument_id=scale.id, number="F001", position="", state="intact", applied_on=date(2026, 1, 10))
    session.add(seal)
    session.flush()
    session.expire(scale, ["seals"])
    readings = scale_readings(kind="in_service")
    draft = fill(
        session,
        team,
        start(session, team, scale, kind="in_service"),
        readings,
        seals=[{"seal_id": seal.id, "found": "broken"}],
    )
    finish(session, team, verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW))
    assert (first.standing, first.end_reason) == ("revoked", "seal_broken")
    assert (scale.state, scale.due_date, seal.state) == ("awaiting_verification", TODAY - days(1), "broken")


# -- correcting what was approved


def test_a_correction_supersedes_the_certificate(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL)
    second = correct(session, team, first.verification, INITIAL, place_text="东湖市场")
    assert (first.standing, first.end_reason, first.replaced_by_id) == ("superseded", "corrected", second.id)
    assert second.payload["replaces"] == first.number
    assert (scale.state, scale.due_date) == ("in_use", date(2027, 11, 21))


def test_a_wrong_rejection_is_undone_by_its_correction(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    notice = certify(session, team, scale, BAD_INITIAL)
    certificate = correct(session, team, notice.verification, INITIAL)
    assert (scale.state, notice.standing, certificate.standing) == ("in_use", "superseded", "valid")


def test_a_wrong_certificate_is_undone_by_its_correction(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL)
    notice = correct(session, team, first.verification, BAD_INITIAL)
    assert (scale.state, first.standing, first.end_reason, notice.kind) == (
        "rejected",
        "revoked",
        "rejected",
        "rejection_notice",
    )


def test_a_correction_does_not_revive_what_ended_since(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL)
    certifying.end_current(session, OFFICER, scale, "seal_broken", today=TODAY, now=NOW)
    scale.state = "awaiting_verification"
    second = correct(session, team, first.verification, INITIAL)
    assert (scale.state, second.standing, certifying.current(session, scale.id)) == (
        "awaiting_verification",
        "superseded",
        None,
    )


def test_a_correction_follows_a_certificate_taken_back_by_decision(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL)
    ending.take_back(session, team.actor("approver"), first, "出厂编号写错", today=TODAY, now=NOW)
    assert scale.state == "awaiting_verification"
    second = correct(session, team, first.verification, INITIAL)
    assert (scale.state, second.standing) == ("in_use", "valid")


def test_an_older_record_written_down_late_changes_nothing_today(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    now = certify(session, team, scale, scale_readings(), kind="subsequent")
    draft = fill(session, team, start(session, team, scale, kind="subsequent"), BAD, verified_on=date(2026, 5, 1))
    old = finish(session, team, verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW))
    assert old is not None
    assert (old.standing, old.replaced_by_id, now.standing, scale.state) == ("superseded", now.id, "valid", "in_use")


# -- a dispenser's nozzle


def test_a_nozzle_is_verified_and_its_dispenser_follows(session: Session) -> None:
    team = create_team(session)
    nozzle = register_instrument(
        session, OFFICER,
        InstrumentFacts(
            type_code="fuel_dispenser", serial_number="JY1", manufacturer="示范加油设备有限公司", part_label="1", nameplate={"product": "92#"},
        ),
        today=TODAY, now=NOW,
    )  # fmt: skip
    whole = nozzle.parent
    assert whole is not None
    with pytest.raises(Problem, match="assembly_is_not_verified"):
        start(session, team, whole)
    draft = start(session, team, nozzle)
    fill(session, team, draft, {}, nameplate={**nozzle.nameplate, "max_flow": "50"})
    found = verifying.preview(session, draft, today=TODAY)
    runs = found.laid.table("runs")
    assert runs is not None
    assert [row.span for row in runs.rows] == [1] * 6
    readings = {
        "items": {one.key: True for one in found.sheet.table("items").fields},
        "environment": {"temperature": "20", "humidity": "50"},
        "runs": [{"flow": "45" if i < 3 else "20", "indication": "20.00", "actual": "19.95"} for i in range(6)],
        "price": {"volume": "20.00", "unit_price": "7.50", "amount": "150.00"},
    }
    fill(session, team, draft, readings)
    found = verifying.preview(session, draft, today=TODAY)
    runs = found.laid.table("runs")
    assert runs is not None
    assert [row.span for row in runs.rows] == [3, 0, 0, 3, 0, 0]
    assert runs.rows[0].finding is not None
    assert (runs.rows[0].finding["error"], found.so_far) == ("0.25 %", "conforms")
    certificate = finish(session, team, verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW))
    assert certificate is not None
    assert (nozzle.nameplate["max_flow"], nozzle.state, whole.state) == ("50 L/min", "in_use", "in_use")
    assert certificate.valid_until == date(2027, 5, 21)
    assert certificate.payload["instrument"]["name"]["zh"] == "燃油加油机 油枪 1"


# -- a water meter


def _water_meter(session: Session, **said: Any) -> Instrument:
    plate = {"dn": "15", "q3": "2.5", "ratio": "100", "accuracy_class": "2"}
    return register_instrument(
        session,
        OFFICER,
        InstrumentFacts(type_code="cold_water_meter", serial_number="WM1", nameplate=plate, **said),
        today=TODAY,
        now=NOW,
    )


def _water(meter: Instrument) -> dict[str, Any]:
    return {
        "items": {"appearance": True, "function": True, "seals": True, "tightness": True},
        "environment": {"temperature": "20", "humidity": "50", "water_temperature": "20"},
        "runs": [
            {"indicated": "10.05", "actual": "10.00"},
            {"indicated": "10.00", "actual": "10.05"},
            {"indicated": "10.1", "actual": "10.0"},
        ],
    }


def test_a_checker_who_also_approves_is_still_one_person(session: Session) -> None:
    team = create_team(session)
    both = create_user(session, "checker", "approver", institute_id=team.institute.id)
    qualify(session, both)
    record = hand_in(session, team, create_scale(session), INITIAL)
    verifying.check(session, actor_of(both), record, now=NOW)
    with pytest.raises(Problem, match="approver_is_not_a_third"):
        verifying.approve(session, actor_of(both), record, today=TODAY, now=NOW)
