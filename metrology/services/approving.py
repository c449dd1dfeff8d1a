"""Checking and approving a record: another person checks, a third approves, and then it takes effect.

核验 and 批准 under 计量检定印、证管理办法: the verifier, the checker and the approver are three people (the database says so too).
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.calibrating import KIND as CALIBRATION
from metrology.domain.instrument import Cause, State, after_verification, check_move
from metrology.domain.problems import Problem
from metrology.domain.seal import SealState, consequence
from metrology.persistence.clock import day_cn
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.journal import changes_of, record
from metrology.persistence.people import User
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import Verification
from metrology.services import (
    assembling,
    calibrating,
    certifying,
    cleaning,
    equipment_state,
    judging,
    law,
    people,
    print_queue,
    searching,
)
from metrology.services.record_digest import is_intact
from metrology.services.validity import CORRECTED, Validity, stands, validity

_BEFORE: dict[str, tuple[tuple[State, Cause], ...]] = {
    "under_repair": (("awaiting_verification", "repaired"),),
    "rejected": (("under_repair", "repair"), ("awaiting_verification", "repaired")),
}
"""State → the moves that a verification after repair bears witness to, when nobody has recorded them."""


def lock(session: Session, verification: Verification) -> None:
    """Hold a record until the transaction ends, as it is now: two people who decide at once decide one after the other."""
    session.refresh(verification, with_for_update=True)


def check(session: Session, actor: Actor, verification: Verification, *, now: datetime) -> Verification:
    """核验: a second person has looked at the record and agrees."""
    lock(session, verification)
    _decidable(session, actor, verification, "submitted")
    if actor.user_id == verification.verifier_id:
        raise Problem("checker_is_verifier", "checker", number=verification.number)
    _competent(session, actor, verification, on=day_cn(now))
    _undoubted(session, verification)
    verification.state, verification.checker_id = "checked", actor.user_id
    verification.checked_at = verification.updated_at = now
    record(session, actor, "verification.checked", verification, at=now, instrument=verification.instrument_id)
    session.flush()
    return verification


def approve(
    session: Session,
    actor: Actor,
    verification: Verification,
    *,
    today: date,
    now: datetime,
    fonts_folder: Path | None = None,
) -> Verification:
    """批准: a third person approves. The instrument's state and due date follow, and the certificate or notice is issued.

    Refused by name where a character could not be printed with the fonts at hand and those of ``fonts_folder``.
    """
    lock(session, verification)
    _decidable(session, actor, verification, "checked")
    if actor.user_id in (verification.verifier_id, verification.checker_id):
        raise Problem("approver_is_not_a_third", "approver", number=verification.number)
    _undoubted(session, verification)
    instrument = verification.instrument
    session.refresh(instrument, with_for_update={"of": Instrument})  # not its type, which every instrument shares
    if refusal := judging.instrument_refusal(session, instrument):
        raise refusal
    verification.state, verification.approver_id = "approved", actor.user_id
    verification.approved_at = verification.updated_at = now
    record(session, actor, "verification.approved", verification, at=now, instrument=instrument)
    session.flush()
    _take_effect(session, actor, verification, instrument, today=today, now=now, fonts_folder=fonts_folder)
    return verification


def return_record(
    session: Session, actor: Actor, verification: Verification, reason: str, *, now: datetime
) -> Verification:
    """Give a record back to its verifier, with a reason. It stays as it is; the corrected one will name it."""
    lock(session, verification)
    if verification.state not in ("submitted", "checked"):
        raise Problem("not_returnable", "state", number=verification.number, state=verification.state)
    _same_institute(actor, verification)
    reason = cleaning.paragraph("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    verification.state, verification.return_reason = "returned", reason
    verification.returned_by_id, verification.returned_at, verification.updated_at = actor.user_id, now, now
    record(
        session, actor, "verification.returned", verification, at=now,
        instrument=verification.instrument_id, reason=reason,
    )  # fmt: skip
    session.flush()
    return verification


def _decidable(session: Session, actor: Actor, verification: Verification, state: str) -> None:
    if actor.user_id is None:
        raise Problem("person_needed", "state")
    if verification.state != state:
        raise Problem("not_decidable", "state", number=verification.number, state=verification.state)
    _same_institute(actor, verification)
    if not is_intact(session, verification):
        raise Problem("record_altered", "state", number=verification.number)


def _competent(session: Session, actor: Actor, verification: Verification, *, on: date) -> None:
    """Who checks (核验) must be qualified for the type as who verifies must (JJF 1069); who approves answers for the body."""
    user = session.get_one(User, actor.user_id)
    if refusal := people.qualification_refusal(session, user, verification.type_code, on):
        raise Problem(refusal.code, "checker", **refusal.params)


def _undoubted(session: Session, verification: Verification) -> None:
    """No record goes on that was made with a standard found defective since (a case opened after it was handed in)."""
    keys = [use.standard_id for use in verification.standards]
    if not keys:
        return
    # Held until the end: a case that is being opened waits, and then finds this record's certificate.
    held = session.execute(
        select(MeasurementStandard.id, MeasurementStandard.name)
        .where(MeasurementStandard.id.in_(keys))
        .order_by(MeasurementStandard.id)
        .with_for_update(read=True)
    )
    names: dict[int, str] = dict(held.all())
    day = verification.verified_on
    if doubts := equipment_state.doubts_on(session, day, standard_ids=keys):
        key, number = next(iter(doubts.items()))
        raise Problem("standard_in_doubt", "standards", standard=names[key], case=number)
    for key, pieces in equipment_state.pieces_on(session, keys, day).items():
        for piece in pieces:
            if piece.doubted_by:
                name = f"{piece.equipment.name} {piece.equipment.number}"
                raise Problem(
                    "equipment_in_doubt", "standards", standard=names[key], equipment=name, case=piece.doubted_by
                )


def _same_institute(actor: Actor, verification: Verification) -> None:
    if None not in (actor.institute_id, verification.institute_id) and actor.institute_id != verification.institute_id:
        raise Problem("other_institute", "state", number=verification.number)


# -- what an approved record changes


def takes_effect(session: Session, verification: Verification) -> bool:
    """Whether a record decides about the instrument today.

    Not when a later verification stands, nor when it corrects one whose document has ended since for a reason of its own
    (a broken seal, a repair): what was wrong on paper then brings nothing back to life.
    """
    later = session.scalar(
        select(Verification.id)
        .where(
            Verification.instrument_id == verification.instrument_id,
            Verification.id != verification.id,
            Verification.verified_on > verification.verified_on,
            (Verification.kind != "in_service") | (Verification.verdict == "rejected"),
            stands(verification.replaces_id),
        )
        .limit(1)
    )
    if later is not None:
        return False
    corrected = certifying.document_of(session, verification.replaces_id)
    return corrected is None or corrected.standing == "valid" or corrected.end_reason not in certifying.END_REASONS


def _take_effect(
    session: Session,
    actor: Actor,
    verification: Verification,
    instrument: Instrument,
    *,
    today: date,
    now: datetime,
    fonts_folder: Path | None,
) -> None:
    decides = takes_effect(session, verification)
    if verification.kind == CALIBRATION:
        _calibrated(
            session, actor, verification, instrument, decides=decides, today=today, now=now, fonts_folder=fonts_folder
        )
        return
    inspected = verification.kind == "in_service" and verification.verdict == "conforms"
    held: Validity | None = None
    if decides:
        _complete_nameplate(instrument, verification)
        if not inspected:
            held = _held(session, verification, instrument)
            _move(instrument, verification, held)
        instrument.updated_at = now
        changes = changes_of(instrument)
        _mark_seals(session, instrument, verification)
        if changes:
            record(
                session, actor, "instrument.verified", instrument, at=now, changes=changes, reason=verification.number
            )
        session.flush()
    if not inspected:
        certificate = certifying.issue(
            session, actor, verification, held=held, decides=decides, today=today, now=now, fonts_folder=fonts_folder
        )
        searching.index(session, instrument, certificate)
        if decides:
            print_queue.add_issued(session, verification, certificate, now=now)
    elif decides:
        _broken_in_service(session, actor, verification, instrument, today=today, now=now)
        searching.index(session, instrument)
    if instrument.parent is not None:
        assembling.settle(session, actor, [instrument.parent], now=now)
    session.flush()


def _calibrated(
    session: Session,
    actor: Actor,
    verification: Verification,
    instrument: Instrument,
    *,
    decides: bool,
    today: date,
    now: datetime,
    fonts_folder: Path | None,
) -> None:
    """A calibration moves no instrument: the day of the last one is kept, and of the next where the customer asked for it."""
    if verification.replaces_id is None and (refusal := calibrating.refusal(session, instrument)):
        raise refusal
    if decides:
        calibrating.take_effect(session, verification, instrument)
        instrument.updated_at = now
        if changes := changes_of(instrument):
            number = verification.number
            record(session, actor, "instrument.verified", instrument, at=now, changes=changes, reason=number)
        session.flush()
    certificate = certifying.issue(
        session, actor, verification, decides=decides, today=today, now=now, fonts_folder=fonts_folder
    )
    searching.index(session, instrument, certificate)
    if decides:
        print_queue.add_issued(session, verification, certificate, now=now)


def _held(session: Session, verification: Verification, instrument: Instrument) -> Validity | None:
    if verification.verdict != "conforms":
        return None
    one = law.type_of(session, verification.type_code)
    return validity(
        session, instrument, one, verification.nameplate, verification.verified_on, replaces_id=verification.replaces_id
    )


def _complete_nameplate(instrument: Instrument, verification: Verification) -> None:
    """What the verifier read on the nameplate is the instrument's from now on."""
    if {**instrument.nameplate, **verification.nameplate} != instrument.nameplate:
        instrument.nameplate = {**instrument.nameplate, **verification.nameplate}


