"""The sheet of a record as it is drawn and printed: readings laid over it, findings beside the rows they speak of.

Nothing here knows an instrument type. Findings are taken as text (``Verdict.to_dict``), so that a record judged years ago
is laid out like one that is being typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from metrology.domain.reading_sheet import ReadingSheet, ReadingTable
from metrology.domain.verdict import Labels
from metrology.services.record_readings import mapping_of, text_of, texts_of

_NOT_EXTRA = frozenset(
    {
        "point", "labels", "error", "mpe", "within", "unrounded", "lower", "upper", "margin", "edition", "clause",
        "formula", "inputs", "numbers",
    }
)  # fmt: skip

FindingText = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LaidRow:
    """A row of the sheet with what stands in it and what was found.

    ``span`` is how many rows the finding speaks for, this one first; 0 when a row above has said it.
    """

    index: int
    labels: Labels
    values: Mapping[str, Any]
    hint: Labels
    fixed: tuple[str, ...] = ()
    is_preset: bool = False
    is_typed: bool = False
    """Whether anything stands in it but what stood there before anybody wrote."""
    finding: FindingText | None = None
    span: int = 1


@dataclass(frozen=True, slots=True)
class LaidTable:
    """A table of the sheet; ``findings`` are those on the table as a whole."""

    table: ReadingTable
    rows: tuple[LaidRow, ...]
    findings: tuple[FindingText, ...] = ()

    @property
    def judged_by_row(self) -> bool:
        """Whether rows have findings of their own."""
        return any(row.finding for row in self.rows)

    @property
    def grouped(self) -> bool:
        """Whether a finding speaks for several rows."""
        return any(row.finding and row.span != 1 for row in self.rows)

    @property
    def is_filled(self) -> bool:
        """Whether anything was read in it, beyond what stood there before."""
        return any(row.is_typed for row in self.rows)


@dataclass(frozen=True, slots=True)
class LaidSheet:
    """The whole sheet; ``loose`` are findings that belong to no single table."""

    tables: tuple[LaidTable, ...]
    loose: tuple[FindingText, ...]

    def table(self, key: str) -> LaidTable | None:
        """The table with this key."""
        return next((laid for laid in self.tables if laid.table.key == key), None)


def extras(finding: FindingText) -> dict[str, Any]:
    """What else a point has beside its error, such as its repeatability."""
    return {key: value for key, value in finding.items() if key not in _NOT_EXTRA and value is not None}


def lay(sheet: ReadingSheet, readings: Mapping[str, Any], findings: Sequence[FindingText]) -> LaidSheet:
    """Put readings and findings in their places."""
    rest = {str(finding["point"]): finding for finding in findings}
    tables = tuple(_lay_table(table, readings, rest) for table in sheet.tables)
    return LaidSheet(tables, tuple(rest.values()))


def _lay_table(table: ReadingTable, readings: Mapping[str, Any], rest: dict[str, FindingText]) -> LaidTable:
    if table.layout == "items":
        answers = mapping_of(readings.get("items"))
        rows = tuple(
            LaidRow(
                i, one.labels, {one.key: answers.get(one.key)}, one.hint, is_typed=answers.get(one.key) is not None,
                finding=rest.pop(table.path(one.key), None),
            )
            for i, one in enumerate(table.fields)
        )  # fmt: skip
        return LaidTable(table, rows)
    whole = tuple(rest.pop(point) for point in _points_of_whole(table) if point in rest)
    if table.layout == "single":
        values = mapping_of(readings.get(table.key) if table.key else readings)
        values = {one.key: values.get(one.key, "") for one in table.fields}
        row = LaidRow(0, table.labels, values, {}, is_preset=True, is_typed=any(map(text_of, values.values())))
        return LaidTable(table, (row,), whole)
    if table.layout == "series":
        return LaidTable(table, tuple(_series_rows(table, mapping_of(readings.get(table.key)))), whole)
    return LaidTable(table, tuple(_with_findings(table, list(_rows(table, readings.get(table.key))), rest)), whole)


def _points_of_whole(table: ReadingTable) -> Iterator[str]:
    if table.key:
        yield table.key
    if table.layout in ("single", "series"):
        yield from (one.key for one in table.fields)


def _series_rows(table: ReadingTable, content: Mapping[str, Any]) -> Iterator[LaidRow]:
    read = {one.key: texts_of(content.get(one.key)) for one in table.fields}
    longest = max([one.repeat for one in table.fields] + [len(texts) for texts in read.values()], default=0)
    for i in range(longest):
        values = {key: texts[i] if i < len(texts) else "" for key, texts in read.items()}
        labels = {"zh": f"第 {i + 1} 次", "en": f"no. {i + 1}"}
        yield LaidRow(i, labels, values, {}, is_preset=True, is_typed=any(map(text_of, values.values())))


def _rows(table: ReadingTable, content: Any) -> Iterator[LaidRow]:
    stored = [mapping_of(row) for row in content] if isinstance(content, list) else []
    for i in range(max(len(stored), len(table.rows))):
        preset = table.rows[i] if i < len(table.rows) else None
        values = stored[i] if i < len(stored) else (preset.values if preset else {})
        values = {one.key: values.get(one.key, "") for one in table.fields}
        proposed = preset.values if preset else {}
        typed = any(text_of(value) and value != proposed.get(key) for key, value in values.items())
        if preset:
            values |= {key: preset.values[key] for key in preset.fixed}
            yield LaidRow(i, preset.labels, values, preset.hint, preset.fixed, is_preset=True, is_typed=typed)
        else:
            yield LaidRow(i, {"zh": f"{i + 1}", "en": f"{i + 1}"}, values, {}, is_typed=typed)


def _with_findings(table: ReadingTable, rows: list[LaidRow], rest: dict[str, FindingText]) -> Iterator[LaidRow]:
    """Give each row its finding: its own, or that of the group it opens (three runs at one flow point)."""
    groups = [group if (group := _group(table, row)) in rest else "" for row in rows]
    said: set[str] = set()
    for i, row in enumerate(rows):
        own, group = rest.pop(f"{table.key}[{row.index}]", None), groups[i]
        if own is not None or not group:
            yield replace(row, finding=own)
        elif i and groups[i - 1] == group:
            yield replace(row, span=0)
        elif group in said:
            yield row
        else:
            said.add(group)
            span = next((j for j in range(i, len(rows)) if groups[j] != group), len(rows)) - i
            yield replace(row, finding=rest[group], span=span)
    for group in said:
        rest.pop(group)


def _group(table: ReadingTable, row: LaidRow) -> str:
    return str(row.values.get(table.by) or "") if table.by else ""
