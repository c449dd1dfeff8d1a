"""Ending a certificate or notice by decision: one person proposes with a reason, an approver other than that one confirms.

Nothing changes before the confirmation; with it everything does at once. A *revocation* (撤销) ends the document today. An
*annulment* (自始无效) says that it never held, also of one that has ended since. A *replacement* (更正换发) issues the document
anew from the same record with the data the registry has by now; a wrong reading is corrected by a new record instead
(``verifying.correct``), which three people sign.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from metrology.domain.authority import Actor
from metrology.domain.instrument import State, check_move
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.endings import KINDS, Ending
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.verifications import Verification
from metrology.services import assembling, certifying, cleaning, searching
from metrology.services.certifying import END_REASONS
from metrology.services.reissuing import corrected_facts, corrections
from metrology.services.validity import ANNULLED, CORRECTED

REVOCATION, ANNULMENT, REPLACEMENT = KINDS


def possible_kinds(certificate: Certificate) -> tuple[str, ...]:
    """The ways a document can be ended now. What has ended can still be found never to have held."""
    if certificate.standing == "valid":
        return KINDS
    return () if certificate.end_reason in (ANNULLED, CORRECTED) else (ANNULMENT,)


def open_ending(session: Session, certificate: Certificate) -> Ending | None:
    """The proposal about a document that nobody has decided yet."""
    statement = select(Ending).where(Ending.certificate_id == certificate.id, Ending.state == "proposed")
    return session.scalar(statement)


def endings_of(session: Session, certificate: Certificate) -> list[Ending]:
    """Every proposal about a document, the latest first."""
    statement = select(Ending).where(Ending.certificate_id == certificate.id).order_by(Ending.id.desc())
    return list(session.scalars(statement.options(joinedload(Ending.proposed_by), joinedload(Ending.decided_by))))


# -- proposing


def propose(
    session: Session, actor: Actor, certificate: Certificate, kind: str, reason: str, *, now: datetime
) -> Ending:
    """Propose to end a document. Nothing changes until somebody else confirms.

    Refused without a reason, while another proposal waits, of a document that is not to be ended so, and a replacement that
    would say the same again.
    """
    proposer = _person(actor)
    session.refresh(certificate, with_for_update=True)
    _same_institute(actor, certificate.verification)
    if kind not in KINDS:
        raise Problem("bad_choice", "kind", value=kind[:40])
    reason = cleaning.paragraph("reason", reason, 500)
    if not reason or reason in END_REASONS | {ANNULLED}:
        raise Problem("reason_needed", "reason")
    _check_possible(session, certificate, kind)
    if open_ending(session, certificate) is not None:
        raise Problem("ending_waits", "kind", number=certificate.number)
    ending = Ending(
        certificate=certificate, kind=kind, reason=reason, state="proposed", proposed_by_id=proposer, proposed_at=now,
        decision_note="",
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(ending)
    except IntegrityError as error:  # somebody proposed a moment ago
        raise Problem("ending_waits", "kind", number=certificate.number) from error
    _journal(session, actor, ending, "certificate.ending_proposed", [None, "proposed"], reason, now)
    session.flush()
    return ending


def _check_possible(session: Session, certificate: Certificate, kind: str) -> None:
    if kind not in possible_kinds(certificate):
        code = "annulled_already" if certificate.end_reason in (ANNULLED, CORRECTED) else "not_in_force"
        raise Problem(code, "kind", number=certificate.number)
    if kind == REPLACEMENT and certificate.under_review:
        raise Problem("under_review", "kind", number=certificate.number)
    if kind == REPLACEMENT and not corrections(session, certificate):
        raise Problem("nothing_to_correct", "kind", number=certificate.number)


# -- deciding


def withdraw(session: Session, actor: Actor, ending: Ending, *, now: datetime) -> Ending:
    """Take one's own proposal back."""
    person = _open(session, actor, ending)
    if person != ending.proposed_by_id:
        raise Problem("not_your_proposal", "state", number=ending.certificate.number)
    _decide(session, actor, ending, "withdrawn", "", now)
    return ending


def decline(session: Session, actor: Actor, ending: Ending, note: str, *, now: datetime) -> Ending:
    """Say no to somebody else's proposal, and why. The document stays as it is."""
    _other(session, actor, ending)
    note = cleaning.paragraph("note", note, 500)
    if not note:
        raise Problem("reason_needed", "note")
    _decide(session, actor, ending, "declined", note, now)
    return ending


