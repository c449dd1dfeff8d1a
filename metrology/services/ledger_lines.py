"""The lines of a table that stand for instruments: without title, headings, remarks, blanks and sums."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from metrology.documents.workbook import Cell, MergedRange, Row
from metrology.domain.ledger import is_note_line, is_totals_line, written
from metrology.domain.problems import Problem
from metrology.domain.reading_sheet import folded
from metrology.services.ledger_fields import IGNORED, NOTES, ORDINAL
from metrology.services.ledger_headings import SheetLayout, written_safely

REASON_HEADINGS = ("原行号 Row", "问题代码 Code", "问题所在列 Column", "问题说明 Problem")
"""Columns that the download of refused rows adds; a corrected file may keep them, they are never read."""
_FEW = 3


@dataclass(slots=True)
class LedgerLine:
    """One line of a ledger as it was read: its number in the spreadsheet and its cells."""

    row: int
    cells: tuple[Cell, ...]
    texts: tuple[str, ...] = ()
    """The cells as text, where all of them can be read."""

    def cell(self, column: int) -> Cell:
        """The cell of a column (0 is A), None right of the last."""
        return self.cells[column] if column < len(self.cells) else None


def lines(rows: Iterable[Row], layout: SheetLayout, merged: Sequence[MergedRange] = ()) -> Iterator[LedgerLine]:
    """The lines that stand for instruments, in order."""
    if not layout.is_table:
        return
    first = layout.header_row + layout.depth
    heading_texts = {folded(column.heading) for column in layout.columns}
    known = [column.index for column in layout.columns if column.field not in (IGNORED, ORDINAL)]
    surely = [column.index for column in layout.columns if column.field in ("serial_number", "type")]
    remarks = {column.index for column in layout.columns if column.field == NOTES}
    down = _Merged(merged, first)
    for row in rows:
        if row.number < first:
            continue
        cells = down.filled(row)
        whole, texts = _texts(cells)
        if _is_line(texts, known, surely, remarks) and not _repeats(texts, heading_texts):
            yield LedgerLine(row.number, cells, whole)


def _texts(cells: Sequence[Cell]) -> tuple[tuple[str, ...], Sequence[str]]:
    """The cells as text: nothing where one of them shows an error; and in any case, errors as they are shown."""
    try:
        whole = tuple([written(cell) for cell in cells])
    except Problem:
        return (), [written_safely(cell) for cell in cells]
    return whole, whole


def _is_line(texts: Sequence[str], known: Sequence[int], surely: Sequence[int], remarks: set[int]) -> bool:
    """A line names its instrument, or says enough that it must have been meant as one."""
    filled = [index for index in known if index < len(texts) and texts[index]]
    if not filled or is_totals_line(texts):
        return False
    if any(index in surely for index in filled):
        return not is_note_line(texts) or len(filled) > 1
    facts = [index for index in filled if index not in remarks]
    return len(facts) >= _FEW and not is_note_line(texts)


def _repeats(texts: Sequence[str], headings: set[str]) -> bool:
    """Whether the headings stand here again, as at the top of a printed page."""
    filled = [text for text in texts if text]
    return len(filled) >= _FEW and all(_folded(text) in headings for text in filled)


_folded = lru_cache(maxsize=1024)(folded)


class _Merged:
    """Cells merged downwards: the value stands in the first of them and is meant for all."""

    def __init__(self, merged: Sequence[MergedRange], first: int) -> None:
        self._blocks: dict[int, list[MergedRange]] = defaultdict(list)
        for block in merged:
            if (
                block.first_row >= first
                and block.last_row > block.first_row
                and block.first_column == block.last_column
            ):
                self._blocks[block.first_column].append(block)
        self._starts = {}
        for column, blocks in self._blocks.items():
            blocks.sort(key=lambda block: block.first_row)
            self._starts[column] = [block.first_row for block in blocks]
        self._values: dict[int, Cell] = {}

    def filled(self, row: Row) -> tuple[Cell, ...]:
        if not self._blocks:
            return row.cells
        cells = list(row.cells)
        for column, blocks in self._blocks.items():
            place = bisect_right(self._starts[column], row.number) - 1
            if place < 0 or row.number > blocks[place].last_row:
                continue
            if row.number == blocks[place].first_row:
                self._values[column] = row.cell(column)
            else:
                cells += [None] * (column + 1 - len(cells))
                cells[column] = self._values.get(column)
        return tuple(cells)
