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

MOST_OFFERED = 60


@dataclass(frozen=True, slots=True)
class StandardJudged:
    """A standard and why it may not serve; None when it may."""

    standard: MeasurementStandard
    refusal: Problem | None


def judged(
    standards: Iterable[MeasurementStandard],
    one: InstrumentType,
    limits: Sequence[MpeAt],
    on: date,
    institute_id: int | None,
) -> list[StandardJudged]:
    """Each standard with its refusal for the limits at hand on a day."""
    return [StandardJudged(row, refusal(row, one, limits, on, institute_id)) for row in standards]


def refusal(
    standard: MeasurementStandard, one: InstrumentType, limits: Sequence[MpeAt], on: date, institute_id: int | None
) -> Problem | None:
    """Why a standard may not serve: what the rules say, another body's, or its examination certificate has lapsed."""
    found = traceability.refusal(facts(standard, on), one, limits, on)
    if found:
        return found
    if None not in (standard.institute_id, institute_id) and standard.institute_id != institute_id:
        return Problem("standard_of_other_institute", "standards", standard=standard.name, number=standard.number)
    until = standard.examination_valid_until
    if until is not None and until < on:
        return Problem(
            "standard_examination_lapsed", "standards", standard=standard.name, valid_until=until.isoformat()
        )
    return None


def facts(standard: MeasurementStandard, on: date) -> StandardFacts:
    """What the rules must know of a standard, by the certificate it had on the day."""
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
    )


def certificate_on(standard: MeasurementStandard, on: date) -> StandardCertificate | None:
    """The certificate of a standard that held on a day: records may be written days after the visit."""
    if standard.valid_from <= on <= standard.valid_until:
        return None
    return next((one for one in standard.certificates if one.valid_from <= on <= one.valid_until), None)


def snapshot(standard: MeasurementStandard, on: date) -> dict[str, Any]:
    """What the record keeps and the certificate prints of a standard."""
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
