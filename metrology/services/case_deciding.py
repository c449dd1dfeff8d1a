"""Carrying out what two people decided of a case: clearing, revoking, or undoing everything because the finding fell.

Each chunk commits with its journal entries; begun again after half its work it goes on with what is left. A certificate that
two cases doubt stays under review until both have let go of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import cast

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session, selectinload

from metrology.domain.authority import Actor
from metrology.domain.instrument import State, check_move
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.standard_cases import CaseDecision, ReviewItem, StandardCase
from metrology.services import case_campaign, case_notices, certifying, ending, searching
from metrology.services.standard_cases import ACTIVE, Selection, actor_of, noun_of, still_standing

CHUNK = 200
Step = Callable[..., object]


def carry_out(
    session: Session, decision: CaseDecision, *, today: date, now: Callable[[], datetime], step: Step, public_url: str
) -> int:
    """Do what was decided; the number of items it was done to."""
    if decision.state != "confirmed":
        return decision.done
    case, actor = decision.case, actor_of(decision.confirmed_by)
    if decision.kind == "fall":
        _fall(session, actor, decision, now=now, step=step, public_url=public_url)
    else:
        while items := _next(session, decision):
            for item in items:
                _decide(session, actor, decision, item, today=today, now=now())
            session.flush()
            review_again(session, [item.certificate_id for item in items])
            decision.done += len(items)
            step(decision.done, max(decision.count, decision.done), case.number)
    decision.state, decision.done_at = "done", now()
    session.flush()
    if decision.kind != "fall":
        settle(session, actor, case, now=now(), public_url=public_url)
    return decision.done


def _next(session: Session, decision: CaseDecision) -> Sequence[ReviewItem]:
    statement = (
        select(ReviewItem)
        .where(Selection.of(decision).condition(decision.case_id))
        .order_by(ReviewItem.rank, ReviewItem.id)
        .limit(CHUNK)
        .options(selectinload(ReviewItem.certificate).selectinload(Certificate.instrument))
    )
    return session.scalars(statement).all()


def _decide(
    session: Session, actor: Actor, decision: CaseDecision, item: ReviewItem, *, today: date, now: datetime
) -> None:
    certificate = item.certificate
    item.decision_id, item.decided_at = decision.id, now
    if certificate.standing != "valid":
        item.state = "ended"
        return
    if decision.kind == "clear":
        item.state = "cleared"
        give_back_due(session, actor, item, now=now)
        record(
            session, actor, "certificate.cleared", certificate, at=now, instrument=item.instrument_id, changes={},
            reason=_reason(decision),
        )  # fmt: skip
        return
    item.state = "revoked"
    ending.take_back(session, actor, certificate, _reason(decision), today=today, now=now)


def _reason(decision: CaseDecision) -> str:
    """What the certificate says of why: the case first, so that a fall finds what it has to put back."""
    return " ".join(f"{decision.case.number} {decision.reason}".split())[:200]


def review_again(session: Session, certificate_ids: Sequence[int]) -> None:
    """A certificate is under review while some case has an open item of it."""
    if not certificate_ids:
        return
    is_open = exists().where(ReviewItem.certificate_id == Certificate.id, ReviewItem.state == "open")
    for doubted in (True, False):
        session.execute(
            update(Certificate)
            .where(Certificate.id.in_(certificate_ids), is_open if doubted else ~is_open)
            .values(under_review=doubted)
            .execution_options(synchronize_session=False)
        )
    for certificate in session.identity_map.values():
        if isinstance(certificate, Certificate):
            session.expire(certificate, ["under_review"])


def give_back_due(session: Session, actor: Actor, item: ReviewItem, *, now: datetime) -> None:
    """Put back the due date that the case moved, unless something else has moved it since, or another case still doubts it."""
    instrument = item.instrument
    session.refresh(instrument, with_for_update={"of": Instrument})
    if item.made_due is None or instrument.due_date != item.made_due:
        return
    other = select(ReviewItem).where(
        ReviewItem.instrument_id == item.instrument_id, ReviewItem.state == "open", ReviewItem.id != item.id
    )
    for one in session.scalars(other):
        if one.case_id != item.case_id:
            one.made_due = one.made_due or item.made_due  # the other case keeps it due, and gives it back in its turn
            return
    _set_due(session, actor, instrument, item.was_due, item.case.number, now=now)


def _set_due(
    session: Session, actor: Actor, instrument: Instrument, day: date | None, reason: str, *, now: datetime
) -> None:
    before = instrument.due_date.isoformat() if instrument.due_date else None
    instrument.due_date, instrument.updated_at = day, now
    record(
        session, actor, "instrument.due_restored", instrument, at=now, reason=reason,
        changes={"due_date": [before, day.isoformat() if day else None]},
    )  # fmt: skip
    session.flush()


def settle(session: Session, actor: Actor, case: StandardCase, *, now: datetime, public_url: str) -> bool:
    """Close a case when no certificate that stands waits for a decision any more. What became of each is told to its holder."""
    if case.state != "open" or session.scalar(still_standing(case.id).limit(1)) is not None:
        return False
    left = list(session.scalars(select(ReviewItem.certificate_id).filter_by(case_id=case.id, state="open")))
    session.execute(
        update(ReviewItem)
        .where(ReviewItem.case_id == case.id, ReviewItem.state == "open")
        .values(state="ended", decided_at=now)
        .execution_options(synchronize_session=False)
    )
    for start in range(0, len(left), CHUNK):
        review_again(session, left[start : start + CHUNK])
    case.state, case.closed_at = "closed", now
    record(session, actor, "case.closed", case, at=now)
    session.flush()
    case_notices.draft(session, case, "result", now=now, public_url=public_url)
    return True


# -- the finding falls


def _fall(
    session: Session, actor: Actor, decision: CaseDecision, *, now: Callable[[], datetime], step: Step, public_url: str
) -> None:
    case = decision.case
    case_notices.take_back(session, case, now=now(), public_url=public_url)
    case_campaign.dissolve(session, actor, case, now=now())
    step(decision.done, decision.count, case.number)
    while items := _not_fallen(session, case):
        for item in items:
            _stand_back(session, actor, item, now=now())
        session.flush()
        review_again(session, [item.certificate_id for item in items])
        decision.done += len(items)
        step(decision.done, max(decision.count, decision.done), case.number)
    case.state, case.closed_at = "fallen", now()
    record(session, actor, "case.fallen", case, at=now(), reason=decision.reason)
    _serve_again(session, actor, case, now=now())
    session.flush()


def _not_fallen(session: Session, case: StandardCase) -> Sequence[ReviewItem]:
    statement = (
        select(ReviewItem)
        .where(ReviewItem.case_id == case.id, ReviewItem.state != "fallen")
        .order_by(ReviewItem.id)
        .limit(CHUNK)
        .options(selectinload(ReviewItem.certificate).selectinload(Certificate.instrument))
    )
    return session.scalars(statement).all()


def _stand_back(session: Session, actor: Actor, item: ReviewItem, *, now: datetime) -> None:
    """One item as if the case had never been: what it doubted stands, what it revoked stands again."""
    was = item.state
    item.state = "fallen"
    if was == "revoked":
        _restore(session, actor, item, now=now)
    elif was == "open":
        give_back_due(session, actor, item, now=now)
        record(
            session, actor, "certificate.undoubted", item.certificate, at=now, instrument=item.instrument_id,
            changes={}, reason=item.case.number,
        )  # fmt: skip


def _restore(session: Session, actor: Actor, item: ReviewItem, *, now: datetime) -> None:
    """A certificate revoked by the case stands again; where a later one stands already, it was superseded by that."""
    certificate, number = item.certificate, item.case.number
    if certificate.standing != "revoked" or not certificate.end_reason.startswith(number):
        return
    instrument = certificate.instrument
    session.refresh(instrument, with_for_update={"of": Instrument})
    later = certifying.current(session, instrument.id)
    before = certificate.end_reason
    if later is not None:
        certificate.standing, certificate.end_reason = "superseded", certifying.SUPERSEDED
        certificate.replaced_by_id = later.id
    else:
        certificate.standing, certificate.end_reason = "valid", ""
        certificate.ended_on = certificate.ended_at = None
    record(
        session, actor, "certificate.restored", certificate, at=now, instrument=instrument, reason=number,
        changes={"standing": ["revoked", certificate.standing], "end_reason": [before, certificate.end_reason]},
    )  # fmt: skip
    session.flush()
    if later is None:
        _use_again(session, actor, instrument, certificate, item, now=now)
    searching.index(session, instrument, certificate)


def _use_again(
    session: Session, actor: Actor, instrument: Instrument, certificate: Certificate, item: ReviewItem, *, now: datetime
) -> None:
    """The instrument as it was before its certificate was revoked, if nobody has moved it since."""
    if instrument.state == "awaiting_verification":
        to: State = "in_use" if certificate.kind == "verification_certificate" else "rejected"
        cause = "restart" if to == "in_use" else "rejecting_verification"
        check_move(cast("State", instrument.state), to, cause, certificate_holds=True)  # type: ignore[arg-type] # either is one
        instrument.state, instrument.updated_at = to, now
        record(session, actor, "instrument.moved", instrument, at=now, reason=item.case.number)
        session.flush()
    if instrument.due_date != item.was_due:
        _set_due(session, actor, instrument, item.was_due, item.case.number, now=now)


def _serve_again(session: Session, actor: Actor, case: StandardCase, *, now: datetime) -> None:
    """The standard is put back to what it was, unless another case holds it out of service, or somebody withdrew it."""
    subject = case.subject
    mine = StandardCase.standard_id if case.standard_id is not None else StandardCase.equipment_id
    others = (
        select(StandardCase.id)
        .where(mine == subject.id, StandardCase.id != case.id, StandardCase.state.in_((*ACTIVE, "closed")))
        .where(StandardCase.fit_from.is_(None))
    )
    if subject.state != "suspended" or case.state_before == "suspended" or session.scalar(others.limit(1)) is not None:
        return
    subject.state, subject.updated_at = case.state_before, now
    record(session, actor, f"{noun_of(subject)}.{case.state_before}", subject, at=now, reason=case.number)
