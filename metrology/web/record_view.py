"""A record as pages draw it: its tables with cells, findings and bars, whether it is typed in or only read.

Everything is drawn from the sheet of readings; no instrument type is known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from metrology.domain.problems import Problem
from metrology.domain.quantity import parse
from metrology.domain.reading_sheet import ReadingField, ReadingTable
from metrology.domain.verdict import Labels
from metrology.services.certificate_tables import EXTRA_LABELS, limit_text
from metrology.services.record_readings import number_in
from metrology.services.record_sheet import FindingText, LaidRow, LaidSheet, LaidTable, extras
from metrology.web.filters import pick, quantity
from metrology.web.languages import is_zh

MOST_BESIDE = 5
"""Columns of readings up to which findings stand in columns beside them; of a wider table they stand below it."""
_INNER = Decimal(60)
_MARGIN = Decimal(20)


@dataclass(frozen=True)
class Cell:
    """One reading: where it goes and what stands in it."""

    name: str
    value: str
    field: ReadingField
    label: str
    is_fixed: bool = False
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """Its id on the page; lacks link to it."""
        return self.name.replace(".", "-")

    @property
    def shown(self) -> str:
        """What stands in it, in words."""
        return next((words for code, words in self.choices if code == self.value), self.value)


@dataclass(frozen=True)
class Result:
    """What was found: error against limit, with the bar and the trace."""

    label: str
    within: bool
    error: str
    limit: str
    bar: Markup
    more: tuple[tuple[str, str], ...]
    clause: str
    formula: str
    unrounded: str
    margin: str
    inputs: tuple[tuple[str, str], ...]
    is_unconfirmed: bool
    is_disputed: bool


@dataclass(frozen=True)
class Line:
    """A row of a table."""

    id: str
    heading: str
    hint: str
    cells: tuple[Cell, ...]
    result: Result | None
    span: int


@dataclass(frozen=True)
class Table:
    """A table of the sheet."""

    id: str
    key: str
    title: str
    hint: str
    clause: str
    layout: str
    is_required: bool
    columns: tuple[ReadingField, ...]
    lines: tuple[Line, ...]
    results: tuple[Result, ...]
    has_results: bool
    extendable: bool


@dataclass(frozen=True)
class Sheet:
    """All tables, and findings that belong to none."""

    tables: tuple[Table, ...]
    results: tuple[Result, ...]
    other: tuple[Table, ...] = field(default=())
    """Tables that stand elsewhere on the page: the environment."""


@dataclass(frozen=True)
class Words:
    """What findings are told with: keys of numbers nobody has confirmed or somebody disputes, and a type's own words for their extras."""

    unconfirmed: frozenset[str] = frozenset()
    disputed: frozenset[str] = frozenset()
    extras: Mapping[str, Labels] = field(default_factory=dict)


def sheet(laid: LaidSheet, words: Words, *, apart: tuple[str, ...] = ()) -> Sheet:
    """The sheet as pages draw it; the tables ``apart`` are given separately."""
    drawn = [_table(one, words) for one in laid.tables if one.table.in_form or one.is_filled]
    return Sheet(
        tables=tuple(one for one in drawn if one.key not in apart),
        results=tuple(_result(one, words) for one in laid.loose),
        other=tuple(one for one in drawn if one.key in apart),
    )


def _table(laid: LaidTable, words: Words) -> Table:
    table = laid.table
    headings = {key for row in laid.rows if row.is_preset for key in row.fixed}
    has_added = any(not row.is_preset for row in laid.rows)
    columns = tuple(one for one in table.fields if one.key not in headings or has_added)
    lines = tuple(_lines(laid, columns, words))
    beside = table.layout == "rows" and len(columns) <= MOST_BESIDE and table.is_judged
    results = [_result(one, words) for one in laid.findings]
    if table.layout == "rows" and not beside:
        results = [*(_named(line, line.result) for line in lines if line.result), *results]
    return Table(
        id=f"t-{table.key or 'other'}", key=table.key, title=pick(dict(table.labels)), hint=pick(dict(table.hint)),
        clause=table.clause, layout=table.layout, is_required=table.required, columns=columns, lines=lines,
        results=tuple(results), has_results=beside, extendable=table.extendable,
    )  # fmt: skip


