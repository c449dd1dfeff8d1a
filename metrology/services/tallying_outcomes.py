"""Are the outcome tallies what a recount of the records finds? Says where not, and repairs it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Table, insert, select, text, update
from sqlalchemy.orm import Session

from metrology.persistence import outcome_tallies as kept
from metrology.persistence.columns import Big
from metrology.persistence.tallies import NO_DAY
from metrology.services.tally_difference import Difference


def differences(session: Session) -> Iterator[Difference]:
    """Every group that differs: what is said to be so now, and what the days together come to (``known`` tells which)."""
    dialect = kept.Dialect(session.get_bind().dialect.name)
    recounts: dict[Table, list[str]] = {}
    for one in kept.TALLIES:
        recounts.setdefault(one.table, []).append(kept.recount(one, dialect))
    recounts[kept.complaint_tally] = [kept.recount_complaints(dialect)]
    for table, counted in recounts.items():
        keys = tuple(column.name for column in table.primary_key.columns if column.name not in ("known", "part"))
        for is_now in (True, False):
            for values, here, there in _both(session, table, keys, " union all ".join(counted), is_now=is_now):
                said = {**dict(zip(keys, values, strict=True)), "known": "now" if is_now else "by day"}
                yield Difference(table.name, said, here, there)


def repair(session: Session, *, today: date) -> int:
    """Put every count right; past days stay as they were told, the difference counts as of today. How many groups."""
    found = list(differences(session))
    for one in found:
        table = next(table for table in kept.TABLES if table.name == one.table)
        keys = {**one.keys, "known": NO_DAY if one.keys["known"] == "now" else today}
        _add(session, table, keys, one.counted - one.kept)
    return len(found)


def fold_all(session: Session) -> None:
    """Bring the parts of each group together, and drop groups of nothing."""
    for table in kept.TABLES:
        kept.fold(session, table)


def _both(
    session: Session, table: Table, keys: tuple[str, ...], counted: str, *, is_now: bool
) -> Iterator[tuple[tuple[Any, ...], int, int]]:
    names = ", ".join(keys)
    which = "=" if is_now else "<>"
    statement = text(
        f"select {names}, sum(here) as here, sum(there) as there from ("  # noqa: S608 - names of our own tables
        f"select {names}, n as here, 0 as there from {table.name} where known {which} '9999-12-31' "
        f"union all select {', '.join('c.' + key for key in keys)}, 0, c.n from ({counted}) c"
        f") both_sides group by {names} having sum(here) <> sum(there)".replace(":", r"\:")
    )
    typed = statement.columns(*[table.c[key] for key in keys], here=Big, there=Big)
    for row in session.execute(typed):
        yield tuple(row[: len(keys)]), int(row.here), int(row.there)


def _add(session: Session, table: Table, keys: dict[str, Any], more: int) -> None:
    here = [table.c[name] == value for name, value in keys.items()]
    part = session.scalar(select(table.c.part).where(*here).limit(1))
    if part is None:
        session.execute(insert(table).values(**keys, part=0, n=more))
    else:
        session.execute(update(table).where(*here, table.c.part == part).values(n=table.c.n + more))
