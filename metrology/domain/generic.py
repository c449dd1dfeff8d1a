"""An edition drawn from rules an institute entered (`generic_rules`), under the same contract as a type file.

A verdict by it is one like any other, recomputable for ever from the version a record names. The error is `E = X − Xs` in the
unit of the measurand; limits in per cent of the value or of the span are turned into it. A nameplate whose class or range the
rules do not know is refused; a missing reading never conforms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, cast

from metrology.domain.comparing import ComparisonEdition, Limit, Run, TestPoint, yes
from metrology.domain.conditions import HUMIDITY, PRESSURE, TEMPERATURE
from metrology.domain.generic_rules import CONDITIONS, checked, class_key, measuring_range
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.problems import NotCovered
from metrology.domain.quantity import Quantity, plain
from metrology.domain.reading_sheet import ReadingField, Row
from metrology.domain.regulation import Citation, LegalNumber, RequiredStandard
from metrology.domain.schedule import Interval, Mode

_FIELDS = {"temperature": TEMPERATURE, "humidity": HUMIDITY, "pressure": PRESSURE}
_CENT = Decimal(100)
_SPAN = "% of span"
_VALUE = "% of value"

Span = tuple[Quantity, Quantity]


@dataclass(frozen=True, kw_only=True)
class GenericEdition(ComparisonEdition):
    """A version of the rules of a kind. Points are judged by the mean of their readings."""

    rules: Mapping[str, Any]

    formula: ClassVar[str] = "E = X − Xs"

    # -- nameplate

    @property
    def _unit(self) -> str:
        return str(self.rules["unit"])

    @cached_property
    def _classes(self) -> dict[str, list[int]]:
        """Class → its rows of limits; the only key is empty where the rules know no classes."""
        found: dict[str, list[int]] = {}
        for index, row in enumerate(self.rules["limits"]):
            found.setdefault(class_key(row["class"]), []).append(index)
        return found

    @property
    def has_classes(self) -> bool:
        """Whether limits depend on the class."""
        return "" not in self._classes

    @property
    def needs_range(self) -> bool:
        """Whether anything depends on the measuring range of the instrument."""
        return needs_range(self.rules)

    def span(self, plate: Nameplate) -> Span | None:
        """The measuring range on a nameplate; None where it has none."""
        text = plate.get("range")
        return measuring_range(text, self._unit) if text else None

    def check(self, nameplate: Nameplate) -> None:
        """A class the rules do not have, or a range that cannot be read or lies outside theirs, is not covered."""
        named = nameplate.get("accuracy_class")
        if self.has_classes and named and class_key(named) not in self._classes:
            raise NotCovered("accuracy_class", value=named)
        text = nameplate.get("range")
        if not text:
            return
        span = self.span(nameplate)
        if span is None:
            if self.needs_range:
                raise NotCovered("range", value=text)
            return
        low, high = self._bound("range_from"), self._bound("range_to")
        if (low is not None and span[0] < low) or (high is not None and span[1] > high):
            raise NotCovered("range", value=text)
        if self.needs_range and not self._points_of(span):
            raise NotCovered("range", value=text)

    def _bound(self, key: str) -> Quantity | None:
        return self.quantity(key) if key in self.numbers else None

    # -- points

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """The points of the rules that lie in the range of the instrument, each with its readings."""
        del kind
        span = self.span(plate)
        if self.needs_range and span is None:
            return ()
        values = self._points_of(span)
        runs = int(self.value("readings"))
        return [self._point(values, index, runs) for index in range(len(values))]

    def _points_of(self, span: Span | None) -> list[tuple[str, Quantity]]:
        found: dict[Decimal, tuple[str, Quantity]] = {}
        for index in range(len(self.rules["points"])):
            at = self._at(f"points.{index}", span)
            if at is not None and (span is None or span[0] <= at <= span[1]):
                found.setdefault(at.value, (f"p{index + 1}", at))
        return [found[value] for value in sorted(found)]

    def _at(self, key: str, span: Span | None) -> Quantity | None:
        number = self.numbers[key]
        if number.unit != _SPAN:
            return Quantity(number.value, self._unit)
        if span is None:
            return None
        low, high = (end.in_unit(self._unit) for end in span)
        return Quantity(Decimal(plain(low + (high - low) * number.value / _CENT)), self._unit)

    def _point(self, values: Sequence[tuple[str, Quantity]], index: int, runs: int) -> TestPoint:
        key, at = values[index]
        text = at.plain()
        return TestPoint(key=key, labels={"zh": text, "en": text}, runs=runs, at=at, bounds=self._bounds(values, index))

    def _bounds(self, values: Sequence[tuple[str, Quantity]], index: int) -> dict[str, tuple[Quantity, Quantity]]:
        """Between which references a reading belongs to a point: within the window, else nearer to it than to any other."""
        at = values[index][1]
        if "window" in self.numbers:
            window = Quantity(self.value("window"), self._unit)
            return {"actual": (at - window, at + window)}
        gaps = [(values[i + 1][1] - values[i][1]).value / 2 for i in range(len(values) - 1)]
        if not gaps:
            return {}
        before, after = gaps[max(index - 1, 0)], gaps[min(index, len(gaps) - 1)]
        return {"actual": (at - Quantity(before, self._unit), at + Quantity(after, self._unit))}

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The reference and the indication."""
        del plate, kind
        name = self.rules["measurand"]
        return (
            ReadingField(
                key="actual", labels={"zh": f"标准{name['zh']}", "en": f"reference {name['en']}"}, unit=self._unit
            ),
            ReadingField(
                key="indicated", labels={"zh": f"示值{name['zh']}", "en": f"indicated {name['en']}"}, unit=self._unit
            ),
        )

    # -- limits

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """The limit at the reference read, or at the point while nothing is read."""
        actual = row.get("actual") if row is not None else None
        at = actual if actual is not None else point.at
        value = at.in_unit(self._unit) if at is not None else Decimal(0)
        index = self._row_for(plate, value)
        parts, keys = [], []
        for name in ("absolute", "of_value", "of_span"):
            key = f"limits.{index}.{name}"
            if key in self.numbers:
                parts.append(self._part(plate, key, value))
                keys.append(key)
        total = max(parts) if self.rules["combine"] == "greatest" else sum(parts, Decimal(0))
        if f"limits.{index}.up_to" in self.numbers:
            keys.append(f"limits.{index}.up_to")
        if kind == "in_service":
            total *= self.value("in_service")
            keys.append("in_service")
        limit = Quantity(Decimal(plain(total)), self._unit)
        return MaximumPermissibleError.symmetric(limit), tuple(keys)

    def _row_for(self, plate: Nameplate, value: Decimal) -> int:
        rows = self._classes.get(class_key(plate.get("accuracy_class", "")) if self.has_classes else "", [])
        for index in rows:
            bound = self.numbers.get(f"limits.{index}.up_to")
            if bound is None or abs(value) <= bound.value:
                return index
        raise NotCovered("accuracy_class" if not rows else "range", value=plain(value))

    def _part(self, plate: Nameplate, key: str, value: Decimal) -> Decimal:
        number = self.numbers[key]
        if number.unit == _VALUE:
            return abs(value) * number.value / _CENT
        return self._width(plate) * number.value / _CENT if number.unit == _SPAN else number.value

    def _width(self, plate: Nameplate) -> Decimal:
        span = self.span(plate)
        if span is None:
            raise NotCovered("range")
        return span[1].in_unit(self._unit) - span[0].in_unit(self._unit)

    def unit_of_error(self, plate: Nameplate) -> str:
        """That of the measurand."""
        del plate
        return self._unit

    def rounding(self, plate: Nameplate) -> str | None:
        """As the rules say, or not at all."""
        del plate
        return "rounding" if "rounding" in self.numbers else None

    def spread(self, case: Any, runs: Sequence[Run]) -> tuple[Quantity, Quantity, tuple[str, ...]] | None:
        """The greatest difference of the errors at a point."""
        if "repeatability" not in self.numbers or int(self.value("readings")) < 2:
            return None
        errors = [run.error for run in runs]
        number = self.numbers["repeatability"]
        allowed = self._width(case.nameplate) * number.value / _CENT if number.unit == _SPAN else number.value
        return (
            Quantity(Decimal(plain(max(errors) - min(errors))), self._unit),
            Quantity(Decimal(plain(allowed)), self._unit),
            ("repeatability",),
        )

    # -- interval

    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """As entered; None months where it is verified once and scrapped when inaccurate."""
        del nameplate, use
        mode = cast("Mode", self.rules["mode"])
        if "interval" not in self.numbers:
            return Interval(months=None, mode=mode, clause=self.citation.document, confirmed=False)
        months = self.numbers["interval"]
        clause = months.clause or self.citation.document
        return Interval(months=int(months.value), mode=mode, clause=clause, confirmed=months.confirmed)


