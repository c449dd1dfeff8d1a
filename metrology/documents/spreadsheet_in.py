"""Reads the ledgers people send: XLSX, XLS and delimited text, told apart by content and not by name.

XLSX and XLS are parsed in a short-lived process of their own (`spreadsheet_child`), after the archive was checked
(`archive_guard`); delimited text is read here. What cannot be read is a `Problem` with a code, never half a ledger.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any, Final

from metrology.documents.archive_guard import check_archive
from metrology.documents.delimited_text import Source, read_rows, recognise
from metrology.documents.workbook import DEFAULT_LIMITS, Cell, MergedRange, ReadLimits, Row, Sheet, Workbook
from metrology.domain.problems import Problem

__all__ = ["file_kind", "read_rows", "read_workbook", "recognise"]

_CHILD: Final = Path(__file__).with_name("spreadsheet_child.py")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KNOWN_OTHERS: Final = {
    b"%PDF": "pdf", b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"Rar!": "rar", b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "gzip", b"BM": "bmp", b"\x7fELF": "program", b"MZ\x90": "program",
}  # fmt: skip
_WEB_PAGE: Final = re.compile(rb"^(\xef\xbb\xbf)?\s*<(!doctype|html|head|table|meta|\?xml|div)\b", re.IGNORECASE)
_CONTROL: Final = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]")
_CONTROL_SHARE: Final = 0.005
_FEW_CONTROLS: Final = 8


def read_workbook(data: bytes, filename: str, limits: ReadLimits = DEFAULT_LIMITS) -> Workbook:
    """The whole file as sheets of numbered rows.

    Raises `Problem` with `file_too_large`, `file_empty`, `file_kind_unknown`, `file_encrypted`, `file_damaged`,
    `file_too_complex`, `file_too_many_rows`, `file_too_many_columns`, `cell_too_long`, `file_encoding_unknown`,
    `csv_unterminated_quote`, `csv_stray_quote` or `csv_nul`.
    """
    if len(data) > limits.bytes_uploaded:
        raise Problem("file_too_large", limit=limits.bytes_uploaded, size=len(data))
    kind = file_kind(data)
    if kind == "csv":
        return _read_delimited(data, filename, limits)
    if kind == "xlsx":
        check_archive(data, limits)
    return Workbook(kind, tuple(_read_in_child(data, limits)))


def file_kind(source: Source) -> str:
    """`xlsx`, `xls` or `csv`; anything else is refused by what it looks like."""
    start = source if isinstance(source, bytes) else _start_of(source)
    if not start:
        raise Problem("file_empty")
    if start.startswith(b"PK"):
        return _kind_of_archive(start)
    if start.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in start:
            raise Problem("file_encrypted")
        return "xls"
    for magic, kind in _KNOWN_OTHERS.items():
        if start.startswith(magic):
            raise Problem("file_kind_unknown", kind=kind)
    if _WEB_PAGE.match(start):
        raise Problem("file_kind_unknown", kind="html")
    if not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = start[:8192]
        if len(_CONTROL.findall(head)) > max(_FEW_CONTROLS, _CONTROL_SHARE * len(head)):
            raise Problem("file_kind_unknown", kind="binary")
    return "csv"


def _start_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        start = stream.read(8192)
        return start + stream.read() if start.startswith((b"PK", _OLE)) else start


def _kind_of_archive(data: bytes) -> str:
    """By the names in the archive's directory, which stand uncompressed near its end."""
    if b"xl/workbook.xml" in data:
        return "xlsx"
    for mark, kind in ((b"xl/workbook.bin", "xlsb"), (b"opendocument", "ods"), (b"word/", "docx"), (b"ppt/", "pptx")):
        if mark in data:
            raise Problem("file_kind_unknown", kind=kind)
    raise Problem("file_damaged" if b"[Content_Types].xml" in data else "file_kind_unknown", kind="zip")


def _read_delimited(data: bytes, filename: str, limits: ReadLimits) -> Workbook:
    written = recognise(data)
    rows: list[Row] = []
    for row in read_rows(data, limits, written):
        if len(rows) == limits.rows:
            raise Problem("file_too_many_rows", row=row.number, limit=limits.rows)
        rows.append(row)
    sheet = Sheet(PurePath(filename).stem, tuple(rows))
    return Workbook("csv", (sheet,), encoding=written.encoding, delimiter=written.delimiter)


def _read_in_child(data: bytes, limits: ReadLimits) -> list[Sheet]:
    """Parse in a process without our environment, our memory or our modules (`-I`: nor those of the folder)."""
    environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and our own file
            [sys.executable, "-I", "-X", "utf8", str(_CHILD)],
            input=json.dumps(asdict(limits)).encode() + b"\n" + data,
            capture_output=True, timeout=limits.wall_seconds, check=False, env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Problem("file_too_complex", reason="time", limit=limits.wall_seconds) from error
    lines = child.stdout.splitlines()
    ending = json.loads(lines[-1]) if child.returncode == 0 and lines else None
    if not isinstance(ending, dict) or not ({"end", "problem"} & ending.keys()):
        return _raise_for_broken_child(child)
    if "problem" in ending:
        raise Problem(ending.pop("problem"), **{key: value for key, value in ending.items() if key != "detail"})
    return _sheets(json.loads(line) for line in lines[:-1])


def _raise_for_broken_child(child: subprocess.CompletedProcess[bytes]) -> list[Sheet]:
    """The process ended without its last line: killed by a limit, or the parser broke on the file."""
    message = child.stderr.decode("utf-8", "replace")
    out_of_means = child.returncode < 0 or "memory" in message.lower() or "MemoryError" in message
    if out_of_means:
        raise Problem("file_too_complex", reason="memory_or_time")
    if "PanicException" in message:
        raise Problem("file_damaged")
    raise RuntimeError(f"the spreadsheet reader failed: {message[-500:]}")


def _sheets(lines: Iterable[Any]) -> list[Sheet]:
    sheets: list[Sheet] = []
    header: dict[str, Any] | None = None
    rows: list[Row] = []
    for line in lines:
        if isinstance(line, dict):
            if header is not None:
                sheets.append(_sheet(header, rows))
            header, rows = line, []
        else:
            rows.append(Row(line[0], tuple(_cell(cell) for cell in line[1])))
    return [*sheets, _sheet(header, rows)] if header is not None else sheets


def _sheet(header: dict[str, Any], rows: list[Row]) -> Sheet:
    merged = tuple(MergedRange(*block) for block in header["merged"])
    return Sheet(header["sheet"], tuple(rows), merged, header["hidden"])


def _cell(text: str | bool | None) -> Cell:
    if text is None or isinstance(text, bool):
        return text
    kind, value = text[0], text[1:]
    if kind == "n":
        return Decimal(value)
    return date.fromisoformat(value) if kind == "d" else value
