"""Own lists counted by group: sums over the tallies where these know all that is asked, whatever the number of instruments.

Unlike ``tally_reading`` several values of a filter may be asked for at once, and several states counted beside each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, case, func, literal, select, true
from sqlalchemy.orm import Session

from metrology.persistence import tallies
from metrology.persistence.places import Place

MONTH = "due_month"
"""A key beside those of the tallies: the month of the due date, ``2026-11``; empty when there is none."""


@dataclass(frozen=True)
class Counted:
    """One figure: instruments of some states (None: of all) due within days, both included, verified or not."""

    states: tuple[str, ...] | None = None
    first: date | None = None
    last: date | None = None
    is_verified: bool | None = None

    @property
    def wants_due(self) -> bool:
        """Whether it looks at due dates or at verifications, which the coarsest tally does not know."""
        return self.first is not None or self.last is not None or self.is_verified is not None


@dataclass(frozen=True)
class TallyQuestion:
    """What is counted: by which keys, within which values, which figures."""

    keys: tuple[str, ...]
    figures: tuple[Counted, ...]
    within: Mapping[str, tuple[Any, ...]]
    """Key → values it may have."""
    due: tuple[date | None, date | None] | None = None
    is_without_due: bool = False
    place_path: str | None = None


def table_of(question: TallyQuestion) -> Table | None:
    """The coarsest tally that knows all that is asked; None when none does."""
    asked = {*question.keys, *question.within}
    wants_due = question.due is not None or question.is_without_due or bool({MONTH, "due_kind"} & asked)
    return tallies.coarsest(
        holder="holder_id" in asked,
        place="place_id" in asked or question.place_path is not None,
        due=wants_due or any(one.wants_due for one in question.figures),
    )


def groups(session: Session, question: TallyQuestion, *, limit: int) -> list[tuple[tuple[Any, ...], tuple[int, ...]]]:
    """The groups with their figures, those with most of the first figure in front; at most ``limit``."""
    table = table_of(question)
    assert table is not None, "ask table_of first"
    keys = [_key(session, table, name).label(f"k{place}") for place, name in enumerate(question.keys)]
    sums = [_figure(table, one).label(f"n{place}") for place, one in enumerate(question.figures)]
    statement: Select[Any] = (
        select(*keys, *sums).where(*_conditions(table, question)).group_by(*(key.name for key in keys))
    )
    statement = statement.having(func.sum(table.c.instruments) > 0).order_by(sums[0].desc(), *keys).limit(limit)
    width = len(keys)
    return [(tuple(row[:width]), tuple(int(n or 0) for n in row[width:])) for row in session.execute(statement)]


def totals(session: Session, question: TallyQuestion) -> tuple[int, ...]:
    """The figures of all groups together."""
    table = table_of(question)
    assert table is not None, "ask table_of first"
    row = session.execute(
        select(*(_figure(table, one) for one in question.figures)).where(*_conditions(table, question))
    ).one()
    return tuple(int(n or 0) for n in row)


def _key(session: Session, table: Table, name: str) -> ColumnElement[Any]:
    if name == MONTH:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        day = table.c.due_date
        month = func.strftime("%Y-%m", day) if is_sqlite else func.to_char(day, "YYYY-MM")
        return case((day == tallies.NO_DAY, ""), else_=month)
    column: ColumnElement[Any] = table.c[name]
    return column


def _figure(table: Table, figure: Counted) -> ColumnElement[Any]:
    condition: ColumnElement[bool] = true()
    if figure.states is not None:
        condition = table.c.state.in_(figure.states)
    if figure.first is not None or figure.last is not None:
        condition = condition & _span(table, figure.first, figure.last)
    if figure.is_verified is not None:
        condition = condition & table.c.is_verified.is_(figure.is_verified)
    return func.sum(case((condition, table.c.instruments), else_=literal(0)))


def _span(table: Table, first: date | None, last: date | None) -> ColumnElement[bool]:
    inside: ColumnElement[bool] = table.c.due_date < tallies.NO_DAY
    if first is not None:
        inside = inside & (table.c.due_date >= first)
    if last is not None:
        inside = inside & (table.c.due_date <= last)
    return inside


def _conditions(table: Table, question: TallyQuestion) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [table.c[key].in_(values) for key, values in question.within.items()]
    if question.place_path is not None:
        inside = select(Place.id).where(Place.path.startswith(question.place_path, autoescape=True))
        conditions.append(table.c.place_id.in_(inside))
    if question.due is not None:
        conditions.append(_span(table, *question.due))
    if question.is_without_due:
        conditions.append(table.c.due_date == tallies.NO_DAY)
    return conditions
