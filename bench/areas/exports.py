"""The list of instruments as XLSX and CSV, row by row as the page writes it, beside the same rows by a hand-written query.

Aimed at: 100,000 rows of XLSX within a minute, and memory that does not grow with the list. Bare is a cursor of the driver with XlsxWriter
(constant memory) or the standard library's ``csv``, of the columns the list shows.
"""

from __future__ import annotations

import csv
import io
import itertools
import tempfile
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import xlsxwriter
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from bench.measuring import Measure, memory, once
from bench.registries import Registry
from bench.rows import TODAY
from metrology.documents.spreadsheet_out import ListColumn, write_csv, write_xlsx
from metrology.domain.authority import Actor
from metrology.persistence.database import db, reading
from metrology.web import instrument_lists, listing, lists
from metrology.web.list_filters import Asking

AREA = "exports"
MOST_XLSX, MOST_CSV = 100_000, 1_000_000
_WHO = Actor(1, "bench", frozenset({"officer", "manager"}))
_HAND = (
    "select i.number, t.name_zh, i.model, i.serial_number, h.name, p.full_name, i.state, i.last_verified_on, i.due_date "
    "from instrument i join instrument_type t on t.code = i.type_code left join holder h on h.id = i.holder_id "
    "left join place p on p.id = i.place_id order by i.due_date, i.id limit "
)
_EVERY, _SETTLED = 1000, 10_000


class _Watched:
    """Rows on their way out, and the most memory there was."""

    def __init__(self, rows: Iterable[Any], most: int) -> None:
        self._rows, self._before = itertools.islice(rows, most), memory()
        self.count, self._peak, self._settled = 0, self._before, self._before

    def __iter__(self) -> Iterator[Any]:
        for row in self._rows:
            if self.count % _EVERY == 0:
                self._peak = max(self._peak, memory())
            if self.count <= _SETTLED:
                self._settled = self._peak
            self.count += 1
            yield row

    @property
    def grown(self) -> int:
        """MiB above what there was when the first row was asked for."""
        return self._peak - self._before

    @property
    def grown_late(self) -> int:
        """MiB above what there was at most up to row 10,000: what a longer list takes."""
        return self._peak - self._settled


def measure(registry: Registry) -> Iterator[Measure]:
    """Both forms, as many rows as the registry has and the aim speaks of."""
    with registry.app.test_request_context(), reading():
        shown = listing.Listing(
            instrument_lists.INSTRUMENTS, Asking(db.session(), _WHO, TODAY, MultiDict({"state": "all"}))
        )
        columns = [ListColumn(str(column.label)) for column in shown.columns]
        for form, most, ours, bare in (
            ("XLSX", MOST_XLSX, _xlsx, _bare_xlsx),
            ("CSV", MOST_CSV, _csv, _bare_csv),
        ):
            rows = _Watched(lists._cells(shown), most)  # as the page does
            began, core_before = time.perf_counter(), time.process_time()
            ours(
                columns, rows
            )  # with the collector at work, as in the server: else what it would collect counts as kept
            seconds, core = time.perf_counter() - began, time.process_time() - core_before
            reference = once(partial(bare, _by_hand(most)))
            yield Measure(
                AREA, f"instruments as {form}", registry.name, registry.database, seconds, reference, per="rows",
                count=rows.count, note=_note(form, core, rows),
            )  # fmt: skip
        db.session.remove()


def _note(form: str, core: float, rows: _Watched) -> str:
    note = f"{rows.count:,} rows, memory grew by {rows.grown} MiB, after row 10,000 by {rows.grown_late}"
    return f"{note}; 100,000 in {core / rows.count * 100_000:,.0f} s of one core" if form == "XLSX" else note


def _xlsx(columns: list[ListColumn], rows: Iterable[Any]) -> None:
    write_xlsx(columns, rows, title="bench").close()


def _csv(columns: list[ListColumn], rows: Iterable[Any]) -> None:
    for _piece in write_csv(columns, rows):
        pass


def _by_hand(most: int) -> Iterator[Any]:
    with db.engine.connect() as connection:
        yield from connection.execution_options(yield_per=_EVERY).execute(text(f"{_HAND}{most}"))


def _bare_xlsx(rows: Iterable[Any]) -> None:
    with tempfile.TemporaryFile() as file:
        book = xlsxwriter.Workbook(file, {"constant_memory": True})
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, [str(value) for value in row])
        book.close()


def _bare_csv(rows: Iterable[Any]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(row)
        out.seek(0)
        out.truncate()
