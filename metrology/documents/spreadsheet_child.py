"""Reads one XLSX or XLS file from standard input and writes its rows to standard output as JSON lines.

It runs as a process of its own, started by `spreadsheet_in`, with little memory, little time, an empty environment
and nothing of the registry loaded: a file made to break a parser breaks this process and nothing else.

A cell is `null`, `true`, `false` or text with one letter in front: `s` text, `n` number, `d` ISO day.
The first line after a sheet's header line is its first row: `[row number, [cells]]`. The last line is `{"end": true}`.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

Errors = dict[int, dict[int, str]]
"""Text of the cells that show an error, by row number and column."""
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ERROR_CELL = re.compile(
    rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>(?:(?!</c>).)*?<v>(#[^<]{1,20})</v>', re.DOTALL
)


class Refused(Exception):  # noqa: N818 - named for what happens to the file
    """The file is over a limit."""


def main() -> int:
    """Read the limits from the first line of input and the file from the rest."""
    limits: dict[str, int] = json.loads(sys.stdin.buffer.readline())
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"], limits["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["processor_seconds"], limits["processor_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    try:
        for line in sheets(data, limits):
            sys.stdout.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        ending: dict[str, Any] = {"end": True}
    except Refused as refused:
        ending = refused.args[0]
    except PasswordError:
        ending = {"problem": "file_encrypted"}
    except MemoryError:
        ending = {"problem": "file_too_complex", "reason": "memory"}
    except (CalamineError, ValueError, OSError) as error:
        ending = {"problem": "file_damaged", "detail": str(error)[:200]}
    sys.stdout.write(json.dumps(ending) + "\n")
    return 0


def sheets(data: bytes, limits: dict[str, int]) -> Iterator[Any]:
    """A header for each worksheet, followed by its rows with content."""
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    errors = error_cells(data) if data[:2] == b"PK" else {}
    characters = 0
    for index, about in enumerate(workbook.sheets_metadata):
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_index(index)
        merged = [[top + 1, left, bottom + 1, right] for (top, left), (bottom, right) in sheet.merged_cell_ranges or []]
        hidden = about.visible != SheetVisibleEnum.Visible
        yield {"sheet": about.name, "hidden": hidden, "merged": merged[: limits["rows"]]}
        for count, (number, cells) in enumerate(rows(sheet, errors.get(about.name, {})), 1):
            characters += sum(len(cell) for cell in cells if isinstance(cell, str))
            excess = over_limit(cells, count, characters, limits)
            if excess:
                raise Refused({"sheet": about.name, "row": number, **excess})
            yield [number, cells]


def rows(sheet: CalamineSheet, errors: Errors) -> Iterator[tuple[int, list[str | bool | None]]]:
    """Rows with content. Calamine's rows begin at the sheet's first row, but at its first used column."""
    if sheet.start is None:
        return
    offset = sheet.start[1]
    for number, values in enumerate(sheet.iter_rows(), 1):
        if number not in errors and not any(value != "" for value in values):
            continue
        cells: list[str | bool | None] = [None] * offset + [plain(value) for value in values]
        for column, text in errors.get(number, {}).items():
            cells += [None] * (column + 1 - len(cells))
            cells[column] = "s" + text
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield number, cells


def plain(value: Any) -> str | bool | None:
    """One cell as text with its letter. Numbers have fifteen digits, as spreadsheets keep and show."""
    if value == "" and isinstance(value, str):
        return None
    if isinstance(value, str):
        return "s" + value
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        exact = Decimal(format(value, ".15g"))
        return "n" + format(exact, "f") if exact.is_finite() else "s" + str(value)
    if isinstance(value, dt.datetime):
        return "d" + value.date().isoformat()
    if isinstance(value, dt.date):
        return "d" + value.isoformat()
    return "s" + str(value)


def over_limit(cells: list[str | bool | None], count: int, characters: int, limits: dict[str, int]) -> dict[str, Any]:
    """The problem of a row that is over a limit: nothing is cut off in silence."""
    longest = max((len(cell) - 1 for cell in cells if isinstance(cell, str)), default=0)
    for reason, size, code in (
        ("rows", count, "file_too_many_rows"),
        ("columns", len(cells), "file_too_many_columns"),
        ("cell_characters", longest, "cell_too_long"),
        ("total_characters", characters, "file_too_complex"),
    ):
        if size > limits[reason]:
            return {"problem": code, "reason": reason, "limit": limits[reason]}
    return {}


def error_cells(data: bytes) -> dict[str, Errors]:
    """Cells that show an error such as #N/A, by sheet: calamine gives them as empty, which would hide them."""
    found: dict[str, Errors] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            return {}
        relations = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - limited process
        target = {relation.get("Id"): relation.get("Target", "") for relation in relations}
        for sheet in ET.fromstring(archive.read("xl/workbook.xml")).iter(_MAIN + "sheet"):  # noqa: S314
            path = target.get(sheet.get(_RELATION), "")
            path = path.lstrip("/") if path.startswith("/") else "xl/" + path
            content = archive.read(path) if path in names else b""
            if b't="e"' in content:
                errors = found.setdefault(sheet.get("name", ""), {})
                for letters, row, text in _ERROR_CELL.findall(content):
                    errors.setdefault(int(row), {})[column_index(letters.decode())] = text.decode("utf-8", "replace")
    return found


def column_index(letters: str) -> int:
    """The 0-based column of its letters: A is 0, AA is 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


if __name__ == "__main__":
    sys.exit(main())
