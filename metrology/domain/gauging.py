"""Pressure gauges: errors after tapping, up and down the scale, as JJG 52 judges an elastic-element gauge.

At each pressure the pointer is read before and after tapping, rising and falling. Each error after tapping keeps to the
limit, the difference of the two to its size (hysteresis), the movement by tapping to a part of it. Limits are parts of the span;
over the top of the scale they are those of the next class.

The legal numbers an edition gives: `<class>.mpe`, `<class>.top` (of the span), `top_from` (of the upper end), `tap` (of the limit),
`points`, `in_service`, `interval`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from metrology.domain.comparing import Limit, items_table, texts_of
from metrology.domain.conditions import HUMIDITY, TEMPERATURE, environment, outside
from metrology.domain.mpe import MaximumPermissibleError, MpeAt
from metrology.domain.nameplate import Nameplate
from metrology.domain.problems import BadQuantity
from metrology.domain.quantity import Quantity, parse, plain, round_to
from metrology.domain.reading_sheet import PresetRow, ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case, Edition
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack, of_error

_POINT_LABELS = {"zh": "示值误差", "en": "error of indication"}
_WAYS = (("up", {"zh": "升压", "en": "rising"}), ("down", {"zh": "降压", "en": "falling"}))
_RANGE = re.compile(
    r"\s*\(?\s*(?P<low>[+\-−]?\d+(?:\.\d+)?)\s*(?:[~～…至—–]|\.\.\.|-)\s*(?P<high>[+\-−]?\d+(?:\.\d+)?)\s*\)?\s*(?P<unit>\S*)\s*"
)


def range_of(text: str, unit: str) -> tuple[Quantity, Quantity]:
    """The two ends of a range as nameplates write it.

    >>> range_of("(0~1.6)MPa", "MPa"), range_of("-0.1～2.4", "MPa")
    ((0 MPa, 1.6 MPa), (-0.1 MPa, 2.4 MPa))
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        raise BadQuantity("range", value=text, unit=unit)
    ends = [parse(f"{match[end]} {match['unit'] or unit}", unit, field="range") for end in ("low", "high")]
    if ends[0] >= ends[1]:
        raise BadQuantity("range", value=text, unit=unit)
    return ends[0], ends[1]


