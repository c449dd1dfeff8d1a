"""Records and their counts, made by the database itself out of the instruments: twenty million rows never pass through Python.

Days are looked up in a table made beforehand, so that both databases are told the same. The outcome tallies are summed from groups of
like records, by the keys that ``persistence.outcome_tallies`` gives them; a test holds them against its recount.
"""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

from bench.bulk import Bulk
from bench.rows import KINDS, record_of
from metrology.persistence import outcome_tallies
from metrology.persistence.database import Model

_ACTUAL = (
    "create table bench_record (type_code varchar(60) primary key, kind varchar(20), edition varchar(200), "
    "nameplate text, readings text, judgement text)",
    "create table bench_day (last date, nth integer, day date, instant timestamp, since date, days_taken integer, "
    "is_whole boolean, primary key (last, nth))",
)
_TAKEN = 12


def fill(bulk: Bulk, count: int, whole: int) -> None:
    """So many yearly records of every instrument, the last ones with readings and judgement; and their tallies."""
    for statement in _ACTUAL:
        bulk.run(statement)
    days = [str(row[0]) for row in bulk.driver.execute("select distinct last_verified_on from instrument").fetchall()]
    bulk.plain("bench_record", [(kind, *_record(kind)) for kind, _share, _due in KINDS])
    for chunk in itertools.batched(days, 1000) if hasattr(itertools, "batched") else [days]:
        bulk.plain("bench_day", [row for day in chunk for row in _years(day, count, whole)])
    bulk.run(_insert(bulk.dialect, count))
    _tally(bulk)
    for table in ("bench_group", "bench_day", "bench_record"):
        bulk.run(f"drop table {table}")


def _record(kind: str) -> tuple[str, ...]:
    record = record_of(kind)
    return record.kind, record.edition, record.nameplate, record.readings, record.judgement


def _years(last: str, count: int, whole: int) -> list[tuple[Any, ...]]:
    """The days of the records of an instrument that was verified ``last``, oldest first."""
    found = []
    for nth in range(count):
        ago = count - 1 - nth
        day = date.fromisoformat(last) - timedelta(days=365 * ago)
        told = day.isoformat()
        since = told if nth else None
        found.append((last, nth, told, f"{told} 02:00:00.000000", since, day.toordinal() % _TAKEN, ago < whole))
    return found


def _insert(dialect: str, count: int) -> str:
    key = f"((i.id - 1) * {count} + d.nth + 1)"
    number = f"printf('JD%08d', {key})" if dialect == "sqlite" else f"'JD' || lpad({key}::text, 8, '0')"
    json = "" if dialect == "sqlite" else "::" + _json_type()
    told = {
        "id": key, "number": number, "instrument_id": "i.id", "type_code": "i.type_code", "kind": "r.kind",
        "state": "'approved'", "verified_on": "d.day", "edition_code": "r.edition", "verdict": "'conforms'",
        "institute_id": "1", "verifier_id": "1", "checker_id": "2", "approver_id": "3", "submitted_at": "d.instant",
        "checked_at": "d.instant", "approved_at": "d.instant", "created_at": "d.instant", "updated_at": "d.instant",
        "version": "1", "environment": f"'{{}}'{json}", "seals": f"'[]'{json}", "district_code": "i.district_code",
        "manufacturer": "i.manufacturer", "model": "i.model", "days_taken": "d.days_taken",
        "was_due_on": "case when r.kind = 'subsequent' then d.since end",
        **{one: f"case when d.is_whole then r.{one} else '{{}}' end{json}" for one in ("nameplate", "readings", "judgement")},
    }  # fmt: skip
    for column in Model.metadata.tables["verification"].columns:
        if column.name not in told and not column.nullable:
            told[column.name] = "''"
    order = " order by i.id, d.nth" if dialect == "sqlite" else ""
    return (
        f"insert into verification ({', '.join(told)}) select {', '.join(told.values())} from instrument i "
        f"cross join bench_day d cross join bench_record r where d.last = i.last_verified_on "
        f"and r.type_code = i.type_code{order}"
    )


def _json_type() -> str:
    from sqlalchemy.dialects import postgresql

    return str(Model.metadata.tables["verification"].c.readings.type.compile(postgresql.dialect()))  # type: ignore[no-untyped-call]


def _tally(bulk: Bulk) -> None:
    """Sum every outcome tally from groups of records that are alike in all of its keys."""
    bulk.run(
        "create table bench_group as select i.last_verified_on as last, i.district_code, i.type_code, i.manufacturer, "
        "i.model, count(*) as n from instrument i group by 1, 2, 3, 4, 5"
    )
    alike = (
        "(select d.day as verified_on, d.instant as approved_at, d.instant as updated_at, g.district_code, g.type_code, "
        "r.kind, 'approved' as state, 'conforms' as verdict, g.manufacturer, g.model, 1 as verifier_id, d.days_taken, "
        "case when r.kind = 'subsequent' then d.since end as was_due_on, g.n from bench_group g "
        "join bench_day d on d.last = g.last join bench_record r on r.type_code = g.type_code) v"
    )
    dialect = outcome_tallies.Dialect(bulk.dialect)
    for one in outcome_tallies.TALLIES:
        if one.joins:
            continue  # no standards are linked
        keys = ", ".join(one.keys)
        sources = ", ".join(dialect.sql(source) for source in one.sources.values())
        numbers = ", ".join(str(number) for number in range(1, len(one.keys) + 2))
        for known in (dialect.now, dialect.sql("{day:v.approved_at}")):
            bulk.run(
                f"insert into {one.table.name} (known, {keys}, part, n) select {known}, {sources}, 0, sum(v.n) "
                f"from {alike} where {one.where} group by {numbers}"
            )
