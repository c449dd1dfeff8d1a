"""Diaphragm gas meters (膜式燃气表): JJG 577-2012, which follows OIML R 137.

`E = [(V_m / V_s) · (p_m T_s) / (p_s T_m) − 1] × 100 %` with absolute pressures and temperatures at the meter (m) and the standard
(s); without pressures, `E = (V_m − V_s) / V_s × 100 %` while the two temperatures differ by no more than half a kelvin.

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from metrology.domain.comparing import RUNS, TestPoint, relative_error, yes
from metrology.domain.conditions import HUMIDITY, PRESSURE, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.metering import VOLUME_FIELDS, FlowMeterEdition, indicated_volume, same_sign
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.problems import NotCovered
from metrology.domain.quantity import Quantity, parse, plain
from metrology.domain.reading_sheet import Choice, ReadingField, Row
from metrology.domain.regulation import Case, Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack

_MID = "UK SI 2016/1153 Schedule 1 (limits and ranges of gas meters)"
_SCOPE = "oknoswiat; ybzhan.cn news 113369 (scope and conditions of JJG 577)"
_LIFE = "psx.gov.cn 2026-03-16 (natural gas: ten years)"
_ROTATION = "ckjsq.com (G1.6 to G16 are verified once and rotated)"

_NUMBERS: Mapping[str, LegalNumber] = {
    "1.5.lower": number("3", "%", clause="Qmin ≤ Q < Qt", source=_MID),
    "1.5.upper": number("1.5", "%", clause="Qt ≤ Q ≤ Qmax", source=_MID),
    "1.0.lower": number("2", "%", clause="Qmin ≤ Q < Qt", source=_MID),
    "1.0.upper": number("1", "%", clause="Qt ≤ Q ≤ Qmax", source=_MID),
    "1.5.same_sign": number("1", "%", clause="Qt ≤ Q ≤ Qmax, all errors of one sign"),
    "1.0.same_sign": number("0.5", "%", clause="Qt ≤ Q ≤ Qmax, all errors of one sign", source=_MID, confirmed=False),
    "in_service": number("2", clause="twice the limit in service"),
    "1.5.range": number("150", clause="Qmax/Qmin at least", source=_MID),
    "1.0.range": number("20", clause="Qmax/Qmin at least", source=_MID),
    "middle": number("0.2", "Qmax", clause="Qmin, 0.2 Qmax, Qmax"),
    "qmin_from": number("1", clause="flow rates that count as Qmin"),
    "qmin_to": number("1.2", clause="flow rates that count as Qmin"),
    "middle_from": number("0.9", clause="flow rates that count as 0.2 Qmax"),
    "middle_to": number("1.1", clause="flow rates that count as 0.2 Qmax"),
    "qmax_from": number("0.9", clause="flow rates that count as Qmax"),
    "qmax_to": number("1.0", clause="flow rates that count as Qmax"),
    "runs": number("1"),
    "rounding": number("0.1", "%"),
    "max_pressure": number("50", "kPa", clause="scope", source=_SCOPE),
    "max_flow": number("160", "m³/h", clause="scope", source=_SCOPE),
    "temperature_difference": number("1", "°C", clause="between meter and standard", source=_SCOPE),
    "no_correction": number("0.5", "°C", clause="up to this difference none is needed", source=_SCOPE),
    "small": number("10", "m³/h", clause="narrower conditions up to this Qmax", source=_SCOPE),
    "small_temperature_from": number("18", "°C", clause="(20 ± 2) °C, Qmax ≤ 10 m³/h", source=_SCOPE),
    "small_temperature_to": number("22", "°C", clause="(20 ± 2) °C, Qmax ≤ 10 m³/h", source=_SCOPE),
    "large_temperature_from": number("15", "°C", clause="(20 ± 5) °C, Qmax > 10 m³/h", source=_SCOPE),
    "large_temperature_to": number("25", "°C", clause="(20 ± 5) °C, Qmax > 10 m³/h", source=_SCOPE),
    "humidity_from": number("45", "%RH", source=_SCOPE),
    "humidity_to": number("75", "%RH", source=_SCOPE),
    "pressure_from": number("86", "kPa", source=_SCOPE),
    "pressure_to": number("106", "kPa", source=_SCOPE),
    "rotation.qmax": number("25", "m³/h", clause="G16", source=_ROTATION, confirmed=False),
    "natural_gas.months": number("120", "month", source=_LIFE),
    "other_gas.months": number("72", "month"),
    "periodic.months": number("36", "month"),
}

POINT_LABELS = {
    "qmax": {"zh": "最大流量 qmax", "en": "maximum flow rate Qmax"},
    "middle": {"zh": "0.2 qmax", "en": "0.2 Qmax"},
    "qmin": {"zh": "最小流量 qmin", "en": "minimum flow rate Qmin"},
}

NAMEPLATE = (
    Characteristic(
        key="qmax",
        labels={"zh": "最大流量", "en": "maximum flow rate Qmax"},
        unit="m³/h",
        required=True,
        synonyms=("qmax", "最大流量qmax", "最大流量(m³/h)", "Qmax(m³/h)"),
    ),
    Characteristic(
        key="qmin",
        labels={"zh": "最小流量", "en": "minimum flow rate Qmin"},
        unit="m³/h",
        required_for_verdict=True,
        synonyms=("qmin", "最小流量qmin", "最小流量(m³/h)"),
    ),
    Characteristic(
        key="accuracy_class",
        labels={"zh": "准确度等级", "en": "accuracy class"},
        kind="choice",
        required=True,
        choices=(
            Choice("1.5", {"zh": "1.5 级", "en": "class 1.5"}, ("1.5级", "B", "B级")),
            Choice("1.0", {"zh": "1.0 级", "en": "class 1.0"}, ("1.0级", "1级", "1")),
        ),
        synonyms=("等级", "精度等级", "准确度", "class"),
    ),
    Characteristic(
        key="gas",
        labels={"zh": "适用气种", "en": "gas"},
        kind="choice",
        choices=(
            Choice("natural_gas", {"zh": "天然气", "en": "natural gas"}, ("NG", "管道天然气")),
            Choice("coal_gas", {"zh": "人工煤气", "en": "coal gas"}, ("煤气", "人工燃气")),
            Choice("lpg", {"zh": "液化石油气", "en": "liquefied petroleum gas"}, ("液化气", "LPG")),
        ),
        synonyms=("气种", "燃气种类", "气源", "用气种类", "使用介质"),
    ),
    Characteristic(
        key="max_pressure",
        labels={"zh": "最大工作压力", "en": "maximum working pressure"},
        unit="kPa",
        synonyms=("pmax", "工作压力", "最大工作压力(kPa)"),
    ),
    Characteristic(
        key="size",
        labels={"zh": "规格", "en": "size G"},
        kind="text",
        synonyms=("公称流量", "G值", "燃气表规格"),
    ),
)

_AT_METER = {"zh": "燃气表处", "en": "at the meter"}
_AT_STANDARD = {"zh": "标准器处", "en": "at the standard"}
_CORRECTING = tuple(
    ReadingField(
        key=f"{place}_{what}",
        labels={lang: f"{where[lang]}{'' if lang == 'zh' else ', '}{text[lang]}" for lang in ("zh", "en")},
        unit=unit,
        required=what == "temperature",
    )
    for what, text, unit in (
        ("temperature", {"zh": "温度", "en": "temperature"}, "°C"),
        ("pressure", {"zh": "绝对压力", "en": "absolute pressure"}, "kPa"),
    )
    for place, where in (("meter", _AT_METER), ("standard", _AT_STANDARD))
)
_ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes("tightness", "密封性", "tightness"),
    yes("pressure_loss", "压力损失", "pressure loss"),
    yes("functions", "附加装置功能", "functions of additional devices", required=False),
    yes("seals", "封印完好", "seals intact"),
)


@dataclass(frozen=True, kw_only=True)
class GasMeterEdition(FlowMeterEdition):
    """Meters of class 1.0 and 1.5."""

    formula: ClassVar[str] = "E = [(Vm/Vs)·(pm·Ts)/(ps·Tm) − 1] × 100 %"

    def check(self, nameplate: Nameplate) -> None:
        """Meters for low pressure, whose range is at least that of their class."""
        qmax, qmin, pressure = (nameplate.quantity(key) for key in ("qmax", "qmin", "max_pressure"))
        if qmax is not None and qmax > self.quantity("max_flow"):
            raise NotCovered("qmax", value=qmax.plain(), limit=self.numbers["max_flow"].text())
        if pressure is not None and pressure > self.quantity("max_pressure"):
            raise NotCovered("max_pressure", value=pressure.plain(), limit=self.numbers["max_pressure"].text())
        least = self.value(f"{nameplate['accuracy_class']}.range")
        if qmax is not None and qmin is not None and qmax < qmin.times(least):
            raise NotCovered("qmin", value=qmin.plain(), limit=str(least))

    def flow(self, plate: Nameplate, point: str) -> Quantity | None:
        """Qmax, a fifth of it, Qmin."""
        if point == "qmin":
            return plate.quantity("qmin")
        qmax = plate.quantity("qmax")
        return qmax.times(self.value("middle")) if qmax is not None and point == "middle" else qmax

    def zone(self, plate: Nameplate, point: str, *, warm: bool) -> str:
        """Qmin lies below Qt, a fifth of Qmax above: Qt is a tenth of Qmax (a fifth at most, by the range of a class)."""
        del warm
        return f"{plate['accuracy_class']}.{'lower' if point == 'qmin' else 'upper'}"

    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """Service life of small meters by the gas, the shorter one when nobody says which; larger ones are periodic."""
        del use
        qmax = Nameplate(nameplate).quantity("qmax")
        if qmax is None or qmax > self.quantity("rotation.qmax"):
            return self.months("periodic.months", "periodic")
        natural = nameplate.get("gas") == "natural_gas"
        return self.months("natural_gas.months" if natural else "other_gas.months", "first_only_rotate")

    def condition_keys(self, plate: Nameplate) -> Mapping[str, str]:
        """Small meters are tested in a narrower range of temperatures."""
        qmax = plate.quantity("qmax")
        small = qmax is not None and qmax <= self.quantity("small")
        return {"temperature": "small_temperature" if small else "large_temperature"}

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """Volumes, and what corrects one for the other."""
        del plate, kind
        return (*VOLUME_FIELDS, *_CORRECTING)

    def error_of(self, case: Case, row: Row) -> Decimal | Lack | None:
        """The volume of the standard brought to the conditions at the meter, where they differ."""
        del case
        read = indicated_volume(row)
        if read is None or isinstance(read, Lack):
            return read
        indicated, actual = read.get("indicated"), read.get("actual")
        if indicated is None or actual is None:
            return None
        factor = self._factor(row)
        if isinstance(factor, Lack):
            return factor
        if actual.value <= 0:
            params = {"value": actual.text(), "unit": "L"}
            return Lack("bad_quantity", f"{RUNS}[{row.index}].actual", VOLUME_FIELDS[-1].labels, params)
        if factor is None:
            return relative_error(indicated, actual, self.unit)
        return (indicated.in_unit("L") / actual.in_unit("L") * factor - 1) * 100

    def _factor(self, row: Row) -> Decimal | Lack | None:
        """`p_m T_s / (p_s T_m)`; None where nothing needs to be corrected or nothing is known (a preview)."""
        labels = {field.key: field.labels for field in _CORRECTING}
        (t_m, t_s), (p_m, p_s) = (
            (row.get(f"meter_{k}"), row.get(f"standard_{k}")) for k in ("temperature", "pressure")
        )
        if t_m is None or t_s is None:
            return None
        difference = abs(t_m.in_unit("K") - t_s.in_unit("K"))
        if difference > self.value("temperature_difference"):
            params = {
                "value": f"{plain(difference)} °C",
                "lower": "",
                "upper": self.numbers["temperature_difference"].text(),
            }
            path = f"{RUNS}[{row.index}].meter_temperature"
            return Lack("outside_conditions", path, labels["meter_temperature"], params)
        if p_m is not None and p_s is not None and min(p_m.value, p_s.value) > 0:
            return p_m.in_unit("kPa") * t_s.in_unit("K") / (p_s.in_unit("kPa") * t_m.in_unit("K"))
        if p_m is not None or p_s is not None or difference > self.value("no_correction"):
            key = "meter_pressure" if p_m is None else "standard_pressure"
            return Lack("missing_reading", f"{RUNS}[{row.index}].{key}", labels[key])
        return None

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """From Qt up, errors that all have one sign keep to a narrower limit; in service the rule does not apply."""
        upper = {point.key: parse(finding.error) for point, finding in found if point.key != "qmin"}
        if case.kind != "in_service" and len(upper) == len(self.point_labels) - 1:
            key = f"{case.nameplate['accuracy_class']}.same_sign"
            narrow = MaximumPermissibleError.symmetric(self.quantity(key))
            clause = self.numbers[key].clause
            yield same_sign(upper, [narrow] * len(upper), every=True, number=key, clause=clause)


EDITION_2012 = GasMeterEdition(
    code="JJG 577-2012",
    citation=Citation(
        "JJG 577-2012", {"zh": "膜式燃气表检定规程", "en": "Verification Regulation of Diaphragm Gas Meters"}
    ),
    # The day it took force was not found: the first day of the year after it stands in.
    in_force=date(2013, 1, 1),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    text_confirmed=False,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY, PRESSURE),
    point_labels=POINT_LABELS,
)

# -- examples


def _runs(qmax: str, middle: str, qmin: str, **more: str) -> list[dict[str, str]]:
    shown = {"qmax": qmax, "middle": middle, "qmin": qmin}
    same = {"meter_temperature": "20.0 °C", "standard_temperature": "20.0 °C", **more}
    return [{"flow_point": point, "indicated": litres, "actual": "100 L", **same} for point, litres in shown.items()]


def _whole(qmax: str, middle: str, qmin: str) -> dict[str, Any]:
    return {
        "items": {"appearance": True, "tightness": True, "pressure_loss": True, "seals": True},
        "environment": {"temperature": "20 °C", "humidity": "60 %RH"},
        "runs": _runs(qmax, middle, qmin),
    }


_HOUSEHOLD = {"qmax": "4 m³/h", "qmin": "0.025 m³/h", "accuracy_class": "1.5", "gas": "天然气"}
_OF = Examples(
    "diaphragm_gas_meter", _HOUSEHOLD, "OIML R 137 and MID limits; arithmetic by hand", kind="initial",
    whole=_whole("99.5 L", "100.5 L", "101 L"),
)  # fmt: skip
_TRUE = {"runs": _runs("100 L", "100 L", "100 L")}
_ONE = {"flow_point": "qmax", "indicated": "100 L", "actual": "100 L"}
_CORRECTED = {**_ONE, "meter_pressure": "101.5 kPa", "standard_pressure": "100.0 kPa", "standard_temperature": "20 °C"}


def _mpe(name: str, qmax: str, middle: str, qmin: str, **how: Any) -> Any:
    limits = {"qmax": qmax, "middle": middle, "qmin": qmin}
    return _OF.found(name, _TRUE, *({"point": point, "mpe": limit} for point, limit in limits.items()), **how)


EXAMPLES = (
    _mpe("class 1.5", "1.5 %", "1.5 %", "3 %"),
    _mpe("class 1.0", "1 %", "1 %", "2 %", plate={"accuracy_class": "1.0", "qmin": "0.2 m³/h"}),
    _mpe("class 1.5 in service", "3.0 %", "3.0 %", "6 %", kind="in_service"),
    _OF.complete("errors of both signs conform", "conforms", {"point": "qmax", "error": "-0.5 %", "within": True}),
    _OF.complete(
        "a point beyond is rejected",
        "rejected",
        {"point": "middle", "error": "1.6 %", "within": False},
        readings=_whole("99.5 L", "101.6 L", "101 L"),
    ),
    _OF.complete(
        "one sign and every error at 1 %: conforms",
        "conforms",
        {"point": "same_sign", "within": True},
        readings=_whole("101 L", "100.5 L", "101 L"),
    ),
    _OF.complete(
        "one sign and one error beyond 1 %: rejected",
        "rejected",
        {"point": "same_sign", "within": False},
        {"point": "qmax", "within": True},
        readings=_whole("101.1 L", "100.5 L", "101 L"),
    ),
    _OF.complete(
        "class 1.0, one sign, half a per cent: conforms",
        "conforms",
        readings=_whole("100.5 L", "100.5 L", "101 L"),
        plate={"accuracy_class": "1.0"},
    ),
    _OF.complete(
        "class 1.0, one sign, more: rejected",
        "rejected",
        readings=_whole("100.6 L", "100.5 L", "101 L"),
        plate={"accuracy_class": "1.0"},
    ),
    _OF.found(
        "rounded to a tenth",
        {"runs": [{**_TRUE["runs"][0], "indicated": "100.45 L"}]},
        {"point": "qmax", "error": "0.4 %"},
    ),
    _OF.found(
        "and not coarser", {"runs": [{**_TRUE["runs"][0], "indicated": "100.3 L"}]}, {"point": "qmax", "error": "0.3 %"}
    ),
    _OF.found(
        "brought to the meter's pressure and temperature",
        {"runs": [{**_CORRECTED, "meter_temperature": "20.8 °C"}]},
        {"point": "qmax", "unrounded": "1.223762545 %", "error": "1.2 %"},
    ),
    _OF.lacking(
        "half a kelvin needs no correction",
        {"runs": [{**_ONE, "meter_temperature": "20.5 °C", "standard_temperature": "20 °C"}]},
        {"runs[0].meter_pressure": None},
    ),
    _OF.lacking(
        "more needs pressures",
        {"runs": [{**_ONE, "meter_temperature": "20.6 °C", "standard_temperature": "20 °C"}]},
        {"runs[0].meter_pressure": "missing_reading"},
    ),
    _OF.lacking(
        "a kelvin counts", {"runs": [{**_CORRECTED, "meter_temperature": "21 °C"}]}, {"runs[0].meter_temperature": None}
    ),
    _OF.lacking(
        "two do not",
        {"runs": [{**_CORRECTED, "meter_temperature": "22 °C"}]},
        {"runs[0].meter_temperature": "outside_conditions"},
    ),
    _OF.of(
        "flow rates that count",
        {},
        {
            "hints": {"runs.qmax": "3.6–4 m³/h", "runs.middle": "0.72–0.88 m³/h", "runs.qmin": "0.025–0.03 m³/h"},
            "rows": {"runs": 3},
        },
    ),
    *_OF.edges(
        "environment.temperature",
        ("18 °C", "22 °C"),
        ("17 °C", "23 °C"),
        plate={"qmax": "10 m³/h", "qmin": "0.06 m³/h"},
    ),
    *_OF.edges(
        "environment.temperature",
        ("15 °C", "25 °C"),
        ("14 °C", "26 °C"),
        plate={"qmax": "11 m³/h", "qmin": "0.06 m³/h"},
    ),
    *_OF.edges("environment.humidity", ("45 %RH", "75 %RH"), ("44 %RH", "76 %RH")),
    *_OF.edges("environment.pressure", ("86 kPa", "106 kPa"), ("85 kPa", "107 kPa")),
    _OF.lasts("natural gas: ten years", 120, "first_only_rotate", plate={"qmax": "25 m³/h", "qmin": "0.16 m³/h"}),
    _OF.lasts("coal gas: six", 72, "first_only_rotate", plate={"gas": "人工煤气"}),
    _OF.lasts("a gas nobody names: six", 72, "first_only_rotate", plate={"gas": None}),
    _OF.lasts("larger meters every three", 36, plate={"qmax": "26 m³/h", "qmin": "0.16 m³/h"}),
    _OF.lasts("the largest too", 36, plate={"qmax": "160 m³/h", "qmin": "1 m³/h", "max_pressure": "50 kPa"}),
    _OF.refused("beyond 160 m³/h", plate={"qmax": "161 m³/h", "qmin": "1 m³/h"}),
    _OF.refused("beyond 50 kPa", plate={"max_pressure": "51 kPa"}),
    _OF.lasts("a range of 150 is enough", 120, "first_only_rotate", plate={"qmax": "6 m³/h", "qmin": "0.04 m³/h"}),
    _OF.refused("149 is not", plate={"qmax": "149 m³/h", "qmin": "1 m³/h"}),
    _OF.lasts("class 1.0: 20 is enough", 120, "first_only_rotate", plate={"accuracy_class": "1.0", "qmin": "0.2 m³/h"}),
    _OF.refused("class 1.0: 19 is not", plate={"accuracy_class": "1.0", "qmax": "1.9 m³/h", "qmin": "0.1 m³/h"}),
)

TYPE = InstrumentType(
    code="diaphragm_gas_meter",
    names={"zh": "膜式燃气表", "en": "diaphragm gas meter"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2012,),
    category="diaphragm_gas_meter",
    synonyms=(
        "燃气表",
        "煤气表",
        "膜式煤气表",
        "IC卡燃气表",
        "IC卡膜式燃气表",
        "物联网膜式燃气表",
        "天然气表",
        "家用燃气表",
        "gas meter",
    ),
    standard=RequiredStandard(
        names={"zh": "钟罩式气体流量标准装置或标准表装置", "en": "bell prover or reference meter bench"},
        ratio=(1, 3),
        confirmed=False,
    ),
    default_interval=Interval(months=120, mode="first_only_rotate", clause="JJG 577-2012"),
    examples=EXAMPLES,
)
