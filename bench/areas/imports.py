"""A ledger of water meters brought in from CSV and XLSX, beside bare references on the same database in the same run.

The registry's own way: read, recognised, validated, looked for twice, written with journal, record of each row, search document and
counts, a transaction for each chunk, from which it goes on when it is cut off. Bare is the driver's own ``executemany`` of the rows
that were left in the tables, into the same tables of an emptied database of the same schema, indexes, constraints and triggers, one
transaction for ten thousand: all that the import wrote (instruments, journal, records of the rows, search documents; triggers index
the words and keep the counts). The barest are the instruments alone without triggers, which no registry could do with. For XLSX bare
is python-calamine reading the cells. A ledger goes into an otherwise empty registry; memory is looked at on the way.
"""

from __future__ import annotations

import csv
import io
import itertools
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, select, text

from bench.measuring import Measure, memory, once
from bench.registries import Registry, scratch
from bench.rows import INSTANT, TODAY
from metrology.domain.authority import Actor
from metrology.persistence import defences, tallies
from metrology.persistence.database import Model, db, transaction
from metrology.services.importing import import_now
from metrology.services.preparing import prepare
from tests.ledgers import METER_HEADINGS, meter_row

AREA = "imports"
MOST, MOST_XLSX = 1_000_000, 100_000
_PIECE = 10_000
_ALONE = ("instrument",)
_ALL = ("instrument", "journal_entry", "ledger_row", "search_document")


def measure(registry: Registry) -> Iterator[Measure]:
    """As many meters as the registry has instruments, at most a million."""
    count = registry.size
    if count > MOST:
        return
    with scratch(registry.database) as (ours, bare):
        with ours.app_context():
            _prepare()
            taken, grown = _import(_ledger(count), "meters.csv")
            written = {table: _keys(table) for table in _ALL}
        for name, tables, is_whole in (
            ("every row written, same triggers", _ALL, True),
            ("the instruments alone, no triggers", _ALONE, False),
        ):
            reference = _bare(ours, bare, tables, with_triggers=is_whole)
            rows = sum(written[table] for table in tables)
            yield Measure(
                AREA, f"meters from CSV; bare: {name}", registry.name, registry.database, taken, reference, per="rows",
                count=count, target=4.0 if is_whole else None,
                note=f"{count:,} meters, {rows:,} bare rows, memory grew by {grown} MiB",
            )  # fmt: skip
    yield _of_xlsx(registry, min(count, MOST_XLSX))


def _of_xlsx(registry: Registry, count: int) -> Measure:
    with scratch(registry.database) as (ours, _bare_app), ours.app_context():
        _prepare()
        data = _workbook(count)
        taken, grown = _import(data, "meters.xlsx")
        reference = once(partial(_read_bare, data))
    note = f"{count:,} meters, memory grew by {grown} MiB; 100,000 in {taken / count * 100_000:,.0f} s (aim: 60 s)"
    return Measure(
        AREA, "meters from XLSX; bare: cells read by calamine", registry.name, registry.database, taken, reference,
        per="rows", count=count, note=note,
    )  # fmt: skip


def _workbook(count: int) -> bytes:
    """The same ledger as a workbook."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(csv.reader(io.StringIO(_ledger(count).decode("utf-8-sig")))):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell)
    book.close()
    return out.getvalue()


def _read_bare(data: bytes) -> None:
    for _row in CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).iter_rows():
        pass


def _prepare() -> None:
    with db.engine.begin() as connection:
        Model.metadata.create_all(connection)
        defences.apply(connection)
    with transaction(db.session()) as session:
        prepare(session)
    db.session.remove()


def _ledger(count: int) -> bytes:
    """A utility's ledger: lots of 500 in communities, every meter with its own number."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(METER_HEADINGS)
    usual = dict(zip(METER_HEADINGS, meter_row(), strict=True))
    for number in range(1, count + 1):
        usual["出厂编号"], usual["批号"] = f"{number:012d}", f"L{number // 500:06d}"
        usual["安装地址"] = (
            f"红旗区示范小区{number // 1500:04d} {number % 30 + 1}号楼 {number % 6 + 1}单元 {number % 1500:04d}"
        )
        writer.writerow(usual.values())
    return out.getvalue().encode("utf-8-sig")


def _import(data: bytes, name: str) -> tuple[float, int]:
    """Seconds, and MiB by which memory grew after the first chunks."""
    session, seen = db.session(), list[int]()

    def step(_progress: int, _total: int | None = None, _note: str = "") -> None:
        session.commit()
        seen.append(memory())

    began = time.perf_counter()
    batch = import_now(session, Actor.system(), data, name, today=TODAY, now=lambda: INSTANT, step=step)
    taken = time.perf_counter() - began
    assert batch.counts["created"] == batch.counts["rows"], batch.counts
    db.session.remove()
    return taken, max(seen) - seen[min(len(seen) - 1, 10)]


def _keys(table: str) -> int:
    return int(db.session.execute(text(f"select count(*) from {table}")).scalar_one())


def _bare(ours: Any, bare: Any, tables: Sequence[str], *, with_triggers: bool) -> float:
    """Seconds of ``executemany`` of what stands in these tables; reading it is not counted."""
    with bare.app_context():
        _refer(ours, with_triggers=with_triggers)
        taken = sum(_copied(ours, table) for table in tables)
        db.session.remove()
    return taken


def _refer(ours: Any, *, with_triggers: bool) -> None:
    """An empty database of the same tables, with what the rows refer to."""
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("drop table if exists search_index"))
        Model.metadata.drop_all(connection)
        Model.metadata.create_all(connection)
        if with_triggers:
            defences.apply(connection)
    counted = {table.name for table in tallies.TALLIES}
    for table in Model.metadata.sorted_tables:
        if table.name not in (*_ALL, *counted):
            _copied(ours, table.name)


def _copied(ours: Any, name: str) -> float:
    table, taken = Model.metadata.tables[name], 0.0
    with ours.app_context():
        source = db.engine
    with source.connect() as connection:
        order = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_PIECE)
        rows = connection.execute(order).mappings()
        while chunk := [dict(row) for row in itertools.islice(rows, _PIECE)]:
            ready = _raw(table, chunk)
            taken += once(partial(_put, *ready))
        connection.rollback()
    return taken


def _put(statement: str, values: list[Any]) -> None:
    """The driver's own ``executemany`` of values made ready beforehand, in one transaction."""
    raw = db.engine.raw_connection()
    try:
        cursor = raw.cursor()
        if db.engine.dialect.name == "sqlite":
            cursor.execute("begin immediate")
        cursor.executemany(statement, values)
        raw.commit()
    finally:
        raw.close()


def _raw(table: Any, chunk: list[dict[str, Any]]) -> tuple[str, list[Any]]:
    compiled = insert(table).compile(db.engine, column_keys=list(chunk[0]))
    processors = compiled._bind_processors
    rows = [{k: processors[k](v) if k in processors else v for k, v in row.items()} for row in chunk]
    if compiled.positional:
        names = compiled.positiontup or []
        return str(compiled), [tuple(row[name] for name in names) for row in rows]
    return str(compiled), rows