def _named(line: Line, result: Result) -> Result:
    """A row's finding told below the table: a group's by its own name, a single row's with the row's heading."""
    if line.span != 1 or line.heading.startswith(result.label):
        return result
    return replace(result, label=f"{result.label} · {line.heading}")


def _lines(laid: LaidTable, columns: tuple[ReadingField, ...], words: Words) -> Iterator[Line]:
    table = laid.table
    for row in laid.rows:
        heading = pick(dict(row.labels))
        keys = tuple(row.values) if table.layout == "items" else tuple(one.key for one in columns)
        fields = {one.key: one for one in table.fields}
        cells = tuple(_cell(table, fields[key], row, heading) for key in keys)
        yield Line(
            id=f"{table.key or 'other'}-{row.index}", heading=heading, hint=pick(dict(row.hint)), cells=cells,
            result=_result(row.finding, words) if row.finding else None, span=row.span,
        )  # fmt: skip


def name_of(table: ReadingTable, key: str, index: int) -> str:
    """The name of a reading's input: ``r.<table>.<row>.<field>``, ``r.items.<field>`` for a yes/no answer."""
    if table.layout == "items":
        return f"r.items.{key}"
    return f"r.{table.key}.{key}" if table.layout == "single" else f"r.{table.key}.{index}.{key}"


def _cell(table: ReadingTable, one: ReadingField, row: LaidRow, heading: str) -> Cell:
    value = row.values.get(one.key)
    shown = number_in(value, one.unit) if one.kind == "quantity" else "" if value is None else str(value)
    if isinstance(value, bool):
        shown = "yes" if value else "no"
    words = pick(dict(one.labels))
    choices = tuple((choice.value, pick(dict(choice.labels))) for choice in one.choices)
    if table.layout == "items":
        choices = (("yes", _("conforms")), ("no", _("does not")))
    return Cell(
        name=name_of(table, one.key, row.index), value=shown, field=one, choices=choices,
        label=f"{heading} · {words}" if heading != words else words, is_fixed=one.key in row.fixed,
    )  # fmt: skip


# -- findings


def _result(finding: FindingText, words: Words) -> Result:
    return Result(
        label=pick(dict(finding["labels"])),
        within=bool(finding["within"]),
        error=quantity(finding.get("error")) if finding.get("error") else "",
        limit=quantity(limit_text(finding)) if finding.get("mpe") else "",
        bar=bar(finding),
        more=tuple(_more(finding, words)),
        clause=str(finding.get("clause") or ""),
        formula=str(finding.get("formula") or ""),
        unrounded=str(finding.get("unrounded") or ""),
        margin=str(finding.get("margin") or ""),
        inputs=tuple((key, str(value)) for key, value in (finding.get("inputs") or {}).items() if value),
        is_unconfirmed=bool(words.unconfirmed & {"edition", *(finding.get("numbers") or ())}),
        is_disputed=bool(words.disputed & {"edition", *(finding.get("numbers") or ())}),
    )


def _more(finding: FindingText, words: Words) -> Iterator[tuple[str, str]]:
    """What else was found, with its limit beside it where it has one."""
    found = extras(finding)
    for key, value in found.items():
        if not isinstance(value, str) or key.endswith("_limit") or key in ("runs", "direction", "position", "load"):
            continue
        limit = found.get(f"{key}_limit")
        labels = words.extras.get(key) or EXTRA_LABELS.get(key)
        name = pick(dict(labels)) if labels else key.replace("_", " ")
        yield name, f"{quantity(value)} ≤ {quantity(limit)}" if limit else quantity(value)


