"""Elastic-element pressure gauges, pressure-vacuum and vacuum gauges (一般压力表): JJG 52-2013.

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from metrology.domain.comparing import yes
from metrology.domain.example import Examples
from metrology.domain.gauging import GaugeEdition
from metrology.domain.nameplate import Characteristic
from metrology.domain.reading_sheet import Choice
from metrology.domain.regulation import Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval

_CLASSES = "777doc.com 2602203; dashunshua.net 235595 (classes under JJG 52)"
_TOP = "ybzhan.cn tech 19688 (upper tenth of the scale)"
_CONDITIONS = "dashunshua.net 235595 (conditions)"

_NUMBERS: Mapping[str, LegalNumber] = {
    "1.mpe": number("1", "% of span", source=_CLASSES),
    "1.6.mpe": number("1.6", "% of span", source=_CLASSES),
    "2.5.mpe": number("2.5", "% of span", source=_CLASSES),
    "4.mpe": number("4", "% of span", source=_CLASSES),
    "1.top": number("1.6", "% of span", clause="one class worse", source=_TOP),
    "1.6.top": number("2.5", "% of span", clause="one class worse", source=_TOP),
    "2.5.top": number("4", "% of span", clause="one class worse", source=_TOP),
    "4.top": number("4", "% of span", clause="there is no class worse than 4"),
    "top_from": number("0.9", "upper end", clause="from 90 % of the upper end", source=_TOP),
    "tap": number("0.5", "MPE", clause="displacement by tapping"),
    "points": number("4", clause="numbered marks, evenly over the scale"),
    "in_service": number("1", clause="no wider limit in service was found"),
    "temperature_from": number("15", "°C", source=_CONDITIONS),
    "temperature_to": number("25", "°C", source=_CONDITIONS),
    "humidity_to": number("85", "%RH", source=_CONDITIONS),
    "interval": number("6", "month", source="777doc.com 2602203"),
}

NAMEPLATE = (
    Characteristic(
        key="range",
        labels={"zh": "测量范围", "en": "measuring range"},
        kind="text",
        required=True,
        synonyms=("量程", "范围", "测量范围(MPa)", "量程(MPa)", "测量区间", "range"),
        hint={"zh": "如 0～1.6 MPa", "en": "such as 0 ~ 1.6 MPa"},
    ),
    Characteristic(
        key="accuracy_class",
        labels={"zh": "准确度等级", "en": "accuracy class"},
        kind="choice",
        required=True,
        choices=(
            Choice("1", {"zh": "1.0 级", "en": "class 1"}, ("1.0", "1级", "1.0级")),
            Choice("1.6", {"zh": "1.6 级", "en": "class 1.6"}, ("1.6级",)),
            Choice("2.5", {"zh": "2.5 级", "en": "class 2.5"}, ("2.5级",)),
            Choice("4", {"zh": "4.0 级", "en": "class 4"}, ("4.0", "4级", "4.0级")),
        ),
        synonyms=("等级", "精度等级", "准确度", "精度", "精确度等级", "class"),
    ),
)
_ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes(
        "zero",
        "零位(有止销时缩格不超过允差,无止销时在零位标志内)",
        "zero (at the stop pin within the MPE; without one inside the mark)",
        clause=_CONDITIONS,
    ),
    yes("pointer", "指针偏转平稳性", "pointer moves smoothly"),
)

EDITION_2013 = GaugeEdition(
    code="JJG 52-2013",
    citation=Citation(
        "JJG 52-2013",
        {
            "zh": "弹性元件式一般压力表、压力真空表和真空表检定规程",
            "en": "Verification Regulation of Elastic Element Pressure, Pressure-Vacuum and Vacuum Gauges for General Use",
        },
        "baijiantest.com 15938685",
    ),
    in_force=date(2013, 12, 27),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    extra_labels={"tap": {"zh": "轻敲位移", "en": "displacement by tapping"}},
    items=_ITEMS,
)

# -- examples


def _at(reference: str, rising: str, falling: str | None = None, **before: str) -> dict[str, str]:
    """Readings after tapping; those before (`up`, `down`) are the same unless given."""
    falling = falling or rising
    return {
        "reference": f"{reference} MPa",
        "up": f"{before.get('up', rising)} MPa",
        "up_tapped": f"{rising} MPa",
        "down": f"{before.get('down', falling)} MPa",
        "down_tapped": f"{falling} MPa",
    }


_MARKS = ("0.4", "0.8", "1.2", "1.6")
_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "zero": True, "pointer": True},
    "environment": {"temperature": "20 °C", "humidity": "60 %RH"},
    "points": [_at(mark, mark) for mark in _MARKS],
}
_OF = Examples(
    "pressure_gauge",
    {"range": "0～1.6 MPa", "accuracy_class": "1.6级"},
    "JJG 52 classes and upper tenth (secondary copies); arithmetic by hand",
    whole=_WHOLE,
)


def _limits(one: str, limit: str, top: str) -> Any:
    """Of a gauge of 10 MPa: below and from 9 MPa."""
    points = [_at("8.999", "8.999"), _at("9", "9")]
    found = ({"point": "points[0]", "mpe": limit}, {"point": "points[1]", "mpe": top})
    return _OF.found(f"class {one}", {"points": points}, *found, plate={"range": "0~10 MPa", "accuracy_class": one})


_TEN = {"range": "0~10 MPa", "accuracy_class": "2.5"}
EXAMPLES = (
    _limits("1", "0.1 MPa", "0.16 MPa"),
    _limits("1.6", "0.16 MPa", "0.25 MPa"),
    _limits("2.5", "0.25 MPa", "0.4 MPa"),
    _limits("4", "0.4 MPa", "0.4 MPa"),
    _OF.found(
        "in service",
        {"points": [_at("5", "5")]},
        {"point": "points[0]", "mpe": "0.25 MPa"},
        kind="in_service",
        plate=_TEN,
    ),
    _OF.found(
        "a pressure-vacuum gauge by its whole span",
        {"points": [_at("0.5", "0.5")]},
        {"point": "points[0]", "mpe": "0.016 MPa"},
        plate={"range": "-0.1～0.9 MPa"},
    ),
    _OF.found(
        "the end of a vacuum gauge is its lower one",
        {"points": [_at("-0.09", "-0.09"), _at("-0.08", "-0.08")]},
        {"point": "points[0]", "mpe": "0.0025 MPa"},
        {"point": "points[1]", "mpe": "0.0016 MPa"},
        plate={"range": "-0.1～0 MPa"},
    ),
    _OF.complete("without any error", "conforms", {"point": "points[0]", "error": "0 MPa", "mpe": "0.0256 MPa"}),
    _OF.complete(
        "an error beyond",
        "rejected",
        {"point": "points[0]", "error": "0.026 MPa"},
        readings={"points": [_at("0.4", "0.426"), *map(_at, _MARKS[1:], _MARKS[1:])]},
    ),
    _OF.found(
        "hysteresis at the limit",
        {"points": [_at("5", "4.9", "5.15")]},
        {"point": "points[0]", "error": "0.15 MPa", "hysteresis": "0.25 MPa", "within": True},
        plate=_TEN,
    ),
    _OF.found(
        "and beyond",
        {"points": [_at("5", "4.9", "5.151")]},
        {"point": "points[0]", "hysteresis_within": False, "within": False},
        plate=_TEN,
    ),
    _OF.found(
        "tapping moves it by half the limit",
        {"points": [_at("5", "5", up="4.875")]},
        {"point": "points[0]", "tap": "0.125 MPa", "tap_limit": "0.125 MPa", "within": True},
        plate=_TEN,
    ),
    _OF.found(
        "and by more",
        {"points": [_at("5", "5", down="5.126")]},
        {"point": "points[0]", "tap": "0.126 MPa", "within": False},
        plate=_TEN,
    ),
    _OF.lacking(
        "the end of the scale must be read", {"points": [_at("1.5", "1.5")]}, {"points.end": "missing_reading"}
    ),
    _OF.lacking(
        "three points are too few", {"points": [_at(mark, mark) for mark in _MARKS[:3]]}, {"points": "missing_reading"}
    ),
    _OF.of(
        "four points",
        {},
        {
            "rows": {"points": 4},
            "values": {"points.p1": {"reference": "0.4 MPa"}, "points.p4": {"reference": "1.6 MPa"}},
        },
    ),
    *_OF.edges("environment.temperature", ("15 °C", "25 °C"), ("14 °C", "26 °C")),
    *_OF.edges("environment.humidity", ("85 %RH",), ("86 %RH",)),
    _OF.lasts("half a year", 6),
    _OF.of("a range nobody can read", {}, {"problem": {"code": "bad_quantity"}}, plate={"range": "常压"}),
    _OF.refused("no such class", plate={"accuracy_class": "0.4"}),
)

TYPE = InstrumentType(
    code="pressure_gauge",
    names={"zh": "指示类压力表", "en": "pressure gauge"},
    purposes=("safety", "medical"),
    nameplate=NAMEPLATE,
    editions=(EDITION_2013,),
    category="pressure_gauge",
    synonyms=(
        "压力表",
        "弹性元件式一般压力表",
        "一般压力表",
        "弹簧管式一般压力表",
        "压力真空表",
        "真空表",
        "氧气压力表",
        "氧压表",
        "耐震压力表",
        "电接点压力表",
    ),
    standard=RequiredStandard(
        names={"zh": "精密压力表、活塞式压力计等", "en": "precision gauge, piston gauge or the like"}, ratio=(1, 4)
    ),
    default_interval=Interval(months=6, mode="periodic", clause="JJG 52-2013"),
    examples=EXAMPLES,
)
