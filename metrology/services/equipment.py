"""Equipment of the standards: kept, put into a standard and taken out, certified, checked in between, taken out of service.

Certificates and checks are appended and never change. A certificate names the standard it was made with, of an outside
institute or one of our own; a chain that led back to the equipment itself is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import BadQuantity, MoveNotAllowed, Problem
from metrology.domain.quantity import Quantity, parse
from metrology.domain.schedule import ANNIVERSARY, due_date
from metrology.persistence.equipment import (
    CERTIFICATE_KINDS,
    CHECK_RESULTS,
    ROLES,
    Equipment,
    EquipmentCertificate,
    EquipmentCheck,
    OutsideInstitute,
    OutsideStandard,
    StandardEquipment,
)
from metrology.persistence.journal import changes_of, record
from metrology.persistence.people import Institute
from metrology.persistence.standards import MeasurementStandard
from metrology.services import cleaning, numbering
from metrology.services.standards import MOVES


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentFacts:
    """What is kept of a piece of equipment."""

    name: str
    number: str = ""
    """The bureau's own; the next of the registry when empty."""
    name_en: str = ""
    model: str = ""
    serial_number: str = ""
    manufacturer: str = ""
    range_text: str = ""
    range_low: str = ""
    range_high: str = ""
    accuracy_text: str = ""
    institute_id: int | None = None
    check_months: int | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What a certificate of equipment says. With ``own_standard_id`` it was made in the house."""

    number: str
    valid_from: date
    valid_until: date
    kind: str = "verification"
    outside_institute_id: int | None = None
    outside_standard_id: int | None = None
    own_standard_id: int | None = None
    accuracy: str = ""
    """U or |MPE| as a quantity, relative in % or absolute; empty: the standard's own counts."""
    coverage_factor: str = ""
    accuracy_text: str = ""
    range_low: str = ""
    range_high: str = ""
    result: str = ""
    """Corrections and what else the certificate found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFacts:
    """An intermediate check (期间核查): how, what was found against what, and whether it satisfies."""

    checked_on: date
    result: str
    method: str = ""
    found: str = ""
    limit: str = ""
    notes: str = ""


def create(session: Session, actor: Actor, facts: EquipmentFacts, *, now: datetime) -> Equipment:
    """Keep a piece of equipment. It serves once it is in a standard and has a certificate."""
    facts = _check(session, facts)
    facts = replace(facts, number=facts.number or numbering.next_number(session, "equipment"))
    _free_number(session, facts.number)
    values = {one.name: getattr(facts, one.name) for one in fields(EquipmentFacts)}
    row = Equipment(**values, state="in_use", created_at=now, updated_at=now)
    session.add(row)
    record(session, actor, "equipment.created", row, at=now)
    session.flush()
    return row


def revise(session: Session, actor: Actor, row: Equipment, facts: EquipmentFacts, *, now: datetime) -> Equipment:
    """Put right what is kept of a piece. Its certificates stay: a new one is appended."""
    _not_withdrawn(row)
    facts = _check(session, replace(facts, number=facts.number or row.number))
    if facts.number != row.number:
        _free_number(session, facts.number)
    for one in fields(EquipmentFacts):
        if getattr(row, one.name) != getattr(facts, one.name):
            setattr(row, one.name, getattr(facts, one.name))
    if changes := changes_of(row):
        if "check_months" in changes:
            row.next_check_on = _next_check(session, row)
        row.updated_at = now
        record(session, actor, "equipment.revised", row, at=now)
    session.flush()
    return row


def _check(session: Session, facts: EquipmentFacts) -> EquipmentFacts:
    words = ("name", "name_en", "model", "manufacturer", "range_text", "accuracy_text")
    lines: dict[str, Any] = {name: cleaning.words(name, getattr(facts, name)) for name in words}
    if not lines["name"]:
        raise Problem("equipment_needs_name", "name")
    number = cleaning.code("number", facts.number, 80)
    low, high = ends(facts.range_low, facts.range_high)
    if facts.institute_id is not None and session.get(Institute, facts.institute_id) is None:
        raise Problem("bad_choice", "institute_id", value=facts.institute_id)
    if facts.check_months is not None and not 1 <= facts.check_months <= 60:
        raise Problem("bad_choice", "check_months", value=facts.check_months)
    return replace(
        facts,
        **lines,
        number=number,
        serial_number=cleaning.code("serial_number", facts.serial_number),
        range_low=low,
        range_high=high,
        notes=cleaning.paragraph("notes", facts.notes),
    )


def ends(low_text: str, high_text: str) -> tuple[str, str]:
    """Both ends of a range in normal form; refused when of two kinds or out of order."""
    low, high = quantity("range_low", low_text), quantity("range_high", high_text)
    if low is not None and high is not None:
        if low.dimension != high.dimension:
            raise Problem("range_of_two_kinds", "range_high", low=low.plain(), high=high.plain())
        if high < low:
            raise Problem("range_not_in_order", "range_high", low=low.plain(), high=high.plain())
    return low.plain() if low else "", high.plain() if high else ""


def quantity(field: str, text: str, *, plus_minus: bool = False) -> Quantity | None:
    """A quantity somebody typed, or None for nothing; at most as long as its column."""
    if not text.strip():
        return None
    if len(text) > 60:
        raise BadQuantity(field, value=text[:64])
    return parse(text, plus_minus=plus_minus, field=field)


def _free_number(session: Session, number: str) -> None:
    if session.scalar(select(Equipment.id).where(Equipment.number == number)) is not None:
        raise Problem("equipment_number_taken", "number", number=number)


def _not_withdrawn(row: Equipment) -> None:
    if row.state == "withdrawn":
        raise Problem("equipment_withdrawn")


# -- in a standard


def put_into(
    session: Session,
    actor: Actor,
    row: Equipment,
    standard: MeasurementStandard,
    *,
    role: str,
    since: date,
    now: datetime,
) -> StandardEquipment:
    """Make a piece part of a standard from a day on, as main (主标准器) or ancillary (配套设备)."""
    _not_withdrawn(row)
    if standard.state == "withdrawn":
        raise Problem("standard_withdrawn")
    if role not in ROLES:
        raise Problem("bad_choice", "role", value=role)
    open_place = select(StandardEquipment).filter_by(equipment_id=row.id, standard_id=standard.id)
    for place in session.scalars(open_place):
        if place.until is None or place.until >= since:
            raise Problem("equipment_in_standard_already", "equipment_id", equipment=row.name, standard=standard.name)
    if traces_to(session, row, standard):
        raise Problem("traceability_loop", "standard_id", standard=standard.name)
    place = StandardEquipment(standard=standard, equipment=row, role=role, since=since)
    session.add(place)
    record(
        session, actor, "equipment.put_in", row, at=now,
        changes={"standard": [None, standard.number], "role": [None, role], "since": [None, since.isoformat()]},
    )  # fmt: skip
    session.flush()
    return place


def take_out(session: Session, actor: Actor, place: StandardEquipment, *, until: date, now: datetime) -> None:
    """End that a piece is part of a standard: ``until`` is its last day in it. The days before stay as they were."""
    if place.until is not None:
        raise Problem("equipment_out_already")
    if until < place.since:
        raise Problem("days_not_in_order", "until")
    place.until = until
    record(
        session, actor, "equipment.taken_out", place.equipment, at=now,
        changes={"standard": [place.standard.number, None], "until": [None, until.isoformat()]},
    )  # fmt: skip
    session.flush()


def places_of(session: Session, standard: MeasurementStandard) -> list[StandardEquipment]:
    """All that was ever part of a standard: what is in it first, main before ancillary."""
    rows = session.scalars(select(StandardEquipment).where(StandardEquipment.standard_id == standard.id).limit(500))
    return sorted(rows, key=lambda one: (one.until is not None, one.role != "main", one.since, one.id))


def traces_to(session: Session, row: Equipment, standard: MeasurementStandard) -> bool:
    """Whether a piece's certificates lead, by our own standards, to a standard: then it cannot be part of it."""
    seen: set[int] = set()
    wave = {row.id}
    while wave:
        above = set(
            session.scalars(
                select(EquipmentCertificate.own_standard_id).where(
                    EquipmentCertificate.equipment_id.in_(wave), EquipmentCertificate.own_standard_id.is_not(None)
                )
            )
        )
        if standard.id in above:
            return True
        fresh = {key for key in above if key is not None} - seen
        seen |= fresh
        wave = (
            set(
                session.scalars(
                    select(StandardEquipment.equipment_id).where(StandardEquipment.standard_id.in_(sorted(fresh)))
                )
            )
            if fresh
            else set()
        )
    return False


