"""Writes lists as XLSX and CSV, row by row, so that a list of any length needs little memory.

Days, numbers and truth keep their type in XLSX. Text is written as text whatever it looks like, in both: no cell of an
export is ever a formula. `read_workbook` of either gives back the rows that were written.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from metrology.documents.formula_guard import with_guard
from metrology.documents.workbook import Cell
from metrology.domain.problems import Problem

XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE: Final = "text/csv; charset=utf-8"

_LAST_ROW: Final = 1_048_575
_DIGITS_KEPT: Final = 15
_LONGEST_CELL: Final = 32_767
_FIRST_DAY: Final = date(1900, 3, 1)
"""Spreadsheets believe in 1900-02-29; earlier days are written as text."""
_NOT_IN_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\]")
_NOT_IN_XML: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_LAST_NARROW: Final = 0x2E7F
_PIECE: Final = 64 * 1024
_SPOOLED: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ListColumn:
    """One column of an export: its heading, and its width in characters (Chinese ones count two)."""

    heading: str
    width: int | None = None


def write_xlsx(
    columns: Sequence[ListColumn],
    rows: Iterable[Sequence[Cell]],
    *,
    title: str,
    definitions: Sequence[tuple[str, str]] | None = None,
) -> IO[bytes]:
    """A temporary file, at its start, that holds the list: headings frozen and with filters.

    `definitions` (heading, what it means) go to a second sheet. A list longer than a sheet goes on in the next.
    """
    out = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - handed to the caller, who closes it
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    book.set_properties({"title": title, "created": datetime(2020, 1, 1)})  # noqa: DTZ001 - same rows, same bytes
    writer = _ListWriter(book, columns, title)
    for row in rows:
        writer.write(row)
    writer.finish()
    if definitions:
        _write_definitions(book, definitions)
    book.close()
    out.seek(0)
    return out


class _ListWriter:
    """Writes rows to a sheet, and opens the next sheet when one is full."""

    def __init__(self, book: xlsxwriter.Workbook, columns: Sequence[ListColumn], title: str) -> None:
        self._book = book
        self._columns = columns
        self._title = title
        self._sheets = 0
        self._heading = book.add_format(
            {"bold": True, "bg_color": "#E6F0F2", "bottom": 1, "valign": "vcenter", "text_wrap": True}
        )
        self._day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self._numbers: dict[int, Format] = {}
        self._open()

    def _open(self) -> None:
        self._sheets += 1
        sheet = self._book.add_worksheet(_sheet_name(self._title, self._sheets))
        for index, column in enumerate(self._columns):
            sheet.set_column(index, index, column.width or max(10, min(40, _width(column.heading) + 4)))
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        for index, column in enumerate(self._columns):
            sheet.write_string(0, index, column.heading, self._heading)
        self._sheet: Worksheet = sheet
        self._row = 0

    def write(self, row: Sequence[Cell]) -> None:
        if self._row == _LAST_ROW:
            self.finish()
            self._open()
        self._row += 1
        for index, value in enumerate(row):
            self._write_cell(index, value)

    def finish(self) -> None:
        if self._columns:
            self._sheet.autofilter(0, 0, self._row, len(self._columns) - 1)

    def _write_cell(self, index: int, value: Cell) -> None:
        if value is None or value == "":
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, index, value)
        elif isinstance(value, int | Decimal) and _keeps_its_digits(value):
            self._sheet.write_number(self._row, index, float(value), self._number(value))
        elif isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST_DAY:
            self._sheet.write_datetime(self._row, index, datetime(value.year, value.month, value.day), self._day)  # noqa: DTZ001
        else:
            self._sheet.write_string(self._row, index, _text_for_xlsx(value))

    def _number(self, value: int | Decimal) -> Format:
        """Show as many decimals as the value was written with: 2.50 stays 2.50."""
        exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
        decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        if decimals not in self._numbers:
            shown = "0." + "0" * decimals if decimals else "0"
            self._numbers[decimals] = self._book.add_format({"num_format": shown})
        return self._numbers[decimals]


def _keeps_its_digits(value: int | Decimal) -> bool:
    """A spreadsheet keeps fifteen digits; what has more is written as text so that none is lost."""
    exact = Decimal(value)
    in_range = exact.is_finite() and -_DIGITS_KEPT < exact.adjusted() < _DIGITS_KEPT
    return in_range and len(exact.as_tuple().digits) <= _DIGITS_KEPT


def _text_for_xlsx(value: Any) -> str:
    text = _NOT_IN_XML.sub("\ufffd", _as_text(value))
    if len(text) > _LONGEST_CELL:
        raise Problem("cell_too_long", limit=_LONGEST_CELL)
    return text


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def _width(text: str) -> int:
    return sum(2 if ord(character) > _LAST_NARROW else 1 for character in text)


def _sheet_name(title: str, number: int) -> str:
    ending = f" ({number})" if number > 1 else ""
    name = _NOT_IN_SHEET_NAME.sub(" ", title).strip().strip("'")
    return (name[: 31 - len(ending)] or "Sheet") + ending


def _write_definitions(book: xlsxwriter.Workbook, definitions: Sequence[tuple[str, str]]) -> None:
    sheet = book.add_worksheet("说明 Definitions")
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    for row, (heading, meaning) in enumerate(definitions):
        sheet.write_string(row, 0, heading, wrapped)
        sheet.write_string(row, 1, meaning, wrapped)


def write_csv(columns: Sequence[ListColumn], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """CSV in UTF-8 with the mark that Excel needs, in pieces of some 64 kB.

    Text that looks like a formula has an apostrophe in front; numbers and days are plain.
    """
    buffer = io.StringIO()
    buffer.write("\ufeff")
    buffer.write(_csv_line([column.heading for column in columns]))
    for row in rows:
        buffer.write(_csv_line(row))
        if buffer.tell() >= _PIECE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _csv_line(row: Sequence[Cell]) -> str:
    line = ",".join(_csv_field(value) for value in row)
    return (line or '""') + "\r\n"


def _csv_field(value: Cell) -> str:
    """Quoted when any reader, also one that cuts at semicolons or tabs, could take it apart."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return _as_text(value)
    text = with_guard(_NOT_IN_XML.sub("\ufffd", value.replace("\0", "")))
    if text != text.strip() or any(character in text for character in ',;\t"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