def confirm(
    session: Session,
    actor: Actor,
    ending: Ending,
    *,
    today: date,
    now: datetime,
    note: str = "",
    fonts_folder: Path | None = None,
) -> Ending:
    """Say yes to somebody else's proposal: it takes effect at once, for the public page and the status list too."""
    _other(session, actor, ending)
    certificate = ending.certificate
    session.refresh(certificate, with_for_update=True)
    _check_possible(session, certificate, ending.kind)
    note = cleaning.paragraph("note", note, 500)
    if ending.kind == REPLACEMENT:
        ending.successor = _replace(session, actor, certificate, today=today, now=now, fonts_folder=fonts_folder)
    else:
        reason = ANNULLED if ending.kind == ANNULMENT else " ".join(ending.reason.split())
        take_back(session, actor, certificate, reason, today=today, now=now)
    _decide(session, actor, ending, "confirmed", note, now)
    return ending


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise Problem("person_needed", "state")
    return actor.user_id


def _open(session: Session, actor: Actor, ending: Ending) -> int:
    person = _person(actor)
    session.refresh(ending, with_for_update={"of": Ending})
    if ending.state != "proposed":
        raise Problem("ending_decided", "state", number=ending.certificate.number)
    return person


def _other(session: Session, actor: Actor, ending: Ending) -> None:
    person = _open(session, actor, ending)
    _same_institute(actor, ending.certificate.verification)
    if person == ending.proposed_by_id:
        raise Problem("two_people_needed", "state", number=ending.certificate.number)


def _same_institute(actor: Actor, verification: Verification) -> None:
    if None not in (actor.institute_id, verification.institute_id) and actor.institute_id != verification.institute_id:
        raise Problem("other_institute", "state", number=verification.number)


def _decide(session: Session, actor: Actor, ending: Ending, state: str, note: str, now: datetime) -> None:
    ending.state, ending.decision_note = state, note
    ending.decided_by_id, ending.decided_at = actor.user_id, now
    _journal(session, actor, ending, f"certificate.ending_{state}", ["proposed", state], note, now)
    session.flush()


def _journal(
    session: Session, actor: Actor, ending: Ending, action: str, states: list[str | None], reason: str, now: datetime
) -> None:
    certificate = ending.certificate
    record(
        session, actor, action, certificate, at=now, instrument=certificate.instrument_id, reason=reason,
        changes={"ending": [None, ending.kind], "ending_state": list(states)},
    )  # fmt: skip


# -- what follows


def take_back(
    session: Session, actor: Actor, certificate: Certificate, reason: str, *, today: date, now: datetime
) -> None:
    """A document holds no more (or, with ``ANNULLED``, never did). If it was the one that stood, the instrument awaits verification.

    The one it once superseded does not come back: nobody looked at the instrument for that.
    """
    stood = certificate.standing == "valid"
    certifying.end_document(session, actor, certificate, "revoked", reason, today=today, now=now)
    instrument = certificate.instrument
    if stood:
        _await_verification(session, actor, certificate, instrument, today=today, now=now)
    session.flush()
    searching.index(session, instrument, certificate)


def _await_verification(
    session: Session, actor: Actor, certificate: Certificate, instrument: Instrument, *, today: date, now: datetime
) -> None:
    if certificate.kind == "calibration_certificate":
        return  # it let nobody use the instrument, so nothing awaits because of it
    session.refresh(instrument, with_for_update={"of": Instrument})
    if certificate.kind == "verification_certificate":
        certifying.due_now(session, actor, instrument, today, now)
    if instrument.state not in ("in_use", "rejected"):
        return
    check_move(cast("State", instrument.state), "awaiting_verification", "verification_undone")
    instrument.state, instrument.updated_at = "awaiting_verification", now
    record(session, actor, "instrument.moved", instrument, at=now, reason=certificate.number)
    if instrument.parent is not None:
        assembling.settle(session, actor, [instrument.parent], now=now)


def _replace(
    session: Session, actor: Actor, certificate: Certificate, *, today: date, now: datetime, fonts_folder: Path | None
) -> Certificate:
    facts = corrected_facts(session, certificate)
    new = certifying.reissue(session, actor, certificate, facts, today=today, now=now, fonts_folder=fonts_folder)
    searching.index(session, certificate.instrument, new, certificate)
    return new