# -- certificates


def certify(
    session: Session, actor: Actor, row: Equipment, facts: CertificateFacts, *, now: datetime
) -> EquipmentCertificate:
    """Append a certificate. Refused twice, without number or issuer, out of order, or leading back to the equipment itself."""
    _not_withdrawn(row)
    facts = _check_certificate(session, row, facts)
    known = select(EquipmentCertificate.id).filter_by(
        equipment_id=row.id, number=facts.number, valid_from=facts.valid_from
    )
    if session.scalar(known) is not None:
        raise Problem("standard_certificate_known", "number", number=facts.number)
    values = {one.name: getattr(facts, one.name) for one in fields(CertificateFacts)}
    made = EquipmentCertificate(equipment_id=row.id, recorded_by_id=actor.user_id, recorded_at=now, **values)
    session.add(made)
    session.flush()
    session.expire(row, ["certificates"])
    row.valid_until = max(one.valid_until for one in row.certificates)
    row.next_check_on = _next_check(session, row)
    row.updated_at = now
    changes = changes_of(row)
    said = {"certificate": [None, facts.number], "valid_until": [None, facts.valid_until.isoformat()]}
    record(session, actor, "equipment.certified", row, at=now, changes={**changes, **said})
    session.flush()
    return made


def _check_certificate(session: Session, row: Equipment, facts: CertificateFacts) -> CertificateFacts:
    number = cleaning.code("number", facts.number)
    if not number:
        raise Problem("bad_certificate_number", "number")
    if facts.valid_until < facts.valid_from:
        raise Problem("days_not_in_order", "valid_until")
    if facts.kind not in CERTIFICATE_KINDS:
        raise Problem("bad_choice", "kind", value=facts.kind)
    accuracy = quantity("accuracy", facts.accuracy, plus_minus=True)
    low, high = ends(facts.range_low, facts.range_high)
    return replace(
        _upstream(session, row, facts),
        number=number,
        accuracy=accuracy.magnitude().plain() if accuracy else "",
        coverage_factor=cleaning.code("coverage_factor", facts.coverage_factor, 20),
        accuracy_text=cleaning.words("accuracy_text", facts.accuracy_text),
        range_low=low,
        range_high=high,
        result=cleaning.paragraph("result", facts.result),
    )