def bar(finding: FindingText) -> Markup:
    """Where the error lies between the limits, drawn without a style: the inner part of the track is what is allowed."""
    place = _place(finding)
    if place is None:
        return Markup()
    at, zero = place
    outside = "" if finding["within"] else " is-outside"
    words = _("error %(error)s, limits %(limits)s", error=finding["error"], limits=limit_text(finding))
    return Markup(
        '<svg class="limit-bar" viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="outside" x="0" y="5" width="100" height="6"/><rect class="track" x="20" y="4" width="60" height="8"/>'
        '<rect class="zero" x="{}" y="2" width="1" height="12"/><rect class="mark{}" x="{}" y="1" width="4" height="14" rx="1"/>'
        "</svg>"
    ).format(words, zero, outside, at)


def _place(finding: FindingText) -> tuple[str, str] | None:
    """The places of the error's mark and of zero on a track of 100, the limits standing at 20 and 80."""
    if not (finding.get("error") and finding.get("lower") and finding.get("upper")):
        return None
    try:
        lower, upper = parse(finding["lower"]), parse(finding["upper"])
        error, low = parse(finding["error"]).in_unit(upper.unit), lower.in_unit(upper.unit)
    except Problem:
        return None
    width = upper.value - low
    if width <= 0:
        return None
    at = _MARGIN + _INNER * (error - low) / width
    zero = _MARGIN + _INNER * (-low) / width
    return f"{min(max(at - 2, Decimal(0)), Decimal(96)):.1f}", f"{min(max(zero, Decimal(0)), Decimal(99)):.1f}"


# -- what lacks

_PATH = re.compile(r"(?P<table>\w*)(?:\[(?P<row>\d+)\])?(?:\.(?P<field>\w+))?(?:\[(?P<run>\d+)\])?")


@dataclass(frozen=True)
class Missing:
    """Something still to be read: words and where to go for it."""

    words: str
    anchor: str


def missing(lacks: list[Mapping[str, Any]], laid: LaidSheet) -> list[Missing]:
    """What lacks, a table with many gaps in one line."""
    by_table: dict[str, list[Mapping[str, Any]]] = {}
    for lack in lacks:
        by_table.setdefault(str(lack["path"]).split(".")[0].split("[")[0], []).append(lack)
    found: list[Missing] = []
    for key, group in by_table.items():
        table = laid.table(key)
        plain = [lack for lack in group if lack["code"] == "missing_reading"]
        if table is not None and len(plain) > 2:
            words = _("%(table)s: %(count)s readings missing", table=pick(dict(table.table.labels)), count=len(plain))
            found.append(Missing(words, f"t-{key}"))
            plain = []
        told = [lack for lack in group if lack["code"] != "missing_reading" or lack in plain]
        found += [Missing(_lack_words(lack, table), anchor(str(lack["path"]), laid)) for lack in told]
    return found


def _lack_words(lack: Mapping[str, Any], table: LaidTable | None) -> str:
    from metrology.web.problems import sentence

    title = pick(dict(table.table.labels)) if table else ""
    own = pick(dict(lack["labels"]))
    params = dict(lack["params"])
    row = _PATH.match(str(lack["path"]))
    where = ""
    if table is not None and row and row["row"] is not None and int(row["row"]) < len(table.rows):
        where = pick(dict(table.rows[int(row["row"])].labels))
    named = " · ".join(dict.fromkeys(part for part in (title, where, own) if part))
    if lack["code"] == "missing_reading" and "wanted" in params:
        return str(_("%(what)s: %(got)s of %(wanted)s", what=named, got=params["got"], wanted=params["wanted"]))
    if lack["code"] == "missing_reading":
        return named
    return f"{named}{'：' if is_zh() else ': '}{sentence(str(lack['code']), params)}"


def anchor(path: str, laid: LaidSheet) -> str:
    """The id of the cell a path names, else of its table."""
    found = _PATH.fullmatch(path)
    if found is None:
        return "sheet"
    key, row, name, run = found["table"], found["row"], found["field"], found["run"]
    if key == "nameplate":
        return f"n-{name}"
    if key == "items":
        return f"r-items-{name}"
    table = laid.table(key)
    if table is None:
        return "sheet"
    if table.table.layout == "series" and name:
        return f"r-{key}-{run or 0}-{name}"
    if table.table.layout == "single" and name:
        return f"r-{key}-{name}"
    return f"r-{key}-{row}-{name}" if row is not None and name else f"t-{key}"
