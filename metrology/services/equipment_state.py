"""What a standard was made of on a day, and whether each piece could serve then: its certificate, its checks, the cases that doubt it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from metrology.domain.traceability import EquipmentFacts
from metrology.persistence.equipment import Equipment, EquipmentCertificate, EquipmentCheck, StandardEquipment
from metrology.persistence.standard_cases import StandardCase


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of equipment in a standard on a day, with the certificate it had then."""

    place: StandardEquipment
    certificate: EquipmentCertificate | None
    failed_on: date | None
    doubted_by: str

    @property
    def equipment(self) -> Equipment:
        """The piece."""
        return self.place.equipment

    def facts(self) -> EquipmentFacts:
        """What the rules must know of it. Its certificate's range is the narrower one, where it states one."""
        held, one = self.certificate, self.equipment
        return EquipmentFacts(
            name=f"{one.name} {one.number}",
            is_main=self.place.role == "main",
            valid_from=held.valid_from if held else None,
            valid_until=held.valid_until if held else None,
            low=(held.range_low if held else "") or one.range_low or None,
            high=(held.range_high if held else "") or one.range_high or None,
            accuracy=(held.accuracy if held else "") or None,
            state=one.state,
            failed_on=self.failed_on,
            doubted_by=self.doubted_by,
        )


def pieces_on(session: Session, standard_ids: Collection[int], on: date) -> dict[int, list[Piece]]:
    """Standard → its equipment on a day, main equipment first. A handful of queries, however many standards."""
    if not standard_ids:
        return {}
    places = session.scalars(
        select(StandardEquipment)
        .where(
            StandardEquipment.standard_id.in_(standard_ids),
            StandardEquipment.since <= on,
            or_(StandardEquipment.until.is_(None), StandardEquipment.until >= on),
        )
        .options(joinedload(StandardEquipment.equipment))
        .order_by(StandardEquipment.role.desc(), StandardEquipment.id)
    ).all()
    keys = {place.equipment_id for place in places}
    certificates, failures = certificates_on(session, keys, on), failed_checks(session, keys, on)
    doubts = doubts_on(session, on, equipment_ids=keys)
    found: dict[int, list[Piece]] = defaultdict(list)
    for place in places:
        key = place.equipment_id
        found[place.standard_id].append(Piece(place, certificates.get(key), failures.get(key), doubts.get(key, "")))
    return dict(found)


def certificates_on(session: Session, equipment_ids: Collection[int], on: date) -> dict[int, EquipmentCertificate]:
    """Equipment → the certificate that held on a day; else the last one before it, so that people see what lapsed."""
    if not equipment_ids:
        return {}
    rows = session.scalars(
        select(EquipmentCertificate)
        .where(EquipmentCertificate.equipment_id.in_(equipment_ids), EquipmentCertificate.valid_from <= on)
        .order_by(EquipmentCertificate.valid_from, EquipmentCertificate.id)
    )
    found: dict[int, EquipmentCertificate] = {}
    for row in rows:
        known = found.get(row.equipment_id)
        if known is None or row.valid_until >= on or known.valid_until < on:
            found[row.equipment_id] = row
    return found


def failed_checks(session: Session, equipment_ids: Collection[int], on: date) -> dict[int, date]:
    """Equipment → the day of an intermediate check that failed, unless a later check or certificate put it right."""
    if not equipment_ids:
        return {}
    checks = session.execute(
        select(EquipmentCheck.equipment_id, EquipmentCheck.checked_on, EquipmentCheck.result)
        .where(EquipmentCheck.equipment_id.in_(equipment_ids), EquipmentCheck.checked_on <= on)
        .order_by(EquipmentCheck.checked_on, EquipmentCheck.id)
    )
    failed: dict[int, date] = {}
    for key, day, result in checks:
        if result == "unsatisfactory":
            failed.setdefault(key, day)
        else:
            failed.pop(key, None)
    for key, certificate in certificates_on(session, failed.keys(), on).items():
        if certificate.valid_from > failed[key]:
            del failed[key]
    return failed


def doubts_on(
    session: Session,
    on: date,
    *,
    standard_ids: Collection[int] = (),
    equipment_ids: Collection[int] = (),
) -> dict[int, str]:
    """Key of a standard (or of equipment) → number of the case that says it was defective on a day."""
    column = StandardCase.standard_id if standard_ids else StandardCase.equipment_id
    keys = standard_ids or equipment_ids
    if not keys:
        return {}
    rows = session.execute(
        select(column, StandardCase.number)
        .where(
            column.in_(keys),
            StandardCase.state != "fallen",
            StandardCase.defective_from <= on,
            or_(StandardCase.fit_from.is_(None), StandardCase.fit_from > on),
        )
        .order_by(StandardCase.id.desc())
    )
    return {key: number for key, number in rows if key is not None}