def _upstream(session: Session, row: Equipment, facts: CertificateFacts) -> CertificateFacts:
    """Where the certificate comes from: one of our own standards, or an institute above with or without its standard."""
    if facts.own_standard_id is not None:
        if facts.outside_standard_id is not None or facts.outside_institute_id is not None:
            raise Problem("one_upstream", "own_standard_id")
        own = session.get(MeasurementStandard, facts.own_standard_id)
        if own is None:
            raise Problem("bad_choice", "own_standard_id", value=facts.own_standard_id)
        if _serves_itself(session, row, own):
            raise Problem("traceability_loop", "own_standard_id", standard=own.name)
        return facts
    if facts.outside_standard_id is not None:
        above = session.get(OutsideStandard, facts.outside_standard_id)
        if above is None:
            raise Problem("bad_choice", "outside_standard_id", value=facts.outside_standard_id)
        return replace(facts, outside_institute_id=above.institute_id)
    if facts.outside_institute_id is None:
        raise Problem("upstream_needed", "outside_institute_id")
    if session.get(OutsideInstitute, facts.outside_institute_id) is None:
        raise Problem("bad_choice", "outside_institute_id", value=facts.outside_institute_id)
    return facts


def _serves_itself(session: Session, row: Equipment, own: MeasurementStandard) -> bool:
    """Whether a standard holds the piece, or holds what traces to a standard that does."""
    holders = set(
        session.scalars(select(StandardEquipment.standard_id).where(StandardEquipment.equipment_id == row.id))
    )
    if own.id in holders:
        return True
    parts = session.scalars(
        select(Equipment).join(StandardEquipment).where(StandardEquipment.standard_id == own.id).distinct()
    ).all()
    standards = [session.get_one(MeasurementStandard, key) for key in holders]
    return any(traces_to(session, part, held) for part in parts for held in standards)


# -- intermediate checks


def keep_check(
    session: Session, actor: Actor, row: Equipment, facts: CheckFacts, *, today: date, now: datetime
) -> EquipmentCheck:
    """Append an intermediate check. One that does not satisfy takes the equipment out of records from its day on."""
    _not_withdrawn(row)
    if facts.result not in CHECK_RESULTS:
        raise Problem("bad_choice", "result", value=facts.result)
    if facts.checked_on > today:
        raise Problem("check_in_future", "checked_on")
    made = EquipmentCheck(
        equipment_id=row.id, checked_on=facts.checked_on, result=facts.result, checked_by_id=actor.user_id,
        method=cleaning.words("method", facts.method), found=cleaning.words("found", facts.found),
        limit=cleaning.words("limit", facts.limit), notes=cleaning.paragraph("notes", facts.notes), recorded_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.expire(row, ["checks"])
    row.next_check_on = _next_check(session, row)
    row.updated_at = now
    changes = {**changes_of(row), "check": [None, facts.result], "checked_on": [None, facts.checked_on.isoformat()]}
    record(session, actor, "equipment.checked", row, at=now, changes=changes)
    session.flush()
    return made


def _next_check(session: Session, row: Equipment) -> date | None:
    """So many months after the last check, or after the last certificate where that is later; None without a rhythm."""
    if row.check_months is None:
        return None
    days: Sequence[date | None] = (
        session.scalar(
            select(EquipmentCheck.checked_on)
            .where(EquipmentCheck.equipment_id == row.id)
            .order_by(EquipmentCheck.checked_on.desc())
            .limit(1)
        ),
        session.scalar(
            select(EquipmentCertificate.valid_from)
            .where(EquipmentCertificate.equipment_id == row.id)
            .order_by(EquipmentCertificate.valid_from.desc())
            .limit(1)
        ),
    )
    known = [day for day in days if day is not None]
    return due_date(max(known), row.check_months, ANNIVERSARY) if known else None


def move(session: Session, actor: Actor, row: Equipment, to_state: str, *, reason: str, now: datetime) -> None:
    """Suspend a piece, put it to use again, or withdraw it for good; with a reason."""
    if to_state not in MOVES[row.state]:
        raise MoveNotAllowed("state", **{"from": row.state, "to": to_state})
    reason = cleaning.paragraph("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    row.state, row.updated_at = to_state, now
    record(session, actor, f"equipment.{to_state}", row, at=now, reason=reason)
    session.flush()
