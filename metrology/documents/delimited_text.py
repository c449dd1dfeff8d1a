r"""Reads delimited text (CSV, TSV) row by row, as Chinese offices keep it: UTF-8 with or without mark, or GB18030.

Nothing is guessed in silence: a quote that never closes, a NUL or a text longer than a spreadsheet's cell is a problem
with its row. Row numbers are record numbers from 1, which is what a spreadsheet shows when it opens the file.

>>> [row.cells for row in read_rows("名称;编号\n电子秤;DH,1".encode("gb18030"))]
[('名称', '编号'), ('电子秤', 'DH,1')]
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from metrology.documents.formula_guard import GUARD, without_guard
from metrology.documents.workbook import DEFAULT_LIMITS, ReadLimits, Row
from metrology.domain.problems import Problem

Source = bytes | Path

DELIMITERS: Final = (",", "\t", ";")
_SAMPLE_BYTES: Final = 64 * 1024
_SAMPLE_RECORDS: Final = 60
_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DelimitedFormat:
    """How a text file is written: found out by `recognise`, given to `read_rows` to read it the same way again."""

    encoding: str
    delimiter: str


def recognise(source: Source) -> DelimitedFormat:
    """Find the encoding by decoding all of the file, and the delimiter from its first records."""
    encoding = _encoding(source)
    with _open(source) as stream:
        sample = stream.read(_SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(encoding)().decode(sample)
    return DelimitedFormat(encoding, _delimiter(text))


def _open(source: Source) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _encoding(source: Source) -> str:
    """UTF-8 goes first: GB18030 would read a UTF-8 file too, as other characters. A mark at the start is believed."""
    with _open(source) as stream:
        start = stream.read(4)
        if not start:
            raise Problem("file_empty")
        stream.seek(0)
        if start.startswith(codecs.BOM_UTF8):
            candidates = ["utf-8-sig"]
        elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            candidates = ["utf-16"]
        else:
            candidates = ["utf-8", "gb18030"]
        decoders = {name: codecs.getincrementaldecoder(name)() for name in candidates}
        while decoders:
            piece = stream.read(_PIECE)
            for name in list(decoders):
                try:
                    decoders[name].decode(piece, final=not piece)
                except UnicodeDecodeError:
                    del decoders[name]
            if not piece:
                break
    if not decoders:
        raise Problem("file_encoding_unknown", tried=", ".join(candidates))
    return next(iter(decoders))


def _delimiter(text: str) -> str:
    """The one that cuts the most records into the same number of cells; the comma when none cuts anything.

    Full-width punctuation is text. The first line that is cut at all is mostly the headings, and headings hold no
    decimal comma: a delimiter that alone cuts it counts double.
    """
    widths = {delimiter: _widths(text, delimiter) for delimiter in DELIMITERS}
    first_cut = min((cut[0][0] for cut in widths.values() if cut), default=0)
    cut_first = [delimiter for delimiter, cut in widths.items() if cut and cut[0][0] == first_cut]
    best, best_score = ",", 0.0
    for delimiter, cut in widths.items():
        counted = Counter(width for _, width in cut)
        score = max((count * math.log2(width) for width, count in counted.items()), default=0.0)
        score *= 2 if cut_first == [delimiter] else 1
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _widths(text: str, delimiter: str) -> list[tuple[int, int]]:
    """Number and width of each of the first records that `delimiter` cuts."""
    found: list[tuple[int, int]] = []
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    with contextlib.suppress(csv.Error):  # an over-long field: the reading itself says so, with its row
        for number, record in enumerate(itertools.islice(records, _SAMPLE_RECORDS)):
            if len(record) > 1:
                found.append((number, len(record)))
    return found


def read_rows(
    source: Source, limits: ReadLimits = DEFAULT_LIMITS, written: DelimitedFormat | None = None
) -> Iterator[Row]:
    """All rows with content, one by one; the file is never held whole.

    Every cell is text or None. The mark that an export puts in front of text that looks like a formula is taken off.
    """
    written = written or recognise(source)
    with _open(source) as stream:
        lines = io.TextIOWrapper(stream, encoding=written.encoding, newline="")
        count = 0
        for number, record in _records(lines, written.delimiter):
            row = _row(number, record, limits)
            if row is None:
                continue
            count += 1
            if count > limits.streamed_rows:
                raise Problem("file_too_many_rows", row=number, limit=limits.streamed_rows)
            yield row


def _records(lines: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Records with their number; what the csv module finds wrong becomes a problem with the row where it began."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    for number in itertools.count(1):
        first_line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            spans_lines = reader.line_num > first_line
            message = str(error)
            if spans_lines or "unexpected end" in message:
                code = "csv_unterminated_quote"
            else:
                code = "cell_too_long" if "larger than field limit" in message else "csv_stray_quote"
            raise Problem(code, row=number, line=first_line, limit=csv.field_size_limit()) from error
        yield number, record


def _row(number: int, record: list[str], limits: ReadLimits) -> Row | None:
    whole = "".join(record)
    if not whole:
        return None
    if len(whole) > limits.cell_characters or "\0" in whole:
        _must_be_cells(number, record, limits)
    while not record[-1]:
        record.pop()
    if len(record) > limits.columns:
        raise Problem("file_too_many_columns", row=number, limit=limits.columns)
    if GUARD in whole:
        record = [without_guard(text) for text in record]
    return Row(number, tuple([text or None for text in record]))


def _must_be_cells(number: int, record: list[str], limits: ReadLimits) -> None:
    for column, text in enumerate(record):
        if len(text) > limits.cell_characters:
            raise Problem("cell_too_long", row=number, column=column + 1, limit=limits.cell_characters)
        if "\0" in text:
            raise Problem("csv_nul", row=number, column=column + 1)
