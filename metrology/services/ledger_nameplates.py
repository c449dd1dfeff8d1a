"""The columns of a sheet that hold characteristics of nameplates, for each instrument type in it.

A sheet of scales and meters has one column 准确度等级 that means another characteristic for each; and a column 最大秤量
says something also of a type whose nameplate does not have it: it is checked all the same and kept among the remarks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from metrology import regulations
from metrology.domain.ledger import heading_name, heading_unit
from metrology.domain.nameplate import Characteristic
from metrology.domain.problems import Problem
from metrology.domain.reading_sheet import folded
from metrology.domain.regulation import InstrumentType
from metrology.services.ledger_cells import said
from metrology.services.ledger_headings import Column, SheetLayout
from metrology.services.ledger_lines import LedgerLine

_MOST_KNOWN = 4096
_NUMBER_ALONE = re.compile(r"[0-9][0-9.,]*")


@dataclass(frozen=True, slots=True)
class _Held:
    column: Column
    characteristic: Characteristic
    applies: bool


@dataclass
class NameplateReader:
    """Reads the nameplates of one sheet."""

    layout: SheetLayout
    _held: dict[str, list[_Held]] = field(init=False, default_factory=dict)
    _known: dict[tuple[str, ...], tuple[dict[str, str], list[str]]] = field(init=False, default_factory=dict)
    """Type and texts → what was read of them: the meters of a lot have the same nameplate."""

    def read(self, line: LedgerLine, kind: InstrumentType) -> tuple[dict[str, str], list[str]]:
        """Characteristics of the type as written, and remarks of what else the columns say. Neither is to be changed."""
        held = self._columns(kind)
        texts = (kind.code, *[said(line, one.column.index, one.column.field) for one in held])
        if texts not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[texts] = _read(held, texts[1:])
        return self._known[texts]

    def _columns(self, kind: InstrumentType) -> list[_Held]:
        if kind.code not in self._held:
            self._held[kind.code] = [held for column in self.layout.columns if (held := _held_by(column, kind))]
        return self._held[kind.code]


def _read(columns: Sequence[_Held], texts: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    values: dict[str, str] = {}
    remarks: list[str] = []
    for held, text in zip(columns, texts, strict=True):
        if not text:
            continue
        if held.column.unit and held.characteristic.kind == "quantity" and _NUMBER_ALONE.fullmatch(text):
            text = f"{text} {held.column.unit}"  # noqa: PLW2901 - the same text, said whole
        if held.applies:
            values.setdefault(held.characteristic.key, text)
        else:
            remarks.append(f"{heading_unit(held.column.heading)[0]}: {_checked(held, text)}")
    return values, remarks


def _held_by(column: Column, kind: InstrumentType) -> _Held | None:
    if column.nameplate_key is None:
        return None
    own = _own(column, kind)
    known = own or characteristic_of_any(column.nameplate_key)
    return _Held(column, known, own is not None) if known else None


def _own(column: Column, kind: InstrumentType) -> Characteristic | None:
    """The characteristic of a type that a column holds: by the key chosen for it, else by its heading."""
    spellings = headings_of(column.heading)
    by_heading = (one for one in kind.nameplate if one.headings & spellings)
    return kind.characteristic(column.nameplate_key or "") or next(by_heading, None)


def _checked(held: _Held, text: str) -> str:
    if held.characteristic.kind != "quantity":
        return text
    try:
        return held.characteristic.normalise(text)
    except Problem as problem:
        problem.field = held.column.field
        raise


def headings_of(heading: str) -> frozenset[str]:
    """A heading as it may be known: whole, without its unit, without its brackets."""
    return frozenset(folded(spelling) for spelling in (heading, heading_unit(heading)[0], heading_name(heading)))


def characteristic_of_any(key: str) -> Characteristic | None:
    """The characteristic that some type has under a key, of a type with rules if there is one."""
    types = sorted(regulations.all_types().values(), key=lambda one: not one.has_rules)
    return next((found for one in types if (found := one.characteristic(key))), None)


def column_of_characteristic(key: str, layout: SheetLayout) -> Column | None:
    """The column that holds a characteristic, by its key or its heading."""
    known = characteristic_of_any(key)
    if known is None:
        return None
    return next((c for c in layout.columns if c.nameplate_key and headings_of(c.heading) & known.headings), None)
