"""Drafts of verification records: started with what is usual, kept as they are typed.

A draft is the verifier's own paper: that it was started is journalled, each half-typed figure is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.authority import Actor
from metrology.domain.calibrating import KIND as CALIBRATION
from metrology.domain.problems import BadChoice, Problem
from metrology.domain.regulation import KINDS
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.journal import record
from metrology.persistence.people import User
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import StandardUse, Verification
from metrology.services import calibrating, cleaning, judging, law, numbering
from metrology.services.approving import lock
from metrology.services.record_readings import LONGEST_TEXT, legible
from metrology.services.visit_finding import visit_of

SEAL_FINDINGS = ("applied", "intact", "broken", "missing", "replaced")
MOST_SEALS = 40
MOST_STANDARDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftChanges:
    """What a form sends of a draft; None leaves a part as it is. Readings and nameplate are text as typed."""

    kind: str | None = None
    verified_on: date | None = None
    place_text: str | None = None
    nameplate: Mapping[str, str] | None = None
    readings: Mapping[str, Any] | None = None
    seals: Sequence[Mapping[str, Any]] | None = None
    standard_ids: Sequence[int] | None = None
    notes: str | None = None


def start_draft(
    session: Session,
    actor: Actor,
    instrument: Instrument,
    *,
    kind: str | None = None,
    today: date,
    now: datetime,
    client_key: str | None = None,
    visit_id: int | None = None,
) -> Verification:
    """A draft for an instrument: the one of this ``client_key``, the person's own open one, or a new one.

    What is right nine times in ten stands in it: kind, day, place, nameplate, and the standards the person used last.
    """
    known = _started(session, actor, instrument, client_key)
    if known is not None:
        return known
    refusal = judging.instrument_refusal(session, instrument) or _waiting(session, instrument)
    if refusal is None and kind is not None:
        refusal = judging.kind_refusal(session, instrument, kind)
    if refusal:
        raise refusal
    if visit_id is not None and visit_of(session, actor, visit_id) is None:
        raise BadChoice("visit_id", value=visit_id)
    draft = new_record(session, actor, instrument, today=today, now=now)
    draft.kind = kind or judging.usual_kind(session, instrument)
    draft.client_key, draft.visit_id = client_key, visit_id
    draft.place_text = _usual_place(session, actor, instrument)
    draft.nameplate = judging.nameplate_of(instrument)
    draft.seals = [
        {"seal_id": seal.id, "number": seal.number, "position": seal.position, "found": "intact"}
        for seal in instrument.seals
        if seal.state == "intact"
    ]
    if draft.kind == CALIBRATION:
        draft.readings = calibrating.first_readings(law.type_of(session, draft.type_code), draft.nameplate)
    session.add(draft)
    record(session, actor, "verification.started", draft, at=now, instrument=instrument)
    session.flush()
    use_standards(session, draft, _usual_standards(session, actor, instrument.type_code))
    return draft


def _started(session: Session, actor: Actor, instrument: Instrument, client_key: str | None) -> Verification | None:
    """The same form sent twice makes one record, and a draft left lying is taken up again."""
    if client_key is not None:
        known = session.scalar(select(Verification).where(Verification.client_key == client_key))
        if known is not None and (known.verifier_id != actor.user_id or known.instrument_id != instrument.id):
            raise Problem("client_key_used", "client_key")
        if known is not None:
            return known
    return session.scalar(
        select(Verification)
        .where(
            Verification.verifier_id == actor.user_id,
            Verification.state == "draft",
            Verification.instrument_id == instrument.id,
            Verification.replaces_id.is_(None),
        )
        .limit(1)
    )


def _waiting(session: Session, instrument: Instrument) -> Problem | None:
    number = session.scalar(
        select(Verification.number)
        .where(Verification.instrument_id == instrument.id, Verification.state.in_(("submitted", "checked")))
        .limit(1)
    )
    return Problem("verification_waiting", "instrument", number=number) if number else None


def new_record(session: Session, actor: Actor, instrument: Instrument, *, today: date, now: datetime) -> Verification:
    """An empty draft of the person who acts, with its number."""
    if actor.user_id is None:
        raise Problem("verifier_needed", "verifier")
    return Verification(
        number=numbering.next_number(session, "verification"), instrument=instrument, type_code=instrument.type_code,
        state="draft", verified_on=today, environment={}, nameplate={}, readings={}, seals=[],
        judgement={}, institute_id=actor.institute_id, verifier_id=actor.user_id, created_at=now, updated_at=now,
    )  # fmt: skip


def _usual_place(session: Session, actor: Actor, instrument: Instrument) -> str:
    if instrument.is_onsite and instrument.place:
        return (instrument.place.full_name or instrument.place.name)[:LONGEST_TEXT]
    user = session.get(User, actor.user_id)
    return (user.institute.address or user.institute.name)[:LONGEST_TEXT] if user and user.institute else ""


def _usual_standards(session: Session, actor: Actor, type_code: str) -> list[int]:
    last = session.scalar(
        select(Verification.id)
        .where(Verification.verifier_id == actor.user_id, Verification.type_code == type_code)
        .where(Verification.state.in_(("submitted", "checked", "approved")))
        .order_by(Verification.id.desc())
        .limit(1)
    )
    statement = select(StandardUse.standard_id).where(StandardUse.verification_id == last).order_by(StandardUse.id)
    return list(session.scalars(statement)) if last else []


# -- filling in


def token_of(verification: Verification) -> str:
    """What a form gives back when it saves, so that a stale window does not overwrite a newer one."""
    return str(verification.version)


def save_draft(
    session: Session,
    actor: Actor,
    verification: Verification,
    changes: DraftChanges,
    *,
    now: datetime,
    token: str | None = None,
) -> Verification:
    """Keep a draft as it stands, half-typed figures and all. With a ``token``, only over the state it was drawn from."""
    own_draft(session, actor, verification)
    if token is not None and token != token_of(verification):
        raise Problem("draft_changed_elsewhere", "token", number=verification.number)
    if changes.kind is not None:
        if changes.kind not in (*KINDS, CALIBRATION):
            raise BadChoice("kind", value=changes.kind)
        verification.kind = changes.kind
    if changes.verified_on is not None:
        verification.verified_on = changes.verified_on
    if changes.place_text is not None:
        verification.place_text = cleaning.words("place_text", changes.place_text, LONGEST_TEXT)
    if changes.notes is not None:
        verification.notes = cleaning.paragraph("notes", changes.notes)
    if changes.nameplate is not None:
        known = {one.key for one in regulations.get(verification.type_code).nameplate}
        plate = legible(changes.nameplate)
        verification.nameplate = {key: text for key, text in plate.items() if key in known and text}
    if changes.readings is not None:
        verification.readings = legible(changes.readings)
    if changes.seals is not None:
        verification.seals = _seals(session, verification, changes.seals)
    if changes.standard_ids is not None:
        use_standards(session, verification, changes.standard_ids)
    verification.updated_at = now
    session.flush()
    return verification


def own_draft(session: Session, actor: Actor, verification: Verification) -> None:
    """Hold a record for its verifier to write in, or the Problem that it is another's, or no draft any more."""
    lock(session, verification)
    if verification.verifier_id != actor.user_id:
        raise Problem("not_your_draft", "verifier", number=verification.number)
    if verification.state != "draft":
        raise Problem("not_a_draft", "state", number=verification.number, state=verification.state)


