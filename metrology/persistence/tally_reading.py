"""Questions asked of the tallies: how many instruments of which group, due within which days, now or as a past day ended.

What a past day ended with is what is now, less what the days since then changed; so yesterday costs as much as now, and a day
years back as much as has changed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, FromClause, Select, Table, case, cast, func, null, or_, select, union_all
from sqlalchemy.orm import Session

from metrology.persistence import tallies
from metrology.persistence.places import Place

Span = tuple[date | None, date | None]
"""Due dates from and to, both included; None: no end on that side (instruments without a due date are in no span)."""
Counted = list[tuple[tuple[Any, ...], tuple[int, ...]]]


@dataclass(frozen=True)
class TallyScope:
    """Which instruments are counted; all when empty. ``day`` is a past day, as it ended."""

    state: str = "in_use"
    district_code: str | None = None
    type_code: str | None = None
    purpose: str | None = None
    holder_id: int | None = None
    place_path: str | None = None
    """A place with all that lies in it."""
    due_kind: str | None = None
    is_verified: bool | None = None
    day: date | None = None

    def in_state(self, state: str) -> TallyScope:
        """The same instruments in another state."""
        return replace(self, state=state)


def grouped(
    session: Session, scope: TallyScope, keys: Sequence[str], spans: Sequence[Span] = (), *, most: int | None = None
) -> Counted:
    """Groups by ``keys`` (columns of a tally) with a count for each span of due dates; without spans, one count of all.

    With ``most`` only so many holders or places, those with the largest counts together; what has none is not among them.
    """
    rows = _rows(scope, keys, spans)
    columns = [rows.c[key] for key in keys]
    counts = [func.sum(case((_within(rows.c.falls_on, span), rows.c.n), else_=0)) for span in spans]
    statement: Select[Any] = select(*columns, *(counts or [func.sum(rows.c.n)])).group_by(*columns)
    if most is not None:
        together = func.sum(case((or_(*(_within(rows.c.falls_on, span) for span in spans)), rows.c.n), else_=0))
        statement = statement.where(*(column != 0 for column in columns))
        statement = statement.order_by(together.desc(), *columns).limit(most)
    width = len(keys)
    found = [(tuple(row[:width]), tuple(int(n or 0) for n in row[width:])) for row in session.execute(statement)]
    return [one for one in found if any(one[1])]


def total(session: Session, scope: TallyScope, span: Span | None = None) -> int:
    """How many instruments, all or those due within a span."""
    rows = grouped(session, scope, (), () if span is None else (span,))
    return rows[0][1][0] if rows else 0


def oldest(session: Session, scope: TallyScope, key: str, span: Span, among: Sequence[Any]) -> dict[Any, date]:
    """The earliest due date within a span, of each of these groups."""
    rows = _rows(scope, (key,), (span,))
    by_day = (
        select(rows.c[key], rows.c.falls_on)
        .where(_within(rows.c.falls_on, span), rows.c[key].in_(among))
        .group_by(rows.c[key], rows.c.falls_on)
        .having(func.sum(rows.c.n) > 0)
        .subquery()
    )
    found = session.execute(select(by_day.c[0], func.min(by_day.c.falls_on)).group_by(by_day.c[0]))
    return {row[0]: row[1] for row in found}


def by_due_date(session: Session, scope: TallyScope, span: Span) -> dict[date, int]:
    """How many fall due on each day of a span."""
    rows = _rows(scope, (), (span,))
    statement = select(rows.c.falls_on, func.sum(rows.c.n)).where(_within(rows.c.falls_on, span))
    found = session.execute(statement.group_by(rows.c.falls_on))
    return {row[0]: int(row[1]) for row in found if row[1]}


def first_day(session: Session) -> date | None:
    """The first day whose end is known: the day on which counting began."""
    found: date | None = session.scalar(select(func.min(tallies.tally_change.c.day)))
    return found


def _end_of(spans: Sequence[Span]) -> date | None:
    """The last day that any span reaches, to which the range of the index is cut; None when one has no end."""
    ends = [last for _first, last in spans]
    return None if not ends or None in ends else max(last for last in ends if last is not None)


def _table_for(scope: TallyScope, keys: Sequence[str], spans: Sequence[Span]) -> Table | None:
    """The coarsest tally that knows what is asked; None when only the changes do."""
    wants_due = bool(spans or {"due_date", "due_kind", "is_verified"} & set(keys))
    return tallies.coarsest(
        holder=scope.holder_id is not None or "holder_id" in keys,
        place=scope.place_path is not None or "place_id" in keys,
        due=wants_due or scope.due_kind is not None or scope.is_verified is not None,
    )


def _rows(scope: TallyScope, keys: Sequence[str], spans: Sequence[Span]) -> FromClause:
    """Rows of (keys, falls_on, n) that sum up to the answer; ``falls_on`` is the due date, where the tally has it."""
    late = _end_of(spans)
    table = _table_for(scope, keys, spans)
    change = tallies.tally_change
    if table is None:
        until = () if scope.day is None else (change.c.day <= scope.day,)
        return _selected(change, scope, keys, late, until, sign=1).subquery()
    now = _selected(table, scope, keys, late, (), sign=1)
    if scope.day is None:
        return now.subquery()
    since = _selected(change, scope, keys, late, (change.c.day > scope.day,), sign=-1)
    return union_all(now, since).subquery()


def _selected(
    table: Table, scope: TallyScope, keys: Sequence[str], late: date | None, more: Sequence[Any], *, sign: int
) -> Select[Any]:
    columns = [table.c[key] for key in keys]
    day = table.c.due_date if "due_date" in table.c else cast(null(), Date)
    conditions: list[ColumnElement[bool]] = [table.c.state == scope.state, *more]
    for key in ("district_code", "type_code", "purpose", "holder_id", "due_kind", "is_verified"):
        value = getattr(scope, key)
        if value is not None:
            conditions.append(table.c[key] == value)
    if scope.place_path is not None:
        inside = select(Place.id).where(Place.path.startswith(scope.place_path, autoescape=True))
        conditions.append(table.c.place_id.in_(inside))
    if late is not None:
        conditions.append(table.c.due_date <= late)
    return select(*columns, day.label("falls_on"), (sign * table.c.instruments).label("n")).where(*conditions)


def _within(column: ColumnElement[Any], span: Span) -> ColumnElement[bool]:
    first, last = span
    inside: ColumnElement[bool] = column < tallies.NO_DAY
    if first is not None:
        inside = inside & (column >= first)
    if last is not None:
        inside = inside & (column <= last)
    return inside
