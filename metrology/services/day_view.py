"""What stands on a person's first page of the day, by role. Each part asks one small question that an index answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from metrology.domain.authority import Actor
from metrology.persistence import due
from metrology.persistence.holders import Contact
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.persistence.ledgers import LedgerBatch
from metrology.persistence.people import LoginSession, User
from metrology.persistence.scope import within
from metrology.persistence.tasks import Task
from metrology.persistence.verifications import Verification
from metrology.persistence.visits import Visit
from metrology.services.visit_days import Load, loads_of
from metrology.services.visit_finding import visits_between

CAP = 2000
SHOWN = 8
WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
OPEN = ("planned", "in_progress")
BUSY = ("uploaded", "checking", "checked", "queued", "running", "undoing", "failed")


@dataclass(frozen=True)
class Count:
    """A number counted to at most ``CAP``."""

    number: int

    @property
    def is_capped(self) -> bool:
        """Whether there are more."""
        return self.number > CAP

    @property
    def shown(self) -> int:
        """What is said, with "over" before it when there are more."""
        return min(self.number, CAP)


@dataclass(frozen=True)
class Visits:
    """Visits with how much each holds."""

    rows: tuple[tuple[Visit, Load], ...]


def capped(session: Session, statement: Select[Any]) -> Count:
    """Count rows of a statement on keys, no further than needed."""
    return Count(session.scalar(select(func.count()).select_from(statement.limit(CAP + 1).subquery())) or 0)


def _loaded(session: Session, visits: list[Visit]) -> Visits:
    loads = loads_of(session, [visit.id for visit in visits])
    return Visits(tuple((visit, loads.get(visit.id, Load())) for visit in visits))


def visits_ahead(session: Session, actor: Actor, *, today: date, days: int, only_mine: bool = False) -> Visits:
    """Open visits of today and the days after; with ``only_mine`` those the actor is sent on."""
    found = visits_between(
        session, actor, today, today + timedelta(days=days), verifier_id=actor.user_id if only_mine else None
    )
    return _loaded(session, [visit for visit in found if visit.state in OPEN or visit.planned_on == today])


def visits_left(session: Session, actor: Actor, *, today: date, only_mine: bool = False) -> Visits:
    """Visits whose day has passed and that nobody finished."""
    statement = (
        select(Visit)
        .where(Visit.state.in_(OPEN), Visit.planned_on < today)
        .options(selectinload(Visit.verifiers), selectinload(Visit.place))
        .order_by(Visit.planned_on, Visit.id)
        .limit(SHOWN)
    )
    if actor.district_code is not None:
        statement = statement.where(or_(Visit.district_code == actor.district_code, Visit.district_code.is_(None)))
    if only_mine:
        statement = statement.where(Visit.verifiers.any(User.id == actor.user_id))
    return _loaded(session, list(session.scalars(statement)))


def overdue(session: Session, actor: Actor, *, today: date, unplanned: bool = False, to_visit: bool = False) -> Count:
    """In use past the last valid day; with ``unplanned`` those no visit has, with ``to_visit`` without those to be rotated."""
    statement = within(select(Instrument.id), actor).where(Instrument.state == "in_use", Instrument.due_date < today)
    if to_visit:
        statement = statement.where(Instrument.due_kind == "verification")
    return capped(session, statement.where(~due.planned()) if unplanned else statement)


def falling_due(session: Session, actor: Actor, *, today: date, within_days: timedelta, unplanned: bool) -> Count:
    """In use with the last valid day between today and some days on; ``unplanned``: to be visited, and on no visit."""
    statement = within(select(Instrument.id), actor).where(
        Instrument.state == "in_use", Instrument.due_date >= today, Instrument.due_date < today + within_days
    )
    if unplanned:
        statement = statement.where(~due.planned(), Instrument.due_kind == "verification")
    return capped(session, statement)


def next_due(session: Session, actor: Actor, limit: int = 12) -> list[Instrument]:
    """The instruments whose day comes first, for their holder."""
    statement = within(select(Instrument), actor).where(
        Instrument.state.in_(("in_use", "awaiting_verification")), Instrument.due_date.is_not(None)
    )
    return list(
        session.scalars(
            statement.options(selectinload(Instrument.place)).order_by(Instrument.due_date, Instrument.id).limit(limit)
        )
    )


def held(session: Session, actor: Actor) -> Count:
    """How many instruments a holder has in use."""
    return capped(session, within(select(Instrument.id), actor).where(Instrument.state == "in_use"))


def planned_for(session: Session, holder_id: int, *, today: date) -> list[tuple[date, int]]:
    """Days on which a holder is visited, with how many of its instruments."""
    from metrology.persistence.visits import VisitItem

    statement = (
        select(Visit.planned_on, func.count())
        .join(VisitItem, VisitItem.visit_id == Visit.id)
        .join(Instrument, Instrument.id == VisitItem.open_key)
        .where(Instrument.holder_id == holder_id, Visit.planned_on >= today)
        .group_by(Visit.planned_on)
        .order_by(Visit.planned_on)
        .limit(SHOWN)
    )
    return [(day, count) for day, count in session.execute(statement)]


def contacts(session: Session, holder_id: int) -> list[Contact]:
    """Who of a holder is told."""
    return list(
        session.scalars(
            select(Contact).where(Contact.holder_id == holder_id, Contact.is_active.is_(True)).order_by(Contact.id)
        )
    )


def batches(session: Session) -> list[LedgerBatch]:
    """Ledgers that are being read, wait for a decision, or failed."""
    statement = select(LedgerBatch).where(LedgerBatch.state.in_(BUSY)).order_by(LedgerBatch.id.desc()).limit(5)
    return list(session.scalars(statement))


def drafts(session: Session, actor: Actor) -> list[Verification]:
    """A verifier's own drafts, and its records that were returned and not yet done again."""
    later = aliased(Verification)
    done_again = select(later.id).where(later.replaces_id == Verification.id, later.state != "discarded").exists()
    wanted = (Verification.state == "draft") | ((Verification.state == "returned") & ~done_again)
    return _records(session, Verification.verifier_id == actor.user_id, wanted)


