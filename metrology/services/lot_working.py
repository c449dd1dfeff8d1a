"""A lot handed in, checked, approved or given back: asked for once by one person, done meter by meter in the background.

Each meter gets a record of its own, judged as any other, checked and approved by the same services; so nothing can be said of a
meter in a lot that could not be said of it alone. What is done is found by its state: broken off between two batches and
started again, no meter is done twice and none is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from metrology.domain.authority import Actor, may
from metrology.domain.problems import Problem
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.lots import Lot, LotMeter
from metrology.persistence.people import Institute, User
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.tasks import Task
from metrology.persistence.verifications import StandardUse, Verification
from metrology.services import (
    approving,
    cleaning,
    judging,
    lot_certificate,
    numbering,
    serving_standards,
    signing_in,
    tasks,
    verifying,
    visiting,
)
from metrology.services.lot_readings import LotSheet, has_readings
from metrology.services.lots import counts_of

TASK: Final = "lots.work"
BATCH: Final = 25
"""Meters of one transaction."""
_LISTED: Final = 200
STEPS: Final = {
    # step: (state it begins in, state while it works, state after it, action of who asks)
    "submit": ("draft", "submitting", "submitted", "verification.record"),
    "check": ("submitted", "checking", "checked", "verification.check"),
    "approve": ("checked", "approving", "approved", "verification.approve"),
    "return": ("submitted", "returning", "draft", "lot.return"),
}

Step = Callable[..., None]


def ask(session: Session, actor: Actor, lot: Lot, step: str, *, today: date, now: datetime, reason: str = "") -> Task:
    """Begin a step in the name of the one who asks. What would be refused of every meter is refused here, at once."""
    begins, working, _after, action = STEPS[step]
    session.refresh(lot, with_for_update=True)
    if lot.state != begins and not (step == "return" and lot.state == "checked"):
        raise Problem("lot_not_in_state", "state", number=lot.number, state=lot.state)
    if actor.user_id is None or not may(actor, action):
        raise Problem("person_needed")
    if lot.institute_id is not None and actor.institute_id not in (None, lot.institute_id):
        raise Problem("other_institute", "state", number=lot.number)
    reason = cleaning.paragraph("reason", reason)
    _may_begin(session, actor, lot, step, reason, today)
    before, lot.state, lot.updated_at = lot.state, working, now
    if step == "return":
        lot.return_reason, lot.returned_at = reason, now
    total = counts_of(session, [lot.id])[lot.id].judged
    arguments = {
        "lot_id": lot.id, "step": step, "user_id": actor.user_id, "ip": actor.ip or "", "from": before, "reason": reason,
    }  # fmt: skip
    task = tasks.enqueue(session, actor, TASK, arguments, now=now, total=total)
    lot.task_id = task.id
    record(session, actor, f"lot.{_ASKED[step]}", lot, at=now, changes={"state": [before, working]}, reason=reason)
    session.flush()
    return task


_ASKED: Final = {"submit": "submitted", "check": "checked", "approve": "approved", "return": "returned"}


def _may_begin(session: Session, actor: Actor, lot: Lot, step: str, reason: str, today: date) -> None:
    if step == "submit":
        if actor.user_id != lot.verifier_id:
            raise Problem("not_your_lot", "verifier", number=lot.number)
        if lot.verified_on is None:
            raise Problem("lot_common_first", "verified_on")
        if not counts_of(session, [lot.id])[lot.id].judged:
            raise Problem("lot_without_readings", "readings", number=lot.number)
        first = session.scalars(_waiting(lot, "submit").limit(1)).first()
        if first is not None:
            _common_refusal(session, lot, first, today)
    elif step == "check" and actor.user_id == lot.verifier_id:
        raise Problem("checker_is_verifier", "checker", number=lot.number)
    elif step == "approve" and actor.user_id in (lot.verifier_id, lot.checker_id):
        raise Problem("approver_is_not_a_third", "approver", number=lot.number)
    elif step == "return":
        if not reason:
            raise Problem("reason_needed", "reason")
        done = session.scalar(_records(lot).where(Verification.state == "approved").limit(1))
        if done is not None:
            raise Problem("lot_partly_approved", "state", number=lot.number)


def _common_refusal(session: Session, lot: Lot, meter: LotMeter, today: date) -> None:
    """What stands in the way of the first meter by day, people, body and standards stands in the way of all."""
    verification = _Maker(session, lot, today).draft(meter, lot.number, lot.updated_at)
    found = judging.preview(session, verification, today=today)
    for problem in found.problems:
        if problem.field not in ("instrument", "kind"):  # these are the meter's own
            raise problem


def _records(lot: Lot) -> Any:
    return (
        select(LotMeter)
        .join(Verification, Verification.id == LotMeter.verification_id)
        .where(LotMeter.lot_id == lot.id)
        .order_by(LotMeter.position)
    )


def _waiting(lot: Lot, step: str) -> Any:
    """The meters that a step has still to do."""
    if step == "submit":
        return (
            select(LotMeter)
            .outerjoin(Verification, Verification.id == LotMeter.verification_id)
            .where(LotMeter.lot_id == lot.id, LotMeter.verdict.is_not(None))
            .where(or_(LotMeter.verification_id.is_(None), Verification.state == "returned"))
            .order_by(LotMeter.position)
        )
    states = {"check": ("submitted",), "approve": ("checked",), "return": ("submitted", "checked")}[step]
    return _records(lot).where(Verification.state.in_(states))


# -- done in the background


def run(
    session: Session,
    arguments: dict[str, Any],
    *,
    today: date,
    now: Callable[[], datetime],
    step: Step,
    fonts_folder: Path | None = None,
) -> dict[str, Any]:
    """Do a step for every meter that waits for it, batch by batch; then the lot itself goes on, or back when some were refused."""
    lot = session.get_one(Lot, int(arguments["lot_id"]))
    name = str(arguments["step"])
    _begins, working, _after, _action = STEPS[name]
    if lot.state != working:
        return {}
    lot_id = lot.id
    total = counts_of(session, [lot_id])[lot_id].judged
    refused: dict[int, list[Any]] = {}
    last = 0
    while True:
        lot = session.get_one(Lot, lot_id)
        actor = _person(session, arguments)
        statement = _waiting(lot, name).where(LotMeter.position > last).limit(BATCH).options(*_LOADS)
        meters = list(session.scalars(statement))
        if not meters:
            break
        last = meters[-1].position
        keys = [one.id for one in meters]
        try:
            _do(session, actor, lot, name, meters, today=today, now=now(), fonts_folder=fonts_folder, why=arguments)
        except Problem:
            session.rollback()
            refused |= _one_by_one(session, arguments, keys, today=today, now=now, fonts_folder=fonts_folder)
        step(min(last, total), total, lot.number)
        session.expire_all()
    return _finish(session, lot_id, arguments, refused, today=today, now=now(), fonts_folder=fonts_folder)


_LOADS = (
    joinedload(LotMeter.instrument).joinedload(Instrument.holder),
    joinedload(LotMeter.instrument).joinedload(Instrument.place),
    joinedload(LotMeter.instrument).selectinload(Instrument.seals),
    joinedload(LotMeter.verification).selectinload(Verification.standards).joinedload(StandardUse.standard),
)


def _person(session: Session, arguments: dict[str, Any]) -> Actor:
    """As the person, with the roles it has now."""
    user = session.get(User, int(arguments["user_id"]))
    if user is None or not user.active:
        raise Problem("person_needed")
    return signing_in.actor_of(user, arguments["ip"] or None)


def _one_by_one(
    session: Session,
    arguments: dict[str, Any],
    keys: Sequence[int],
    *,
    today: date,
    now: Callable[[], datetime],
    fonts_folder: Path | None,
) -> dict[int, list[Any]]:
    """A batch of which one was refused: each in a transaction of its own; those refused, by why."""
    refused: dict[int, list[Any]] = {}
    for key in keys:
        meter = session.get_one(LotMeter, key)
        serial, lot, actor = meter.instrument.serial_number, meter.lot, _person(session, arguments)
        try:
            name = str(arguments["step"])
            _do(session, actor, lot, name, [meter], today=today, now=now(), fonts_folder=fonts_folder, why=arguments)
            session.commit()
        except Problem as problem:
            session.rollback()
            refused[key] = [serial, problem.code, problem.params]
    return refused


def _do(
    session: Session,
    actor: Actor,
    lot: Lot,
    name: str,
    meters: Sequence[LotMeter],
    *,
    today: date,
    now: datetime,
    fonts_folder: Path | None,
    why: dict[str, Any],
) -> None:
    if name == "submit":
        _submit(session, actor, lot, meters, today=today, now=now)
        return
    for meter in meters:
        if meter.verification is None:
            continue
        if name == "check":
            approving.check(session, actor, meter.verification, now=now)
        elif name == "approve":
            approving.approve(session, actor, meter.verification, today=today, now=now, fonts_folder=fonts_folder)
        else:
            approving.return_record(session, actor, meter.verification, str(why["reason"]), now=now)


class _Maker:
    """Makes the records of a lot: what they have in common is read once."""

    def __init__(self, session: Session, lot: Lot, today: date) -> None:
        if lot.verifier_id is None or lot.verified_on is None:
            raise Problem("lot_common_first", "verified_on")
        self.lot, self.sheet, self.day = lot, LotSheet(session, lot, today), lot.verified_on
        self.verifier = session.get_one(User, lot.verifier_id)
        self.institute = session.get(Institute, lot.institute_id) if lot.institute_id else None
        keys = list(lot.standard_ids or ())
        rows = {
            one.id: one for one in session.scalars(select(MeasurementStandard).where(MeasurementStandard.id.in_(keys)))
        }
        self.standards = [rows[key] for key in keys if key in rows]
        self.snapshots = {one.id: serving_standards.snapshot(session, one, self.day) for one in self.standards}

    def draft(self, meter: LotMeter, number: str, now: datetime) -> Verification:
        """The record of a meter, not yet judged nor kept."""
        lot, instrument, before = self.lot, meter.instrument, meter.verification
        if not has_readings(meter.readings):
            raise Problem("lot_without_readings", "readings", number=instrument.serial_number)
        made = Verification(
            number=number, instrument=instrument, instrument_id=instrument.id, type_code=lot.type_code, kind=lot.kind,
            state="draft", verified_on=self.day, place_text=lot.place_text, environment={},
            nameplate=judging.nameplate_of(instrument), readings=self.sheet.merged(meter.readings), seals=[], judgement={},
            institute=self.institute, institute_id=lot.institute_id, verifier=self.verifier, verifier_id=self.verifier.id,
            replaces=before, replaces_id=before.id if before else None, return_reason="", notes=lot.number, created_at=now,
            updated_at=now,
        )  # fmt: skip
        made.standards = [StandardUse(standard=one, standard_id=one.id, snapshot={}) for one in self.standards]
        return made


def _submit(
    session: Session, actor: Actor, lot: Lot, meters: Sequence[LotMeter], *, today: date, now: datetime
) -> None:
    maker = _Maker(session, lot, today)
    numbers = numbering.take(session, "verification", len(meters))
    made: list[tuple[LotMeter, Verification]] = []
    with session.no_autoflush:
        for meter, value in zip(meters, numbers, strict=True):
            draft = maker.draft(meter, numbering.number("verification", value), now)
            found = judging.preview(session, draft, today=today)
            if not found.is_ready:
                raise verifying.RecordRefused(found.problems, found.missing)
            verifying.fix(draft, found, maker.snapshots, now=now)
            made.append((meter, draft))
    session.add_all([draft for _meter, draft in made])
    session.flush()
    for meter, draft in made:
        meter.verification_id, meter.verdict = draft.id, draft.verdict
        verifying.note_submitted(session, actor, draft, now=now)
        visiting.mark_verified(session, actor, draft.instrument_id, now=now)
    session.flush()


def _finish(
    session: Session,
    lot_id: int,
    arguments: dict[str, Any],
    refused: dict[int, list[Any]],
    *,
    today: date,
    now: datetime,
    fonts_folder: Path | None,
) -> dict[str, Any]:
    """The lot goes on when every meter did; otherwise it stands where it stood, and says which were refused and why."""
    lot = session.get_one(Lot, lot_id)
    session.refresh(lot, with_for_update=True)
    name = str(arguments["step"])
    begins, _working, after, _action = STEPS[name]
    actor = _person(session, arguments)
    result = {"step": name, "refused": len(refused), "problems": list(refused.values())[:_LISTED]}
    if refused and name == "submit":
        _mark_refused(session, refused)
    if refused and (name != "submit" or not _any_record(session, lot)):
        lot.state, lot.updated_at = (begins if name != "return" else str(arguments["from"])), now
        session.flush()
        return result
    lot.state, lot.updated_at = after, now
    if name == "submit":
        lot.submitted_at = now
    elif name == "check":
        lot.checker_id, lot.checked_at = actor.user_id, now
    elif name == "approve":
        lot.approver_id, lot.approved_at = actor.user_id, now
        lot_certificate.issue(session, actor, lot, today=today, now=now, fonts_folder=fonts_folder)
    else:
        lot.checker_id = lot.checked_at = lot.submitted_at = None
    session.flush()
    return result


def _mark_refused(session: Session, refused: dict[int, list[Any]]) -> None:
    """A meter of which no record could be made has no verdict; the reason stands beside it."""
    for key, (_serial, code, params) in refused.items():
        meter = session.get_one(LotMeter, key)
        meter.verdict, meter.problem, meter.params = None, code, params


def _any_record(session: Session, lot: Lot) -> bool:
    waiting = select(func.count()).select_from(_records(lot).where(Verification.state == "submitted").subquery())
    return bool(session.scalar(waiting))


__all__: Sequence[str] = ["BATCH", "STEPS", "TASK", "ask", "run"]