@dataclass(frozen=True, kw_only=True)
class GaugeEdition(Edition):
    """A regulation on indicating gauges."""

    items: tuple[ReadingField, ...]

    def check(self, nameplate: Nameplate) -> None:
        """The range must be legible, as every limit is a part of it."""
        range_of(nameplate["range"], "MPa")

    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """The same for every gauge."""
        del nameplate, use
        months = self.numbers["interval"]
        return Interval(months=int(months.value), mode="periodic", clause=self.code, confirmed=months.confirmed)

    # -- limits

    def limit_at(self, plate: Nameplate, kind: str, pressure: Quantity) -> Limit:
        """A part of the span; over the top of the scale that of the next class."""
        low, high = range_of(plate["range"], "MPa")
        # The end of a vacuum gauge's scale is its lower one.
        end = high if high.value > 0 else low
        top = pressure.in_unit(end.unit) / end.value >= self.value("top_from")
        key = f"{plate['accuracy_class']}.{'top' if top else 'mpe'}"
        used: tuple[str, ...] = (key, "top_from")
        limit = MaximumPermissibleError.symmetric(_tidy((high - low).times(self.value(key) / 100)))
        if kind == "in_service":
            return limit.times(self.value("in_service")), (*used, "in_service")
        return limit, used

    def points(self, plate: Nameplate) -> Sequence[Quantity]:
        """Evenly up to the end of the scale: proposals, as the numbered marks of a dial lie where they lie."""
        low, high = range_of(plate["range"], "MPa")
        count = int(self.value("points"))
        step = (high - low).value / count
        exponent = Decimal(1).scaleb(min(-3, int((high - low).value.normalize().as_tuple().exponent) - 2))
        return [
            _tidy(Quantity(round_to(low.in_unit(high.unit) + step * i, exponent), high.unit))
            for i in range(1, count + 1)
        ]

    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        """The limits at the points proposed."""
        return [MpeAt(self.limit_at(nameplate, kind, one)[0].smallest(), one) for one in self.points(nameplate)]

    # -- the sheet

    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Checks, environment, points."""
        yield items_table(self.items)
        yield environment(self, TEMPERATURE, HUMIDITY)
        unit = range_of(nameplate["range"], "MPa")[1].unit
        readings = tuple(
            ReadingField(
                key=f"{way}{suffix}",
                labels={lang: f"{labels[lang]}{text[lang]}" for lang in ("zh", "en")},
                unit=unit,
            )
            for way, labels in _WAYS
            for suffix, text in (
                ("", {"zh": "轻敲前", "en": ", before tapping"}),
                ("_tapped", {"zh": "轻敲后", "en": ", after tapping"}),
            )
        )
        reference = ReadingField(key="reference", labels={"zh": "标准压力", "en": "reference pressure"}, unit=unit)
        rows = tuple(
            PresetRow(
                point=f"p{i}",
                labels={"zh": f"检定点 {i}", "en": f"point {i}"},
                values={"reference": one.plain()},
                hint=self._limit_hint(nameplate, kind, one),
            )
            for i, one in enumerate(self.points(nameplate), start=1)
        )
        yield ReadingTable(
            key="points",
            labels=_POINT_LABELS,
            layout="rows",
            fields=(reference, *readings),
            rows=rows,
            min_rows=int(self.value("points")),
            extendable=True,
        )

    def _limit_hint(self, plate: Nameplate, kind: str, pressure: Quantity) -> Mapping[str, str]:
        limit = self.limit_at(plate, kind, pressure)[0].text()
        return {"zh": f"最大允许误差 ±{limit}", "en": f"MPE ±{limit}"}

    # -- the verdict

    def findings(self, case: Case) -> Iterator[Finding | Lack]:
        """A finding for each pressure; the end of the scale must be among them."""
        yield from outside(self, case)
        reached = []
        for row in case.reading.rows("points"):
            reference = row.get("reference")
            if reference is not None and (finding := self._point(case, row, reference)):
                reached.append(reference)
                yield finding
        low, high = range_of(case.nameplate["range"], "MPa")
        end = high if high.value > 0 else low
        if not any(one.magnitude() >= end.magnitude() for one in reached):
            yield Lack(
                "missing_reading", "points.end", {"zh": "测量上限", "en": "end of the scale"}, {"load": end.plain()}
            )

    def _point(self, case: Case, row: Row, reference: Quantity) -> Finding | None:
        limit, used = self.limit_at(case.nameplate, case.kind, reference)
        unit = limit.upper.unit
        tapped = {way: one.to(unit) for way, _ in _WAYS if (one := row.get(f"{way}_tapped")) is not None}
        if not tapped:
            return None
        errors = [_tidy(one - reference.to(unit)) for one in tapped.values()]
        moved = [
            _tidy((one - before).magnitude()) for way, one in tapped.items() if (before := row.get(way)) is not None
        ]
        worst = max(errors, key=lambda error: error.magnitude())
        tap = max(moved) if moved else None
        tap_limit = _tidy(limit.upper.times(self.value("tap")))
        hysteresis = _tidy((errors[0] - errors[1]).magnitude()) if len(errors) > 1 else None
        tap_within, hysteresis_within = tap is None or tap <= tap_limit, hysteresis is None or hysteresis <= limit.upper
        return of_error(
            f"points[{row.index}]",
            _POINT_LABELS,
            error=worst,
            limit=limit,
            within=limit.admits(min(errors)) and limit.admits(max(errors)) and tap_within and hysteresis_within,
            clause=self.numbers[used[0]].clause,
            formula="E = p(after tapping) − ps; hysteresis ≤ |MPE|, by tapping ≤ ½ |MPE|",
            inputs=texts_of(row),
            numbers=(*used, "tap"),
            extras={
                "hysteresis": hysteresis.text() if hysteresis else None,
                "hysteresis_limit": limit.upper.text(),
                "hysteresis_within": hysteresis_within,
                "tap": tap.text() if tap else None,
                "tap_limit": tap_limit.text(),
                "tap_within": tap_within,
            },
        )


def _tidy(quantity: Quantity) -> Quantity:
    return Quantity(Decimal(plain(quantity.value)), quantity.unit)
