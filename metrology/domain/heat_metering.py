"""Heat meters: the energy of a complete meter, or flow sensor, temperature sensors and calculator each by itself (EN 1434, OIML R 75).

The error of the energy keeps to the sum of the limits of the parts, each at the flow rate q and temperature difference ΔΘ of the run:

    E = Ef + Et + Ec,  Ef = base + slope · qp/q (no more than its cap),  Et = base + slope · ΔΘmin/ΔΘ,  Ec the same

Meters of separate parts are verified part by part: the volume keeps to Ef, the temperature difference to Et, the energy computed to Ec.

The legal numbers an edition gives: `<class>.flow.base|slope|cap`, `sensors.base|slope`, `calculator.base|slope`, `in_service`; for the
points of a complete meter and of the parts `small|middle|large.flow_from|to` and `.difference_from|to`, `large.below` (ΔΘmax),
`part.flow_from|to` (the middle flow rate of a flow sensor); `runs`, `rounding`, `interval`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import ClassVar

from metrology.domain.comparing import ComparisonEdition, Limit, TestPoint, items_table
from metrology.domain.conditions import environment, outside
from metrology.domain.mpe import MaximumPermissibleError, MpeAt
from metrology.domain.nameplate import Nameplate
from metrology.domain.problems import NotCovered
from metrology.domain.quantity import Quantity, plain, round_to
from metrology.domain.reading_sheet import ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case
from metrology.domain.verdict import Finding, Labels, Lack

_SHOWN = Decimal("0.01")
_DIFFERENCES: Mapping[str, Labels] = {
    "small": {"zh": "小温差点", "en": "small difference"},
    "middle": {"zh": "中温差点", "en": "middle difference"},
    "large": {"zh": "大温差点", "en": "large difference"},
}
_FLOW = ReadingField(key="flow", labels={"zh": "流量 q", "en": "flow rate q"}, unit="m³/h")
_DIFFERENCE = ReadingField(key="difference", labels={"zh": "温差 ΔΘ", "en": "temperature difference ΔΘ"}, unit="K")


def _compared(unit: str, zh: str, en: str) -> tuple[ReadingField, ...]:
    return (
        ReadingField(key="indicated", labels={"zh": f"{zh}示值", "en": f"{en} shown"}, unit=unit),
        ReadingField(key="actual", labels={"zh": f"标准{zh}", "en": f"reference {en}"}, unit=unit),
    )


@dataclass(frozen=True, kw_only=True)
class _OfHeat(ComparisonEdition):
    """What the energy and each of the parts have in common: settings, and the limits of the parts."""

    extendable: ClassVar[bool] = True

    def of_flow(self, plate: Nameplate, flow: Quantity | None) -> tuple[Decimal, tuple[str, ...]]:
        """Ef at a flow rate, and the keys of its numbers."""
        one, qp = plate["accuracy_class"], plate.quantity("qp")
        ratio = qp.ratio_to(flow) if qp is not None and flow is not None and flow.value > 0 else Decimal(1)
        keys = tuple(f"{one}.flow.{name}" for name in ("base", "slope", "cap"))
        base, slope, cap = (self.value(key) for key in keys)
        return min(base + slope * ratio, cap), keys

    def of_difference(
        self, part: str, plate: Nameplate, difference: Quantity | None
    ) -> tuple[Decimal, tuple[str, ...]]:
        """Et (`sensors`) or Ec (`calculator`) at a temperature difference, and the keys of its numbers."""
        least = plate.quantity("difference_min")
        share = least.value / difference.value if least and difference and difference.value > 0 else Decimal(0)
        keys = (f"{part}.base", f"{part}.slope")
        base, slope = (self.value(key) for key in keys)
        return base + slope * share, keys

    def limited(self, kind: str, *parts: tuple[Decimal, tuple[str, ...]]) -> Limit:
        """The sum of limits, to a hundredth."""
        total = round_to(sum((value for value, _ in parts), Decimal(0)), _SHOWN)
        used = tuple(key for _, keys in parts for key in keys)
        limit = MaximumPermissibleError.symmetric(Quantity(total, "%"))
        return (limit.times(self.value("in_service")), (*used, "in_service")) if kind == "in_service" else (limit, used)

    def flows(self, plate: Nameplate, point: str, of: str) -> tuple[Quantity, Quantity] | None:
        """The flow rates that count, in parts of qp or qi."""
        flow = plate.quantity(of)
        if flow is None:
            return None
        low, high = (tidy(flow.times(self.value(f"{point}.flow_{end}"))) for end in ("from", "to"))
        return low, high

    def differences(self, plate: Nameplate, point: str) -> tuple[Quantity, Quantity] | None:
        """The temperature differences that count: about ΔΘmin, in between, and up to ΔΘmax."""
        least, most = plate.quantity("difference_min"), plate.quantity("difference_max")
        if least is None or most is None:
            return None
        if point == "large":
            return Quantity(most.value - self.value("large.below"), "K"), most
        of = least.value if point == "small" else Decimal(1)
        low, high = (tidy(Quantity(self.value(f"{point}.difference_{end}") * of, "K")) for end in ("from", "to"))
        return low, high

    def point(self, key: str, labels: Labels, bounds: Mapping[str, tuple[Quantity, Quantity] | None]) -> TestPoint:
        """A point with what is known of its settings."""
        known = {name: ends for name, ends in bounds.items() if ends is not None}
        text = "; ".join(f"{low.plain().partition(' ')[0]}–{high.plain()}" for low, high in known.values())
        hint = {"zh": text, "en": text} if text else {}
        return TestPoint(key=key, labels=labels, runs=int(self.value("runs")), bounds=known, hint=hint)


def _setting(row: Row | None, point: TestPoint, key: str) -> Quantity | None:
    """What a run was made at; of a point the end at which its limit is narrowest, which is the larger one."""
    read = row.get(key) if row else None
    return read or (point.bounds[key][1] if key in point.bounds else None)


@dataclass(frozen=True, kw_only=True)
class _FlowSensor(_OfHeat):
    """The volume, at three flow rates."""

    runs_key: ClassVar[str] = "flow_sensor"
    runs_labels: ClassVar[Labels] = {"zh": "流量传感器", "en": "flow sensor"}
    unit: ClassVar[str] = "L"
    formula: ClassVar[str] = "E = (V − Vs)/Vs × 100 %; MPE = Ef"

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """About qp, a tenth of it, and qi."""
        del kind
        return [
            self.point("flow.qp", {"zh": "qp", "en": "qp"}, {"flow": self.flows(plate, "small", "qp")}),
            self.point("flow.middle", {"zh": "0.1 qp", "en": "0.1 qp"}, {"flow": self.flows(plate, "part", "qp")}),
            self.point("flow.qi", {"zh": "qi", "en": "qi"}, {"flow": self.flows(plate, "large", "qi")}),
        ]

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The flow rate decides the limit."""
        del plate, kind
        return (_FLOW, *_compared("L", "体积", "volume"))

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """Ef."""
        return self.limited(kind, self.of_flow(plate, _setting(row, point, "flow")))