def to_check(session: Session, actor: Actor) -> tuple[Count, list[Verification]]:
    """Records that wait for a checker other than their verifier."""
    return _queue(session, actor, "submitted", Verification.verifier_id != actor.user_id)


def to_approve(session: Session, actor: Actor) -> tuple[Count, list[Verification]]:
    """Records that wait for an approver who is a third person."""
    others = (Verification.verifier_id != actor.user_id) & (Verification.checker_id != actor.user_id)
    return _queue(session, actor, "checked", others)


def _queue(session: Session, actor: Actor, state: str, others: ColumnElement[bool]) -> tuple[Count, list[Verification]]:
    conditions = [Verification.state == state, others]
    if actor.institute_id is not None:
        conditions.append(Verification.institute_id == actor.institute_id)
    count = capped(session, select(Verification.id).where(*conditions))
    return count, _records(session, *conditions)


def _records(session: Session, *conditions: ColumnElement[bool]) -> list[Verification]:
    statement = (
        select(Verification)
        .where(*conditions)
        .options(selectinload(Verification.instrument).selectinload(Instrument.holder))
        .order_by(Verification.id)
        .limit(SHOWN)
    )
    return list(session.scalars(statement))


@dataclass(frozen=True)
class House:
    """How the registry itself is: accounts, log-ins, tasks, the journal's last entry."""

    accounts: int
    inactive: int
    signed_in: int
    failed_tasks: int
    waiting_tasks: int
    last_entry: JournalEntry | None


def house(session: Session, *, now: datetime) -> House:
    """The state of the house, for administrators and auditors."""
    accounts = {
        bool(active): count
        for active, count in session.execute(select(User.active, func.count()).group_by(User.active))
    }
    recent = select(LoginSession.user_id).where(
        LoginSession.ended_at.is_(None), LoginSession.last_seen_at > now - timedelta(hours=1)
    )
    return House(
        accounts=accounts.get(True, 0),
        inactive=accounts.get(False, 0),
        signed_in=session.scalar(select(func.count(recent.subquery().c.user_id.distinct()))) or 0,
        failed_tasks=capped(session, select(Task.id).where(Task.state == "failed")).number,
        waiting_tasks=capped(session, select(Task.id).where(Task.state.in_(("queued", "running")))).number,
        last_entry=session.scalar(select(JournalEntry).order_by(JournalEntry.seq.desc()).limit(1)),
    )
