"""A list on A4 paper, landscape: its filters above, its rows in a table whose heading stands on every page.

Paper is for reading: so many rows and no more, and it says how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from metrology.documents.typesetting import typeset

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A heading, how wide it is beside the others, and whether figures stand in it."""

    heading: str
    width: int
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class TablePaper:
    """What is printed, all in one language."""

    title: str
    body_name: str
    day: str
    """ISO."""
    facts: tuple[tuple[str, str], ...]
    """What it is about and how it is narrowed: name and value."""
    columns: tuple[TableColumn, ...]
    rows: Sequence[Sequence[str]]
    totals: tuple[str, ...] = ()
    """The last line, a cell for each column; none without."""
    note: str = ""
    """Said below the table: how many rows are not printed."""


def table_pdf(paper: TablePaper, *, language: str = "zh", fonts_folder: Path | None = None) -> bytes:
    """The paper; rows beyond ``MOST_ROWS`` are the caller's mistake and are not printed."""
    data = {
        **asdict(paper),
        "rows": [list(row) for row in paper.rows[:MOST_ROWS]],
        "language": "en" if language == "en" else "zh",
    }
    return typeset("table.typ", data, day=date.fromisoformat(paper.day), fonts_folder=fonts_folder)