@dataclass(frozen=True, kw_only=True)
class _ByDifference(_OfHeat):
    """A part whose limit depends on the temperature difference."""

    part: ClassVar[str]
    prefix: ClassVar[str]

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """A small, a middle and a large difference."""
        del kind
        return [
            self.point(f"{self.prefix}.{key}", labels, {self.setting: self.differences(plate, key)})
            for key, labels in _DIFFERENCES.items()
        ]

    setting: ClassVar[str] = "difference"

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """Et or Ec."""
        return self.limited(kind, self.of_difference(self.part, plate, _setting(row, point, self.setting)))


@dataclass(frozen=True, kw_only=True)
class _TemperatureSensors(_ByDifference):
    """The temperature difference measured by the pair; the reference is the setting itself."""

    runs_key: ClassVar[str] = "temperature_sensors"
    runs_labels: ClassVar[Labels] = {"zh": "配对温度传感器", "en": "pair of temperature sensors"}
    unit: ClassVar[str] = "K"
    formula: ClassVar[str] = "E = (ΔΘ − ΔΘs)/ΔΘs × 100 %; MPE = Et"
    part: ClassVar[str] = "sensors"
    prefix: ClassVar[str] = "sensors"
    setting: ClassVar[str] = "actual"

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The reference difference decides the limit."""
        del plate, kind
        return _compared("K", "温差", "temperature difference")


@dataclass(frozen=True, kw_only=True)
class _Calculator(_ByDifference):
    """The energy computed from simulated volume and temperatures."""

    runs_key: ClassVar[str] = "calculator"
    runs_labels: ClassVar[Labels] = {"zh": "计算器", "en": "calculator"}
    unit: ClassVar[str] = "J"
    formula: ClassVar[str] = "E = (Q − Qs)/Qs × 100 %; MPE = Ec"
    part: ClassVar[str] = "calculator"
    prefix: ClassVar[str] = "calculator"

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The simulated difference decides the limit."""
        del plate, kind
        return (_DIFFERENCE, *_compared("kWh", "热量", "energy"))


