"""An own list as XLSX, CSV or PDF: with its definitions, from one reading transaction, row by row.

Made the same way for a page, in the background and for a mail: nothing here knows of a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Final

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from metrology.documents.bilingual import Bilingual
from metrology.documents.spreadsheet_out import ListColumn, write_csv, write_xlsx
from metrology.documents.table_pdf import MOST_ROWS, TableColumn, TablePaper, table_pdf
from metrology.documents.workbook import Cell
from metrology.domain.problems import Problem
from metrology.persistence.database import reading
from metrology.services import settings as bureau_settings
from metrology.services.own_list_parts import said
from metrology.services.own_list_running import MOST_GROUPS, TOTAL, Grouped, Run

Step = Callable[[int], None]
_EVERY: Final = 2000
_W: Final = {
    "about": Bilingual("内容", "About"),
    "as_of": Bilingual("制表日", "As of"),
    "by": Bilingual("制表人", "Made for"),
    "scope": Bilingual("数据范围", "Scope"),
    "city": Bilingual("全市", "The whole city"),
    "district": Bilingual("本区县", "The district of the one it was made for"),
    "sorted": Bilingual("所列范围", "Filters"),
    "none": Bilingual("无", "none"),
    "rest": Bilingual(
        "仅打印前 {shown} 行，完整内容请导出电子表格。",
        "The first {shown} lines are printed; export a spreadsheet for all of them.",
    ),
    "rows": Bilingual("行数", "Lines"),
}


@contextmanager
def reader(engine: Engine) -> Iterator[Session]:
    """A session of its own that only reads: a long list keeps no writer waiting, and who calls may write meanwhile."""
    with Session(engine) as session:
        with reading():
            session.connection()
        yield session


def title_of(run: Run, name: str = "") -> str:
    """The name under which the list is kept, or what it is about."""
    language = run.asked.language
    if name:
        return name
    about = said(run.subject.name, language)
    if not run.groups:
        return about
    by = ("、" if language != "en" else ", ").join(said(one.name, language) for one in run.groups)
    return f"{about} by {by.lower()}" if language == "en" else f"{about}：按{by}"


def headings(run: Run) -> list[ListColumn]:
    """The headings of its rows or of its groups."""
    language = run.asked.language
    if not run.made.is_grouped:
        return [ListColumn(said(one.name, language), one.width) for one in run.columns]
    return [
        *(ListColumn(said(one.name, language), 26) for one in run.groups),
        *(ListColumn(said(one.name, language), 14) for one in run.sums),
    ]


def group_rows(run: Run, grouped: Grouped) -> Iterator[list[Cell]]:
    """The groups, and below them the totals."""
    for row in grouped.rows:
        yield _line(row.words, row.figures)
    total = said(TOTAL, run.asked.language)
    yield _line(tuple(total if place == 0 else "" for place in range(len(run.groups))), grouped.totals)


def _line(words: Sequence[str], figures: Sequence[int]) -> list[Cell]:
    line: list[Cell] = list(words)
    line.extend(Decimal(figure) for figure in figures)
    return line


def all_rows(run: Run, step: Step | None = None) -> Iterator[list[Cell]]:
    """Everything the file holds. More groups than a file is good for are refused."""
    if run.made.is_grouped:
        grouped = run.grouped(MOST_GROUPS)
        if grouped.is_cut:
            raise Problem("own_list_groups_without_end", "by", limit=MOST_GROUPS)
        rows: Iterator[list[Cell]] = group_rows(run, grouped)
    else:
        rows = run.rows()
    count = 0
    for count, row in enumerate(rows, 1):
        yield row
        if step is not None and count % _EVERY == 0:
            step(count)
    if step is not None:
        step(count)


def facts(run: Run) -> list[tuple[str, str]]:
    """What the file holds, for the one who finds it in a folder next year."""
    language, actor = run.asked.language, run.asked.actor
    scope = _W["city"] if actor.district_code is None else _W["district"]
    mark = ": " if language == "en" else "："
    narrowed = [f"{said(one.name, language)}{mark}{value}" for one, value in run.narrowings()]
    return [
        (said(_W["about"], language), said(run.subject.name, language) + mark + said(run.subject.meaning, language)),
        (said(_W["as_of"], language), run.asked.today.isoformat()),
        (said(_W["by"], language), actor.name),
        (said(_W["scope"], language), said(scope, language)),
        (
            said(_W["sorted"], language),
            ("; " if language == "en" else "；").join(narrowed) or said(_W["none"], language),
        ),
    ]


def definitions(run: Run) -> list[tuple[str, str]]:
    """The sheet of definitions: what the file holds, then what each column means."""
    language = run.asked.language
    if run.made.is_grouped:
        meant = [(one.name, one.meaning) for one in run.groups] + [(one.name, one.meaning) for one in run.sums]
    else:
        meant = [(one.name, one.meaning) for one in run.columns]
    return [*facts(run), *((said(name, language), said(meaning, language)) for name, meaning in meant)]


def xlsx(run: Run, name: str = "", step: Step | None = None) -> IO[bytes]:
    """The whole list as a workbook in a temporary file."""
    return write_xlsx(headings(run), all_rows(run, step), title=title_of(run, name), definitions=definitions(run))


def csv(run: Run, step: Step | None = None) -> Iterator[bytes]:
    """The whole list as CSV, in pieces."""
    return write_csv(headings(run), all_rows(run, step))


def pdf(run: Run, name: str = "", *, fonts_folder: Path | None = None) -> bytes:
    """The first rows on paper, with a word on what is not there."""
    language = run.asked.language
    rows, totals, is_cut = _printed(run)
    rest = said(_W["rest"], language).format(shown=len(rows)) if is_cut else ""
    columns = tuple(
        TableColumn(heading.heading, heading.width or 12, is_number=_is_number(run, place))
        for place, heading in enumerate(headings(run))
    )
    paper = TablePaper(
        title=title_of(run, name),
        body_name=bureau_settings.read(run.asked.session).named(language),
        day=run.asked.today.isoformat(),
        facts=tuple(facts(run)[1:]),
        columns=columns,
        rows=rows,
        totals=tuple(_printed_cell(cell) for cell in totals),
        note=rest,
    )
    return table_pdf(paper, language=language, fonts_folder=fonts_folder)


def _printed(run: Run) -> tuple[list[list[str]], list[Cell], bool]:
    if run.made.is_grouped:
        grouped = run.grouped(MOST_ROWS)
        lines = list(group_rows(run, grouped))
        return [[_printed_cell(cell) for cell in line] for line in lines[:-1]], lines[-1], grouped.is_cut
    rows = [[_printed_cell(cell) for cell in row] for row in islice(run.rows(), MOST_ROWS + 1)]
    return rows[:MOST_ROWS], [], len(rows) > MOST_ROWS


def _is_number(run: Run, place: int) -> bool:
    return place >= len(run.groups) if run.made.is_grouped else run.columns[place].kind == "number"


def _printed_cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, int | Decimal):
        return f"{value:,}"
    return value.isoformat() if isinstance(value, date) else str(value)
