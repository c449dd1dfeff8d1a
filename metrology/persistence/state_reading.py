"""How many instruments were in use as days ended, and how many of them within validity: one question for any number of days.

Days that are over are kept by group (``StateFigure``) and read as they are; the others are worked out together from what is
now, less what changed since. Both are the same count: a day that has ended changes no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Table, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from metrology.persistence import tallies
from metrology.persistence.figures import StateFigure

States = dict[tuple[Any, ...], tuple[int, int]]
"""Group → in use, and of these verified and not past their last valid day."""
Among = Mapping[str, Sequence[Any]]
GROUP = tallies.GROUP


def states(
    session: Session, days: Sequence[date], keys: Sequence[str], among: Among, *, with_valid: bool = True
) -> dict[date, States]:
    """In use and valid as each day ended, by ``keys`` (of ``GROUP``), of what is ``among`` these values.

    Who needs no ``with_valid`` is told nothing of it, and a coarser tally is read: one that tells no due days apart.
    """
    kept = set(session.scalars(select(StateFigure.day).where(StateFigure.day.in_(days)).distinct()))
    found: dict[date, States] = {day: {} for day in days}
    if kept:
        columns = [getattr(StateFigure, key) for key in keys]
        statement = select(StateFigure.day, *columns, func.sum(StateFigure.in_use), func.sum(StateFigure.valid)).where(
            StateFigure.day.in_(kept), *(getattr(StateFigure, key).in_(values) for key, values in among.items())
        )
        for row in session.execute(statement.group_by(StateFigure.day, *columns)):
            if row[-2]:
                found[row[0]][tuple(row[1:-2])] = (int(row[-2]), int(row[-1]))
    if missing := sorted(set(days) - kept):
        found.update(worked_out(session, missing, keys, among, with_valid=with_valid))
    return found


def worked_out(
    session: Session, days: Sequence[date], keys: Sequence[str], among: Among, *, with_valid: bool = True
) -> dict[date, States]:
    """The same of days in order, from what is now and what changed since, in one statement."""
    now, change = tallies.due_tally if with_valid else tallies.state_tally, tallies.tally_change
    valid_now, valid_then = (_valid_until(one, days) if with_valid else literal(0, Integer) for one in (now, change))
    rows = union_all(
        _rows(now, (literal(len(days), Integer), valid_now), keys, among, sign=1),
        _rows(change, (_place(change.c.day, days), valid_then), keys, among, sign=-1).where(change.c.day > days[0]),
    ).subquery()
    columns = [*(rows.c[key] for key in keys), rows.c.until, rows.c.valid_until]
    counts: dict[date, dict[tuple[Any, ...], list[int]]] = {day: defaultdict(lambda: [0, 0]) for day in days}
    for *group, until, valid_until, number in session.execute(select(*columns, func.sum(rows.c.n)).group_by(*columns)):
        for place in range(until):
            one = counts[days[place]][tuple(group)]
            one[0] += int(number)
            one[1] += int(number) if place < valid_until else 0
    return {day: {key: (one[0], one[1]) for key, one in of.items() if one[0]} for day, of in counts.items()}


def _rows(
    table: Table, count: tuple[ColumnElement[int], ColumnElement[int]], keys: Sequence[str], among: Among, *, sign: int
) -> Select[Any]:
    """Rows that count for so many of the days, the first ones, and as valid for so many."""
    until, valid_until = count
    columns = [table.c[key] for key in keys]
    conditions = [table.c.state == "in_use", *(table.c[key].in_(values) for key, values in among.items())]
    number = (sign * table.c.instruments).label("n")
    return select(*columns, until.label("until"), valid_until.label("valid_until"), number).where(*conditions)


def _valid_until(table: Table, days: Sequence[date]) -> ColumnElement[int]:
    return case((table.c.is_verified, _count_reached(table.c.due_date, days)), else_=0)


def _place(column: ColumnElement[date], days: Sequence[date]) -> ColumnElement[int]:
    """How many of the days had ended before a day."""
    return case(*((column <= day, place) for place, day in enumerate(days)), else_=len(days))


def _count_reached(column: ColumnElement[date], days: Sequence[date]) -> ColumnElement[int]:
    """How many of the days a last valid day reaches."""
    return case(*((column < day, place) for place, day in enumerate(days)), else_=len(days))
