"""A standard found defective (量值失准): a case is opened at once; what becomes of the certificates it doubts two people decide.

Opening takes the standard out of service and puts everything judged with it since under review, in the background
(``case_gathering``). To clear a certificate, to revoke it, or to let the whole finding fall, one person proposes and another
confirms (``case_deciding`` carries it out).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.equipment import Equipment, StandardEquipment
from metrology.persistence.journal import record
from metrology.persistence.people import User
from metrology.persistence.standard_cases import DECISIONS, OUTLOOKS, PPM, CaseDecision, ReviewItem, StandardCase
from metrology.persistence.standards import MeasurementStandard
from metrology.services import cleaning, numbering, tasks
from metrology.services.equipment import quantity

ACTIVE = ("gathering", "open", "falling")
AT_ONCE = 50
"""Items that are decided within the request; more go to the background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What is found: from which day, in words, with the error where it is known, and when the doubted are verified again."""

    defective_from: date
    finding: str
    reverify_by: date
    error: str = ""
    """The value the standard gave less the true value, with its sign: −0.02 %, 0.5 g. Empty: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which open items a decision is about: those named, or all that have something in common."""

    items: tuple[int, ...] = ()
    outlook: str = ""
    verdict: str = ""
    least_margin: int | None = None
    """In millionths of the limit: only items at least so far from it."""

    def stored(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "items": list(self.items), "outlook": self.outlook, "verdict": self.verdict, "least_margin": self.least_margin,
        }  # fmt: skip

    @classmethod
    def of(cls, decision: CaseDecision) -> Selection:
        """The selection of a decision."""
        said = dict(decision.selection or {})
        return cls(
            items=tuple(said.get("items") or ()), outlook=said.get("outlook") or "", verdict=said.get("verdict") or "",
            least_margin=said.get("least_margin"),
        )  # fmt: skip

    def condition(self, case_id: int) -> ColumnElement[bool]:
        """Condition on ReviewItem: open items of the case that are meant."""
        parts: list[ColumnElement[bool]] = [ReviewItem.case_id == case_id, ReviewItem.state == "open"]
        if self.items:
            parts.append(ReviewItem.id.in_(self.items))
        if self.outlook:
            parts.append(ReviewItem.outlook == self.outlook)
        if self.verdict:
            parts.append(ReviewItem.verdict == self.verdict)
        if self.least_margin is not None:
            parts.append(ReviewItem.margin >= self.least_margin)
        return and_(*parts)


def actor_of(user: User | None) -> Actor:
    """The person in whose name the background works; the registry itself where nobody is known."""
    if user is None:
        return Actor.system()
    return Actor(user.id, user.name, user.role_names, user.district_code, user.holder_id, user.institute_id)


# -- opening


def open_case(
    session: Session,
    actor: Actor,
    subject: MeasurementStandard | Equipment,
    facts: CaseFacts,
    *,
    today: date,
    now: datetime,
) -> StandardCase:
    """Say that a standard, or a piece of equipment, is defective since a day. It refuses new records from this moment on."""
    _whole_city(actor)
    facts = _check(facts, today)
    _hold(session, subject)
    mine = {"standard_id": subject.id} if isinstance(subject, MeasurementStandard) else {"equipment_id": subject.id}
    known = session.scalar(select(StandardCase.number).filter_by(**mine).where(StandardCase.state.in_(ACTIVE)).limit(1))
    if known is not None:
        raise Problem("case_open_already", "defective_from", number=known)
    case = StandardCase(
        number=numbering.next_number(session, "case"), **mine, defective_from=facts.defective_from, finding=facts.finding,
        error=facts.error, reverify_by=facts.reverify_by, state="gathering", state_before=subject.state,
        opened_by_id=actor.user_id, opened_at=now,
    )  # fmt: skip
    session.add(case)
    session.flush()
    record(session, actor, "case.opened", case, at=now, changes=_told(case, subject), reason=facts.finding)
    suspend(session, actor, subject, case, now=now)
    task = tasks.enqueue(session, actor, "case.gather", {"case_id": case.id}, now=now, key=f"case.gather/{case.id}")
    case.task_id = task.id
    session.flush()
    return case


def _whole_city(actor: Actor) -> None:
    if actor.user_id is None:
        raise Problem("person_needed")
    if actor.district_code is not None:
        raise Problem("whole_city_needed")


def _check(facts: CaseFacts, today: date) -> CaseFacts:
    if facts.defective_from > today:
        raise Problem("defective_in_future", "defective_from")
    finding = cleaning.paragraph("finding", facts.finding)
    if not finding:
        raise Problem("reason_needed", "finding")
    if facts.reverify_by < today:
        raise Problem("reverify_in_past", "reverify_by")
    error = quantity("error", facts.error)
    if error is not None and error.value == 0:
        raise Problem("error_is_zero", "error")
    return CaseFacts(
        defective_from=facts.defective_from, finding=finding, reverify_by=facts.reverify_by,
        error=error.plain() if error else "",
    )  # fmt: skip


def _hold(session: Session, subject: MeasurementStandard | Equipment) -> None:
    """Hold the standards concerned: who approves a record made with them at this moment has finished, or sees the case."""
    keys = [subject.id]
    if isinstance(subject, Equipment):
        keys = list(session.scalars(select(StandardEquipment.standard_id).filter_by(equipment_id=subject.id)))
        session.refresh(subject, with_for_update={"of": Equipment})
    rows = select(MeasurementStandard).where(MeasurementStandard.id.in_(keys)).order_by(MeasurementStandard.id)
    session.scalars(rows.with_for_update(of=MeasurementStandard).execution_options(populate_existing=True)).all()


def _told(case: StandardCase, subject: MeasurementStandard | Equipment) -> dict[str, list[Any]]:
    return {
        subject.__tablename__: [None, subject.number],
        "defective_from": [None, case.defective_from.isoformat()],
        "error": [None, case.error or None],
        "reverify_by": [None, case.reverify_by.isoformat()],
    }


def noun_of(subject: MeasurementStandard | Equipment) -> str:
    """What the journal calls it."""
    return "standard" if isinstance(subject, MeasurementStandard) else "equipment"


def suspend(
    session: Session, actor: Actor, subject: MeasurementStandard | Equipment, case: StandardCase, *, now: datetime
) -> None:
    """Take what is doubted out of service, if it is in use."""
    if subject.state == "in_use":
        subject.state, subject.updated_at = "suspended", now
        record(session, actor, f"{noun_of(subject)}.suspended", subject, at=now, reason=case.number)
        session.flush()


# -- deciding


def propose(
    session: Session,
    actor: Actor,
    case: StandardCase,
    kind: str,
    selection: Selection,
    reason: str,
    *,
    now: datetime,
) -> CaseDecision:
    """Propose to clear or revoke open items, or that the finding falls. It does nothing before another person confirms."""
    _whole_city(actor)
    if kind not in DECISIONS:
        raise Problem("bad_choice", "kind", value=kind)
    if selection.outlook and selection.outlook not in OUTLOOKS:
        raise Problem("bad_choice", "outlook", value=selection.outlook)
    reason = cleaning.paragraph("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    session.refresh(case, with_for_update={"of": StandardCase})
    if case.state not in (("open", "closed") if kind == "fall" else ("open",)):
        raise Problem("case_not_open", number=case.number, state=case.state)
    if kind == "fall":
        selection = Selection()
        count = count_items(session, case.id)
        if any(one.kind == "fall" and one.state == "proposed" for one in case.decisions):
            raise Problem("decision_waits_already")
    else:
        condition = selection.condition(case.id)
        count = session.scalar(select(func.count()).select_from(ReviewItem).where(condition)) or 0
        if count == 0:
            raise Problem("nothing_to_decide", "items")
    assert actor.user_id is not None
    decision = CaseDecision(
        case_id=case.id, kind=kind, state="proposed", selection=selection.stored(), reason=reason, count=count,
        is_bulk=not selection.items, proposed_by_id=actor.user_id, proposed_at=now,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    changes: dict[str, list[Any]] = {"decision": [None, kind], "items": [None, count]}
    record(session, actor, "case.proposed", case, at=now, changes=changes, reason=reason)
    session.flush()
    session.expire(case, ["decisions"])
    return decision


def confirm(session: Session, actor: Actor, decision: CaseDecision, *, now: datetime) -> CaseDecision:
    """Confirm what another person proposed. Few items are decided by the caller at once, many in the background."""
    _whole_city(actor)
    session.refresh(decision, with_for_update={"of": CaseDecision})
    if decision.state != "proposed":
        raise Problem("decision_not_waiting")
    if decision.proposed_by_id == actor.user_id:
        raise Problem("confirmer_is_proposer")
    case = decision.case
    if case.state not in (("open", "closed") if decision.kind == "fall" else ("open",)):
        raise Problem("case_not_open", number=case.number, state=case.state)
    decision.state, decision.confirmed_by_id, decision.confirmed_at = "confirmed", actor.user_id, now
    if decision.kind == "fall":
        case.state = "falling"
    changes: dict[str, list[Any]] = {"decision": [None, decision.kind], "items": [None, decision.count]}
    record(session, actor, "case.decided", case, at=now, changes=changes, reason=decision.reason)
    if decision.count > AT_ONCE:
        arguments = {"case_id": case.id, "decision_id": decision.id}
        task = tasks.enqueue(session, actor, "case.decide", arguments, now=now, key=f"case.decide/{decision.id}")
        case.task_id = task.id
    session.flush()
    return decision


def withdraw(session: Session, actor: Actor, decision: CaseDecision, *, now: datetime) -> None:
    """Take a proposal back, or turn it down."""
    _whole_city(actor)
    session.refresh(decision, with_for_update={"of": CaseDecision})
    if decision.state != "proposed":
        raise Problem("decision_not_waiting")
    decision.state = "withdrawn"
    record(
        session, actor, "case.declined", decision.case, at=now, changes={"decision": [decision.kind, None]},
        reason=decision.reason,
    )  # fmt: skip
    session.flush()


def say_fit(session: Session, actor: Actor, case: StandardCase, fit_from: date, reason: str, *, now: datetime) -> None:
    """The standard was repaired and calibrated: it may serve from a day on. Whether it is in use is another matter."""
    if case.state != "closed":
        raise Problem("case_not_closed", number=case.number)
    if case.fit_from is not None:
        raise Problem("fit_already", "fit_from")
    if fit_from <= case.defective_from:
        raise Problem("days_not_in_order", "fit_from")
    reason = cleaning.paragraph("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    case.fit_from = fit_from
    record(session, actor, "case.fit_again", case, at=now, reason=reason)
    session.flush()


# -- asking


def count_items(session: Session, case_id: int, *states: str) -> int:
    """Items of a case, in some states or in all."""
    statement = select(func.count()).select_from(ReviewItem).where(ReviewItem.case_id == case_id)
    return session.scalar(statement.where(ReviewItem.state.in_(states)) if states else statement) or 0


def counts(session: Session, case: StandardCase) -> dict[tuple[str, str], int]:
    """(state, outlook) → items."""
    rows = session.execute(
        select(ReviewItem.state, ReviewItem.outlook, func.count())
        .where(ReviewItem.case_id == case.id)
        .group_by(ReviewItem.state, ReviewItem.outlook)
    )
    return {(state, outlook): count for state, outlook, count in rows}


def still_standing(case_id: int) -> Select[Any]:
    """Keys of open items whose certificate still stands: while there is one, the case is not closed."""
    return (
        select(ReviewItem.id)
        .join(Certificate, Certificate.id == ReviewItem.certificate_id)
        .where(ReviewItem.case_id == case_id, ReviewItem.state == "open", Certificate.standing == "valid")
    )


def cases_of(session: Session, subject: MeasurementStandard | Equipment) -> list[StandardCase]:
    """The cases of a standard with those of its equipment, or of a piece of equipment; the latest first."""
    if isinstance(subject, Equipment):
        condition = StandardCase.equipment_id == subject.id
    else:
        parts = select(StandardEquipment.equipment_id).where(StandardEquipment.standard_id == subject.id)
        condition = (StandardCase.standard_id == subject.id) | StandardCase.equipment_id.in_(parts)
    return list(session.scalars(select(StandardCase).where(condition).order_by(StandardCase.id.desc()).limit(50)))


def of_certificate(session: Session, certificate_id: int) -> list[ReviewItem]:
    """The items by which cases doubt, or doubted, a certificate."""
    statement = select(ReviewItem).where(ReviewItem.certificate_id == certificate_id).order_by(ReviewItem.id)
    return list(session.scalars(statement.limit(50)))


def margin_text(item: ReviewItem) -> str:
    """The margin in % of the limit; empty where none is known."""
    return "" if item.margin is None else f"{Decimal(item.margin * 100) / PPM:.1f}"
