"""Finding visits, and the instruments that someone names by number or scans on site."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from metrology.domain.authority import Actor, sees
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.scope import within
from metrology.persistence.visits import Visit
from metrology.services import labelling


def visit_of(session: Session, actor: Actor, visit_id: int) -> Visit | None:
    """A visit by its key; None when there is none, or it lies in another district."""
    visit = session.get(Visit, visit_id)
    if visit is None or actor.is_holder or not sees(actor, district_code=visit.district_code, holder_id=None):
        return None
    return visit


def visits_between(
    session: Session, actor: Actor, first: date, last: date, *, verifier_id: int | None = None
) -> list[Visit]:
    """Visits of a span of days within an actor's scope, by day, with their verifiers."""
    statement = (
        select(Visit)
        .where(Visit.planned_on >= first, Visit.planned_on <= last, Visit.state != "cancelled")
        .options(selectinload(Visit.verifiers), selectinload(Visit.place))
        .order_by(Visit.planned_on, Visit.id)
    )
    if actor.district_code is not None:
        statement = statement.where((Visit.district_code == actor.district_code) | Visit.district_code.is_(None))
    if verifier_id is not None:
        statement = statement.where(Visit.verifiers.any(User.id == verifier_id))
    return list(session.scalars(statement))


def find_named(session: Session, actor: Actor, text: str) -> tuple[list[int], list[str]]:
    """The instruments that numbers, serial numbers or scanned codes name, and the words that name none or several."""
    found: list[int] = []
    unknown: list[str] = []
    for word in dict.fromkeys(text.split()[:200]):
        name = word.rstrip("/").rpartition("/")[2]
        label = labelling.find(session, word)
        same = or_(Instrument.number == name.upper(), Instrument.public_code == name, Instrument.serial_number == word)
        if label is not None:  # a void label names nothing
            same = Instrument.id == (label.instrument_id if label.state == "bound" else None)
        statement = select(Instrument.id).where(same, Instrument.is_assembly.is_(False))
        keys = session.scalars(within(statement, actor).limit(2)).all()
        if len(keys) == 1:
            found.append(keys[0])
        else:
            unknown.append(word[:60])
    return found, unknown