def _move(instrument: Instrument, verification: Verification, held: Validity | None) -> None:
    """The state and the dates a verdict brings. The moves are the law's; a correction first undoes the verdict it replaces."""
    verdict = str(verification.verdict)
    target = after_verification(verdict)
    cause: Cause = "conforming_verification" if verdict == "conforms" else "rejecting_verification"
    state = cast("State", instrument.state)
    steps: list[tuple[State, Cause]] = []
    if state != target:
        if verification.replaces_id is not None and state in ("in_use", "rejected"):
            steps.append(("awaiting_verification", "verification_undone"))
        else:
            steps += _BEFORE.get(state, ())
        steps.append((target, cause))
    for to, why in steps:
        check_move(state, to, why)
        state = to
    instrument.state = state
    if held is None:
        # Nothing holds any more; what a rejected instrument needs is repair, not a date.
        instrument.due_date, instrument.due_basis = None, None
        return
    instrument.last_verified_on = verification.verified_on
    instrument.due_date, instrument.due_basis = held.until, "certificate"
    instrument.due_kind = "rotation" if held.interval.is_service_life else "verification"


def _mark_seals(session: Session, instrument: Instrument, verification: Verification) -> None:
    """Seals applied are the instrument's from now on; those found broken, missing or replaced have ended."""
    day = verification.verified_on
    for seal in instrument.seals:
        if verification.replaces_id is not None and seal.verification_id == verification.replaces_id:
            _end_seal(seal, "removed", day, CORRECTED)
    known = {seal.id: seal for seal in instrument.seals}
    for noted in verification.seals or ():
        earlier = known.get(noted.get("seal_id") or 0)
        if noted["found"] == "applied":
            session.add(
                Seal(
                    instrument_id=instrument.id, number=noted["number"], position=noted["position"], state="intact",
                    applied_on=day, verification_id=verification.id,
                )
            )  # fmt: skip
        elif earlier is not None and noted["found"] != "intact":
            _end_seal(earlier, "broken" if noted["found"] == "broken" else "removed", day, noted["found"])


def _end_seal(seal: Seal, state: str, day: date, reason: str) -> None:
    if seal.state == "intact":
        seal.state, seal.ended_on, seal.end_reason = state, day, reason


def _broken_in_service(
    session: Session, actor: Actor, verification: Verification, instrument: Instrument, *, today: date, now: datetime
) -> None:
    """A seal found broken in service ends the certificate, though every reading conforms."""
    found = {noted["found"] for noted in verification.seals or ()} & {"broken", "missing"}
    for seal in sorted(found):
        after = consequence(cast("SealState", seal), cast("State", instrument.state))
        if after.ends_certificate:
            certifying.end_current(session, actor, instrument, certifying.SEAL_BROKEN, today=today, now=now)
        if after.move and after.cause:
            check_move(cast("State", instrument.state), after.move, after.cause)
            instrument.state, instrument.updated_at = after.move, now
            record(session, actor, "instrument.moved", instrument, at=now, reason=verification.number)
            session.flush()
