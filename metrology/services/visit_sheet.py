"""The day's sheet of a visit: what a verifier takes along on paper, gathered from the registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from metrology.documents.certificate_facts import Bilingual
from metrology.documents.sheet_pdf import DaySheet, DaySheetRow
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.visits import Visit, VisitItem
from metrology.services import labelling

WEEKDAYS = (
    ("星期一", "Monday"),
    ("星期二", "Tuesday"),
    ("星期三", "Wednesday"),
    ("星期四", "Thursday"),
    ("星期五", "Friday"),
    ("星期六", "Saturday"),
    ("星期日", "Sunday"),
)


def day_sheet(session: Session, visit: Visit, *, public_url: str, is_zh: bool) -> DaySheet:
    """What the sheet of a visit says: the instruments still to be done, in the order of the walk."""
    items = session.scalars(
        select(VisitItem)
        .where(VisitItem.visit_id == visit.id, VisitItem.state == "planned")
        .options(
            selectinload(VisitItem.instrument).selectinload(Instrument.place),
            selectinload(VisitItem.instrument).selectinload(Instrument.holder),
        )
        .order_by(VisitItem.position, VisitItem.id)
    ).all()
    zh, en = WEEKDAYS[visit.planned_on.weekday()]
    place = visit.place
    codes = labelling.codes_in_force(session, [item.instrument for item in items])
    addresses = {key: f"{public_url}/i/{code}" for key, code in codes.items()}
    return DaySheet(
        number=visit.number,
        day=visit.planned_on.isoformat(),
        weekday=Bilingual(zh=zh, en=en),
        where=place.full_name or place.name if place else visit.title,
        address=place.address if place else "",
        contact=_contact(session, visit, items),
        team=tuple(person.name for person in visit.verifiers),
        rows=tuple(
            _row(
                item.instrument, visit.planned_on, addresses.get(item.instrument_id, ""), is_zh=is_zh, note=item.remark
            )
            for item in items
        ),
        remarks=visit.notes,
    )


def _row(one: Instrument, day: date, address: str, *, is_zh: bool, note: str) -> DaySheetRow:
    where = one.place.full_name or one.place.name if one.place else ""
    serial = f"{one.serial_number} · {one.part_label}" if one.part_label else one.serial_number
    return DaySheetRow(
        place=" · ".join(part for part in (where, one.location) if part),
        holder=one.holder.name if one.holder else "",
        instrument=one.type.name_zh if is_zh else one.type.name_en,
        model=one.model,
        serial_number=serial,
        registry_number=one.number,
        due=one.due_date.isoformat() if one.due_date else "",
        overdue_days=(day - one.due_date).days if one.due_date else 0,
        qr_text=address,
        note=note,
    )


def _contact(session: Session, visit: Visit, items: Sequence[VisitItem]) -> str:
    """Whom to ask for: a contact of the place's organiser, else of the one holder there is."""
    holder_id = visit.place.organiser_id if visit.place else None
    if holder_id is None:
        holders = {item.instrument.holder_id for item in items}
        holder_id = holders.pop() if len(holders) == 1 else None
    if holder_id is None:
        return ""
    contact = session.scalar(
        select(Contact).where(Contact.holder_id == holder_id, Contact.is_active.is_(True)).order_by(Contact.id).limit(1)
    )
    holder = session.get(Holder, holder_id)
    if contact is None:
        return holder.name if holder else ""
    return " ".join(part for part in (contact.name, contact.phone) if part)