@dataclass(frozen=True, kw_only=True)
class GenericEachEdition(GenericEdition):
    """The same where every reading is judged by itself."""

    each: ClassVar[bool] = True


def needs_range(rules: Mapping[str, Any]) -> bool:
    """Whether rules ask for the measuring range of the instrument."""
    return bool(
        rules["low"] or rules["high"]
        or any(point.endswith(" %") for point in rules["points"])
        or any(row["of_span"] for row in rules["limits"])
        or rules["repeatability"].endswith(" %")
    )  # fmt: skip


# -- from plain data


def generic_edition(
    rules: Mapping[str, Any],
    *,
    code: str,
    in_force: date,
    ended: date | None = None,
    sources: Mapping[str, str] | None = None,
) -> GenericEdition:
    """The edition for rules as they are kept. `sources` names, for each part, what the second person compared it with.

    A number counts as confirmed where both people cite a source: who proposed it, and who approved.
    """
    rules = checked(rules)
    kind = GenericEachEdition if rules["judge"] == "each" else GenericEdition
    return kind(
        code=code, citation=Citation(rules["document"], rules["title"], rules["parts"]["points"]["source"]),
        in_force=in_force, ended=ended, numbers=_numbers(rules, sources or {}), nameplate=nameplate_for(rules),
        items=tuple(
            yes(f"check_{index}", item["zh"], item["en"], item["clause"])
            for index, item in enumerate(rules["items"], start=1)
        ),
        environment=tuple(_FIELDS[key] for key in CONDITIONS if key in rules["conditions"]), rules=rules,
    )  # fmt: skip


