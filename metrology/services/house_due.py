"""What of the office's own ends: standards, their equipment and its checks, qualifications, authorisations. In time, or too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from metrology.persistence.authorisations import Authorisation
from metrology.persistence.equipment import Equipment
from metrology.persistence.people import Institute, Qualification
from metrology.persistence.standards import MeasurementStandard

KINDS = ("standard", "examination", "equipment", "check", "qualification", "authorisation", "institute")
HORIZON = 60
PAST = 180
"""Days for which a lapsed qualification or authorisation is still told: later it is history, not negligence."""


@dataclass(frozen=True, slots=True)
class HouseDue:
    """One day of ours: what ends, of which thing, when. ``person_id`` is who is concerned."""

    kind: str
    key: int
    name: str
    number: str
    due: date
    owner: int = 0
    """What its page is of: the standard, the piece, the person, the institute."""
    count: int = 1
    """Types that one certificate covers."""

    def days_left(self, today: date) -> int:
        """Days until it ends; negative when it has."""
        return (self.due - today).days


def due_within(session: Session, today: date, days: int = HORIZON) -> list[HouseDue]:
    """Everything of ours that ends within so many days or has ended, the first to end on top. There are some hundreds at most."""
    until = today + timedelta(days=days)
    found = [
        *_standards(session, until),
        *_equipment(session, until),
        *_qualifications(session, today, until),
        *_authorisations(session, today, until),
        *_institutes(session, today, until),
    ]
    return sorted(found, key=lambda one: (one.due, KINDS.index(one.kind), one.name, one.key))


def _standards(session: Session, until: date) -> list[HouseDue]:
    rows = session.scalars(
        select(MeasurementStandard)
        .where(
            MeasurementStandard.state == "in_use",
            (MeasurementStandard.valid_until <= until) | (MeasurementStandard.examination_valid_until <= until),
        )
        .limit(500)
    )
    found: list[HouseDue] = []
    for row in rows:
        if row.valid_until <= until:
            found.append(HouseDue("standard", row.id, row.name, row.number, row.valid_until, row.id))
        ends = row.examination_valid_until
        if ends is not None and ends <= until:
            found.append(HouseDue("examination", row.id, row.name, row.examination_number or row.number, ends, row.id))
    return found


def _equipment(session: Session, until: date) -> list[HouseDue]:
    rows = session.scalars(
        select(Equipment)
        .where(Equipment.state == "in_use", (Equipment.valid_until <= until) | (Equipment.next_check_on <= until))
        .limit(1000)
    )
    found: list[HouseDue] = []
    for row in rows:
        if row.valid_until is not None and row.valid_until <= until:
            found.append(HouseDue("equipment", row.id, row.name, row.number, row.valid_until, row.id))
        if row.next_check_on is not None and row.next_check_on <= until:
            found.append(HouseDue("check", row.id, row.name, row.number, row.next_check_on, row.id))
    return found


def _qualifications(session: Session, today: date, until: date) -> list[HouseDue]:
    """One for each certificate and day, whatever the number of types; what a later row carries on is no matter."""
    rows = session.scalars(
        select(Qualification)
        .where(
            Qualification.replaced_by_id.is_(None),
            Qualification.ended_on.is_(None),
            Qualification.valid_until >= today - timedelta(days=PAST),
        )
        .options(joinedload(Qualification.user))
        .limit(5000)
    ).all()
    latest: dict[tuple[int, str], date] = {}
    for row in rows:
        key = (row.user_id, row.type_code)
        latest[key] = max(latest.get(key, row.valid_until), row.valid_until)
    found: dict[tuple[int, str, date], HouseDue] = {}
    for row in rows:
        if row.valid_until > until or latest[row.user_id, row.type_code] > until or not row.user.active:
            continue
        group = (row.user_id, row.certificate_number, row.valid_until)
        known = found.get(group)
        number = row.certificate_number
        if known is None:
            found[group] = HouseDue("qualification", row.id, row.user.name, number, row.valid_until, row.user_id)
        else:
            found[group] = HouseDue(
                known.kind, min(known.key, row.id), known.name, number, known.due, known.owner, known.count + 1
            )
    return list(found.values())


def _authorisations(session: Session, today: date, until: date) -> list[HouseDue]:
    rows = session.scalars(
        select(Authorisation)
        .where(
            Authorisation.replaced_by_id.is_(None),
            Authorisation.ended_on.is_(None),
            Authorisation.valid_until >= today - timedelta(days=PAST),
            Authorisation.valid_until <= until,
        )
        .options(joinedload(Authorisation.institute))
        .limit(5000)
    ).all()
    found: dict[tuple[int, str, date], HouseDue] = {}
    for row in rows:
        if not row.institute.is_active:
            continue
        group = (row.institute_id, row.number, row.valid_until)
        known = found.get(group)
        count = known.count + 1 if known else 1
        key = min(known.key, row.id) if known else row.id
        found[group] = HouseDue(
            "authorisation", key, row.institute.name, row.number, row.valid_until, row.institute_id, count
        )
    return list(found.values())


def _institutes(session: Session, today: date, until: date) -> list[HouseDue]:
    rows = session.scalars(
        select(Institute).where(
            Institute.is_active,
            Institute.authorised_until >= today - timedelta(days=PAST),
            Institute.authorised_until <= until,
        )
    )
    return [
        HouseDue("institute", row.id, row.name, row.authorisation_number, row.authorised_until, row.id)
        for row in rows
        if row.authorised_until is not None
    ]
