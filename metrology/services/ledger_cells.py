"""Cells of a column as text, words and days, with the field of the column in every problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from metrology.domain.ledger import Cell, written
from metrology.domain.problems import Problem
from metrology.services.ledger_headings import SheetLayout, written_safely
from metrology.services.ledger_lines import LedgerLine

T = TypeVar("T")

PURPOSES: Final = {
    "贸易结算": "trade", "贸易": "trade", "贸易结算用": "trade", "trade": "trade", "trade settlement": "trade",
    "安全防护": "safety", "安全": "safety", "safety": "safety", "safety protection": "safety",
    "医疗卫生": "medical", "医疗": "medical", "卫生": "medical", "medical": "medical", "medical care": "medical",
    "环境监测": "environment", "环境": "environment", "环保": "environment", "environment": "environment",
    "environmental monitoring": "environment",
    "社会公用计量标准": "other", "部门最高计量标准": "other", "企事业最高计量标准": "other", "部门/企事业最高计量标准": "other",
    "最高计量标准": "other", "其他": "other", "其它": "other", "other": "other",
}  # fmt: skip
"""器具用途 of the national system → purpose."""
ONSITE: Final = {
    "现场": True, "现场检定": True, "上门": True, "上门检定": True, "onsite": True, "on site": True, "是": True,
    "送检": False, "送检检定": False, "送样": False, "送实验室": False, "bring in": False, "brought in": False, "lab": False,
    "否": False,
}  # fmt: skip
"""送检方式 of the national system → whether it is verified where it stands."""


def text_of(cell: Cell, field: str) -> str:
    """A cell as text; an error of the spreadsheet is a problem of this field."""
    try:
        return written(cell)
    except Problem as problem:
        problem.field = field
        raise


def said(line: LedgerLine, column: int, field: str) -> str:
    """The text of a line's cell; an error of the spreadsheet is a problem of this field."""
    texts = line.texts
    if texts:
        return texts[column] if column < len(texts) else ""
    return text_of(line.cell(column), field)


def word_of(words: Mapping[str, T], text: str, field: str) -> T | None:
    """What a word means; nothing for nothing, `bad_choice` for a word nobody knows."""
    if not text:
        return None
    if text.casefold() not in words:
        raise Problem("bad_choice", field, value=text[:64])
    return words[text.casefold()]


def label_columns(layout: SheetLayout) -> tuple[int, ...]:
    """The columns that say what people call an instrument: its name, its serial number, its part."""
    named = map(layout.column_of, ("type", "serial_number", "part_label"))
    return tuple(column.index for column in named if column is not None)


def label_at(line: LedgerLine, columns: Iterable[int]) -> str:
    """The label of a line by these columns."""
    if line.texts:
        texts = [line.texts[column] for column in columns if column < len(line.texts)]
    else:
        texts = [written_safely(line.cell(column)) for column in columns]
    return " ".join(filter(None, texts))[:200]


def packed(cell: Cell) -> str | bool | None:
    """A cell as JSON keeps it: text with a letter that tells its kind."""
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, Decimal):
        return f"n{cell:f}"
    return f"d{cell.isoformat()}" if isinstance(cell, date) else f"s{cell}"


def unpacked(kept: str | bool | None) -> Cell:
    """The cell that `packed` kept."""
    if kept is None or isinstance(kept, bool):
        return kept
    kind, text = kept[:1], kept[1:]
    if kind == "n":
        return Decimal(text)
    return date.fromisoformat(text) if kind == "d" else text
