"""Heat meters (热量表): JJG 225-2024 and JJG 225-2001 before it, after EN 1434 and OIML R 75.

A complete meter is verified by its energy, one of separate parts by flow sensor, temperature sensors and calculator, each for itself.

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from metrology.domain.comparing import yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Example, Examples
from metrology.domain.heat_metering import HeatMeterEdition
from metrology.domain.nameplate import Characteristic
from metrology.domain.reading_sheet import Choice
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
    "part.flow_from": number("0.10", "qp", clause="flow sensor by itself, between qi and qp"),
    "part.flow_to": number("0.11", "qp", clause="flow sensor by itself, between qi and qp"),
    "runs": number("1"),
    "rounding": number("0.01", "%"),
    "interval": number("36", "month", clause="as in JJG 225-2001"),
}
# Of the edition before only the interval was found in a source; the numbers of the new one stand in for the rest.
_NUMBERS_2001: Mapping[str, LegalNumber] = {
    **{key: replace(one, source="", confirmed=False) for key, one in _NUMBERS.items()},
    "interval": number("36", "month", source="secondary sources on JJG 225-2001 (three years at most)"),
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
        key="assembly",
        labels={"zh": "检定方式", "en": "verified as"},
        kind="choice",
        choices=(
            Choice("complete", {"zh": "整体检定", "en": "complete meter"}, ("整体", "总量检定", "整体式")),
            Choice("parts", {"zh": "分量检定", "en": "separate parts"}, ("分量", "组合式", "分体", "分量组合")),
        ),
        synonyms=("整体式或组合式", "结构型式"),
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
    point_labels=_POINTS,
)
EDITION_2001 = HeatMeterEdition(
    code="JJG 225-2001",
    citation=Citation("JJG 225-2001", {"zh": "热能表检定规程", "en": "Verification Regulation of Heat Meters"}),
    # The day it took force was not found: the first day of the year after it stands in.
    in_force=date(2002, 1, 1),
    numbers=_NUMBERS_2001,
    nameplate=NAMEPLATE,
    text_confirmed=False,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY),
    point_labels=_POINTS,
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
_OF_2001 = replace(_OF, source="JJG 225-2001 (unconfirmed)", on="2025-04-18")


def _mpe(of: Examples, one: str, *limits: tuple[str, str, str, str]) -> Any:
    """Limits of runs: (point, flow, difference, limit)."""
    runs = [_run(point, flow, difference) for point, flow, difference, _ in limits]
    found = ({"point": point, "mpe": limit} for point, _, _, limit in limits)
    return of.found(f"class {one}", {"runs": runs}, *found, plate={"accuracy_class": one})


_BOUNDS = {
    "small": (("1.35", "3"), ("1.5", "3.6"), ("1.34", "3"), ("1.51", "3"), ("1.5", "2.9"), ("1.5", "3.7")),
    "middle": (("0.3", "10"), ("0.33", "20"), ("0.29", "10"), ("0.34", "10"), ("0.3", "9"), ("0.3", "21")),
    "large": (("0.03", "55"), ("0.033", "60"), ("0.029", "60"), ("0.034", "60"), ("0.03", "54"), ("0.03", "61")),
}


def _settings(of: Examples) -> Iterator[Example]:
    """Two runs that count, two with a wrong flow rate, two with a wrong difference."""
    for point, settings in _BOUNDS.items():
        runs = [_run(point, flow, difference) for flow, difference in settings]
        lacks = {
            f"runs[{i}].{key}": "outside_conditions" if wrong else None
            for i in range(6)
            for key, wrong in (("flow", i in (2, 3)), ("difference", i in (4, 5)))
        }
        yield of.lacking(f"what counts as the {point} point", {"runs": runs}, lacks)


# -- in parts

_PARTS_PLATE = {"assembly": "分量"}


def _volume(point: str, flow: str, shown: str = "100 L") -> dict[str, str]:
    return {"point": f"flow.{point}", "flow": f"{flow} m³/h", "indicated": shown, "actual": "100 L"}


def _pair(point: str, difference: str, shown: str | None = None) -> dict[str, str]:
    return {"point": f"sensors.{point}", "indicated": f"{shown or difference} K", "actual": f"{difference} K"}


def _computed(point: str, difference: str, shown: str = "10 kWh") -> dict[str, str]:
    run = {"point": f"calculator.{point}", "difference": f"{difference} K"}
    return {**run, "indicated": shown, "actual": "10 kWh"}


_WHOLE_IN_PARTS: Mapping[str, Any] = {
    "items": _WHOLE["items"],
    "environment": _WHOLE["environment"],
    "flow_sensor": [_volume("qp", "1.5"), _volume("middle", "0.15"), _volume("qi", "0.03")],
    "temperature_sensors": [_pair("small", "3"), _pair("middle", "15"), _pair("large", "60")],
    "calculator": [_computed("small", "3"), _computed("middle", "15"), _computed("large", "60")],
}


def _in_parts(of: Examples) -> Iterator[Example]:
    """Each part keeps to its own limit, however good the others are."""
    yield of.complete("every part without any error", "conforms", plate=_PARTS_PLATE)
    first = {name: _WHOLE_IN_PARTS[name][1:] for name in ("flow_sensor", "temperature_sensors", "calculator")}
    for verdict, point, error, name, run in (
        # Ef = 2 + 0.02 · 1, Et = 0.5 + 3 · 1, Ec = 0.5 + 1
        ("conforms", "flow.qp", "2.02 %", "flow_sensor", _volume("qp", "1.5", "102.02 L")),
        ("rejected", "flow.qp", "2.03 %", "flow_sensor", _volume("qp", "1.5", "102.03 L")),
        ("conforms", "sensors.small", "3.50 %", "temperature_sensors", _pair("small", "3", "3.105")),
        ("rejected", "sensors.small", "3.53 %", "temperature_sensors", _pair("small", "3", "3.106")),
        ("conforms", "calculator.small", "-1.50 %", "calculator", _computed("small", "3", "9.85 kWh")),
        ("rejected", "calculator.small", "-1.51 %", "calculator", _computed("small", "3", "9.849 kWh")),
    ):
        yield of.complete(
            f"{point} off by {error}",
            verdict,
            {"point": point, "error": error, "within": verdict == "conforms"},
            plate=_PARTS_PLATE,
            readings={name: [run, *first[name]]},
        )
    yield of.found(
        "limits of the parts",
        _WHOLE_IN_PARTS,
        *({"point": point, "mpe": limit} for point, limit in _PART_LIMITS.items()),
        plate=_PARTS_PLATE,
    )
    yield of.found(
        "in service", {"calculator": _WHOLE_IN_PARTS["calculator"]}, {"point": "calculator.small", "mpe": "1.50 %"},
        plate=_PARTS_PLATE, kind="in_service",
    )  # fmt: skip
    flows = [_volume("middle", flow) for flow in ("0.15", "0.165", "0.149", "0.166")]
    lacks = {f"flow_sensor[{i}].flow": "outside_conditions" if i > 1 else None for i in range(4)}
    yield of.lacking("what counts as the middle flow rate", {"flow_sensor": flows}, lacks, plate=_PARTS_PLATE)
    pairs = [_pair("small", difference) for difference in ("3", "3.6", "2.9", "3.7")]
    lacks = {f"temperature_sensors[{i}].actual": "outside_conditions" if i > 1 else None for i in range(4)}
    yield of.lacking("what counts as a small difference", {"temperature_sensors": pairs}, lacks, plate=_PARTS_PLATE)
    yield of.lacking(
        "two parts of three are no meter",
        {key: table for key, table in _WHOLE_IN_PARTS.items() if key != "calculator"},
        {"calculator.calculator.small": "missing_reading", "flow_sensor.flow.qp": None},
        plate=_PARTS_PLATE,
    )


# 2 + 0.02 · (1, 10, 50); 0.5 + 3 · (1, 0.2, 0.05); 0.5 + 1 · (1, 0.2, 0.05)
_PART_LIMITS = {
    "flow.qp": "2.02 %", "flow.middle": "2.20 %", "flow.qi": "3.00 %",
    "sensors.small": "3.50 %", "sensors.middle": "1.10 %", "sensors.large": "0.65 %",
    "calculator.small": "1.50 %", "calculator.middle": "0.70 %", "calculator.large": "0.55 %",
}  # fmt: skip


def _of_edition(of: Examples) -> Iterator[Example]:
    """What both editions are held to."""
    yield from (
        of.complete("within", "conforms", {"point": "middle", "error": "0.50 %"}),
        of.complete(
            "at the limit",
            "conforms",
            {"point": "small", "error": "7.02 %", "mpe": "7.02 %"},
            readings={"runs": [_run("small", "1.5", "3", "10.702 kWh"), *_WHOLE["runs"][1:]]},
        ),
        of.complete(
            "a hundredth beyond",
            "rejected",
            {"point": "small", "error": "7.03 %"},
            readings={"runs": [_run("small", "1.5", "3", "10.703 kWh"), *_WHOLE["runs"][1:]]},
        ),
        # 2 + 0.02·1 + 0.5 + 3·1 + 0.5 + 1; 2 + 0.02·5 + 1 + 4·0.2; 2 + 0.02·50 + 1 + 4·0.05
        _mpe(
            of,
            "2",
            ("small", "1.5", "3", "7.02 %"),
            ("middle", "0.3", "15", "3.90 %"),
            ("large", "0.03", "60", "4.20 %"),
        ),
        # 1 + 0.01 + 1 + 4; 1 + 0.05 + 1 + 0.8; 1 + 0.5 + 1 + 0.2
        _mpe(
            of,
            "1",
            ("small", "1.5", "3", "6.01 %"),
            ("middle", "0.3", "15", "2.85 %"),
            ("large", "0.03", "60", "2.70 %"),
        ),
        # 3 + 0.05 + 1 + 4; 3 + 0.25 + 1 + 0.8; the cap of 5 instead of 5.5: 5 + 1 + 0.2
        _mpe(
            of,
            "3",
            ("small", "1.5", "3", "8.05 %"),
            ("middle", "0.3", "15", "5.05 %"),
            ("large", "0.03", "60", "6.20 %"),
        ),
        *(
            of.found(
                f"the flow sensor of class {one} is capped",
                {"runs": [{**_run("large", "0.003", "60"), "flow": "0.003 m³/h"}]},
                {"point": "large", "mpe": limit},
                plate={"accuracy_class": one, "qi": "0.003 m³/h"},
            )
            for one, limit in (("1", "4.70 %"), ("2", "6.20 %"), ("3", "6.20 %"))
        ),
        of.found(
            "in service", {"runs": [_run("small", "1.5", "3")]}, {"point": "small", "mpe": "7.02 %"}, kind="in_service"
        ),
        of.found(
            "energy in megajoules",
            {"runs": [{**_run("small", "1.5", "3", "36.36 MJ")}]},
            {"point": "small", "error": "1.00 %"},
        ),
        of.found(
            "rounded to a hundredth",
            {"runs": [_run("small", "1.5", "3", "10.0125 kWh")]},
            {"point": "small", "error": "0.12 %"},
        ),
        of.found(
            "and not coarser",
            {"runs": [_run("small", "1.5", "3", "10.011 kWh")]},
            {"point": "small", "error": "0.11 %"},
        ),
        of.of("one run at each point", {}, {"rows": {"runs": 3}}),
        of.lasts("three years", 36),
        of.refused("qi lies below qp", plate={"qi": "1.5 m³/h"}),
    )
    yield from _settings(of)
    yield from _in_parts(replace(of, whole=_WHOLE_IN_PARTS))


EXAMPLES = (
    *_of_edition(_OF),
    *(replace(one, id=f"{one.id} (2001)") for one in _of_edition(_OF_2001)),
    _OF_2001.of("judged by the edition before", {}, {"edition": "JJG 225-2001", "confirmed": False}),
    _OF.refused("before JJG 225-2001", on="2001-12-31"),
)

TYPE = InstrumentType(
    code="heat_meter",
    names={"zh": "热能表", "en": "heat meter"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2001, EDITION_2024),
    category="heat_meter",
    synonyms=("热量表", "超声波热量表", "机械式热量表", "户用热量表", "楼栋热量表", "超声波热能表"),
    standard=RequiredStandard(
        names={"zh": "热量表检定装置", "en": "heat meter test bench"}, ratio=(1, 3), confirmed=False
    ),
    default_interval=Interval(months=36, mode="periodic", clause="JJG 225-2024", confirmed=False),
    examples=EXAMPLES,
)
