"""A list of certificates as people keep it, in a spreadsheet: the columns that name a certificate are found by their headings.

>>> meaning_of("证书编号"), meaning_of(" Serial No. "), meaning_of("备注")
('number', 'serial_number', '')
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from metrology.documents.spreadsheet_in import read_workbook
from metrology.documents.workbook import Cell, ReadLimits, Row, Sheet
from metrology.domain.problems import Problem
from metrology.services.cleaning import key_of
from metrology.services.public_status import MOST_AT_ONCE, Asked

LIMITS = ReadLimits(
    bytes_uploaded=2 * 1024 * 1024, rows=2_000, streamed_rows=2_000, columns=100, cell_characters=4_000,
    total_characters=2_000_000, members=200, unpacked_bytes=20 * 1024 * 1024, memory_bytes=512 * 1024 * 1024,
    processor_seconds=8, wall_seconds=15,
)  # fmt: skip
"""Far less than a ledger: everybody may send such a sheet."""
_HEADINGS = {
    "text": (
        "二维码|二维码内容|扫码结果|扫码内容|证书码|证书代码|查询码|防伪码|链接|网址"
        "|code|certificate code|qr|qr code|qr text|url|link|address"
    ),
    "number": (
        "证书编号|证书号|证书号码|检定证书编号|检定证书号|检定证书|通知书编号"
        "|certificate number|certificate no|certificate no.|certificate"
    ),
    "serial_number": (
        "出厂编号|出厂号|出厂编码|序列号|产品编号|器具编号|表号|机身号|编号|serial number|serial no|serial no.|serial|s/n|sn"
    ),
}
_MEANINGS = {key_of(heading): meaning for meaning, words in _HEADINGS.items() for heading in words.split("|")}
_LOOKED_AT = 20
"""Rows in which the headings are looked for."""


@dataclass(frozen=True, slots=True)
class StatusSheet:
    """A sheet with its headings and rows as they came, and what each row asks for."""

    kind: str
    headings: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    asked: tuple[Asked, ...]


def meaning_of(heading: str) -> str:
    """What a column holds by its heading: ``text`` (code or QR text), ``number``, ``serial_number``, or nothing of these."""
    return _MEANINGS.get(key_of(heading), "")


def read_sheet(data: bytes, filename: str) -> StatusSheet:
    """The first sheet that names certificates.

    Refused what is no spreadsheet or hostile, what has no column of codes nor of numbers with serial numbers, and more than
    ``MOST_AT_ONCE`` rows.
    """
    book = read_workbook(data, filename, LIMITS)
    for sheet in book.sheets:
        found = None if sheet.hidden else _of_headings(sheet) or _of_codes(sheet)
        if found is not None:
            headings, rows, columns = found
            return _asked(book.kind, headings, rows, columns)
    raise Problem("no_certificate_column", "file")


_Found = tuple[tuple[Cell, ...], list[Row], dict[str, int]]


def _of_headings(sheet: Sheet) -> _Found | None:
    for place, row in enumerate(sheet.rows[:_LOOKED_AT]):
        columns: dict[str, int] = {}
        for column, cell in enumerate(row.cells):
            meaning = meaning_of(cell) if isinstance(cell, str) else ""
            if meaning:
                columns.setdefault(meaning, column)
        if "text" in columns or {"number", "serial_number"} <= set(columns):
            return row.cells, list(sheet.rows[place + 1 :]), columns
    return None


def _of_codes(sheet: Sheet) -> _Found | None:
    """A bare list of codes: the first column of every row is one."""
    first = [row.cell(0) for row in sheet.rows]
    if first and all(isinstance(cell, str) and Asked(text=cell).code for cell in first):
        return (), list(sheet.rows), {"text": 0}
    return None


def _asked(kind: str, headings: tuple[Cell, ...], rows: list[Row], columns: dict[str, int]) -> StatusSheet:
    if len(rows) > MOST_AT_ONCE:
        raise Problem("too_many_certificates", "file", limit=MOST_AT_ONCE, count=len(rows))
    asked = tuple(Asked(**{meaning: _text(row.cell(column)) for meaning, column in columns.items()}) for row in rows)
    return StatusSheet(kind, headings, tuple(row.cells for row in rows), asked)


def _text(cell: Cell) -> str:
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return cell.isoformat() if isinstance(cell, date) else cell
