"""What waits for whom: a verifier's drafts and returned records, what a checker checks, what an approver approves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session, aliased, joinedload

from metrology.domain.authority import Actor, may
from metrology.persistence.certificates import Certificate
from metrology.persistence.endings import Ending
from metrology.persistence.instruments import Instrument
from metrology.persistence.scope import within
from metrology.persistence.verifications import Verification
from metrology.persistence.visits import Visit

SHOWN = 100
QUEUES = ("drafts", "returned", "to_check", "to_approve")


@dataclass(frozen=True, slots=True)
class Queue:
    """Records that wait for one kind of work: the oldest of them, and how many there are."""

    name: str
    records: tuple[Verification, ...]
    total: int


def queues(session: Session, actor: Actor, *, visit_id: int | None = None, limit: int = SHOWN) -> list[Queue]:
    """The queues of a person's roles, each oldest first; those of one visit when it is named."""
    found = []
    for name, condition in _conditions(actor):
        statement = _scoped(select(Verification).where(condition), actor, visit_id)
        total = session.scalar(_scoped(select(func.count(Verification.id)).where(condition), actor, visit_id)) or 0
        options = (
            joinedload(Verification.instrument).joinedload(Instrument.holder),
            joinedload(Verification.instrument).joinedload(Instrument.place),
            joinedload(Verification.verifier),
        )
        rows = session.scalars(statement.options(*options).order_by(Verification.id).limit(limit))
        found.append(Queue(name, tuple(rows), total))
    return found


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many records wait in each queue of a person's roles."""
    return {
        name: session.scalar(_scoped(select(func.count(Verification.id)).where(condition), actor, None)) or 0
        for name, condition in _conditions(actor)
    }


def visits_waiting(session: Session, actor: Actor) -> list[tuple[Visit, int]]:
    """Visits with records that wait for this person's decision, and how many: they are decided together."""
    conditions = [condition for name, condition in _conditions(actor) if name in ("to_check", "to_approve")]
    if not conditions:
        return []
    statement = _scoped(
        select(Verification.visit_id, func.count(Verification.id)).where(
            or_(*conditions), Verification.visit_id.is_not(None)
        ),
        actor,
        None,
    )
    rows = session.execute(statement.group_by(Verification.visit_id).limit(SHOWN)).all()
    visits = {one.id: one for one in session.scalars(select(Visit).where(Visit.id.in_([row[0] for row in rows])))}
    return sorted(((visits[key], count) for key, count in rows if key in visits), key=lambda pair: pair[0].planned_on)


@dataclass(frozen=True, slots=True)
class EndingQueue:
    """Proposals to end a document that wait for a second person: the oldest of them, and how many there are."""

    endings: tuple[Ending, ...]
    total: int


def endings(session: Session, actor: Actor, *, limit: int = SHOWN) -> EndingQueue:
    """What others propose to end and this person may decide, the oldest first."""
    if not may(actor, "certificate.decide_ending"):
        return EndingQueue((), 0)
    mine: Any = (
        select(Certificate.id)
        .join(Verification, Verification.id == Certificate.verification_id)
        .where(_same_body(actor))
    )
    if actor.district_code is not None:
        mine = mine.where(Certificate.instrument_id.in_(within(select(Instrument.id), actor)))
    condition = (
        (Ending.state == "proposed") & (Ending.proposed_by_id != actor.user_id) & Ending.certificate_id.in_(mine)
    )
    total = session.scalar(select(func.count(Ending.id)).where(condition)) or 0
    options = (
        joinedload(Ending.certificate).joinedload(Certificate.instrument).joinedload(Instrument.holder),
        joinedload(Ending.proposed_by),
    )
    rows = session.scalars(select(Ending).where(condition).options(*options).order_by(Ending.id).limit(limit))
    return EndingQueue(tuple(rows), total)


def _conditions(actor: Actor) -> list[tuple[str, ColumnElement[bool]]]:
    own = Verification.verifier_id == actor.user_id
    others = (Verification.verifier_id != actor.user_id) & _same_body(actor)
    found: list[tuple[str, ColumnElement[bool]]] = []
    if may(actor, "verification.record"):
        later = aliased(Verification)
        taken_up = select(later.id).where(later.replaces_id == Verification.id, later.state != "discarded").exists()
        found.append(("drafts", own & (Verification.state == "draft")))
        found.append(("returned", own & (Verification.state == "returned") & ~taken_up))
    if may(actor, "verification.check"):
        found.append(("to_check", others & (Verification.state == "submitted")))
    if may(actor, "verification.approve"):
        third = Verification.checker_id != actor.user_id
        found.append(("to_approve", others & third & (Verification.state == "checked")))
    return found


def _same_body(actor: Actor) -> ColumnElement[bool]:
    """Records of the actor's own body; of any, for one who belongs to none."""
    if actor.institute_id is None:
        return true()
    return (Verification.institute_id == actor.institute_id) | Verification.institute_id.is_(None)


def _scoped(statement: Any, actor: Actor, visit_id: int | None) -> Any:
    if actor.district_code is not None:
        statement = statement.where(Verification.instrument_id.in_(within(select(Instrument.id), actor)))
    return statement if visit_id is None else statement.where(Verification.visit_id == visit_id)