def _seals(session: Session, verification: Verification, seals: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Seals applied, and what was found of those the instrument had; a row without a number is no seal."""
    own = {row.id: row for row in session.scalars(select(Seal).where(Seal.instrument_id == verification.instrument_id))}
    kept = []
    for seal in seals[:MOST_SEALS]:
        found = str(seal.get("found") or "applied")
        earlier = own.get(int(seal["seal_id"])) if seal.get("seal_id") else None
        if found not in SEAL_FINDINGS or (found != "applied" and earlier is None):
            raise BadChoice("seals", value=found)
        number = earlier.number if earlier else cleaning.words("seals", str(seal.get("number") or ""), LONGEST_TEXT)
        position = (
            earlier.position if earlier else cleaning.words("seals", str(seal.get("position") or ""), LONGEST_TEXT)
        )
        if number:
            kept.append(
                {"seal_id": earlier.id if earlier else None, "number": number, "position": position, "found": found}
            )
    return kept


def use_standards(session: Session, verification: Verification, ids: Sequence[int]) -> None:
    """Let a draft use these standards and no others."""
    wanted = list(dict.fromkeys(ids))[:MOST_STANDARDS]
    known = set(session.scalars(select(MeasurementStandard.id).where(MeasurementStandard.id.in_(wanted))))
    for use in list(verification.standards):
        if use.standard_id not in wanted:
            verification.standards.remove(use)
            session.delete(use)
    used = {use.standard_id for use in verification.standards}
    for key in wanted:
        if key in known and key not in used:
            verification.standards.append(StandardUse(standard_id=key, snapshot={}))
    session.flush()
