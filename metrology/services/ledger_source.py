"""A ledger file opened for reading: its sheets, the first rows of each, and all rows one by one.

Delimited text is streamed, so that a million rows need no more memory than a thousand; a workbook is parsed whole, within
the limits of ``documents``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from metrology.documents.delimited_text import DelimitedFormat
from metrology.documents.spreadsheet_in import file_kind, read_rows, read_workbook, recognise
from metrology.documents.workbook import DEFAULT_LIMITS, MergedRange, ReadLimits, Row
from metrology.services.ledger_headings import DEEPEST, HEADER_ROWS, SheetLayout, find_layout

_HEAD = HEADER_ROWS + DEEPEST + 1


@dataclass(frozen=True, slots=True)
class SourceSheet:
    """A sheet: its name, its first rows, and how to read all of them."""

    name: str
    head: tuple[Row, ...]
    merged: tuple[MergedRange, ...] = ()
    hidden: bool = False


class LedgerSource:
    """The sheets of one file."""

    def __init__(self, data: bytes | Path, file_name: str, limits: ReadLimits = DEFAULT_LIMITS) -> None:
        self._data, self._limits = data, limits
        self._rows: list[Sequence[Row]] = []
        self._written: DelimitedFormat | None = None
        self.kind = file_kind(data)
        if self.kind == "csv":
            self._written = recognise(data)
            head = tuple(itertools.islice(read_rows(data, limits, self._written), _HEAD))
            self.sheets = [SourceSheet(PurePath(file_name).stem, head)]
            return
        whole = data if isinstance(data, bytes) else data.read_bytes()
        workbook = read_workbook(whole, file_name, limits)
        self._rows = [sheet.rows for sheet in workbook.sheets]
        self.sheets = [
            SourceSheet(sheet.name, sheet.rows[:_HEAD], sheet.merged, sheet.hidden) for sheet in workbook.sheets
        ]

    def rows(self, sheet: int) -> Iterable[Row]:
        """All rows of a sheet, in order."""
        if self._written is not None:
            return read_rows(self._data, self._limits, self._written)
        return self._rows[sheet]

    def size(self) -> int:
        """Rows of all sheets together, for the progress bar; of delimited text its lines, which may be more."""
        if self._written is not None:
            return _lines(self._data)
        return sum(sum(1 for _row in self.rows(index)) for index in range(len(self.sheets)))

    def layouts(self) -> list[SheetLayout]:
        """The layout of every sheet as recognised. Hidden sheets are left alone: nobody sees what would come in."""
        return [
            SheetLayout(0, skipped=True) if sheet.hidden else find_layout(sheet.head, sheet.merged, sheet.name)
            for sheet in self.sheets
        ]


def _lines(source: bytes | Path) -> int:
    if isinstance(source, bytes):
        return source.count(b"\n") + (not source.endswith(b"\n"))
    with source.open("rb") as stream:
        return sum(1 for _line in stream)
