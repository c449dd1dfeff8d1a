"""The sheet of readings a regulation asks for, described so that a form can be drawn from it and read back.

A sheet is a list of tables. Where the value of a field goes in the readings follows from the table alone:

=========  ==========================================================  ===========================================
layout     what it is                                                  place of the value
=========  ==========================================================  ===========================================
rows       a row for each preset row, more when `extendable`           readings[table.key][i][field.key]
single     one value for each field                                    readings[table.key][field.key], or
                                                                       readings[field.key] when table.key is ""
items      yes/no answers                                              readings["items"][field.key], True or False
series     several values for each field (`repeat` of them)            readings[table.key][field.key][i]
=========  ==========================================================  ===========================================

Every other value is text as the person wrote it. A row nobody wrote in is no row.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from metrology.domain.problems import Problem
from metrology.domain.quantity import Quantity, parse
from metrology.domain.verdict import Labels, Lack

Layout = Literal["rows", "single", "items", "series"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A value among few, with the spellings people use for it."""

    value: str
    labels: Labels
    spellings: tuple[str, ...] = ()


def folded(text: str) -> str:
    """A heading or name without what people vary: width, case, blanks, brackets, dashes and the dots between.

    >>> folded("Ｑ３（m³/h）") == folded("q3 (m3/h)")
    True
    """
    normal = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in normal if not c.isspace() and c not in _VARIED)


_VARIED = frozenset("()[]{}<>【】「」《》_-—–·.,、,。:;'\"*")


