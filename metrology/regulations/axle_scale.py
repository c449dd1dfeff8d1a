"""Automatic instruments for weighing road vehicles in motion (动态公路车辆自动衡器): JJG 907-2006, after OIML R 134.

Every passage of a reference vehicle is judged by its mass; where the scale also weighs single axles, every axle of a two-axle rigid
vehicle by its static load. Where the scale interval d is known, no limit is less than one d for each axle (OIML R 134-1).

The regulation itself was not at hand; its limits were written from memory and are unconfirmed.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from metrology.domain.comparing import yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.motion_weighing import AxleScaleEdition
from metrology.domain.nameplate import Characteristic
from metrology.domain.reading_sheet import Choice
from metrology.domain.regulation import Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval

_AXLE_CLASSES = ("A", "B", "C", "D", "E", "F")
_CLASSES = ("0.2", "0.5", "1", "2", "5", "10")

_NUMBERS: Mapping[str, LegalNumber] = {
    "0.2.mpe": number("0.10", "%", clause="vehicle mass"),
    "0.5.mpe": number("0.25", "%", clause="vehicle mass"),
    "1.mpe": number("0.50", "%", clause="vehicle mass"),
    "2.mpe": number("1.00", "%", clause="vehicle mass"),
    "5.mpe": number("2.50", "%", clause="vehicle mass"),
    "10.mpe": number("5.00", "%", clause="vehicle mass"),
    "A.mpe": number("0.25", "%", clause="single-axle load"),
    "B.mpe": number("0.50", "%", clause="single-axle load"),
    "C.mpe": number("0.75", "%", clause="single-axle load"),
    "D.mpe": number("1.00", "%", clause="single-axle load"),
    "E.mpe": number("2.00", "%", clause="single-axle load"),
    "F.mpe": number("4.00", "%", clause="single-axle load"),
    "least": number("1", "d", clause="for each axle, the least limit"),
    "in_service": number("2", clause="twice the limit in service"),
    "runs": number("10", clause="passages"),
    "rounding": number("0.01", "%"),
    "interval": number("12", "month"),
}

NAMEPLATE = (
    Characteristic(
        key="accuracy_class",
        labels={"zh": "准确度等级(整车总质量)", "en": "accuracy class (vehicle mass)"},
        kind="choice",
        required=True,
        choices=tuple(Choice(one, {"zh": f"{one} 级", "en": f"class {one}"}, (f"{one}级",)) for one in _CLASSES),
        synonyms=("准确度等级", "等级", "动态准确度等级", "整车准确度等级", "class"),
    ),
    Characteristic(
        key="max_axle_load",
        labels={"zh": "最大轴载荷", "en": "maximum axle load"},
        unit="t",
        synonyms=("最大轴重", "额定轴载", "最大轴载"),
    ),
    Characteristic(
        key="speed",
        labels={"zh": "通行速度范围", "en": "range of speeds"},
        kind="text",
        synonyms=("速度范围", "通过速度"),
    ),
    Characteristic(
        key="axle_class",
        labels={"zh": "准确度等级(轴载荷)", "en": "accuracy class (axle load)"},
        kind="choice",
        choices=tuple(Choice(one, {"zh": f"{one} 级", "en": f"class {one}"}, (f"{one}级",)) for one in _AXLE_CLASSES),
        synonyms=("轴载荷准确度等级", "单轴准确度等级", "轴重准确度等级"),
    ),
    Characteristic(
        key="d", labels={"zh": "分度值 d", "en": "scale interval d"}, unit="kg", synonyms=("分度值", "d", "实际分度值")
    ),
)
_ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes("approach", "引道与承载器", "approach and load receptor"),
    yes("speed_limit", "超速提示", "overspeed indication"),
    yes("seals", "封印完好", "seals intact"),
)


EDITION_2006 = AxleScaleEdition(
    code="JJG 907-2006",
    citation=Citation(
        "JJG 907-2006",
        {
            "zh": "动态公路车辆自动衡器检定规程",
            "en": "Verification Regulation of Automatic Instruments for Weighing Road Vehicles in Motion",
        },
        "chinesestandard.net JJG907-2006",
    ),
    in_force=date(2006, 11, 23),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY),
)

# -- examples


def _runs(*shown: str, times: int = 10) -> list[dict[str, str]]:
    """What was shown when a vehicle of 20 t passed; the last reading stands for the rest."""
    readings = [*shown, *[shown[-1]] * (times - len(shown))]
    return [{"point": "vehicle", "indicated": f"{one} kg", "actual": "20000 kg"} for one in readings]


_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "approach": True, "speed_limit": True, "seals": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "runs": _runs("20040", "19960", "20000"),
}
_OF = Examples(
    "axle_scale", {"accuracy_class": "1级"}, "OIML R 134 classes (unconfirmed); arithmetic by hand", whole=_WHOLE
)


def _axle(*shown: str, number: int = 1) -> list[dict[str, str]]:
    """What was shown for an axle of 10 t."""
    return [{"point": f"axle_{number}", "indicated": f"{one} kg", "actual": "10000 kg"} for one in shown]


def _limit(one: str, mpe: str, at: str, beyond: str) -> tuple[Any, ...]:
    plate = {"accuracy_class": one}
    return (
        _OF.found(
            f"class {one} at the limit",
            {"runs": _runs(at)},
            {"point": "vehicle", "mpe": mpe, "within": True},
            plate=plate,
        ),
        _OF.found(
            f"class {one} beyond",
            {"runs": _runs("20000", beyond, "20000")},
            {"point": "vehicle", "within": False},
            plate=plate,
        ),
    )


EXAMPLES = (
    _OF.complete("within", "conforms", {"point": "vehicle", "error": "0.20 %", "mpe": "0.50 %"}),
    _OF.complete(
        "one passage beyond",
        "rejected",
        {"point": "vehicle", "error": "-0.51 %"},
        readings={"runs": _runs("19898", "20000")},
    ),
    *_limit("0.2", "0.10 %", "20020", "20022"),
    *_limit("0.5", "0.25 %", "20050", "20052"),
    *_limit("1", "0.50 %", "19900", "19898"),
    *_limit("2", "1.00 %", "19800", "19798"),
    *_limit("5", "2.50 %", "20500", "20502"),
    *_limit("10", "5.00 %", "21000", "21002"),
    _OF.found("in service", {"runs": _runs("20000")}, {"point": "vehicle", "mpe": "1.00 %"}, kind="in_service"),
    _OF.found("rounded to a hundredth", {"runs": _runs("20005")}, {"point": "vehicle", "error": "0.02 %"}),
    _OF.found("and not coarser", {"runs": _runs("20002")}, {"point": "vehicle", "error": "0.01 %"}),
    _OF.lacking("nine passages are too few", {"runs": _runs("20000", times=9)}, {"runs.vehicle": "missing_reading"}),
    _OF.lacking("ten are enough", {"runs": _runs("20000", times=10)}, {"runs.vehicle": None}),
    _OF.lasts("a year", 12),
    # -- axle loads
    *(
        _OF.found(
            f"class {one}: an axle of 10 t shown as {shown} kg",
            {"axle_loads": _axle(shown)},
            {"point": "axle_1", "mpe": mpe, "within": within},
            plate={"axle_class": one},
        )
        for one, mpe, at, beyond in (
            ("A", "0.25 %", "10025", "10026"),
            ("B", "0.50 %", "9950", "9949"),
            ("C", "0.75 %", "10075", "10076"),
            ("D", "1.00 %", "9900", "9899"),
            ("E", "2.00 %", "10200", "10201"),
            ("F", "4.00 %", "9600", "9599"),
        )
        for shown, within in ((at, True), (beyond, False))
    ),
    _OF.complete(
        "vehicle and axles",
        "conforms",
        {"point": "axle_2", "error": "0.00 %", "mpe": "1.00 %"},
        plate={"axle_class": "D级"},
        readings={"axle_loads": [*_axle(*["10000"] * 10), *_axle(*["10000"] * 10, number=2)]},
    ),
    _OF.complete(
        "one axle beyond",
        "rejected",
        {"point": "axle_2", "error": "1.01 %"},
        plate={"axle_class": "D级"},
        readings={"axle_loads": [*_axle(*["10000"] * 10), *_axle("10101", *["10000"] * 9, number=2)]},
    ),
    _OF.lacking(
        "an axle seen nine times",
        {"axle_loads": _axle(*["10000"] * 9)},
        {"axle_loads.axle_1": "missing_reading", "axle_loads.axle_2": "missing_reading"},
        plate={"axle_class": "D"},
    ),
    # -- no less than a scale interval for each axle: 0.5 % of 20 t is 100 kg, five axles of 50 kg are 250 kg
    *(
        _OF.found(
            f"{axles} axles, d = {d}: {shown} kg",
            {"runs": [{**_runs(shown)[0], "axles": axles}]},
            {"point": "vehicle", "mpe": mpe, "within": within},
            plate={"d": d},
            kind=kind,
        )
        for kind, d, axles, shown, mpe, within in (
            ("initial", "50 kg", "5", "20250", "250 kg", True),
            ("initial", "50 kg", "5", "20251", "250 kg", False),
            ("in_service", "50 kg", "5", "19500", "500 kg", True),
            ("in_service", "50 kg", "5", "19499", "500 kg", False),
            ("initial", "20 kg", "2", "20100", "100 kg", True),
            ("initial", "20 kg", "2", "20101", "100 kg", False),
        )
    ),
    _OF.found(
        "an axle load has one",
        {"axle_loads": _axle("10050", "10051")},
        {"point": "axle_1", "error": "51 kg", "mpe": "50 kg", "within": False},
        plate={"axle_class": "A", "d": "50 kg"},
    ),
    _OF.lacking(
        "how many axles must be read",
        {"runs": [_runs("20000")[0], {**_runs("20000")[0], "axles": "1"}, {**_runs("20000")[0], "axles": "2.5"}]},
        {
            "runs[0].axles": "missing_reading",
            "runs[1].axles": "bad_quantity",
            "runs[2].axles": "bad_quantity",
        },
        plate={"d": "20 kg"},
    ),
)

TYPE = InstrumentType(
    code="axle_scale",
    names={"zh": "动态公路车辆自动衡器", "en": "dynamic road-vehicle scale"},
    purposes=("trade", "safety"),
    nameplate=NAMEPLATE,
    editions=(EDITION_2006,),
    category="axle_scale",
    synonyms=("动态汽车衡", "轴重秤", "轴重仪", "动态轴重衡", "整车式动态汽车衡", "公路车辆动态称重设备"),
    standard=RequiredStandard(
        names={"zh": "参考车辆与控制衡器", "en": "reference vehicles and control scale"}, ratio=(1, 3), confirmed=False
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 907-2006", confirmed=False),
    examples=EXAMPLES,
)
