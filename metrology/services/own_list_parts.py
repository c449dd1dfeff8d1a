"""What own lists are made of: columns, filters, groups and sums, each declared once with its name and its meaning.

Everything else is drawn from a declaration: the form, the preview, XLSX with its sheet of definitions, CSV, PDF, and what a
group costs. To add a column is to add one entry in ``own_list_instruments`` (or another subject's module).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from inspect import isfunction
from typing import Any, Literal

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Session

from metrology.documents.bilingual import Bilingual
from metrology.domain.authority import Actor
from metrology.domain.indicator import Words
from metrology.persistence.keyset import Condition, Division, Order
from metrology.persistence.tally_groups import Counted

Kind = Literal["text", "code", "day", "number", "yes"]
Codes = Mapping[str, Bilingual]


def said(text: Bilingual | Words, language: str) -> str:
    """A text in a language; Chinese where it has no English."""
    return text.en if language == "en" and text.en else text.zh


@dataclass(frozen=True)
class Asked:
    """Who asks, on which day, in which language, from which database."""

    session: Session
    actor: Actor
    today: date
    language: str = "zh_Hans_CN"
    found: dict[str, Any] = field(default_factory=dict)
    """What was looked up once."""


@dataclass(frozen=True)
class Names:
    """A table whose rows a code names: types, districts, holders, places."""

    key: Any
    zh: Any
    en: Any


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a subject."""

    key: str
    name: Bilingual
    meaning: Bilingual
    value: Any = None
    """Where it comes from: an expression on the subject's table or on what it joins."""
    compute: Callable[[Asked, Any], Any] | None = None
    """Instead: worked out from the row itself, which the subject then loads."""
    kind: Kind = "text"
    value_en: Any = None
    """The same in English, where the registry keeps both."""
    joins: tuple[str, ...] = ()
    codes: Codes | None = None
    sort: str | None = None
    """The order it can be sorted by: only those an index has."""
    is_default: bool = False
    width: int | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """What rows can be counted by."""

    key: str
    name: Bilingual
    meaning: Bilingual
    value: Callable[[Asked], Any]
    joins: tuple[str, ...] = ()
    codes: Codes | None = None
    names: Names | None = None
    tally: str | None = None
    """Its key in the tallies; None: rows themselves must be counted."""
    narrows: str | None = None
    """The filter that shows the rows behind a group."""


@dataclass(frozen=True, kw_only=True)
class Sum:
    """A figure of each group."""

    key: str
    name: Bilingual
    meaning: Bilingual
    value: Callable[[Asked], Any]
    """An aggregate."""
    joins: tuple[str, ...] = ()
    tally: Callable[[date], Counted] | None = None
    """The same asked of the tallies."""


@dataclass(frozen=True, kw_only=True)
class ListFilter:
    """One way to narrow a list. A value that makes no sense is refused, never passed over."""

    key: str
    name: Bilingual
    kind: Literal["choices", "choice", "days", "reference", "text"]
    where: Callable[[Asked, tuple[str, ...]], Condition | None]
    codes: Codes | None = None
    names: Names | None = None
    """The table whose rows can be chosen."""
    divides: InstrumentedAttribute[Any] | None = None
    tally: str | None = None
    """Its key in the tallies (``due``: the days); None: they do not know it."""
    joins: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What it reads of an address."""
        return (f"{self.key}_from", f"{self.key}_to") if self.kind == "days" else (self.key,)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a list can be about."""

    key: str
    name: Bilingual
    meaning: Bilingual
    action: str
    """Who may see such things at all."""
    model: type[Any]
    joins: Mapping[str, tuple[Any, Any]]
    """Name of a join → table and condition; a join that needs another stands after it."""
    columns: tuple[Column, ...]
    filters: tuple[ListFilter, ...]
    groups: tuple[Group, ...]
    sums: tuple[Sum, ...]
    sorts: Mapping[str, Order]
    default_sort: str
    scope: Callable[[Asked], Condition | None]
    """What the one who asks may see; None: everything."""
    divide: Callable[[Mapping[str, tuple[str, ...]]], Division | None] = lambda _filters: None
    divided_sorts: tuple[str, ...] | None = None
    always: tuple[Condition, ...] = ()
    path: str = ""
    """Address of one row: ``/instruments/{id}``."""
    load: Callable[[Session, list[int]], list[Any]] | None = None
    """Loads rows themselves, for columns that are worked out of them and for what follows."""
    altered: Callable[[Session, list[Any]], frozenset[int]] = lambda _session, _rows: frozenset()
    """Keys of rows that are no longer what the journal says was fixed: a list tells their number and nothing else."""

    def column(self, key: str) -> Column | None:
        """The column of a key."""
        return next((one for one in self.columns if one.key == key), None)

    def group(self, key: str) -> Group | None:
        """The group of a key."""
        return next((one for one in self.groups if one.key == key), None)

    def sum(self, key: str) -> Sum | None:
        """The sum of a key."""
        return next((one for one in self.sums if one.key == key), None)

    @property
    def filter_keys(self) -> tuple[str, ...]:
        """Everything filters read of an address."""
        return tuple(key for one in self.filters for key in one.keys)


def expression(column: Column, asked: Asked) -> ColumnElement[Any]:
    """Where a column's value comes from, for the one who asks."""
    found: Any = column.value_en if asked.language == "en" and column.value_en is not None else column.value
    whole: ColumnElement[Any] = found(asked) if isfunction(found) else found
    return whole
