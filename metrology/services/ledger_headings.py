"""Finds the table in a sheet: where its headings stand, which field each column holds, of which instrument type it speaks.

A heading may span two or three rows (检定情况 over 检定日期 and 有效期至), carry the unit of its column, or name the type
(加油机出厂编号). A sheet without a column of names is of the type its headings tell of; where they tell of none or of two,
a person chooses.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from metrology import regulations
from metrology.documents.workbook import Cell, MergedRange, Row
from metrology.domain.ledger import written
from metrology.domain.problems import Problem
from metrology.domain.reading_sheet import folded
from metrology.services.ledger_fields import IGNORED, NAMEPLATE, ORDINAL, SEVERAL
from metrology.services.ledger_meanings import meaning_of

HEADER_ROWS: Final = 30
"""How far down the headings may stand."""
DEEPEST: Final = 3
_ENOUGH: Final = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its heading, the field it holds, and the unit its heading gives."""

    index: int
    heading: str
    field: str = IGNORED
    unit: str | None = None

    @property
    def nameplate_key(self) -> str | None:
        """The characteristic it holds, if it holds one."""
        return self.field.removeprefix(NAMEPLATE) if self.field.startswith(NAMEPLATE) else None


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """How a sheet is read: the rows of its headings, its columns, and the type of all its rows when no column names it."""

    header_row: int
    """Number of the first row of headings, as a person sees it; 0 when none was found."""
    depth: int = 1
    columns: tuple[Column, ...] = ()
    type_code: str = ""
    skipped: bool = False
    type_names: Mapping[str, str] = field(default_factory=dict)
    """Folded name of an instrument that nobody knows → type code, as a person chose."""

    @property
    def is_table(self) -> bool:
        """Whether there are instruments to be read."""
        return bool(self.columns) and not self.skipped

    def column_of(self, key: str) -> Column | None:
        """The first column that holds a field."""
        return next((column for column in self.columns if column.field == key), None)

    def has(self, key: str) -> bool:
        """Whether a column holds a field."""
        return self.column_of(key) is not None

    def signature(self) -> str:
        """The same for every sheet with the same headings in the same order."""
        text = "\n".join(f"{column.index}\t{folded(column.heading)}" for column in self.columns)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """As it is stored with a batch."""
        return {
            "header_row": self.header_row,
            "depth": self.depth,
            "type_code": self.type_code,
            "skipped": self.skipped,
            "type_names": dict(self.type_names),
            "columns": [[column.index, column.heading, column.field, column.unit] for column in self.columns],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> SheetLayout:
        """What `to_dict` made."""
        return cls(
            header_row=stored["header_row"],
            depth=stored["depth"],
            type_code=stored["type_code"],
            skipped=stored["skipped"],
            type_names=stored["type_names"],
            columns=tuple(Column(*column) for column in stored["columns"]),
        )


# -- a row of headings


def assign(headings: Sequence[tuple[int, str]]) -> tuple[tuple[Column, ...], Counter[str]]:
    """Columns with the field each holds, and how strongly they tell of each type.

    Every field goes to the column that names it best, the first one when two do; the other column takes the next field
    its heading can mean, or is not imported.
    """
    meanings = {index: meaning_of(heading) for index, heading in headings}
    wishes = sorted(
        (rank, index, order, key)
        for index, meaning in meanings.items()
        for order, (rank, key) in enumerate(meaning.fields)
    )
    taken: dict[int, str] = {}
    for _rank, index, _order, key in wishes:
        if index not in taken and (key in SEVERAL or key not in taken.values()):
            taken[index] = key
    hints: Counter[str] = Counter()
    for index in taken:
        for code, weight in meanings[index].types:
            hints[code] += weight
    columns = tuple(
        Column(index, heading, taken.get(index, IGNORED), meanings[index].unit) for index, heading in headings
    )
    return columns, hints


def _weight(columns: Sequence[Column]) -> int:
    """How much a row looks like headings: distinct fields known, and the number that tells instruments apart."""
    keys = {column.field for column in columns} - {IGNORED, ORDINAL}
    return len(keys) + 2 * ("serial_number" in keys) if len(keys) >= _ENOUGH else 0


def find_layout(rows: Sequence[Row], merged: Sequence[MergedRange] = (), sheet_name: str = "") -> SheetLayout:
    """The layout of a sheet from its first rows; without columns when it holds no table of instruments."""
    best: tuple[tuple[int, int], int, SheetLayout, Counter[str]] | None = None
    top = rows[:HEADER_ROWS]
    for start in range(min(len(top), HEADER_ROWS)):
        for depth in range(1, DEEPEST + 1):
            block = top[start : start + depth]
            if len(block) < depth or start + depth > HEADER_ROWS or block[-1].number != block[0].number + depth - 1:
                break
            columns, hints = assign(block_headings(block, merged))
            weight = _weight(columns), -depth
            if weight[0] and (best is None or weight > best[0]):
                best = (weight, start, SheetLayout(block[0].number, depth, columns), hints)
    if best is None:
        return SheetLayout(0)
    _weight_of_best, start, layout, hints = best
    if layout.has("type"):
        return layout
    titles = [sheet_name, *(written_safely(cell) for row in top[:start] for cell in row.cells)]
    return replace(layout, type_code=_only_type(hints, titles, layout))


def layout_at(rows: Sequence[Row], merged: Sequence[MergedRange], header_row: int, depth: int) -> SheetLayout:
    """The layout when a person says where the headings stand."""
    block = [row for row in rows if header_row <= row.number < header_row + depth]
    columns, hints = assign(block_headings(block, merged))
    layout = SheetLayout(header_row, depth, columns)
    return layout if layout.has("type") else replace(layout, type_code=_only_type(hints, (), layout))


def block_headings(block: Sequence[Row], merged: Sequence[MergedRange]) -> list[tuple[int, str]]:
    """The heading of every column of one to three rows of headings.

    A cell merged across columns speaks for each of them; so does a text with blanks to its right where the row below
    has text, as in files that know no merging. The lowest text is the heading unless only both together are known.
    """
    width = max((len(row.cells) for row in block), default=0)
    spread = [_spread(row, width, merged, block[-1] if row is not block[-1] else None) for row in block]
    found = []
    for index in range(width):
        texts = list(dict.fromkeys(line[index] for line in spread if line[index]))
        if texts:
            found.append((index, _heading_of(texts)))
    return found


def _spread(row: Row, width: int, merged: Sequence[MergedRange], below: Row | None) -> list[str]:
    texts = [written_safely(row.cell(index)) for index in range(width)]
    for block in merged:
        if block.first_row <= row.number <= block.last_row and block.first_row == row.number:
            text = texts[block.first_column] if block.first_column < width else ""
            for index in range(block.first_column, min(block.last_column + 1, width)):
                texts[index] = text
    if below is not None and not merged:
        for index in range(1, width):
            if not texts[index] and written_safely(below.cell(index)) and not _alone(texts[index - 1]):
                texts[index] = texts[index - 1]
    return texts


def _alone(text: str) -> bool:
    """Whether a text is a heading by itself, so that it does not group the columns to its right."""
    return bool(meaning_of(text).fields)


def _heading_of(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    for text in ("".join(texts[-2:]), texts[-1], "".join(texts), *reversed(texts[:-1])):
        if meaning_of(text).fields:
            return text
    return texts[-1]


def written_safely(cell: Cell) -> str:
    """The text of a cell, also when it shows an error."""
    try:
        return written(cell)
    except Problem:
        return str(cell)


def _only_type(hints: Counter[str], titles: Sequence[str], layout: SheetLayout) -> str:
    """The one type that headings, and then titles, tell of; nothing when two tell equally."""
    headings = {folded(column.heading) for column in layout.columns if column.nameplate_key}
    folded_titles = [folded(title) for title in titles if title]
    scores = Counter(hints)
    for code, one in regulations.all_types().items():
        in_title = _is_named(one.names_known, folded_titles)
        if code in scores or in_title:
            scores[code] += in_title + sum(bool(headings & known.headings) for known in one.nameplate)
    best = scores.most_common(2)
    if not best or (len(best) > 1 and best[0][1] == best[1][1]):
        return ""
    return best[0][0]


def _is_named(names: Sequence[str], titles: Sequence[str]) -> bool:
    """Whether a title holds one of the names, those of a single letter aside."""
    return any(len(name) > 1 and name in title for name in map(folded, names) for title in titles)
