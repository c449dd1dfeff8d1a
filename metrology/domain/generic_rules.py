"""Rules as an institute types them for a kind of the catalogue that has no file: read, put in order, refused where they say nothing.

Plain data, text to text, so that a version kept today gives the same verdicts for ever:

=================  ============================================================================================
key                what it says
=================  ============================================================================================
document, title    the regulation followed: number with year, name in ``zh`` and ``en``
measurand, unit    what is indicated, in ``zh`` and ``en``, and in which unit
low, high          the range the rules cover; empty: any
points             test points: numbers in the unit, or ``50 %`` of the instrument's span
window             how far the reference may lie from its point; empty: nearer to it than to any other
readings, judge    readings at each point; judged by their ``mean`` or ``each`` by itself
limits             rows of ``class``, ``up_to``, ``absolute``, ``of_value`` and ``of_span`` (both in %)
combine            parts of a row added (``sum``) or the ``greatest`` of them
in_service         how many times the limit holds in service
rounding           interval errors are rounded to; empty: as they come out
repeatability      greatest difference of errors at one point, in the unit, or ``… %`` of the span
items              checks answered by yes or no: ``zh``, ``en``, ``clause``
conditions         ``temperature``, ``humidity``, ``pressure``: [from, to]
interval, mode     months, and ``periodic``, ``first_only_rotate``, ``first_only_scrap`` or ``calibration``
standard           the measurement standard in ``zh`` and ``en`` and its ``ratio`` to the limit, such as 1/3
parts              for each of ``PARTS`` the ``clause`` and the ``source`` in which the proposer read it
=================  ============================================================================================
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, get_args

from metrology.domain.problems import Problem
from metrology.domain.quantity import UNITS, Quantity, parse, plain, unit_of
from metrology.domain.schedule import Mode

PARTS = ("points", "limits", "repeatability", "conditions", "interval")
"""Parts of the rules that are cited, and compared with their text, one by one."""
CONDITIONS = {"temperature": "°C", "humidity": "%RH", "pressure": "kPa"}
MODES: tuple[Mode, ...] = tuple(mode for mode in get_args(Mode) if mode != "not_verified")
LIMIT_COLUMNS = ("class", "up_to", "absolute", "of_value", "of_span")
MOST_POINTS, MOST_LIMITS, MOST_ITEMS, MOST_READINGS = 40, 40, 40, 30
_LONGEST = 200


class RulesRefused(Problem):
    """Rules that cannot be kept, with everything that is wrong with them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(first.code, first.field, **first.params)


def checked(data: Mapping[str, Any]) -> dict[str, Any]:
    """The rules in their normal form, or RulesRefused with every fault."""
    return _Reader(data).rules()


