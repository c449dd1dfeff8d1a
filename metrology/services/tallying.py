"""Are the tallies what a recount finds? Says where not, repairs it, and brings together what many processes added.

Triggers keep them true; this is for a database restored by hand, or one whose triggers somebody took away for a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from metrology.persistence import tallies
from metrology.persistence.columns import Big
from metrology.services import tallying_outcomes
from metrology.services.tally_difference import Difference


def differences(session: Session) -> Iterator[Difference]:
    """Every group that differs, table by table. The changes of all days together must come to what is now."""
    for table in tallies.TALLIES:
        keys = tuple(key for key in tallies.keys_of(table) if key != "day")
        for values, kept, counted in _both(session, table, keys):
            yield Difference(table.name, dict(zip(keys, values, strict=True)), kept, counted)
    yield from tallying_outcomes.differences(session)


def repair(session: Session, *, today: date) -> int:
    """Put every count right; the days before stay as they were told, the difference counts as of today. How many groups."""
    found = list(differences(session))
    tallying_outcomes.repair(session, today=today)
    for one in found:
        if one.table not in {table.name for table in tallies.TALLIES}:
            continue
        table = next(table for table in tallies.TALLIES if table.name == one.table)
        day = {"day": today} if "day" in table.c else {}
        _add(session, table, {**day, **one.keys}, one.counted - one.kept)
    return len(found)


def fold_all(session: Session) -> None:
    """Bring the parts of each group together, and drop groups of nothing."""
    for table in tallies.TALLIES:
        tallies.fold(session, table)
    tallying_outcomes.fold_all(session)


def _both(session: Session, table: Table, keys: tuple[str, ...]) -> Iterator[tuple[tuple[Any, ...], int, int]]:
    """Groups (values, kept, counted) that differ: the recount is compared in the database, so nothing large is loaded."""
    names = ", ".join(keys)
    counted = tallies.recount(table, by=keys)
    statement = text(
        f"select {names}, sum(kept) as kept, sum(counted) as counted from ("  # noqa: S608 - names of our own tables
        f"select {names}, instruments as kept, 0 as counted from {table.name} "
        f"union all select {', '.join('c.' + key for key in keys)}, 0, c.instruments from ({counted}) c"
        f") both_sides group by {names} having sum(kept) <> sum(counted)"
    )
    columns = [table.c[key] for key in keys]
    typed = statement.columns(*columns, kept=Big, counted=Big)
    for row in session.execute(typed):
        yield tuple(row[: len(keys)]), int(row.kept), int(row.counted)


def _add(session: Session, table: Table, keys: dict[str, Any], more: int) -> None:
    here = [table.c[name] == value for name, value in keys.items()]
    part = session.scalar(select(func.max(table.c.part)).where(*here))
    if part is None:
        session.execute(insert(table).values(**keys, part=0, instruments=more))
        return
    session.execute(table.update().where(*here, table.c.part == part).values(instruments=table.c.instruments + more))
