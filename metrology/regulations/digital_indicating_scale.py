"""Digital indicating scales (数字指示秤): JJG 539-2016, which follows OIML R 76-1:2006.

Errors are found before rounding, by change-over points, unless the scale shows a fifth of e or finer. Limits of the
initial verification hold for subsequent verification too; in service they are doubled.

Neither text was at hand: sources are named at each number; numbers without one are unconfirmed.
Clause numbers of R 76 were written from memory, except Table 6, Table 3, 3.5.3.2 and A.4.4.3.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from metrology.domain.reading_sheet import ReadingField
from metrology.domain.regulation import (
    Citation,
    Example,
    InstrumentType,
    LegalNumber,
    RequiredStandard,
    number,
)
from metrology.domain.schedule import Interval
from metrology.domain.weighing_digital import DigitalScaleEdition
from metrology.domain.weighing_sheet import nameplate

_R76 = "OIML R 76-1:2006 (github 70968382684; gfjl.org 6435)"
_T6 = "OIML R 76-1:2006 Table 6"
_T3 = "OIML R 76-1:2006 Table 3"

_NUMBERS: Mapping[str, LegalNumber] = {
    "mpe.1": number("0.5", "e", clause=_T6, source=_R76),
    "mpe.2": number("1.0", "e", clause=_T6, source=_R76),
    "mpe.3": number("1.5", "e", clause=_T6, source=_R76),
    "I.to.1": number("50000", "e", clause=_T6, source=_R76),
    "I.to.2": number("200000", "e", clause=_T6, source=_R76),
    "II.to.1": number("5000", "e", clause=_T6, source=_R76),
    "II.to.2": number("20000", "e", clause=_T6, source=_R76),
    "III.to.1": number("500", "e", clause=_T6, source=_R76),
    "III.to.2": number("2000", "e", clause=_T6, source=_R76),
    "IIII.to.1": number("50", "e", clause=_T6, source=_R76),
    "IIII.to.2": number("200", "e", clause=_T6, source=_R76),
    "in_service": number("2", clause="OIML R 76-1:2006 3.5.2", source=_R76),
    # -- scope: e and n = Max/e of each class
    "I.low.e_from": number("0.001", "g", clause=_T3),
    "I.low.n_from": number("50000", clause=_T3),
    "I.min": number("100", "e", clause=_T3),
    "II.low.e_from": number("0.001", "g", clause=_T3),
    "II.low.n_from": number("100", clause=_T3),
    "II.low.n_to": number("100000", clause=_T3),
    "II.min": number("20", "e", clause=_T3),
    "II.high.e_from": number("0.1", "g", clause=_T3),
    "II.high.n_from": number("5000", clause=_T3),
    "II.high.n_to": number("100000", clause=_T3),
    "II.high.min": number("50", "e", clause=_T3),
    "III.low.e_from": number("0.1", "g", clause=_T3, source=_R76),
    "III.low.n_from": number("100", clause=_T3, source=_R76),
    "III.low.n_to": number("10000", clause=_T3, source=_R76),
    "III.min": number("20", "e", clause=_T3, source=_R76),
    "III.high.e_from": number("5", "g", clause=_T3, source=_R76),
    "III.high.n_from": number("500", clause=_T3, source=_R76),
    "III.high.n_to": number("10000", clause=_T3, source=_R76),
    "IIII.low.e_from": number("5", "g", clause=_T3, source=_R76),
    "IIII.low.n_from": number("100", clause=_T3, source=_R76),
    "IIII.low.n_to": number("1000", clause=_T3, source=_R76),
    "IIII.min": number("10", "e", clause=_T3, source=_R76),
    # -- tests
    "zero": number("0.25", "e", clause="OIML R 76-1:2006 4.5.2", source=_R76),
    "direct_reading": number("0.2", "e", clause="OIML R 76-1:2006 3.5.3.2", source=_R76),
    "loads": number("5", clause="Min, 500 e, 2000 e, ½ Max, Max"),
    "eccentricity.divisor": number("3", clause="OIML R 76-1:2006 3.6.2", source=_R76),
    "repeatability.runs": number("3", clause="OIML R 76-1:2006 A.4.10"),
    "repeatability.load": number("0.5", "Max", clause="OIML R 76-1:2006 A.4.10"),
    "discrimination.load": number("1.4", "d", clause="OIML R 76-1:2006 3.8.2.2", source=_R76),
    "discrimination.change": number("1", "d", clause="OIML R 76-1:2006 3.8.2.2", source=_R76),
    "temperature_from": number("-10", "°C", clause="OIML R 76-1:2006 3.9.2.1"),
    "temperature_to": number("40", "°C", clause="OIML R 76-1:2006 3.9.2.1"),
    "interval": number("12", "month"),
}

_ITEMS = (
    ReadingField(key="appearance", labels={"zh": "外观与结构", "en": "construction and condition"}, kind="boolean"),
    ReadingField(
        key="markings", labels={"zh": "计量法制标志与铭牌", "en": "legal markings and nameplate"}, kind="boolean"
    ),
    ReadingField(
        key="seals", labels={"zh": "铅封(检定标记)完好", "en": "seals and verification mark intact"}, kind="boolean"
    ),
    ReadingField(
        key="over_range",
        labels={"zh": "超过 Max + 9e 无示值", "en": "no indication above Max + 9 e"},
        kind="boolean",
        required=False,
        clause="OIML R 76-1:2006 4.2.3",
    ),
    ReadingField(
        key="price_computing",
        labels={"zh": "计价功能正确", "en": "price computing correct"},
        kind="boolean",
        required=False,
    ),
)

NAMEPLATE = nameplate("I", "II", "III", "IIII", digital=True)


EDITION_2016 = DigitalScaleEdition(
    code="JJG 539-2016",
    citation=Citation(
        "JJG 539-2016",
        {"zh": "数字指示秤检定规程", "en": "Verification Regulation of Digital Indicating Weighing Instruments"},
    ),
    in_force=date(2017, 5, 30),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
)


_SOURCE = "OIML R 76-1:2006 A.4.4.3, Table 6; arithmetic by hand"


def _case(name: str, readings: Mapping[str, Any], expect: Mapping[str, Any], **how: Any) -> Example:
    marked = {"accuracy_class": "III", "max": "15 kg", "e": "5 g", **how.get("plate", {})}
    kind = how.get("kind", "initial")
    case = {
        "type": "digital_indicating_scale",
        "on": "2026-06-01",
        "kind": kind,
        "nameplate": marked,
        "readings": readings,
    }
    return Example(id=name, source=_SOURCE, case=case, expect=expect, partial=how.get("partial", True))


def _at(load: str, additional: str = "2.5 g", **more: str) -> dict[str, str]:
    return {"load": load, "indication": load, "additional_load": additional, **more}


_LOADS = ("100 g", "2500 g", "7500 g", "10 kg", "15 kg")


def _complete(**other: Any) -> dict[str, Any]:
    """Every test of an initial verification of a 15 kg scale, e = 5 g, without any error."""
    return {
        "items": {"appearance": True, "markings": True, "seals": True},
        "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
        "zero": _at("50 g"),
        "weighing": [_at(load, direction=way) for way in ("up", "down") for load in _LOADS],
        "eccentricity": [_at("5 kg", position=position) for position in "1234"],
        "repeatability": [_at("7500 g")] * 3,
        "discrimination": [
            {"load": load, "indication": load, "indication_after": after}
            for load, after in (("100 g", "105 g"), ("7500 g", "7505 g"), ("15 kg", "15.005 kg"))
        ],
        **other,
    }


def _steps(accuracy_class: str, capacity: str, e: str, loads: Mapping[str, str]) -> Example:
    """Both sides of every load where the limit changes, in grams."""
    return _case(
        f"Table 6, class {accuracy_class}",
        {"weighing": [_at(load, "0.5 g") for load in loads], "zero_error": "0 g"},
        {"findings": [{"point": f"weighing[{i}]", "mpe": limit} for i, limit in enumerate(loads.values())]},
        plate={"accuracy_class": accuracy_class, "max": capacity, "e": e},
    )


def _outside(name: str, **plate: str) -> Example:
    return _case(name, {}, {"verdict": None, "problem": {"code": "not_covered"}}, plate=plate)


_DISCRIMINATED = {"load": "100 g", "indication": "100 g"}
EXAMPLES = (
    _case(
        "R 76 A.4.4.3 worked example",
        {"weighing": [_at("1000 g", "1.5 g")], "zero_error": "0.5 g"},
        {"findings": [{"point": "weighing[0]", "error": "0.5 g", "mpe": "2.5 g", "within": True}]},
    ),
    _steps("III", "30 kg", "5 g", {"2500 g": "2.5 g", "2505 g": "5 g", "10 kg": "5 g", "10005 g": "7.5 g"}),
    _steps(
        "IIII", "5 kg", "5 g", {"250 g": "2.5 g", "255 g": "5 g", "1000 g": "5 g", "1005 g": "7.5 g", "5000 g": "7.5 g"}
    ),
    _steps("II", "10 kg", "0.1 g", {"500 g": "0.05 g", "500.1 g": "0.1 g", "2000 g": "0.1 g", "2000.1 g": "0.15 g"}),
    _steps("I", "300 g", "1 mg", {"50 g": "0.5 mg", "50.001 g": "1 mg", "200 g": "1 mg", "200.001 g": "1.5 mg"}),
    _case(
        "in service the limit is double",
        {"weighing": [_at("1000 g", "1.5 g")], "zero_error": "0 g"},
        {"findings": [{"point": "weighing[0]", "error": "1 g", "mpe": "5 g"}]},
        kind="in_service",
    ),
    _case(
        "zero may be off by a quarter of e",
        {"zero_error": "1.25 g"},
        {"findings": [{"point": "zero", "error": "1.25 g", "mpe": "1.25 g", "within": True}]},
    ),
    _case("and no more", {"zero_error": "-1.26 g"}, {"findings": [{"point": "zero", "within": False}]}),
    _case(
        "a fifth of e is read directly",
        {"weighing": [{"load": "1000 g", "indication": "1001 g"}], "zero_error": "0 g"},
        {"findings": [{"point": "weighing[0]", "error": "1 g"}]},
        plate={"d": "1 g"},
    ),
    _case(
        "an extra load of 1.4 d moves the indication by d",
        {"discrimination": [{**_DISCRIMINATED, "indication_after": after} for after in ("105 g", "104.9 g")]},
        {
            "findings": [
                {"point": "discrimination[0]", "extra_load": "7.0 g", "least_change": "5 g", "within": True},
                {"point": "discrimination[1]", "within": False},
            ]
        },
    ),
    _case("without any error it conforms", _complete(), {"verdict": "conforms"}, partial=False),
    _case(
        "at every limit it conforms",
        _complete(weighing=[_at(load, "0 g", direction=way) for way in ("up", "down") for load in _LOADS]),
        {"verdict": "conforms", "findings": [{"point": "weighing[0]", "error": "2.5 g", "margin": "1"}]},
        partial=False,
    ),
    _case(
        "a spread beyond the limit is rejected",
        _complete(repeatability=[_at("7500 g", "0 g"), _at("7500 g"), _at("7500 g", "5.1 g")]),
        {
            "verdict": "rejected",
            "findings": [{"point": "repeatability", "error": "5.1 g", "mpe": "5 g", "within": False}],
        },
        partial=False,
    ),
    _case(
        "a position beyond the limit is rejected",
        _complete(eccentricity=[_at("5 kg", "7.6 g" if p == "3" else "2.5 g", position=p) for p in "1234"]),
        {
            "verdict": "rejected",
            "findings": [{"point": "eccentricity[2]", "error": "-5.1 g", "mpe": "5 g", "position": "3"}],
        },
        partial=False,
    ),
    _outside("n = 10 000 is the most of class III", max="50.005 kg"),
    _outside("n = 500 is the least from e = 5 g", max="2.495 kg"),
    _outside("n = 100 is the least below", max="198 g", e="2 g"),
    _outside("and n = 10 000 the most", max="20.002 kg", e="2 g"),
    _outside("e = 0.1 g is the least of class III", max="100 g", e="0.05 g"),
    _outside("class IIII up to n = 1000", accuracy_class="IIII", max="5.005 kg"),
    _outside("class IIII from n = 100", accuracy_class="IIII", max="495 g"),
    _outside("class IIII from e = 5 g", accuracy_class="IIII", max="1 kg", e="2 g"),
    _outside("class II up to n = 100 000", accuracy_class="II", max="10001 g", e="0.1 g"),
    _outside("class II from n = 5000 for e = 0.1 g", accuracy_class="II", max="499.9 g", e="0.1 g"),
    _outside("class I from n = 50 000", accuracy_class="I", max="49.999 g", e="1 mg"),
    _outside("e is 1, 2 or 5", e="3 g"),
)


TYPE = InstrumentType(
    code="digital_indicating_scale",
    names={"zh": "数字指示秤", "en": "digital indicating scale"},
    purposes=("trade", "medical", "safety"),
    nameplate=NAMEPLATE,
    editions=(EDITION_2016,),
    category="digital_indicating_scale",
    synonyms=(
        "电子秤",
        "电子计价秤",
        "电子台秤",
        "电子案秤",
        "电子吊秤",
        "电子地上衡",
        "电子平台秤",
        "条码秤",
        "条码打印计价秤",
        "收银秤",
        "数字秤",
        "计价秤",
        "电子天平秤",
        "电子人体秤",
        "electronic scale",
        "price-computing scale",
    ),
    standard=RequiredStandard(
        names={"zh": "标准砝码(M1 级等)", "en": "standard weights (class M1 or better)"}, ratio=(1, 3)
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 539-2016", confirmed=False),
    examples=EXAMPLES,
)
