"""Active energy meters (电能表): JJG 596-2012.

Errors at loads against a bench, the mean of two readings rounded by the interval of the class, four readings near the limit.
Household meters are verified once and replaced at the end of their service life.

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from metrology.domain.comparing import yes
from metrology.domain.electricity import EnergyMeterEdition
from metrology.domain.nameplate import Characteristic
from metrology.domain.reading_sheet import Choice
from metrology.domain.regulation import Citation, Example, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval

_LIMITS = "cshnkj (limits of classes 1 and 2 under JJG 596-2012)"
_ROUNDING = "360docs.net 511582857 (rounding intervals)"
_LIFE = "bkd208.com 210048 (service life of household meters)"

_NUMBERS: Mapping[str, LegalNumber] = {
    # -- where the limits hold, in parts of the basic (Ib) or rated (In) current
    "direct.unity.low_from": number("0.05", "Ib", source=_LIMITS),
    "direct.unity.main_from": number("0.1", "Ib", source=_LIMITS),
    "direct.lag.low_from": number("0.1", "Ib", source=_LIMITS),
    "direct.lag.main_from": number("0.2", "Ib", source=_LIMITS),
    "direct.single.unity_from": number("0.1", "Ib", source=_LIMITS),
    "direct.single.lag_from": number("0.2", "Ib", source=_LIMITS),
    "ct.unity.low_from": number("0.02", "In", source=_LIMITS),
    "ct.unity.main_from": number("0.05", "In", source=_LIMITS),
    "ct.lag.low_from": number("0.05", "In", source=_LIMITS),
    "ct.lag.main_from": number("0.1", "In", source=_LIMITS),
    "ct.single.unity_from": number("0.05", "In"),
    "ct.single.lag_from": number("0.1", "In"),
    "s.unity.low_from": number("0.01", "In"),
    "s.unity.main_from": number("0.05", "In"),
    "s.lag.low_from": number("0.02", "In"),
    "s.lag.main_from": number("0.1", "In"),
    "s.single.unity_from": number("0.05", "In"),
    "s.single.lag_from": number("0.1", "In"),
    # -- limits
    "2.unity.low": number("2.5", "%", source=_LIMITS),
    "2.unity.main": number("2.0", "%", source=_LIMITS),
    "2.lag.low": number("2.5", "%", source=_LIMITS),
    "2.lag.main": number("2.0", "%", source=_LIMITS),
    "2.single.unity": number("3.0", "%", source=_LIMITS),
    "2.single.lag": number("3.0", "%", source=_LIMITS),
    "1.unity.low": number("1.5", "%", source=_LIMITS),
    "1.unity.main": number("1.0", "%", source=_LIMITS),
    "1.lag.low": number("1.5", "%", source=_LIMITS),
    "1.lag.main": number("1.0", "%", source=_LIMITS),
    "1.single.unity": number("2.0", "%", source=_LIMITS),
    "1.single.lag": number("2.0", "%", source=_LIMITS),
    "0.5S.unity.low": number("1.0", "%"),
    "0.5S.unity.main": number("0.5", "%"),
    "0.5S.lag.low": number("1.0", "%"),
    "0.5S.lag.main": number("0.6", "%"),
    "0.5S.single.unity": number("0.6", "%"),
    "0.5S.single.lag": number("1.0", "%"),
    "0.2S.unity.low": number("0.4", "%"),
    "0.2S.unity.main": number("0.2", "%"),
    "0.2S.lag.low": number("0.5", "%"),
    "0.2S.lag.main": number("0.3", "%"),
    "0.2S.single.unity": number("0.3", "%"),
    "0.2S.single.lag": number("0.4", "%"),
    "in_service": number("1", clause="no wider limit in service was found"),
    # -- how it is read and rounded
    "rounding.2": number("0.2", "%", source=_ROUNDING),
    "rounding.1": number("0.1", "%", source=_ROUNDING),
    "rounding.0.5S": number("0.05", "%", source=_ROUNDING),
    "rounding.0.2S": number("0.02", "%"),
    "readings": number("2", clause="readings at a load"),
    "more_readings": number("2", clause="further readings near the limit"),
    "near_from": number("0.8", "MPE", clause="a mean from 80 % to 120 % of the limit is read again"),
    "near_to": number("1.2", "MPE", clause="a mean from 80 % to 120 % of the limit is read again"),
    "clock": number("0.5", "s", clause="a day"),
    "start.1": number("0.004", "Ib", clause="starting current, direct"),
    "start.2": number("0.005", "Ib", clause="starting current, direct"),
    "interval.s": number("72", "month"),
    "interval.other": number("96", "month"),
    "rotation": number("96", "month", clause="household meters", source=_LIFE),
}

NAMEPLATE = (
    Characteristic(
        key="accuracy_class",
        labels={"zh": "准确度等级", "en": "accuracy class"},
        kind="choice",
        required=True,
        choices=(
            Choice("2", {"zh": "2 级", "en": "class 2"}, ("2.0", "2级", "2.0级", "A", "A级")),
            Choice("1", {"zh": "1 级", "en": "class 1"}, ("1.0", "1级", "1.0级", "B", "B级")),
            Choice("0.5S", {"zh": "0.5S 级", "en": "class 0.5S"}, ("0.5S级", "C", "C级")),
            Choice("0.2S", {"zh": "0.2S 级", "en": "class 0.2S"}, ("0.2S级", "D", "D级")),
        ),
        synonyms=("等级", "有功准确度等级", "有功等级", "精度等级", "准确度", "class"),
    ),
    Characteristic(
        key="connection",
        labels={"zh": "接入方式", "en": "connection"},
        kind="choice",
        required_for_verdict=True,
        choices=(
            Choice("direct", {"zh": "直接接入", "en": "direct"}, ("直接", "直接式", "直通", "直接接入式")),
            Choice(
                "ct",
                {"zh": "经互感器接入", "en": "via transformers"},
                ("互感器", "经互感器", "互感式", "经互感器接入式"),
            ),
        ),
        synonyms=("接入方式", "接线方式", "接入式"),
    ),
    Characteristic(
        key="basic_current",
        labels={"zh": "基本(额定)电流", "en": "basic or rated current"},
        unit="A",
        required_for_verdict=True,
        synonyms=("基本电流", "额定电流", "标定电流", "基本电流Ib", "额定电流In", "Ib", "In", "标定电流(A)"),
    ),
    Characteristic(
        key="max_current",
        labels={"zh": "最大电流", "en": "maximum current"},
        unit="A",
        required_for_verdict=True,
        synonyms=("最大电流Imax", "额定最大电流", "Imax"),
    ),
    Characteristic(
        key="phases",
        labels={"zh": "相数", "en": "phases"},
        kind="choice",
        choices=(
            Choice("single", {"zh": "单相", "en": "single-phase"}, ("1", "单相表", "单相电能表")),
            Choice("three", {"zh": "三相", "en": "three-phase"}, ("3", "三相三线", "三相四线", "三相电能表")),
        ),
        synonyms=("相线", "单三相", "相数"),
    ),
    Characteristic(
        key="tariffs",
        labels={"zh": "费率", "en": "tariffs"},
        kind="choice",
        choices=(
            Choice("single", {"zh": "单费率", "en": "single tariff"}, ("无", "单一费率")),
            Choice("multiple", {"zh": "多费率", "en": "several tariffs"}, ("复费率", "分时", "多费率表")),
        ),
        synonyms=("费率类型",),
    ),
    Characteristic(
        key="constant",
        labels={"zh": "电能表常数", "en": "meter constant"},
        unit="imp/kWh",
        synonyms=("脉冲常数", "有功常数", "常数", "表常数", "电表常数", "imp/kWh"),
    ),
    Characteristic(
        key="voltage",
        labels={"zh": "参比电压", "en": "reference voltage"},
        kind="text",
        synonyms=("电压", "额定电压", "参比电压(V)", "电压规格"),
    ),
)

_ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes("starting", "起动", "starting"),
    yes("no_load", "潜动(115 % Un 无脉冲)", "no pulse without load at 115 % Un"),
    yes("register", "仪表常数(走字)", "register against constant"),
    yes("seals", "封印完好", "seals intact"),
)

EDITION_2012 = EnergyMeterEdition(
    code="JJG 596-2012",
    citation=Citation(
        "JJG 596-2012",
        {
            "zh": "电子式交流电能表检定规程",
            "en": "Verification Regulation of Electrical Meters for Measuring Alternating-current Electrical Energy",
        },
        "renrendoc.com p-9948366",
    ),
    in_force=date(2013, 4, 8),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
)

# -- examples, typed from the tables of limits

_DIRECT = {"accuracy_class": "1", "connection": "direct", "basic_current": "5 A", "max_current": "60 A"}
_CT = {"connection": "ct", "basic_current": "1.5 A", "max_current": "6 A"}


def _case(name: str, readings: Mapping[str, Any], expect: Mapping[str, Any], **how: Any) -> Example:
    case = {
        "type": "active_energy_meter",
        "on": "2026-06-01",
        "kind": how.get("kind", "initial"),
        "nameplate": {**_DIRECT, **how.get("plate", {})},
        "readings": readings,
    }
    source = "JJG 596-2012 limits and rounding (secondary copies); arithmetic by hand"
    return Example(id=name, source=source, case=case, expect=expect, partial=how.get("partial", True))


def _load(current: str, factor: str, *errors: str, phase: str = "all") -> dict[str, str]:
    read = {f"error_{i}": error for i, error in enumerate(errors, start=1)}
    return {"current": current, "power_factor": factor, "phase": phase, **read}


def _limits(
    name: str, plate: Mapping[str, str], *rows: tuple[str, str, str, str | None], kind: str = "initial"
) -> Example:
    """(current, power factor, phase, limit) – None where the regulation has no limit."""
    loads = [_load(current, factor, "0.02 %", "0.02 %", phase=phase) for current, factor, phase, _ in rows]
    found = [{"point": f"loads[{i}]", "mpe": row[3]} for i, row in enumerate(rows) if row[3]]
    lacks = {f"loads[{i}].current": "not_covered" if row[3] is None else None for i, row in enumerate(rows)}
    return _case(name, {"loads": loads}, {"findings": found, "lacks": lacks}, plate=plate, kind=kind)


def _complete(**other: Any) -> dict[str, Any]:
    """A household meter of class 1, 5(60) A, read twice at every load."""
    loads = [_load(current, "1.0", "0.30 %", "0.32 %") for current in ("0.25 A", "0.5 A", "5 A", "60 A")]
    loads += [_load(current, "0.5L", "-0.25 %", "-0.21 %") for current in ("0.5 A", "1 A", "5 A", "60 A")]
    items = {"appearance": True, "starting": True, "no_load": True, "register": True, "seals": True}
    return {"items": items, "environment": {"temperature": "23 °C", "humidity": "50 %RH"}, "loads": loads, **other}


_WHOLE = _complete()
EXAMPLES = (
    _case(
        "two readings are rounded to a tenth of the class",
        {"loads": [_load("5 A", "1.0", "0.75 %", "0.7502 %"), _load("0.25 A", "1.0", "1.46 %", "1.47 %")]},
        {
            "findings": [
                {"point": "loads[0]", "error": "0.8 %", "mpe": "1.0 %", "within": True},
                {"point": "loads[1]", "error": "1.5 %", "mpe": "1.5 %", "within": True},
            ]
        },
    ),
    _limits(
        "class 1, direct",
        {"phases": "three"},
        ("0.249 A", "1.0", "all", None),
        ("0.25 A", "1.0", "all", "1.5 %"),
        ("0.4999 A", "1.0", "all", "1.5 %"),
        ("0.5 A", "1.0", "all", "1.0 %"),
        ("60 A", "1.0", "all", "1.0 %"),
        ("60.1 A", "1.0", "all", None),
        ("0.499 A", "0.5L", "all", None),
        ("0.5 A", "0.5L", "all", "1.5 %"),
        ("0.999 A", "0.8C", "all", "1.5 %"),
        ("1 A", "0.5L", "all", "1.0 %"),
        ("1 A", "0.8C", "all", "1.0 %"),
        ("0.499 A", "1.0", "A", None),
        ("0.5 A", "1.0", "B", "2.0 %"),
        ("0.999 A", "0.5L", "C", None),
        ("1 A", "0.5L", "A", "2.0 %"),
    ),
    _limits(
        "class 2, via transformers",
        {**_CT, "accuracy_class": "2", "phases": "three"},
        ("0.0299 A", "1.0", "all", None),
        ("0.03 A", "1.0", "all", "2.5 %"),
        ("0.0749 A", "1.0", "all", "2.5 %"),
        ("0.075 A", "1.0", "all", "2.0 %"),
        ("0.0749 A", "0.5L", "all", None),
        ("0.075 A", "0.5L", "all", "2.5 %"),
        ("0.149 A", "0.8C", "all", "2.5 %"),
        ("0.15 A", "0.8C", "all", "2.0 %"),
        ("0.0749 A", "1.0", "A", None),
        ("0.075 A", "1.0", "A", "3.0 %"),
        ("0.149 A", "0.5L", "A", None),
        ("0.15 A", "0.5L", "A", "3.0 %"),
    ),
    _limits(
        "class 0.5S",
        {**_CT, "accuracy_class": "0.5S", "phases": "three"},
        ("0.0149 A", "1.0", "all", None),
        ("0.015 A", "1.0", "all", "1.0 %"),
        ("0.0749 A", "1.0", "all", "1.0 %"),
        ("0.075 A", "1.0", "all", "0.5 %"),
        ("0.029 A", "0.5L", "all", None),
        ("0.03 A", "0.5L", "all", "1.0 %"),
        ("0.149 A", "0.5L", "all", "1.0 %"),
        ("0.15 A", "0.5L", "all", "0.6 %"),
        ("0.0749 A", "1.0", "A", None),
        ("0.075 A", "1.0", "A", "0.6 %"),
        ("0.149 A", "0.5L", "A", None),
        ("0.15 A", "0.5L", "A", "1.0 %"),
    ),
    _limits(
        "class 0.2S",
        {**_CT, "accuracy_class": "0.2S", "phases": "three"},
        ("0.015 A", "1.0", "all", "0.4 %"),
        ("0.075 A", "1.0", "all", "0.2 %"),
        ("0.03 A", "0.5L", "all", "0.5 %"),
        ("0.15 A", "0.5L", "all", "0.3 %"),
        ("0.075 A", "1.0", "A", "0.3 %"),
        ("0.15 A", "0.5L", "A", "0.4 %"),
    ),
    _limits("in service", {}, ("5 A", "1.0", "all", "1.0 %"), kind="in_service"),
    *(
        _case(
            f"class {one} rounds {read} to {shown}",
            {"loads": [_load("1.5 A", "1.0", read, read)]},
            {"findings": [{"point": "loads[0]", "error": shown}]},
            plate={**_CT, "accuracy_class": one},
        )
        for one, read, shown in (
            ("1", "0.35 %", "0.4 %"),
            ("1", "0.44 %", "0.4 %"),
            ("2", "0.501 %", "0.6 %"),
            ("2", "1.10 %", "1.2 %"),
            ("2", "0.89 %", "0.8 %"),
            ("0.5S", "0.224 %", "0.20 %"),
            ("0.5S", "0.226 %", "0.25 %"),
            ("0.2S", "0.111 %", "0.12 %"),
            ("0.2S", "0.141 %", "0.14 %"),
        )
    ),
    *(
        _case(
            f"a mean of {read} is {'near' if near else 'not near'} a limit of 1 %",
            {"loads": [_load("5 A", "1.0", read, read)]},
            {"lacks": {"loads[0]": "missing_reading" if near else None}},
        )
        for read, near in (("0.799 %", False), ("-0.80 %", True), ("1.20 %", True), ("1.201 %", False))
    ),
    _case(
        "four readings near the limit are enough, and all count",
        {"loads": [_load("5 A", "1.0", "0.85 %", "0.85 %", "1.01 %", "1.01 %")]},
        {"findings": [{"point": "loads[0]", "error": "0.9 %", "readings": "4"}], "lacks": {"loads[0]": None}},
    ),
    _case(
        "three are not",
        {"loads": [_load("5 A", "1.0", "0.85 %", "0.85 %", "1.01 %")]},
        {"lacks": {"loads[0]": "missing_reading"}},
    ),
    _case(
        "one reading is none",
        {"loads": [_load("5 A", "1.0", "0.1 %")]},
        {"lacks": {"loads[0].error_2": "missing_reading"}},
    ),
    _case(
        "by pulses: 10 of 1200 imp/kWh at 1100 W take 27.2727… s",
        {
            "loads": [
                {
                    "current": "5 A",
                    "power_factor": "1.0",
                    "pulses": "10",
                    "power": "1100 W",
                    "time_1": "27.20 s",
                    "time_2": "27.22 s",
                }
            ]
        },
        {"findings": [{"point": "loads[0]", "unrounded": "0.230543757 %", "error": "0.2 %"}]},
        plate={"constant": "1200 imp/kWh"},
    ),
    _case(
        "at every load within, it conforms", _WHOLE, {"verdict": "conforms"}, partial=False, plate={"phases": "single"}
    ),
    _case(
        "one load beyond is rejected",
        {**_WHOLE, "loads": [*_WHOLE["loads"][:3], _load("60 A", "1.0", "1.25 %", "1.25 %"), *_WHOLE["loads"][4:]]},
        {"verdict": "rejected", "findings": [{"point": "loads[3]", "error": "1.2 %", "within": False}]},
        partial=False,
    ),
    _case(
        "the clock of a meter with tariffs may be half a second off a day",
        {"clock": {"daily_error": "0.5 s"}},
        {"findings": [{"point": "clock", "within": True}]},
        plate={"tariffs": "multiple"},
    ),
    _case("and no more", {"clock": {"daily_error": "-0.6 s"}}, {"findings": [{"point": "clock", "within": False}]}),
    _case(
        "its clock must be read",
        {},
        {"lacks": {"clock.daily_error": "missing_reading"}, "hints": {"items.starting": "Ist = 0.02 A"}},
        plate={"tariffs": "multiple"},
    ),
    _case(
        "a household meter is replaced after eight years",
        {},
        {"interval": {"months": 96, "mode": "first_only_rotate"}, "hints": {"items.starting": "Ist = 0.025 A"}},
        plate={"accuracy_class": "2"},
    ),
    _case(
        "a direct three-phase meter is verified every eight",
        {},
        {"interval": {"months": 96, "mode": "periodic"}},
        plate={"phases": "three"},
    ),
    _case(
        "class 0.5S every six",
        {},
        {"interval": {"months": 72, "mode": "periodic"}},
        plate={**_CT, "accuracy_class": "0.5S"},
    ),
    _case("class S is for transformers", {}, {"problem": {"code": "not_covered"}}, plate={"accuracy_class": "0.5S"}),
    _case("Imax lies above Ib", {}, {"problem": {"code": "not_covered"}}, plate={"max_current": "5 A"}),
)

TYPE = InstrumentType(
    code="active_energy_meter",
    names={"zh": "电能表", "en": "active energy meter"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2012,),
    category="active_energy_meter",
    synonyms=(
        "交流电能表",
        "电子式电能表",
        "电子式交流电能表",
        "智能电能表",
        "有功电能表",
        "单相电能表",
        "三相电能表",
        "单相智能电能表",
        "三相智能电能表",
        "费控智能电能表",
        "电度表",
        "电表",
        "electricity meter",
    ),
    standard=RequiredStandard(
        names={"zh": "电能表检定装置", "en": "electricity meter test bench"}, ratio=(1, 5), confirmed=False
    ),
    default_interval=Interval(months=96, mode="first_only_rotate", clause="JJG 596-2012"),
    examples=EXAMPLES,
)