def choose(choices: tuple[Choice, ...], text: str) -> str | None:
    """The value of the choice a person means, by value, label or spelling.

    A sign or a dot can be all that tells two spellings apart (0# and -0#, 1 and 1.0), so only width, case and blanks
    are forgiven here.
    """
    wanted = _plain(text)
    for choice in choices:
        if wanted in {_plain(known) for known in (choice.value, *choice.labels.values(), *choice.spellings)}:
            return choice.value
    return None


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).replace("−", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingField:
    """One thing to be read: a quantity (with the unit a bare number takes), a choice, or yes/no in `items`."""

    key: str
    labels: Labels
    kind: Literal["quantity", "choice", "boolean", "text"] = "quantity"
    unit: str | None = None
    choices: tuple[Choice, ...] = ()
    required: bool = True
    hint: Labels = field(default_factory=dict)
    clause: str = ""
    repeat: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetRow:
    """A row the regulation asks for. `values` stand in it already; those in `fixed` are headings, not inputs."""

    point: str
    labels: Labels
    values: Mapping[str, str] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()
    hint: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTable:
    """A part of the sheet.

    `by` names the fixed field that tells preset rows apart: as many complete rows are asked for with each of its values
    as there are preset rows with it. Without `by`, `min_rows` complete rows are asked for; the edition checks which.
    `either` lists groups of alternatives: of each group, one whole alternative must be read.
    Tables with the same `instead` stand for each other: one of them is enough, and only one may hold readings.
    `in_form` is False for a table that is accepted from elsewhere but not drawn, `is_judged` for one beside whose rows no
    finding will ever stand.
    """

    key: str
    labels: Labels
    layout: Layout
    fields: tuple[ReadingField, ...]
    rows: tuple[PresetRow, ...] = ()
    by: str | None = None
    min_rows: int = 0
    extendable: bool = False
    required: bool = True
    either: tuple[tuple[tuple[str, ...], ...], ...] = ()
    instead: str | None = None
    in_form: bool = True
    is_judged: bool = True
    hint: Labels = field(default_factory=dict)
    clause: str = ""

    def path(self, key: str, row: int | None = None) -> str:
        """Where a value of this table is, as findings and lacks name it."""
        table = "items" if self.layout == "items" else self.key
        where = f"{table}[{row}]" if row is not None else table
        return f"{where}.{key}" if where else key


@dataclass(frozen=True, slots=True)
class ReadingSheet:
    """All tables for a nameplate and a kind of verification."""

    tables: tuple[ReadingTable, ...]

    def table(self, key: str) -> ReadingTable:
        """The table with this key."""
        return next(table for table in self.tables if table.key == key)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read: quantities by field, other values as text, and whether everything required is there."""

    index: int
    quantities: Mapping[str, Quantity]
    texts: Mapping[str, str]
    complete: bool

    def get(self, key: str) -> Quantity | None:
        """The quantity read for a field."""
        return self.quantities.get(key)

    def has(self, *keys: str) -> bool:
        """Whether all these were read."""
        return all(key in self.quantities or key in self.texts for key in keys)


def _only_preset(table: ReadingTable, content: Mapping[str, object]) -> bool:
    """Whether nothing stands in a row but what stood there before anybody wrote."""
    keys = {described.key for described in table.fields}
    written = {key: value for key, value in content.items() if key in keys and not _blank(value)}
    return not written or any(
        all(preset.values.get(key) == value for key, value in written.items()) for preset in table.rows
    )


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


class Reading:
    """Readings laid over their sheet: typed values, and a list of everything lacking or not legible."""

    def __init__(self, sheet: ReadingSheet, readings: Mapping[str, object]) -> None:
        self.sheet = sheet
        self._readings = readings
        self.lacks: list[Lack] = []
        self._rows: dict[str, list[Row]] = {}
        self._series: dict[str, dict[str, list[Quantity]]] = {}
        self.items: dict[str, bool] = {}
        for table in sheet.tables:
            self._read(table)
        for table in sheet.tables:
            self._require(table)

    def rows(self, table: str) -> Sequence[Row]:
        """The rows of a table in which something stands."""
        return self._rows.get(table, ())

    def single(self, table: str) -> Row:
        """The one row of a single table; empty when nothing stands in it."""
        rows = self._rows.get(table)
        return rows[0] if rows else Row(0, {}, {}, complete=False)

    def series(self, table: str) -> Mapping[str, Sequence[Quantity]]:
        """The values of a series table, by field."""
        return self._series.get(table, {})

    # -- reading

    def _content(self, table: ReadingTable) -> object:
        if table.layout == "items":
            return self._readings.get("items")
        return self._readings.get(table.key) if table.key else self._readings

    def _read(self, table: ReadingTable) -> None:
        content = self._content(table)
        if content is None:
            return
        if table.layout == "rows":
            rows = content if isinstance(content, Sequence) and not isinstance(content, str) else None
            if rows is None or not all(isinstance(row, Mapping) for row in rows):
                self._illegible(table, table.key, content)
                return
            found = (self._row(table, index, row) for index, row in enumerate(rows))
            self._rows[table.key] = [row for row in found if row]
        elif not isinstance(content, Mapping):
            self._illegible(table, table.key, content)
        elif table.layout == "single":
            row = self._row(table, None, content)
            self._rows[table.key] = [row] if row else []
        elif table.layout == "series":
            self._read_series(table, content)
        else:
            self._read_items(table, content)

    def _row(self, table: ReadingTable, index: int | None, content: Mapping[str, object]) -> Row | None:
        if _only_preset(table, content):
            return None
        quantities: dict[str, Quantity] = {}
        texts: dict[str, str] = {}
        for described in table.fields:
            value = content.get(described.key)
            if _blank(value):
                continue
            path = table.path(described.key, index)
            if described.kind == "quantity":
                if quantity := self._quantity(described, value, path):
                    quantities[described.key] = quantity
            elif text := self._text(described, value, path):
                texts[described.key] = text
        given = set(quantities) | set(texts)
        complete = all(described.key in given for described in table.fields if described.required) and all(
            any(given.issuperset(alternative) for alternative in group) for group in table.either
        )
        return Row(index or 0, quantities, texts, complete)

    def _quantity(self, described: ReadingField, value: object, path: str) -> Quantity | None:
        try:
            return parse(value, described.unit, field=path)
        except Problem as problem:
            self.lacks.append(Lack(problem.code, path, described.labels, problem.params))
            return None

    def _text(self, described: ReadingField, value: object, path: str) -> str | None:
        text = str(value).strip()
        if described.kind != "choice":
            return text
        chosen = choose(described.choices, text)
        if chosen is None:
            self.lacks.append(Lack("bad_choice", path, described.labels, {"value": text[:64]}))
        return chosen

    def _read_series(self, table: ReadingTable, content: Mapping[str, object]) -> None:
        found: dict[str, list[Quantity]] = {}
        for described in table.fields:
            values = content.get(described.key)
            if not isinstance(values, Sequence) or isinstance(values, str):
                if not _blank(values):
                    self._illegible(table, table.path(described.key), values)
                continue
            read = [
                self._quantity(described, value, f"{table.path(described.key)}[{i}]")
                for i, value in enumerate(values)
                if not _blank(value)
            ]
            if kept := [quantity for quantity in read if quantity]:
                found[described.key] = kept
        self._series[table.key] = found

    def _read_items(self, table: ReadingTable, content: Mapping[str, object]) -> None:
        for described in table.fields:
            value = content.get(described.key)
            if isinstance(value, bool):
                self.items[described.key] = value
            elif not _blank(value):
                self.lacks.append(
                    Lack("bad_choice", table.path(described.key), described.labels, {"value": str(value)[:64]})
                )

    def _illegible(self, table: ReadingTable, path: str, value: object) -> None:
        self.lacks.append(Lack("bad_quantity", path, table.labels, {"value": str(value)[:64], "unit": ""}))

    # -- what is asked for

    def _holds(self, table: ReadingTable) -> bool:
        if table.layout == "series":
            return bool(self._series.get(table.key))
        return bool(self._rows.get(table.key))

    def _require(self, table: ReadingTable) -> None:
        if table.instead:
            others = [t for t in self.sheet.tables if t.instead == table.instead]
            holding = [t for t in others if self._holds(t)]
            if len(holding) > 1 and table is holding[1]:
                self.lacks.append(Lack("ambiguous_reading", table.key, table.labels))
            # Nothing read in any of them: the first says what is lacking; otherwise the one that holds something.
            if table is not (holding or others)[0]:
                return
        if table.required or self._holds(table):
            self.lacks.extend(self._lacking(table))

    def _lacking(self, table: ReadingTable) -> Iterator[Lack]:
        if table.layout == "items":
            for described in table.fields:
                if described.required and described.key not in self.items:
                    yield Lack("missing_reading", table.path(described.key), described.labels)
        elif table.layout == "series":
            for described in table.fields:
                got = len(self.series(table.key).get(described.key, ()))
                if described.required and got < described.repeat:
                    yield _too_few(table.path(described.key), described.labels, described.repeat, got)
        elif table.layout == "single":
            yield from self._lacking_in(table, self.single(table.key), None)
        else:
            for row in self.rows(table.key):
                if not row.complete:
                    yield from self._lacking_in(table, row, row.index)
            yield from self._rows_lacking(table)

    def _rows_lacking(self, table: ReadingTable) -> Iterator[Lack]:
        complete = [row for row in self.rows(table.key) if row.complete]
        if table.by is None:
            if len(complete) < table.min_rows:
                yield _too_few(table.key, table.labels, table.min_rows, len(complete))
            return
        by = table.by
        for value in dict.fromkeys(row.values[by] for row in table.rows):
            presets = [row for row in table.rows if row.values[by] == value]
            got = sum(row.texts.get(by) == value for row in complete)
            if got < len(presets):
                yield _too_few(f"{table.key}.{value}", presets[0].labels, len(presets), got)

    def _lacking_in(self, table: ReadingTable, row: Row, index: int | None) -> Iterator[Lack]:
        legible = {lack.path for lack in self.lacks}
        labels = {described.key: described.labels for described in table.fields}
        keys = [described.key for described in table.fields if described.required and not row.has(described.key)]
        for group in table.either:
            if not any(row.has(*alternative) for alternative in group):
                # The alternative somebody has begun is the one meant.
                meant = max(group, key=lambda alternative: sum(row.has(key) for key in alternative))
                keys += [key for key in meant if not row.has(key)]
        for key in keys:
            if (path := table.path(key, index)) not in legible:
                yield Lack("missing_reading", path, labels[key])


def _too_few(path: str, labels: Labels, wanted: int, got: int) -> Lack:
    return Lack("missing_reading", path, labels, {"wanted": str(wanted), "got": str(got)})