def _numbers(rules: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, LegalNumber]:
    found: dict[str, LegalNumber] = {}
    unit = rules["unit"]

    def keep(key: str, text: str, number_unit: str, part: str) -> None:
        if not text:
            return
        cited = rules["parts"][part]
        value, is_span = text.removesuffix(" %"), text.endswith(" %")
        read = [cited["source"], sources.get(part, "")]
        found[key] = LegalNumber(
            value=Decimal(value), unit=_SPAN if is_span else number_unit, clause=cited["clause"],
            source="; ".join(dict.fromkeys(filter(None, read))), confirmed=all(read),
        )  # fmt: skip

    for index, point in enumerate(rules["points"]):
        keep(f"points.{index}", point, unit, "points")
    for key, name in (("range_from", "low"), ("range_to", "high"), ("window", "window")):
        keep(key, rules[name], unit, "points")
    keep("readings", rules["readings"], "", "points")
    for index, row in enumerate(rules["limits"]):
        keep(f"limits.{index}.up_to", row["up_to"], unit, "limits")
        keep(f"limits.{index}.absolute", row["absolute"], unit, "limits")
        keep(f"limits.{index}.of_value", row["of_value"], _VALUE, "limits")
        keep(f"limits.{index}.of_span", row["of_span"], _SPAN, "limits")
    keep("in_service", rules["in_service"], "", "limits")
    keep("rounding", rules["rounding"], unit, "limits")
    keep("repeatability", rules["repeatability"], unit, "repeatability")
    for key, (low, high) in rules["conditions"].items():
        keep(f"{key}_from", low, CONDITIONS[key], "conditions")
        keep(f"{key}_to", high, CONDITIONS[key], "conditions")
    keep("interval", rules["interval"], "month", "interval")
    return found


def nameplate_for(rules: Mapping[str, Any]) -> tuple[Characteristic, ...]:
    """What stands on the nameplate of such a kind, and what of it a verdict needs."""
    classes = list(dict.fromkeys(row["class"] for row in rules["limits"] if row["class"]))
    listed = {"zh": "、".join(classes), "en": ", ".join(classes)} if classes else {}
    example = f"(0 ~ {rules['high'] or 100}) {rules['unit']}"
    return (
        Characteristic(
            key="range", labels={"zh": "测量范围", "en": "measuring range"}, kind="text",
            required_for_verdict=needs_range(rules), hint={"zh": example, "en": example},
            synonyms=("量程", "测量范围", "范围", "规格", "range"),
        ),
        Characteristic(
            key="accuracy_class", labels={"zh": "准确度等级", "en": "accuracy class"}, kind="text",
            required_for_verdict=bool(classes), hint=listed,
            synonyms=("精度等级", "准确度", "精度", "等级", "最大允许误差", "不确定度", "class"),
        ),
    )  # fmt: skip


def standard_for(rules: Mapping[str, Any]) -> RequiredStandard:
    """The measurement standard the rules ask for."""
    over, under = rules["standard"]["ratio"].split("/")
    names = {"zh": rules["standard"]["zh"], "en": rules["standard"]["en"]}
    return RequiredStandard(names=names, ratio=(int(over), int(under)), confirmed=False)
