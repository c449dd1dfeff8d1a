"""Verifying again what a case doubts: the doubted instruments by place, visits planned for them, and the visits called off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.optimization.workdays import next_workday
from metrology.persistence import due
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.persistence.standard_cases import ReviewItem, StandardCase, case_visit
from metrology.persistence.visits import Visit
from metrology.services import visiting

MOST_AT_ONCE = 40
"""Visits prepared in one go."""


@dataclass(frozen=True, slots=True)
class Group:
    """The doubted instruments of one place with all within it that no visit has; ``place`` is None where none is known."""

    key: int
    place: Place | None
    count: int
    smallest: int | None
    """The smallest margin among them, in millionths of the limit."""


def _left(actor: Actor, case: StandardCase) -> Select[Any]:
    """Doubted instruments that can be visited and are on no open visit."""
    statement = (
        select(Instrument.id)
        .join(ReviewItem, ReviewItem.instrument_id == Instrument.id)
        .outerjoin(Place, Place.id == Instrument.place_id)
        .where(
            ReviewItem.case_id == case.id,
            ReviewItem.state == "open",
            Instrument.state.in_(visiting.PLANNABLE),
            ~due.planned(),
        )
    )
    return within(statement, actor)


def groups(session: Session, actor: Actor, case: StandardCase, *, offset: int = 0, limit: int = 30) -> list[Group]:
    """Where there is most to verify again, by market, station or community; counted, not loaded."""
    root = func.coalesce(due.root_key(session), 0)
    rows = session.execute(
        _left(actor, case)
        .with_only_columns(root, func.count(), func.min(ReviewItem.margin))
        .group_by(root)
        .order_by(func.count().desc(), root)
        .offset(offset)
        .limit(limit)
    ).all()
    places = session.scalars(select(Place).where(Place.id.in_([key for key, _count, _least in rows])))
    known = {place.id: place for place in places}
    return [Group(key, known.get(key), count, least) for key, count, least in rows]


def prepare(
    session: Session,
    actor: Actor,
    case: StandardCase,
    keys: Sequence[int],
    *,
    first_day: date,
    verifier_ids: tuple[int, ...] = (),
    today: date,
    now: datetime,
) -> list[Visit]:
    """Plan a visit to each chosen place, one on each working day from the first. They can be moved like any other."""
    if case.state != "open":
        raise Problem("case_not_open", number=case.number, state=case.state)
    if not keys:
        raise Problem("nothing_to_plan", "places")
    day, made = first_day, []
    root = func.coalesce(due.root_key(session), 0)
    for key in list(dict.fromkeys(keys))[:MOST_AT_ONCE]:
        statement = _left(actor, case).where(root == key)
        statement = statement.order_by(Place.full_name, ReviewItem.rank, Instrument.id).limit(visiting.LARGEST)
        found = list(dict.fromkeys(session.scalars(statement)))
        if not found:
            continue
        day = next_workday(day)
        facts = visiting.VisitFacts(
            planned_on=day, place_id=key or None, verifier_ids=verifier_ids, notes=f"{case.number} 复检"
        )
        planned = visiting.plan_visit(session, actor, facts, found, today=today, now=now)
        session.execute(insert(case_visit).values(case_id=case.id, visit_id=planned.visit.id))
        made.append(planned.visit)
        day += timedelta(days=1)
    if not made:
        raise Problem("nothing_to_plan", "places")
    return made


def visits(session: Session, case: StandardCase, limit: int = 100) -> list[Visit]:
    """The visits planned for a case, by day."""
    statement = select(Visit).join(case_visit).where(case_visit.c.case_id == case.id)
    return list(session.scalars(statement.order_by(Visit.planned_on, Visit.id).limit(limit)))


def dissolve(session: Session, actor: Actor, case: StandardCase, *, now: datetime) -> int:
    """Call off the visits that have not begun. One under way is left to those who are there."""
    statement = select(Visit).join(case_visit).where(case_visit.c.case_id == case.id, Visit.state == "planned")
    count = 0
    for visit in session.scalars(statement.order_by(Visit.id)).all():
        visiting.cancel_visit(session, actor, visit, case.number, now=now)
        count += 1
    return count
