"""What a ledger file holds once it is read: sheets of rows of typed cells, numbered as a person sees them.

The row number is the one a spreadsheet shows at the left, so that "row 32" in a message is row 32 on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Cell = str | Decimal | date | bool | None
"""Text, number, day, truth or nothing. Numbers are the fifteen digits a spreadsheet shows, without float noise."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row that holds something; rows without any content are left out but keep their number."""

    number: int
    """As the spreadsheet shows it, from 1."""
    cells: tuple[Cell, ...]
    """From column A on; empty cells at the end are left out."""

    def cell(self, column: int) -> Cell:
        """The cell in `column` (0 is A), or None to the right of the last."""
        return self.cells[column] if column < len(self.cells) else None


@dataclass(frozen=True, slots=True)
class MergedRange:
    """A merged block; its content stands in its top left cell. Rows as shown (from 1), columns from 0 (A)."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of the file. A delimited text file has one, named after the file."""

    name: str
    rows: tuple[Row, ...]
    merged: tuple[MergedRange, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Workbook:
    """A file that was read whole."""

    kind: str
    """`xlsx`, `xls` or `csv` (any delimited text)."""
    sheets: tuple[Sheet, ...]
    encoding: str | None = None
    """Of delimited text: `utf-8-sig`, `utf-8`, `utf-16` or `gb18030`."""
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much is taken from a file somebody sent. What is over a limit is refused, never cut off."""

    bytes_uploaded: int = 20 * 1024 * 1024
    rows: int = 200_000
    """Rows with content of one sheet, and of a delimited file read whole."""
    streamed_rows: int = 5_000_000
    """Rows of a delimited file read one by one."""
    columns: int = 256
    cell_characters: int = 32_767
    total_characters: int = 100_000_000
    """All text of a workbook together: one long shared text can be named by a million cells."""
    members: int = 1_000
    """Files inside the XLSX archive."""
    unpacked_bytes: int = 300 * 1024 * 1024
    ratio: int = 100
    """Unpacked to packed, of any member that unpacks to over a megabyte. Honest sheets stay under 30."""
    memory_bytes: int = 1536 * 1024 * 1024
    processor_seconds: int = 40
    wall_seconds: int = 90


DEFAULT_LIMITS = ReadLimits()