_PARTS: tuple[type[_OfHeat], ...] = (_FlowSensor, _TemperatureSensors, _Calculator)


@dataclass(frozen=True, kw_only=True)
class HeatMeterEdition(_OfHeat):
    """A regulation on heat meters, complete or in parts (`assembly` on the nameplate)."""

    unit: ClassVar[str] = "J"
    formula: ClassVar[str] = "E = (Q − Qs)/Qs × 100 %; MPE = Ef + Et + Ec"
    point_labels: Mapping[str, Labels]

    def check(self, nameplate: Nameplate) -> None:
        """Of two ends of a range the larger one is the larger."""
        for low, high in (("qi", "qp"), ("difference_min", "difference_max")):
            least, most = nameplate.quantity(low), nameplate.quantity(high)
            if least is not None and most is not None and least >= most:
                raise NotCovered(low, value=least.plain(), limit=most.plain())

    # -- a complete meter

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """Large flow with a small difference, small flow with a large one, and between them."""
        del kind
        return [
            self.point(
                key,
                labels,
                {
                    "flow": self.flows(plate, key, "qi" if key == "large" else "qp"),
                    "difference": self.differences(plate, key),
                },
            )
            for key, labels in self.point_labels.items()
        ]

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """Flow rate and temperature difference decide the limit, so they are read."""
        del plate, kind
        return (_FLOW, _DIFFERENCE, *_compared("kWh", "热量", "energy"))

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """The sum for the flow rate and difference of a run; of the point where they are not read."""
        difference = _setting(row, point, "difference")
        return self.limited(
            kind,
            self.of_flow(plate, _setting(row, point, "flow")),
            self.of_difference("sensors", plate, difference),
            self.of_difference("calculator", plate, difference),
        )

    # -- a meter in parts

    def _parts(self) -> list[_OfHeat]:
        own = {field.name: getattr(self, field.name) for field in fields(_OfHeat)}
        return [part(**own) for part in _PARTS]

    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """The runs of the complete meter, or those of each part."""
        if not _in_parts(nameplate):
            yield from super().tables(nameplate, kind)
            return
        yield items_table(self.items)
        yield environment(self, *self.environment)
        for part in self._parts():
            yield part.runs_table(nameplate, kind)

    def findings(self, case: Case) -> Iterator[Finding | Lack]:
        """A finding at each point of the complete meter, or of each part."""
        if not _in_parts(case.nameplate):
            yield from super().findings(case)
            return
        yield from outside(self, case)
        for part in self._parts():
            yield from part.found_in_runs(case)

    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        """The limit at each point."""
        if not _in_parts(nameplate):
            return super().limits(nameplate, kind)
        return [one for part in self._parts() for one in part.limits(nameplate, kind)]


def _in_parts(plate: Nameplate) -> bool:
    return plate.get("assembly") == "parts"


def tidy(quantity: Quantity) -> Quantity:
    """Without zeros a multiplication left behind."""
    return Quantity(Decimal(plain(quantity.value)), quantity.unit)