class _Reader:
    """Reads the rules part by part and gathers what is wrong."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._faults: list[Problem] = []

    def rules(self) -> dict[str, Any]:
        unit = self._unit()
        found: dict[str, Any] = {
            "document": self._line("document", self._data.get("document"), needed=True),
            "title": self._labels("title"),
            "measurand": self._labels("measurand"),
            "unit": unit,
            "low": self._number("low", self._data.get("low"), unit),
            "high": self._number("high", self._data.get("high"), unit),
            "points": list(self._points(unit)),
            "window": self._number("window", self._data.get("window"), unit, above=Decimal(0)),
            "readings": self._count("readings", self._data.get("readings") or "1", 1, MOST_READINGS),
            "judge": self._choice("judge", ("mean", "each")),
            "limits": list(self._limits(unit)),
            "combine": self._choice("combine", ("sum", "greatest")),
            "in_service": self._number("in_service", self._data.get("in_service") or "1", "", above=Decimal(0)),
            "rounding": self._number("rounding", self._data.get("rounding"), unit, above=Decimal(0)),
            "repeatability": self._of_span("repeatability", self._data.get("repeatability"), unit),
            "items": list(self._items()),
            "conditions": self._conditions(),
            "mode": self._choice("mode", MODES),
            "standard": self._standard(),
            "parts": self._parts(),
        }
        found["interval"] = self._interval(found["mode"])
        self._together(found)
        if self._faults:
            raise RulesRefused(self._faults)
        return found

    def _wrong(self, code: str, field: str, **params: object) -> None:
        self._faults.append(Problem(code, field, **params))

    # -- single values

    def _line(self, field: str, value: Any, *, needed: bool = False) -> str:
        text = " ".join(str(value or "").split())
        if needed and not text:
            self._wrong("rules_lack", field)
        if len(text) > _LONGEST or not text.isprintable():
            self._wrong("bad_text", field, value=text[:64])
        return text[:_LONGEST]

    def _labels(self, field: str) -> dict[str, str]:
        given = _mapping(self._data.get(field))
        zh = self._line(field, given.get("zh"), needed=True)
        return {"zh": zh, "en": self._line(field, given.get("en")) or zh}

    def _unit(self) -> str:
        text = str(self._data.get("unit") or "").strip()
        known = unit_of(text) if text else None
        if known is None:
            self._wrong("unknown_unit", "unit", value=text[:64])
            return "pcs"
        return known.symbol

    def _choice(self, field: str, allowed: Sequence[str]) -> str:
        value = str(self._data.get(field) or allowed[0])
        if value not in allowed:
            self._wrong("bad_choice", field, value=value[:64])
            return allowed[0]
        return value

    def _number(self, field: str, value: Any, unit: str, *, above: Decimal | None = None) -> str:
        text = str(value or "").strip()
        if not text:
            return ""
        try:
            number = parse(text, unit or "pcs", field=field).in_unit(unit or "pcs")
        except Problem:
            self._wrong("bad_quantity", field, value=text[:64], unit=unit)
            return ""
        if above is not None and number <= above:
            self._wrong("must_be_above", field, value=text[:64], limit=above)
        return f"{number:f}"

    def _count(self, field: str, value: Any, least: int, most: int) -> str:
        text = unicodedata.normalize("NFKC", str(value)).strip()
        if not text.isdecimal() or not least <= int(text) <= most:
            self._wrong("out_of_range", field, value=text[:64], low=least, high=most)
            return str(least)
        return str(int(text))

    def _of_span(self, field: str, value: Any, unit: str) -> str:
        """A number in the unit, or so many per cent of the span."""
        text = unicodedata.normalize("NFKC", str(value or "")).strip()
        if text.endswith("%") and unit != "%":
            number = self._number(field, text.removesuffix("%"), "")
            return f"{number} %" if number else ""
        return self._number(field, text, unit, above=Decimal(0) if field == "repeatability" else None)

    # -- parts

    def _points(self, unit: str) -> Iterator[str]:
        given = self._data.get("points") or ()
        values = given if isinstance(given, (list, tuple)) else re.split(r"[\n;；,，、\t]+", str(given))
        found = [read for value in values if str(value).strip() and (read := self._of_span("points", value, unit))]
        if not found:
            self._wrong("rules_lack", "points")
        if len(found) > MOST_POINTS:
            self._wrong("too_many", "points", limit=MOST_POINTS)
        if len(set(found)) < len(found):
            self._wrong("point_twice", "points")
        yield from found[:MOST_POINTS]

    def _limits(self, unit: str) -> Iterator[dict[str, str]]:
        rows = [_mapping(row) for row in self._data.get("limits") or ()]
        rows = [row for row in rows if any(str(row.get(key) or "").strip() for key in LIMIT_COLUMNS)]
        if not rows:
            self._wrong("rules_lack", "limits")
        if len(rows) > MOST_LIMITS:
            self._wrong("too_many", "limits", limit=MOST_LIMITS)
        for index, row in enumerate(rows[:MOST_LIMITS]):
            field, zero = f"limits.{index}", Decimal(0)
            read = {
                "class": self._line(f"{field}.class", row.get("class")),
                "up_to": self._number(f"{field}.up_to", row.get("up_to"), unit),
                "absolute": self._number(f"{field}.absolute", row.get("absolute"), unit, above=zero),
                "of_value": self._number(f"{field}.of_value", _bare(row.get("of_value")), "", above=zero),
                "of_span": self._number(f"{field}.of_span", _bare(row.get("of_span")), "", above=zero),
            }
            if not any(read[key] for key in ("absolute", "of_value", "of_span")):
                self._wrong("limit_without_value", f"{field}.absolute")
            yield read

    def _items(self) -> Iterator[dict[str, str]]:
        rows = [_mapping(row) for row in self._data.get("items") or ()]
        if len(rows) > MOST_ITEMS:
            self._wrong("too_many", "items", limit=MOST_ITEMS)
        for row in rows[:MOST_ITEMS]:
            zh = self._line("items", row.get("zh"), needed=True)
            yield {
                "zh": zh,
                "en": self._line("items", row.get("en")) or zh,
                "clause": self._line("items", row.get("clause")),
            }

    def _conditions(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        given = _mapping(self._data.get("conditions"))
        for key, unit in CONDITIONS.items():
            ends = given.get(key)
            low, high = (*ends, "", "")[:2] if isinstance(ends, (list, tuple)) else ("", "")
            read = [self._number(f"conditions.{key}", end, unit) for end in (low, high)]
            if all(read) and Decimal(read[0]) > Decimal(read[1]):
                self._wrong("range_not_in_order", f"conditions.{key}", low=read[0], high=read[1])
            if any(read):
                found[key] = read
        return found

    def _interval(self, mode: str) -> str:
        given = self._data.get("interval")
        if mode == "first_only_scrap":
            return ""
        return self._count("interval", given or "", 1, 600)

    def _standard(self) -> dict[str, str]:
        given = _mapping(self._data.get("standard"))
        ratio = unicodedata.normalize("NFKC", str(given.get("ratio") or "1/3")).replace(" ", "")
        match = re.fullmatch(r"([1-9]\d?)/([1-9]\d?)", ratio)
        if match is None or int(match[1]) > int(match[2]):
            self._wrong("bad_ratio", "standard.ratio", value=ratio[:64])
            ratio = "1/3"
        zh = self._line("standard.zh", given.get("zh"), needed=True)
        return {"zh": zh, "en": self._line("standard.en", given.get("en")) or zh, "ratio": ratio}

    def _parts(self) -> dict[str, dict[str, str]]:
        given = _mapping(self._data.get("parts"))
        return {
            part: {key: self._line(f"parts.{part}", _mapping(given.get(part)).get(key)) for key in ("clause", "source")}
            for part in PARTS
        }

    # -- what must hold between them

    def _together(self, rules: Mapping[str, Any]) -> None:
        low, high = rules["low"], rules["high"]
        if low and high and Decimal(low) >= Decimal(high):
            self._wrong("range_not_in_order", "high", low=low, high=high)
        for point in rules["points"]:
            number = Decimal(point.removesuffix(" %"))
            if point.endswith(" %"):
                if not 0 <= number <= 100:
                    self._wrong("out_of_range", "points", value=point, low=0, high="100 %")
            elif (low and number < Decimal(low)) or (high and number > Decimal(high)):
                self._wrong("out_of_range", "points", value=point, low=low or "—", high=high or "—")
        by_class: dict[str, list[str]] = {}
        for row in rules["limits"]:
            by_class.setdefault(row["class"].casefold(), []).append(row["up_to"])
        if len(by_class) > 1 and "" in by_class:
            self._wrong("class_missing", "limits")
        for name, bounds in by_class.items():
            steps = [Decimal(bound) for bound in bounds if bound]
            if "" in bounds[:-1] or steps != sorted(set(steps)):
                self._wrong("steps_not_in_order", "limits", name=name or "—")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _bare(value: Any) -> str:
    return unicodedata.normalize("NFKC", str(value or "")).strip().removesuffix("%").strip()


# -- the range on a nameplate

_SIDE = r"(?P<{0}>[+-]?\d+(?:\.\d+)?)\s*(?P<{0}_unit>[^\d\s~…,;()+-][^\d\s~…,;()]*)?"
_RANGE = re.compile(_SIDE.format("low") + r"\s*(?:~|…|\.{2,3}|至|到|to|-+)\s*" + _SIDE.format("high"), re.IGNORECASE)
_SINGLE = re.compile(r"[≤<]?\s*" + _SIDE.format("high"))


def measuring_range(text: str, unit: str) -> tuple[Quantity, Quantity] | None:
    """The two ends of a measuring range as nameplates and ledgers write it; None where it cannot be read.

    >>> measuring_range("（0～1.6）MPa", "kPa"), measuring_range("-30…50℃", "°C"), measuring_range("≤300 mmHg", "mmHg")
    ((0 MPa, 1.6 MPa), (-30 °C, 50 °C), (0 mmHg, 300 mmHg))
    >>> measuring_range("wide", "kPa")
    """
    normal = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-").replace("—", "-")
    normal = re.sub(r"[()\[\]【】（）]", " ", normal.replace("～", "~").replace("...", "…")).strip()
    match = _RANGE.fullmatch(normal) or _SINGLE.fullmatch(normal)
    if match is None:
        return None
    parts = match.groupdict()
    spelled = parts["high_unit"] or parts.get("low_unit") or ""
    found = unit_of(spelled) if spelled else UNITS[unit]
    if found is None or found.dimension != UNITS[unit].dimension:
        return None
    low_unit = unit_of(parts["low_unit"]) if parts.get("low_unit") else found
    if low_unit is None or low_unit.dimension != found.dimension:
        return None
    low = Quantity(Decimal(parts.get("low") or "0"), low_unit.symbol)
    high = Quantity(Decimal(parts["high"]), found.symbol)
    return (low, high) if low < high else None


def class_key(text: str) -> str:
    """What two spellings of a class have in common: 0.5, 0.5级, ０．５ 级."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    normal = "".join(normal.split()).removesuffix("级").removeprefix("class").strip(".")
    try:
        return plain(Decimal(normal)) if re.fullmatch(r"\d+(\.\d+)?", normal) else normal
    except ArithmeticError:
        return normal
