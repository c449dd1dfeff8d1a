"""The calendar: visits, working days and what falls due, day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.optimization.workdays import DayKind, day_kind
from metrology.persistence import due
from metrology.persistence.people import Role, User
from metrology.persistence.visits import Visit, VisitItem
from metrology.services.due_groups import DueFilter, monday, selection
from metrology.services.visit_finding import visits_between

LONGEST_SPAN = 62


@dataclass(frozen=True)
class Load:
    """How much a visit holds: instruments on it, and those no longer open (verified, not found, not possible)."""

    instruments: int = 0
    settled: int = 0
    verified: int = 0


@dataclass(frozen=True)
class CalendarDay:
    """One day: whether it is worked, its visits, and how many instruments have it as their last day."""

    kind: DayKind
    visits: tuple[tuple[Visit, Load], ...] = ()
    due: int = 0

    @property
    def day(self) -> date:
        """The day."""
        return self.kind.day

    @property
    def instruments(self) -> int:
        """Instruments to be verified that day."""
        return sum(load.instruments for _visit, load in self.visits)


@dataclass(frozen=True)
class Span:
    """Days from a Monday to a Sunday."""

    first: date
    last: date
    days: tuple[CalendarDay, ...] = field(default=())

    @property
    def weeks(self) -> list[tuple[CalendarDay, ...]]:
        """Seven days each."""
        return [self.days[start : start + 7] for start in range(0, len(self.days), 7)]


def month_span(day: date) -> tuple[date, date]:
    """The whole weeks that show a day's month."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return monday(first), monday(following - timedelta(days=1)) + timedelta(days=6)


def week_span(day: date) -> tuple[date, date]:
    """The week of a day."""
    return monday(day), monday(day) + timedelta(days=6)


def calendar(
    session: Session, actor: Actor, first: date, last: date, *, today: date, verifier_id: int | None = None
) -> Span:
    """The days of a span with their visits, and with what falls due and is not planned."""
    if (last - first).days > LONGEST_SPAN:
        raise Problem("span_too_long", "first")
    visits = visits_between(session, actor, first, last, verifier_id=verifier_id)
    loads = loads_of(session, [visit.id for visit in visits])
    by_day: dict[date, list[tuple[Visit, Load]]] = defaultdict(list)
    for visit in visits:
        by_day[visit.planned_on].append((visit, loads.get(visit.id, Load())))
    ahead = DueFilter(within_days=max(0, (last - today).days))
    falling = due.by_day(session, selection(session, actor, ahead, today=today), max(first, today), last)
    days = tuple(
        CalendarDay(day_kind(day), tuple(by_day[day]), falling.get(day, 0))
        for day in (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    )
    return Span(first, last, days)


def loads_of(session: Session, visit_ids: Sequence[int]) -> dict[int, Load]:
    """How much each of some visits holds."""
    if not visit_ids:
        return {}
    settled = func.sum(case((VisitItem.state.in_(("done", "not_found", "not_possible")), 1), else_=0))
    verified = func.sum(case((VisitItem.state == "done", 1), else_=0))
    rows = session.execute(
        select(VisitItem.visit_id, func.count(), settled, verified)
        .where(VisitItem.visit_id.in_(visit_ids), VisitItem.state != "removed")
        .group_by(VisitItem.visit_id)
    )
    return {key: Load(count, int(done or 0), int(good or 0)) for key, count, done, good in rows}


def verifiers(session: Session, actor: Actor) -> list[User]:
    """People who can be sent: active verifiers of the actor's district or of the whole city."""
    statement = select(User).join(User.roles).where(Role.name == "verifier", User.active.is_(True))
    if actor.district_code is not None:
        statement = statement.where((User.district_code == actor.district_code) | User.district_code.is_(None))
    return list(session.scalars(statement.order_by(User.name, User.id)))


def busy_on(session: Session, day: date, user_ids: Iterable[int], *, besides: int | None = None) -> dict[int, int]:
    """How many other open visits some verifiers have on a day."""
    statement = (
        select(User.id, func.count())
        .select_from(Visit)
        .join(Visit.verifiers)
        .where(Visit.planned_on == day, Visit.state.in_(("planned", "in_progress")), User.id.in_(list(user_ids)))
        .group_by(User.id)
    )
    if besides is not None:
        statement = statement.where(Visit.id != besides)
    return {row[0]: row[1] for row in session.execute(statement)}
