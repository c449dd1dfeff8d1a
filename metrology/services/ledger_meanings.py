"""What one heading of a ledger can mean: fields in order of preference, and the instrument types it tells of.

The names of types and of their characteristics come from the type files, so that a new type needs no change here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from metrology import regulations
from metrology.domain.ledger import heading_name, heading_unit
from metrology.domain.reading_sheet import folded
from metrology.domain.regulation import InstrumentType
from metrology.services.ledger_fields import NAMEPLATE, known_headings

_NEUTRAL = ("强检计量器具", "强制检定计量器具", "计量器具", "强检器具", "器具", "仪器", "设备", "表具", "在用", "被检")
"""Words before a heading that add nothing."""
_RECOGNISED_AS_TYPE: Final = 2
_RECOGNISED_AS_PART: Final = 1


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading can mean: the fields in order of preference, and the types it tells of."""

    fields: tuple[tuple[int, str], ...] = ()
    types: tuple[tuple[str, int], ...] = ()
    unit: str | None = None


def meaning_of(heading: str) -> Meaning:
    """What a heading means; no fields when nobody knows."""
    name, unit = heading_unit(heading)
    for spelling in dict.fromkeys((heading, name, heading_name(heading), heading_name(name))):
        found = _known().meaning(folded(spelling))
        if found.fields:
            return replace(found, unit=unit)
    return Meaning(unit=unit)


@dataclass
class _Known:
    """What the files of the instrument types say of headings; made anew when a type comes or goes."""

    types: Mapping[str, InstrumentType]
    characteristics: dict[str, list[str]] = field(default_factory=dict)
    """Folded heading → fields of characteristics, those of types with rules first."""
    parts: dict[str, list[str]] = field(default_factory=dict)
    """Folded heading for the number of a part (枪号) → types that have such parts."""
    prefixes: list[tuple[str, str]] = field(default_factory=list)
    """Names of types that may stand before a heading, longest first."""
    meanings: dict[str, Meaning] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names: dict[str, str] = {}
        for one in sorted(self.types.values(), key=lambda one: not one.has_rules):
            for characteristic in one.nameplate:
                for heading in characteristic.headings:
                    keys = self.characteristics.setdefault(heading, [])
                    if (key := NAMEPLATE + characteristic.key) not in keys:
                        keys.append(key)
            for heading in (*one.part.number.values(), *one.part.synonyms) if one.part else ():
                self.parts.setdefault(folded(heading), []).append(one.code)
            for name in map(folded, one.names_known):
                if len(name) > 1:
                    names.setdefault(name, one.code)
        self.prefixes = sorted(names.items(), key=lambda item: -len(item[0]))

    def meaning(self, text: str) -> Meaning:
        """What a folded heading means."""
        if text not in self.meanings:
            if len(self.meanings) > _MOST_MEANINGS:
                self.meanings.clear()
            self.meanings[text] = self._meaning(text)
        return self.meanings[text]

    def _meaning(self, text: str) -> Meaning:
        if not text:
            return Meaning()
        direct = [*known_headings().get(text, ()), *((2, key) for key in self.characteristics.get(text, ()))]
        part_types = self.parts.get(text, ())
        if part_types:
            direct.insert(0, (1, "part_label"))
        if direct:
            best_first = sorted(direct, key=lambda wish: wish[0])
            return Meaning(tuple(best_first), tuple((code, _RECOGNISED_AS_PART) for code in part_types))
        for prefix, code in self.prefixes:
            if text.startswith(prefix) and (fields := known_headings().get(text[len(prefix) :])):
                return Meaning(tuple(fields), ((code, _RECOGNISED_AS_TYPE),))
        for prefix in map(folded, _NEUTRAL):
            if text.startswith(prefix) and (fields := known_headings().get(text[len(prefix) :])):
                return Meaning(tuple((rank + 1, key) for rank, key in fields))
        return Meaning()


_MOST_MEANINGS = 4096
_latest: list[_Known] = []


def _known() -> _Known:
    types = regulations.all_types()
    if not _latest or _latest[0].types is not types:
        _latest[:] = [_Known(types)]
    return _latest[0]
