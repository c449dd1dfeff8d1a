"""Questions asked of the outcome tallies: sums by group within months, as they are now or as was known when a past day ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, select, union_all
from sqlalchemy.orm import Session

from metrology.persistence.tallies import NO_DAY

Summed = list[tuple[tuple[Any, ...], int]]


def sums(
    session: Session,
    table: Table,
    keys: Sequence[str],
    *,
    first: date,
    last: date,
    equal: Mapping[str, Any] | None = None,
    among: Mapping[str, Sequence[Any]] | None = None,
    day: date | None = None,
    over: str = "month",
) -> Summed:
    """Groups by ``keys`` with their sums, of ``over`` from ``first`` to ``last``, both included.

    ``day`` is a past day as it ended: what is now, less what the days since then changed.
    """
    column = table.c[over]
    conditions: list[ColumnElement[bool]] = [column >= first, column <= last]
    conditions += [table.c[key] == value for key, value in (equal or {}).items() if value is not None]
    conditions += [table.c[key].in_(values) for key, values in (among or {}).items()]
    groups = [table.c[key] for key in keys]
    now: Select[Any] = select(*groups, table.c.n.label("n")).where(table.c.known == NO_DAY, *conditions)
    rows = now.subquery()
    if day is not None:
        since = select(*groups, (-table.c.n).label("n")).where(table.c.known > day, table.c.known < NO_DAY, *conditions)
        rows = union_all(now, since).subquery()
    counted = [rows.c[key] for key in keys]
    found = session.execute(select(*counted, func.sum(rows.c.n)).group_by(*counted))
    return [(tuple(row[: len(keys)]), int(row[-1])) for row in found if row[-1]]
