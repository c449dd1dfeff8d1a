"""Heat meters (热量表): JJG 225-2024, after EN 1434 and OIML R 75.

The error of the energy of a complete meter keeps to the sum of the limits of its parts, flow sensor, temperature sensors and
calculator, each at the flow rate q and temperature difference ΔΘ of the run:

    E = Ef + Et + Ec,  Ef = base + slope · qp/q (no more than its cap),  Et = 0.5 + 3 ΔΘmin/ΔΘ,  Ec = 0.5 + ΔΘmin/ΔΘ

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from metrology.domain.comparing import ComparisonEdition, Limit, TestPoint, yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.problems import NotCovered
from metrology.domain.quantity import Quantity, plain, round_to
from metrology.domain.reading_sheet import Choice, ReadingField, Row
from metrology.domain.regulation import Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval

_PARTS = "UK SI 2016/1153 Schedule 1 (MI-004: temperature sensors, calculator, arithmetic sum)"

_NUMBERS: Mapping[str, LegalNumber] = {
    "1.flow.base": number("1", "%", clause="flow sensor"),
    "1.flow.slope": number("0.01", "%", clause="flow sensor, times qp/q"),
    "1.flow.cap": number("3.5", "%", clause="flow sensor, at most"),
    "2.flow.base": number("2", "%", clause="flow sensor"),
    "2.flow.slope": number("0.02", "%", clause="flow sensor, times qp/q"),
    "2.flow.cap": number("5", "%", clause="flow sensor, at most"),
    "3.flow.base": number("3", "%", clause="flow sensor"),
    "3.flow.slope": number("0.05", "%", clause="flow sensor, times qp/q"),
    "3.flow.cap": number("5", "%", clause="flow sensor, at most"),
    "sensors.base": number("0.5", "%", clause="temperature sensors", source=_PARTS),
    "sensors.slope": number("3", "%", clause="temperature sensors, times ΔΘmin/ΔΘ", source=_PARTS),
    "calculator.base": number("0.5", "%", clause="calculator", source=_PARTS),
    "calculator.slope": number("1", "%", clause="calculator, times ΔΘmin/ΔΘ", source=_PARTS),
    "in_service": number("1", clause="no wider limit in service was found"),
    # -- points: flow rates in parts of qp or qi, differences in parts of ΔΘmin, in kelvin, or in kelvin below ΔΘmax
    "small.flow_from": number("0.9", "qp"),
    "small.flow_to": number("1.0", "qp"),
    "small.difference_from": number("1.0", "ΔΘmin"),
    "small.difference_to": number("1.2", "ΔΘmin"),
    "middle.flow_from": number("0.20", "qp"),
    "middle.flow_to": number("0.22", "qp"),
    "middle.difference_from": number("10", "K"),
    "middle.difference_to": number("20", "K"),
    "large.flow_from": number("1.0", "qi"),
    "large.flow_to": number("1.1", "qi"),
    "large.below": number("5", "K", clause="up to this much below ΔΘmax"),
    "runs": number("1"),
    "rounding": number("0.01", "%"),
    "interval": number("36", "month", clause="as in JJG 225-2001"),
}

NAMEPLATE = (
    Characteristic(
        key="accuracy_class",
        labels={"zh": "准确度等级", "en": "accuracy class"},
        kind="choice",
        required=True,
        choices=(
            Choice("1", {"zh": "1 级", "en": "class 1"}, ("1级", "一级", "1.0级")),
            Choice("2", {"zh": "2 级", "en": "class 2"}, ("2级", "二级", "2.0级")),
            Choice("3", {"zh": "3 级", "en": "class 3"}, ("3级", "三级", "3.0级")),
        ),
        synonyms=("等级", "精度等级", "准确度", "class"),
    ),
    Characteristic(
        key="qp",
        labels={"zh": "常用流量 qp", "en": "permanent flow rate qp"},
        unit="m³/h",
        required=True,
        synonyms=("qp", "额定流量", "qp(m³/h)"),
    ),
    Characteristic(
        key="qi",
        labels={"zh": "最小流量 qi", "en": "minimum flow rate qi"},
        unit="m³/h",
        required_for_verdict=True,
        synonyms=("qi", "qi(m³/h)"),
    ),
    Characteristic(
        key="difference_min",
        labels={"zh": "最小温差 ΔΘmin", "en": "minimum temperature difference ΔΘmin"},
        unit="K",
        required_for_verdict=True,
        synonyms=("最小温差", "ΔΘmin", "Δtmin"),
    ),
    Characteristic(
        key="difference_max",
        labels={"zh": "最大温差 ΔΘmax", "en": "maximum temperature difference ΔΘmax"},
        unit="K",
        required_for_verdict=True,
        synonyms=("最大温差", "ΔΘmax", "Δtmax"),
    ),
    Characteristic(
        key="dn",
        labels={"zh": "公称口径", "en": "nominal size DN"},
        kind="integer",
        unit="mm",
        prefixes=("DN", "Φ", "φ"),
        synonyms=("口径", "公称通径", "DN", "公称直径", "管径"),
    ),
)
_ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes("tightness", "密封性与强度", "tightness and strength"),
    yes("display", "显示功能", "display"),
    yes("seals", "封印完好", "seals intact"),
)
_POINTS = {
    "small": {"zh": "小温差大流量点", "en": "small difference, large flow"},
    "middle": {"zh": "中间点", "en": "middle"},
    "large": {"zh": "大温差小流量点", "en": "large difference, small flow"},
}
_SHOWN = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class HeatMeterEdition(ComparisonEdition):
    """Complete meters, by the energy they show."""

    unit: ClassVar[str] = "J"
    extendable: ClassVar[bool] = True
    formula: ClassVar[str] = "E = (Q − Qs)/Qs × 100 %; MPE = Ef + Et + Ec"

    def check(self, nameplate: Nameplate) -> None:
        """Of two ends of a range the larger one is the larger."""
        for low, high in (("qi", "qp"), ("difference_min", "difference_max")):
            least, most = nameplate.quantity(low), nameplate.quantity(high)
            if least is not None and most is not None and least >= most:
                raise NotCovered(low, value=least.plain(), limit=most.plain())

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """Large flow with a small difference, small flow with a large one, and between them."""
        del kind
        return [self._point(plate, key, labels) for key, labels in _POINTS.items()]

    def _point(self, plate: Nameplate, key: str, labels: Mapping[str, str]) -> TestPoint:
        runs = int(self.value("runs"))
        flow = plate.quantity("qi" if key == "large" else "qp")
        least, most = plate.quantity("difference_min"), plate.quantity("difference_max")
        if flow is None or least is None or most is None:
            return TestPoint(key=key, labels=labels, runs=runs)
        flows = _tidy(flow.times(self.value(f"{key}.flow_from"))), _tidy(flow.times(self.value(f"{key}.flow_to")))
        if key == "large":
            differences = Quantity(most.value - self.value("large.below"), "K"), most
        else:
            of = least.value if key == "small" else Decimal(1)
            low, high = (self.value(f"{key}.difference_{end}") * of for end in ("from", "to"))
            differences = _tidy(Quantity(low, "K")), _tidy(Quantity(high, "K"))
        bounds = {"flow": flows, "difference": differences}
        text = "; ".join(f"{low.plain().partition(' ')[0]}–{high.plain()}" for low, high in bounds.values())
        return TestPoint(key=key, labels=labels, runs=runs, bounds=bounds, hint={"zh": text, "en": text})

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """Flow rate and temperature difference decide the limit, so they are read."""
        del plate, kind
        return (
            ReadingField(key="flow", labels={"zh": "流量 q", "en": "flow rate q"}, unit="m³/h"),
            ReadingField(key="difference", labels={"zh": "温差 ΔΘ", "en": "temperature difference ΔΘ"}, unit="K"),
            ReadingField(key="indicated", labels={"zh": "热量表示值 Q", "en": "energy shown Q"}, unit="kWh"),
            ReadingField(key="actual", labels={"zh": "标准热量 Qs", "en": "reference energy Qs"}, unit="kWh"),
        )

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """The sum for the flow rate and difference of a run; of the point where they are not read."""
        one = plate["accuracy_class"]
        flow = (row.get("flow") if row else None) or _low(point, "flow") or plate.quantity("qp")
        difference = (row.get("difference") if row else None) or _low(point, "difference")
        qp, least = plate.quantity("qp"), plate.quantity("difference_min")
        ratio = qp.ratio_to(flow) if qp is not None and flow is not None and flow.value > 0 else Decimal(1)
        part = least.value / difference.value if least and difference and difference.value > 0 else Decimal(0)
        of_flow = min(
            self.value(f"{one}.flow.base") + self.value(f"{one}.flow.slope") * ratio, self.value(f"{one}.flow.cap")
        )
        of_sensors = self.value("sensors.base") + self.value("sensors.slope") * part
        of_calculator = self.value("calculator.base") + self.value("calculator.slope") * part
        total = Quantity(round_to(of_flow + of_sensors + of_calculator, _SHOWN), "%")
        used = (
            *(f"{one}.flow.{name}" for name in ("base", "slope", "cap")),
            *(k for k in self.numbers if k.startswith(("sensors", "calculator"))),
        )
        limit = MaximumPermissibleError.symmetric(total)
        return (limit.times(self.value("in_service")), (*used, "in_service")) if kind == "in_service" else (limit, used)


def _low(point: TestPoint, key: str) -> Quantity | None:
    """The end at which the limit of a point is narrowest is its larger one."""
    return point.bounds[key][1] if key in point.bounds else None


def _tidy(quantity: Quantity) -> Quantity:
    return Quantity(Decimal(plain(quantity.value)), quantity.unit)


EDITION_2024 = HeatMeterEdition(
    code="JJG 225-2024",
    citation=Citation(
        "JJG 225-2024",
        {"zh": "热量表检定规程", "en": "Verification Regulation of Heat Meters"},
        "guifanku.com 849867",
    ),
    in_force=date(2025, 4, 19),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY),
)

# -- examples


def _run(point: str, flow: str, difference: str, shown: str = "10 kWh") -> dict[str, str]:
    return {
        "point": point,
        "flow": f"{flow} m³/h",
        "difference": f"{difference} K",
        "indicated": shown,
        "actual": "10 kWh",
    }


_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "tightness": True, "display": True, "seals": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "runs": [_run("small", "1.5", "3"), _run("middle", "0.3", "15", "10.05 kWh"), _run("large", "0.03", "60")],
}
_OF = Examples(
    "heat_meter",
    {
        "accuracy_class": "2",
        "qp": "1.5 m³/h",
        "qi": "0.03 m³/h",
        "difference_min": "3 K",
        "difference_max": "60 K",
        "dn": "DN20",
    },
    "MID MI-004 limits of parts; flow sensors unconfirmed; arithmetic by hand",
    whole=_WHOLE,
)


def _mpe(one: str, *limits: tuple[str, str, str, str]) -> Any:
    """Limits of runs: (point, flow, difference, limit)."""
    runs = [_run(point, flow, difference) for point, flow, difference, _ in limits]
    found = ({"point": point, "mpe": limit} for point, _, _, limit in limits)
    return _OF.found(f"class {one}", {"runs": runs}, *found, plate={"accuracy_class": one})


_BOUNDS = {
    "small": (("1.35", "3"), ("1.5", "3.6"), ("1.34", "3"), ("1.51", "3"), ("1.5", "2.9"), ("1.5", "3.7")),
    "middle": (("0.3", "10"), ("0.33", "20"), ("0.29", "10"), ("0.34", "10"), ("0.3", "9"), ("0.3", "21")),
    "large": (("0.03", "55"), ("0.033", "60"), ("0.029", "60"), ("0.034", "60"), ("0.03", "54"), ("0.03", "61")),
}


def _settings() -> Any:
    """Two runs that count, two with a wrong flow rate, two with a wrong difference."""
    for point, settings in _BOUNDS.items():
        runs = [_run(point, flow, difference) for flow, difference in settings]
        lacks = {
            f"runs[{i}].{key}": "outside_conditions" if wrong else None
            for i in range(6)
            for key, wrong in (("flow", i in (2, 3)), ("difference", i in (4, 5)))
        }
        yield _OF.lacking(f"what counts as the {point} point", {"runs": runs}, lacks)


EXAMPLES = (
    _OF.complete("within", "conforms", {"point": "middle", "error": "0.50 %"}),
    _OF.complete(
        "at the limit",
        "conforms",
        {"point": "small", "error": "7.02 %", "mpe": "7.02 %"},
        readings={"runs": [_run("small", "1.5", "3", "10.702 kWh"), *_WHOLE["runs"][1:]]},
    ),
    _OF.complete(
        "a hundredth beyond",
        "rejected",
        {"point": "small", "error": "7.03 %"},
        readings={"runs": [_run("small", "1.5", "3", "10.703 kWh"), *_WHOLE["runs"][1:]]},
    ),
    # 2 + 0.02·1 + 0.5 + 3·1 + 0.5 + 1; 2 + 0.02·5 + 1 + 4·0.2; 2 + 0.02·50 + 1 + 4·0.05
    _mpe("2", ("small", "1.5", "3", "7.02 %"), ("middle", "0.3", "15", "3.90 %"), ("large", "0.03", "60", "4.20 %")),
    # 1 + 0.01 + 1 + 4; 1 + 0.05 + 1 + 0.8; 1 + 0.5 + 1 + 0.2
    _mpe("1", ("small", "1.5", "3", "6.01 %"), ("middle", "0.3", "15", "2.85 %"), ("large", "0.03", "60", "2.70 %")),
    # 3 + 0.05 + 1 + 4; 3 + 0.25 + 1 + 0.8; the cap of 5 instead of 5.5: 5 + 1 + 0.2
    _mpe("3", ("small", "1.5", "3", "8.05 %"), ("middle", "0.3", "15", "5.05 %"), ("large", "0.03", "60", "6.20 %")),
    *(
        _OF.found(
            f"the flow sensor of class {one} is capped",
            {"runs": [{**_run("large", "0.003", "60"), "flow": "0.003 m³/h"}]},
            {"point": "large", "mpe": limit},
            plate={"accuracy_class": one, "qi": "0.003 m³/h"},
        )
        for one, limit in (("1", "4.70 %"), ("2", "6.20 %"), ("3", "6.20 %"))
    ),
    *_settings(),
    _OF.found(
        "in service", {"runs": [_run("small", "1.5", "3")]}, {"point": "small", "mpe": "7.02 %"}, kind="in_service"
    ),
    _OF.found(
        "energy in megajoules",
        {"runs": [{**_run("small", "1.5", "3", "36.36 MJ")}]},
        {"point": "small", "error": "1.00 %"},
    ),
    _OF.found(
        "rounded to a hundredth",
        {"runs": [_run("small", "1.5", "3", "10.0125 kWh")]},
        {"point": "small", "error": "0.12 %"},
    ),
    _OF.found(
        "and not coarser", {"runs": [_run("small", "1.5", "3", "10.011 kWh")]}, {"point": "small", "error": "0.11 %"}
    ),
    _OF.of("one run at each point", {}, {"rows": {"runs": 3}}),
    _OF.lasts("three years", 36),
    _OF.refused("qi lies below qp", plate={"qi": "1.5 m³/h"}),
    _OF.refused("before JJG 225-2024", on="2025-04-18"),
)

TYPE = InstrumentType(
    code="heat_meter",
    names={"zh": "热能表", "en": "heat meter"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2024,),
    category="heat_meter",
    synonyms=("热量表", "超声波热量表", "机械式热量表", "户用热量表", "楼栋热量表", "超声波热能表"),
    standard=RequiredStandard(
        names={"zh": "热量表检定装置", "en": "heat meter test bench"}, ratio=(1, 3), confirmed=False
    ),
    default_interval=Interval(months=36, mode="periodic", clause="JJG 225-2024", confirmed=False),
    examples=EXAMPLES,
)
