"""Cold water meters (饮用冷水水表): JJG 162-2019, which follows OIML R 49.

`E = (V_i − V_a) / V_a × 100 %`, rounded to 0.1 %, at Q3, Q2 and Q1; the limit is wider below Q2 and in water above 30 °C.
Small meters are verified once and replaced at the end of their service life, large ones verified every two years.

The regulation itself was not at hand: sources are named at each number; numbers without one, or
with one that speaks of an older edition, are unconfirmed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from metrology.domain.comparing import TestPoint, yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE, WATER_TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.metering import FlowMeterEdition, same_sign
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.problems import NotCovered
from metrology.domain.quantity import Quantity, parse
from metrology.domain.reading_sheet import Choice, ReadingField
from metrology.domain.regulation import (
    Case,
    Citation,
    InstrumentType,
    LegalNumber,
    RequiredStandard,
    number,
)
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack

_METERS = "bmeters (OIML R 49 flow rates and class 2 limits)"
_LIFE = "nmghzsl.com (service life of water meters under JJG 162)"
_2009 = "wenke99.com 3446170 (conditions of JJG 162-2009)"

POINT_LABELS = {
    "q3": {"zh": "常用流量 Q3", "en": "permanent flow rate Q3"},
    "q2": {"zh": "分界流量 Q2", "en": "transitional flow rate Q2"},
    "q1": {"zh": "最小流量 Q1", "en": "minimum flow rate Q1"},
}

_NUMBERS: Mapping[str, LegalNumber] = {
    "2.upper": number("2", "%", clause="Q2 ≤ Q ≤ Q4, ≤ 30 °C", source=_METERS),
    "2.upper_warm": number("3", "%", clause="Q2 ≤ Q ≤ Q4, > 30 °C", source=_METERS),
    "2.lower": number("5", "%", clause="Q1 ≤ Q < Q2", source=_METERS),
    "1.upper": number("1", "%", clause="Q2 ≤ Q ≤ Q4, ≤ 30 °C"),
    "1.upper_warm": number("2", "%", clause="Q2 ≤ Q ≤ Q4, > 30 °C"),
    "1.lower": number("3", "%", clause="Q1 ≤ Q < Q2"),
    "warm": number("30", "°C", clause="limits change above 30 °C", source=_METERS),
    "in_service": number("2", clause="twice the limit in service", source="geinifan.com 197 (±4 % for small meters)"),
    "q2_q1": number("1.6", clause="Q2/Q1", source=_METERS),
    "q3_from": number("0.9", clause="0.9 Q3 ≤ Q ≤ Q3"),
    "q3_to": number("1", clause="0.9 Q3 ≤ Q ≤ Q3"),
    "q2_from": number("1", clause="Q2 ≤ Q ≤ 1.1 Q2"),
    "q2_to": number("1.1", clause="Q2 ≤ Q ≤ 1.1 Q2"),
    "q1_from": number("1", clause="Q1 ≤ Q ≤ 1.1 Q1"),
    "q1_to": number("1.1", clause="Q1 ≤ Q ≤ 1.1 Q1"),
    "same_sign": number("0.5", "MPE", clause="OIML R 49-1: one error ≤ ½ MPE when all have one sign"),
    "runs": number("1", clause="a point outside is repeated and the mean of its runs judged"),
    "rounding": number("0.1", "%"),
    "temperature_from": number("5", "°C", source=_2009, confirmed=False),
    "temperature_to": number("55", "°C", source=_2009, confirmed=False),
    "water_temperature_from": number("0.1", "°C", source=_2009, confirmed=False),
    "T30": number("30", "°C", source=_2009, confirmed=False),
    "T50": number("50", "°C"),
    "rotation.dn": number("50", "mm", source=_LIFE),
    "rotation.q3": number("16", "m³/h", source=_LIFE),
    "small.dn": number("25", "mm", source=_LIFE),
    "small.months": number("72", "month", source=_LIFE),
    "middle.months": number("48", "month", source=_LIFE),
    "periodic.months": number("24", "month", source=_LIFE),
}

_T_CLASSES = tuple(Choice(one, {"zh": one, "en": one}) for one in ("T30", "T50"))

NAMEPLATE = (
    Characteristic(
        key="dn",
        labels={"zh": "公称口径", "en": "nominal size DN"},
        kind="integer",
        unit="mm",
        required=True,
        prefixes=("DN", "Φ", "φ"),
        synonyms=("口径", "公称通径", "DN", "公称直径", "口径(mm)", "公称口径(mm)", "管径"),
    ),
    Characteristic(
        key="q3",
        labels={"zh": "常用流量 Q3", "en": "permanent flow rate Q3"},
        unit="m³/h",
        required=True,
        prefixes=("Q3",),
        synonyms=("Q3", "Q3(m³/h)", "常用流量", "常用流量(m³/h)", "Q3 m3/h"),
    ),
    Characteristic(
        key="ratio",
        labels={"zh": "量程比 Q3/Q1", "en": "ratio Q3/Q1"},
        kind="number",
        required=True,
        prefixes=("Q3/Q1", "R"),
        synonyms=("Q3/Q1", "量程比", "R", "R值", "量程比R", "Q3:Q1"),
    ),
    Characteristic(
        key="accuracy_class",
        labels={"zh": "准确度等级", "en": "accuracy class"},
        kind="choice",
        required=True,
        choices=(
            Choice("1", {"zh": "1 级", "en": "class 1"}, ("1级", "一级", "1.0级", "1.0", "Ⅰ级")),
            Choice("2", {"zh": "2 级", "en": "class 2"}, ("2级", "二级", "2.0级", "2.0", "Ⅱ级")),
        ),
        synonyms=("等级", "精度等级", "准确度", "class"),
    ),
    Characteristic(
        key="temperature_class",
        labels={"zh": "温度等级", "en": "temperature class"},
        kind="choice",
        choices=_T_CLASSES,
        synonyms=("水温等级", "工作温度等级"),
    ),
    Characteristic(
        key="map",
        labels={"zh": "最高允许压力 MAP", "en": "maximum admissible pressure MAP"},
        unit="MPa",
        synonyms=("MAP", "压力等级", "最高允许压力"),
    ),
)

_ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes("function", "功能", "function"),
    yes("seals", "封印完好", "seals intact"),
)
_TIGHT = yes(
    "tightness",
    "密封性(耐压无渗漏)",
    "tightness under pressure",
    clause="nmgjl.com.cn 3631 (items under JJG 162-2019)",
)


@dataclass(frozen=True, kw_only=True)
class ColdWaterMeterEdition(FlowMeterEdition):
    """Meters of class 1 and 2."""

    def check(self, nameplate: Nameplate) -> None:
        """Q2 = 1.6 Q1 must lie below Q3."""
        ratio = nameplate.number("ratio")
        if ratio is not None and ratio <= self.value("q2_q1"):
            raise NotCovered("ratio", value=nameplate["ratio"])

    def flow(self, plate: Nameplate, point: str) -> Quantity | None:
        """Q3, Q2 or Q1 of this meter."""
        q3, ratio = plate.quantity("q3"), plate.number("ratio")
        if q3 is None or point == "q3":
            return q3
        if ratio is None:
            return None
        q1 = Quantity(q3.value / ratio, q3.unit)
        return q1 if point == "q1" else q1.times(self.value("q2_q1"))

    def zone(self, plate: Nameplate, point: str, *, warm: bool) -> str:
        """Below Q2 the limit is the same in cold and warm water."""
        name = "lower" if point == "q1" else "upper_warm" if warm else "upper"
        return f"{plate['accuracy_class']}.{name}"

    def is_warm(self, case: Case) -> bool:
        """Whether the water is warmer than the limits of cold water are for."""
        water = case.reading.single("environment").get("water_temperature")
        return water is not None and water > self.quantity("warm")

    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """Service life for small meters, from the first verification that conformed; two years for large ones."""
        del use
        plate = Nameplate(nameplate)
        dn, q3 = plate.number("dn"), plate.quantity("q3")
        if dn is None or q3 is None or dn > self.value("rotation.dn") or q3 > self.quantity("rotation.q3"):
            return self.months("periodic.months", "periodic")
        return self.months("small.months" if dn <= self.value("small.dn") else "middle.months", "first_only_rotate")

    def items_for(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """In service nobody takes the meter to pressure."""
        del plate
        return self.items if kind == "in_service" else (*self.items, _TIGHT)

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """The rule of the same sign, and water too warm for the meter.

        In service the rule does not apply; before every point is known it cannot be broken.
        """
        water = case.reading.single("environment").get("water_temperature")
        high = self.quantity(case.nameplate.get("temperature_class", "T30"))
        if water is not None and water > high:
            params = {"value": water.text(), "lower": "", "upper": high.plain()}
            yield Lack("outside_conditions", "environment.water_temperature", WATER_TEMPERATURE.labels, params)
        if case.kind != "in_service" and len(found) == len(self.point_labels):
            errors = {point.key: parse(finding.error) for point, finding in found}
            part, warm = self.value("same_sign"), self.is_warm(case)
            limits = [self.limit_at(case.nameplate, case.kind, key, warm=warm)[0].times(part) for key in errors]
            yield same_sign(errors, limits, every=False, number="same_sign", clause=self.numbers["same_sign"].clause)


EDITION_2019 = ColdWaterMeterEdition(
    code="JJG 162-2019",
    citation=Citation(
        "JJG 162-2019",
        {"zh": "饮用冷水水表检定规程", "en": "Verification Regulation of Cold Potable Water Meters"},
        "chinesestandard.net JJG162-2019",
    ),
    in_force=date(2020, 3, 31),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY, WATER_TEMPERATURE),
    point_labels=POINT_LABELS,
)


_SMALL = {"accuracy_class": "2", "q3": "2.5 m³/h", "ratio": "100", "dn": "20"}
_OF = Examples("cold_water_meter", _SMALL, "OIML R 49 limits; arithmetic by hand", kind="initial")
_case = _OF.of


def _runs(q3: str, q2: str, q1: str) -> list[dict[str, str]]:
    """What the meter indicated when 100 L had run."""
    shown = {"q3": q3, "q2": q2, "q1": q1}
    return [{"flow_point": point, "indicated": litres, "actual": "100 L"} for point, litres in shown.items()]


def _complete(runs: Sequence[Mapping[str, str]], water: str = "20 °C") -> dict[str, Any]:
    return {
        "items": {"appearance": True, "function": True, "seals": True, "tightness": True},
        "environment": {"temperature": "20 °C", "humidity": "50 %RH", "water_temperature": water},
        "runs": runs,
    }


def _limits(q3: str, q2: str, q1: str) -> dict[str, Any]:
    limits = {"q3": q3, "q2": q2, "q1": q1}
    return {"findings": [{"point": point, "mpe": limit} for point, limit in limits.items()]}


_TRUE = _runs("100 L", "100 L", "100 L")
_WARM = {"runs": _TRUE, "environment": {"water_temperature": "30.1 °C"}}
EXAMPLES = (
    _case(
        "class 2 at three flow points",
        {
            "runs": [
                {"flow_point": "q3", "indicated": "101.9 L", "actual": "100 L"},
                {"flow_point": "q2", "indicated": "10.21 L", "actual": "10 L"},
                {"flow_point": "q1", "start": "1.00 L", "end": "11.48 L", "actual": "10 L"},
            ]
        },
        {
            "findings": [
                {"point": "q3", "error": "1.9 %", "mpe": "2 %", "within": True, "flow_rate": "2.5 m³/h"},
                {"point": "q2", "error": "2.1 %", "mpe": "2 %", "within": False, "flow_rate": "0.04 m³/h"},
                {"point": "q1", "error": "4.8 %", "mpe": "5 %", "within": True, "flow_rate": "0.025 m³/h"},
            ]
        },
    ),
    _case("class 2 above 30 °C", _WARM, _limits("3 %", "3 %", "5 %"), plate={"temperature_class": "T50"}),
    _case("class 2 in service", {"runs": _TRUE}, _limits("4 %", "4 %", "10 %"), kind="in_service"),
    _case("class 1", {"runs": _TRUE}, _limits("1 %", "1 %", "3 %"), plate={"accuracy_class": "1"}),
    _case(
        "class 1 above 30 °C",
        _WARM,
        _limits("2 %", "2 %", "3 %"),
        plate={"accuracy_class": "1", "temperature_class": "T50"},
    ),
    _case(
        "errors of one sign with one at half its limit conform",
        _complete(_runs("101 L", "102 L", "105 L")),
        {
            "verdict": "conforms",
            "findings": [{"point": "same_sign", "within": True}, {"point": "q1", "error": "5.0 %", "margin": "1"}],
        },
        partial=False,
    ),
    _case(
        "errors of one sign all beyond half are rejected",
        _complete(_runs("101.1 L", "101.1 L", "102.6 L")),
        {
            "verdict": "rejected",
            "findings": [{"point": "same_sign", "within": False}, {"point": "q3", "error": "1.1 %", "within": True}],
        },
        partial=False,
    ),
    _case(
        "errors of both signs need no such care",
        _complete(_runs("101.1 L", "98.9 L", "102.6 L")),
        {"verdict": "conforms", "findings": [{"point": "same_sign", "within": True}]},
        partial=False,
    ),
    _case(
        "a repeated point is judged by its mean",
        {
            "runs": [
                {"flow_point": "q3", "indicated": shown, "actual": "100 L"}
                for shown in ("102.3 L", "101.8 L", "101.9 L")
            ]
        },
        {"findings": [{"point": "q3", "error": "2.0 %", "within": True, "runs": "3"}]},
    ),
    _OF.refused("Q2 must lie below Q3", plate={"ratio": "1.6"}),
    _OF.lacking("and a tenth more is enough", {}, {"runs.q3": "missing_reading"}, plate={"ratio": "1.7"}),
    _case("Q2 lies below Q3", {}, {"hints": {"runs.q2": "0.04–0.044 m³/h"}}),
    _case(
        "30 °C is still cold",
        {"runs": _TRUE, "environment": {"water_temperature": "30 °C"}},
        _limits("2 %", "2 %", "5 %"),
    ),
    _case(
        "30.4 °C is warm",
        {"runs": _TRUE, "environment": {"water_temperature": "30.4 °C"}},
        _limits("3 %", "3 %", "5 %"),
    ),
    _case(
        "29 °C is cold", {"runs": _TRUE, "environment": {"water_temperature": "29.5 °C"}}, _limits("2 %", "2 %", "5 %")
    ),
    _case("one run at each flow point", {}, {"rows": {"runs": 3}}),
    _case(
        "flow rates that count, in a meter of Q3 = 16 m³/h",
        {},
        {"hints": {"runs.q3": "14.4–16 m³/h", "runs.q2": "0.256–0.2816 m³/h", "runs.q1": "0.16–0.176 m³/h"}},
        plate={"q3": "16 m³/h", "dn": "40"},
    ),
    _OF.lacking(
        "a run at another flow rate does not count",
        {"runs": [{**_TRUE[0], "flow": flow} for flow in ("2.25 m³/h", "2.5 m³/h", "2.24 m³/h", "2.51 m³/h")]},
        {
            "runs[0].flow": None,
            "runs[1].flow": None,
            "runs[2].flow": "outside_conditions",
            "runs[3].flow": "outside_conditions",
        },
    ),
    *_OF.edges("environment.temperature", ("5 °C", "55 °C"), ("4 °C", "56 °C")),
    *_OF.edges("environment.water_temperature", ("0.1 °C", "30 °C"), ("0.0 °C", "31 °C")),
    *_OF.edges("environment.water_temperature", ("50 °C",), ("51 °C",), plate={"temperature_class": "T50"}),
    _OF.lasts("DN 25: six years", 72, "first_only_rotate", plate={"dn": "25"}),
    _OF.lasts("DN 26: four", 48, "first_only_rotate", plate={"dn": "26"}),
    _OF.lasts("DN 50 and Q3 = 16: four", 48, "first_only_rotate", plate={"dn": "50", "q3": "16 m³/h"}),
    _OF.lasts("DN 51: every two years", 24, plate={"dn": "51"}),
    _OF.lasts("Q3 = 17: every two years", 24, plate={"dn": "50", "q3": "17 m³/h"}),
)

TYPE = InstrumentType(
    code="cold_water_meter",
    names={"zh": "饮用冷水水表", "en": "cold water meter"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2019,),
    category="cold_water_meter",
    synonyms=(
        "冷水水表",
        "水表",
        "冷水表",
        "旋翼式水表",
        "智能水表",
        "远传水表",
        "IC卡水表",
        "IC卡冷水水表",
        "电子远传水表",
        "水平螺翼式水表",
        "超声波水表",
        "电磁水表",
        "water meter",
    ),
    standard=RequiredStandard(
        names={"zh": "水表检定装置", "en": "water meter test bench"}, ratio=(1, 3), confirmed=False
    ),
    default_interval=Interval(months=72, mode="first_only_rotate", clause="JJG 162-2019"),
    examples=EXAMPLES,
)
