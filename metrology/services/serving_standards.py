"""Measurement standards in a verification: which may serve, why another may not, and what the paper says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from metrology.domain import traceability
from metrology.domain.mpe import MpeAt
from metrology.domain.problems import Problem
from metrology.domain.regulation import InstrumentType
from metrology.domain.traceability import StandardFacts
from metrology.persistence.standards import MeasurementStandard, StandardCertificate
from metrology.services import equipment_state
from metrology.services.equipment_state import Piece

MOST_OFFERED = 60


@dataclass(frozen=True, slots=True)
class StandardJudged:
    """A standard and why it may not serve; None when it may."""

    standard: MeasurementStandard
    refusal: Problem | None


def judged(
    session: Session,
    standards: Iterable[MeasurementStandard],
    one: InstrumentType,
    limits: Sequence[MpeAt],
    on: date,
    institute_id: int | None,
) -> list[StandardJudged]:
    """Each standard with its refusal for the limits at hand on a day."""
    rows = list(standards)
    keys = [row.id for row in rows]
    pieces, doubts = (
        equipment_state.pieces_on(session, keys, on),
        equipment_state.doubts_on(session, on, standard_ids=keys),
    )
    found = []
    for row in rows:
        known = facts(row, on, pieces.get(row.id, ()), doubts.get(row.id, ""))
        found.append(StandardJudged(row, _refusal(row, known, one, limits, on, institute_id)))
    return found


def refusal(
    session: Session,
    standard: MeasurementStandard,
    one: InstrumentType,
    limits: Sequence[MpeAt],
    on: date,
    institute_id: int | None,
) -> Problem | None:
    """Why a standard may not serve: what the rules say of it and of its equipment, or that it is another body's."""
    return judged(session, [standard], one, limits, on, institute_id)[0].refusal


def _refusal(
    standard: MeasurementStandard,
    known: StandardFacts,
    one: InstrumentType,
    limits: Sequence[MpeAt],
    on: date,
    institute_id: int | None,
) -> Problem | None:
    found = traceability.refusal(known, one, limits, on)
    if found:
        return found
    if None not in (standard.institute_id, institute_id) and standard.institute_id != institute_id:
        return Problem("standard_of_other_institute", "standards", standard=standard.name, number=standard.number)
    return None


def facts(standard: MeasurementStandard, on: date, pieces: Sequence[Piece] = (), doubted_by: str = "") -> StandardFacts:
    """What the rules must know of a standard, by the certificates it and its equipment had on the day."""
    certificate = certificate_on(standard, on)
    return StandardFacts(
        name=f"{standard.name} {standard.number}",
        valid_from=certificate.valid_from if certificate else standard.valid_from,
        valid_until=certificate.valid_until if certificate else standard.valid_until,
        serves=frozenset(standard.type_codes or ()),
        low=standard.range_low or None,
        high=standard.range_high or None,
        accuracy=(certificate.accuracy if certificate else "") or standard.accuracy or None,
        state=standard.state,
        examined_until=standard.examination_valid_until,
        doubted_by=doubted_by,
        equipment=tuple(piece.facts() for piece in pieces),
    )


def certificate_on(standard: MeasurementStandard, on: date) -> StandardCertificate | None:
    """The certificate of a standard that held on a day: records may be written days after the visit."""
    if standard.valid_from <= on <= standard.valid_until:
        return None
    return next((one for one in standard.certificates if one.valid_from <= on <= one.valid_until), None)


def snapshot(session: Session, standard: MeasurementStandard, on: date) -> dict[str, Any]:
    """What the record keeps and the certificate prints of a standard, with the equipment it was made of that day."""
    certificate = certificate_on(standard, on)
    return {
        "number": standard.number,
        "name": standard.name,
        "name_en": standard.name_en,
        "serial_number": standard.serial_number,
        "range": standard.range_text or " … ".join(filter(None, (standard.range_low, standard.range_high))),
        "accuracy": standard.accuracy_text or standard.accuracy,
        "certificate_number": certificate.number if certificate else standard.certificate_number,
        "certificate_issuer": certificate.issuer if certificate else standard.certificate_issuer,
        "valid_until": (certificate.valid_until if certificate else standard.valid_until).isoformat(),
        "examination_number": standard.examination_number,
        "equipment": [
            {
                "id": piece.equipment.id,
                "role": piece.place.role,
                "number": piece.equipment.number,
                "name": piece.equipment.name,
                "serial_number": piece.equipment.serial_number,
                "certificate_id": piece.certificate.id if piece.certificate else None,
                "certificate_number": piece.certificate.number if piece.certificate else "",
                "valid_until": piece.certificate.valid_until.isoformat() if piece.certificate else "",
            }
            for piece in equipment_state.pieces_on(session, [standard.id], on).get(standard.id, ())
        ],
    }


def offered(session: Session, one: InstrumentType, institute_id: int | None) -> list[MeasurementStandard]:
    """The standards of a body that are authorised for a type, those valid longest first: what the form proposes."""
    statement = select(MeasurementStandard).where(MeasurementStandard.state != "withdrawn")
    if institute_id is not None:
        statement = statement.where(
            or_(MeasurementStandard.institute_id == institute_id, MeasurementStandard.institute_id.is_(None))
        )
    statement = statement.order_by(MeasurementStandard.valid_until.desc(), MeasurementStandard.id).limit(500)
    served = {one.code, one.category}
    return [row for row in session.scalars(statement) if served & set(row.type_codes or ())][:MOST_OFFERED]


def by_text(session: Session, text: str) -> MeasurementStandard | None:
    """The standard whose own number, serial number or certificate number is what somebody scanned or typed."""
    wanted = text.replace("\0", "").strip()
    if not wanted:
        return None
    for column in (
        MeasurementStandard.number,
        MeasurementStandard.serial_number,
        MeasurementStandard.certificate_number,
    ):
        found = session.scalars(select(MeasurementStandard).where(column == wanted).limit(2)).all()
        if len(found) == 1:
            return found[0]
    return None
