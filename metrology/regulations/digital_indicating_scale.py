"""Digital indicating scales (数字指示秤): JJG 539-2016, which follows OIML R 76-1:2006.

Errors are found before rounding, by change-over points, unless the scale shows a fifth of e or finer. Limits of the
initial verification hold for subsequent verification too; in service they are doubled.

Neither text was at hand: sources are named at each number; numbers without one are unconfirmed.
Clause numbers of R 76 were written from memory, except Table 6, Table 3, 3.5.3.2 and A.4.4.3.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from metrology.domain.example import Examples
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
from metrology.domain.weighing_examples import at, least_load, scope, steps
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
    # -- several intervals: the least Max_i / e_(i+1)
    "I.partial": number("50000", clause="OIML R 76-1:2006 3.3.3", source=_R76),
    "II.partial": number("5000", clause="OIML R 76-1:2006 3.3.3", source=_R76),
    "III.partial": number("500", clause="OIML R 76-1:2006 3.3.3", source=_R76),
    "IIII.partial": number("50", clause="OIML R 76-1:2006 3.3.3", source=_R76),
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


_LOADS = ("100 g", "2500 g", "7500 g", "10 kg", "15 kg")
_ERROR_FREE = "2.5 g"  # half of e: the indication changes exactly halfway
# Every test of an initial verification of a 15 kg scale, e = 5 g, without any error.
_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "markings": True, "seals": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "zero": at("50 g", _ERROR_FREE),
    "weighing": [at(load, _ERROR_FREE, direction=way) for way in ("up", "down") for load in _LOADS],
    "eccentricity": [at("5 kg", _ERROR_FREE, position=position) for position in "1234"],
    "repeatability": [at("7500 g", _ERROR_FREE)] * 3,
    "discrimination": [
        {"load": load, "indication": load, "indication_after": after}
        for load, after in (("100 g", "105 g"), ("7500 g", "7505 g"), ("15 kg", "15.005 kg"))
    ],
}
_OF = Examples(
    "digital_indicating_scale",
    {"accuracy_class": "III", "max": "15 kg", "e": "5 g"},
    "OIML R 76-1:2006 A.4.4.3, Tables 3 and 6; arithmetic by hand",
    kind="initial",
    whole=_WHOLE,
)
_FIRST = ("40 g", "1 kg", "3 kg", "4 kg", "6 kg")
_RANGED = {"max": "15 kg", "e": "2 g", "multiple_ranges": "6 kg/2 g, 15 kg/5 g"}
_MULTI = {"max": "15 kg", "e": "2 g", "intervals": "6 kg/2 g, 15 kg/5 g"}


def _class(accuracy_class: str, capacity: str, e: str, loads: Mapping[str, str]) -> Example:
    plate = {"accuracy_class": accuracy_class, "max": capacity, "e": e}
    return steps(_OF, f"Table 6, class {accuracy_class}", loads, "0.5 g", plate=plate)


EXAMPLES = (
    _OF.found(
        "R 76 A.4.4.3 worked example",
        {"weighing": [at("1000 g", "1.5 g")], "zero_error": "0.5 g"},
        {"point": "weighing[0]", "error": "0.5 g", "mpe": "2.5 g", "within": True},
    ),
    _class("III", "30 kg", "5 g", {"2500 g": "2.5 g", "2505 g": "5 g", "10 kg": "5 g", "10005 g": "7.5 g"}),
    _class("IIII", "5 kg", "5 g", {"250 g": "2.5 g", "255 g": "5 g", "1000 g": "5 g", "1005 g": "7.5 g"}),
    _class("II", "10 kg", "0.1 g", {"500 g": "0.05 g", "500.1 g": "0.1 g", "2000 g": "0.1 g", "2000.1 g": "0.15 g"}),
    _class("I", "300 g", "1 mg", {"50 g": "0.5 mg", "50.001 g": "1 mg", "200 g": "1 mg", "200.001 g": "1.5 mg"}),
    _OF.found(
        "in service the limit is double",
        {"weighing": [at("1000 g", "1.5 g")], "zero_error": "0 g"},
        {"point": "weighing[0]", "error": "1 g", "mpe": "5 g"},
        kind="in_service",
    ),
    _OF.found(
        "zero may be off by a quarter of e",
        {"zero_error": "1.25 g"},
        {"point": "zero", "error": "1.25 g", "mpe": "1.25 g", "within": True},
    ),
    _OF.found("and no more", {"zero_error": "-1.26 g"}, {"point": "zero", "within": False}),
    _OF.found(
        "a fifth of e is read directly",
        {"weighing": [{"load": "1000 g", "indication": "1001 g"}], "zero_error": "0 g"},
        {"point": "weighing[0]", "error": "1 g"},
        plate={"d": "1 g"},
    ),
    _OF.lacking(
        "a little more is not",
        {"weighing": [{"load": "1000 g", "indication": "1001 g"}], "zero_error": "0 g"},
        {"weighing[0].additional_load": "missing_reading"},
        plate={"d": "1.2 g"},
    ),
    _OF.found(
        "an extra load of 1.4 d moves the indication by d",
        {
            "discrimination": [
                {"load": "100 g", "indication": "100 g", "indication_after": after} for after in ("105 g", "104.9 g")
            ]
        },
        {"point": "discrimination[0]", "extra_load": "7.0 g", "least_change": "5 g", "within": True},
        {"point": "discrimination[1]", "within": False},
    ),
    _OF.complete("without any error it conforms", "conforms"),
    _OF.complete(
        "at every limit it conforms",
        "conforms",
        {"point": "weighing[0]", "error": "2.5 g", "margin": "1"},
        readings={"weighing": [at(load, "0 g", direction=way) for way in ("up", "down") for load in _LOADS]},
    ),
    _OF.complete(
        "a spread beyond the limit is rejected",
        "rejected",
        {"point": "repeatability", "error": "5.1 g", "mpe": "5 g", "within": False},
        readings={"repeatability": [at("7500 g", "0 g"), at("7500 g", "2.5 g"), at("7500 g", "5.1 g")]},
    ),
    _OF.complete(
        "a position beyond the limit is rejected",
        "rejected",
        {"point": "eccentricity[2]", "error": "-5.1 g", "mpe": "5 g", "position": "3"},
        readings={"eccentricity": [at("5 kg", "7.6 g" if p == "3" else "2.5 g", position=p) for p in "1234"]},
    ),
    # -- scope: the least and the most of Table 3
    *scope(_OF, "I", "1 mg", ("50 g",), ("49.999 g",)),
    *scope(_OF, "I", "0.5 mg", (), ("50 g",)),
    *scope(_OF, "II", "1 mg", ("100 mg", "100 g"), ("99 mg", "100.001 g")),
    *scope(_OF, "II", "0.5 mg", (), ("100 mg",)),
    *scope(_OF, "II", "50 mg", ("5 g",), ()),
    *scope(_OF, "II", "0.1 g", ("500 g", "10 kg"), ("499.9 g", "10000.1 g")),
    *scope(_OF, "III", "0.1 g", ("10 g",), ("9.9 g",)),
    *scope(_OF, "III", "0.05 g", (), ("100 g",)),
    *scope(_OF, "III", "2 g", ("200 g", "20 kg"), ("198 g", "20.002 kg")),
    *scope(_OF, "III", "5 g", ("2.5 kg", "50 kg"), ("2.495 kg", "50.005 kg")),
    *scope(_OF, "IIII", "5 g", ("500 g", "5 kg"), ("495 g", "5.005 kg")),
    *scope(_OF, "IIII", "2 g", (), ("1 kg",)),
    _OF.refused("e is 1, 2 or 5", plate={"e": "3 g"}),
    least_load(_OF, "I", "1 mg", "300 g", "100 mg"),
    least_load(_OF, "II", "20 mg", "50 g", "400 mg"),
    least_load(_OF, "II", "0.1 g", "1 kg", "5 g"),
    least_load(_OF, "III", "5 g", "15 kg", "100 g"),
    least_load(_OF, "IIII", "5 g", "5 kg", "50 g"),
    # -- the sheet
    _OF.of("five loads up and down", {}, {"rows": {"weighing": 10}}, plate={"max": "1 kg", "e": "1 g"}),
    _OF.of(
        "loads of eccentricity and repeatability",
        {},
        {
            "rows": {"eccentricity": 4, "repeatability": 3},
            "values": {
                "eccentricity.position_1": {"position": "1", "load": "5000 g"},
                "repeatability.weighing_1": {"load": "7500 g"},
            },
        },
    ),
    *_OF.edges("environment.temperature", ("-10 °C", "40 °C"), ("-11 °C", "41 °C")),
    _OF.lasts("a year", 12),
    # -- several intervals
    steps(
        _OF,
        "the interval of the partial range decides",
        {
            "1 kg": "1 g",
            "1.002 kg": "2 g",
            "4 kg": "2 g",
            "4.002 kg": "3 g",
            "6 kg": "3 g",
            "6.005 kg": "5 g",
            "10 kg": "5 g",
            "10.005 kg": "7.5 g",
        },
        "1 g",
        plate=_MULTI,
    ),
    _OF.found(
        "the change-over point too",
        {"weighing": [at("5 kg", "1 g"), at("10 kg", "2.5 g")], "zero_error": "0 g"},
        {"point": "weighing[0]", "error": "0 g"},
        {"point": "weighing[1]", "error": "0 g"},
        plate=_MULTI,
    ),
    _OF.of(
        "the end of a partial range is a test load",
        {},
        {
            "values": {"weighing.partial_1_up": {"load": "6000 g", "direction": "up"}},
            "hints": {"weighing.partial_1_up": "MPE ±3 g"},
        },
        plate=_MULTI,
    ),
    *(
        _OF.accepted(
            f"class {one}: Max1 = {ends.partition('/')[0]} is enough",
            plate={"accuracy_class": one, "max": most, "e": e, "intervals": ends},
        )
        for one, most, e, ends in (
            ("I", "500 g", "1 mg", "100 g/1 mg, 500 g/2 mg"),
            ("II", "5 kg", "0.1 g", "1 kg/0.1 g, 5 kg/0.2 g"),
            ("III", "15 kg", "2 g", "2.5 kg/2 g, 15 kg/5 g"),
            ("IIII", "5 kg", "5 g", "500 g/5 g, 5 kg/10 g"),
        )
    ),
    *(
        _OF.refused(
            f"class {one}: Max1 = {ends.partition('/')[0]} is not",
            plate={"accuracy_class": one, "max": most, "e": e, "intervals": ends},
        )
        for one, most, e, ends in (
            ("I", "500 g", "1 mg", "99.998 g/1 mg, 500 g/2 mg"),
            ("II", "5 kg", "0.1 g", "999.8 g/0.1 g, 5 kg/0.2 g"),
            ("III", "15 kg", "2 g", "2.495 kg/2 g, 15 kg/5 g"),
            ("IIII", "5 kg", "5 g", "490 g/5 g, 5 kg/10 g"),
        )
    ),
    _OF.refused("the last partial range ends at Max", plate={**_MULTI, "max": "30 kg"}),
    _OF.refused("the first has e", plate={**_MULTI, "e": "5 g"}),
    # -- several weighing ranges, each from zero
    _OF.found(
        "the range it is put on in decides",
        {
            "weighing": [at(load, "1 g", range=one) for load, one in (("5 kg", "1"), ("5 kg", "2"), ("6 kg", "1"))],
            "zero_error": "0 g",
        },
        {"point": "weighing[0]", "error": "0 g", "mpe": "3 g"},
        {"point": "weighing[1]", "error": "1.5 g", "mpe": "5 g"},
        {"point": "weighing[2]", "error": "0 g", "mpe": "3 g"},
        plate=_RANGED,
    ),
    _OF.lacking(
        "without its range there is no limit, and beyond its Max none either",
        {"weighing": [at("5 kg", "1 g"), at("6.002 kg", "1 g", range="1")], "zero_error": "0 g"},
        {"weighing[0].range": "missing_reading", "weighing[1].load": "not_covered"},
        plate=_RANGED,
    ),
    _OF.of(
        "each range has its test loads, the largest the other tests",
        {},
        {
            "rows": {"weighing": 20},
            "values": {
                "weighing.range_1_min_up": {"load": "40 g", "direction": "up", "range": "1"},
                "weighing.range_1_max_down": {"load": "6000 g", "direction": "down", "range": "1"},
                "weighing.range_2_min_up": {"load": "100 g", "direction": "up", "range": "2"},
                "eccentricity.position_1": {"position": "1", "load": "5000 g"},
                "repeatability.weighing_1": {"load": "7500 g"},
            },
            "hints": {"weighing.range_1_max_up": "MPE ±3 g", "discrimination.min": "add 7 g"},
        },
        plate=_RANGED,
    ),
    _OF.complete(
        "both ranges without any error",
        "conforms",
        {"point": "zero", "mpe": "0.5 g"},
        plate=_RANGED,
        readings={
            "zero": at("20 g", "1 g"),
            "weighing": [
                at(load, half, range=one, direction=way)
                for way in ("up", "down")
                for one, half, loads in (("1", "1 g", _FIRST), ("2", _ERROR_FREE, _LOADS))
                for load in loads
            ],
        },
    ),
    *(
        _OF.refused(f"several ranges: {why}", plate={**_RANGED, **plate})
        for why, plate in (
            ("the last ends at Max", {"max": "30 kg"}),
            ("the first has e", {"e": "5 g"}),
            ("they rise", {"multiple_ranges": "6 kg/2 g, 5 kg/5 g", "max": "5 kg"}),
            ("each within its class", {"multiple_ranges": "0.1 kg/2 g, 15 kg/5 g"}),
            ("none of them has partial ranges", {"intervals": "6 kg/2 g, 15 kg/5 g"}),
            ("they show their intervals", {"d": "1 g"}),
        )
    ),
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
        "电子台秤",
        "电子案秤",
        "电子吊秤",
        "电子地上衡",
        "电子平台秤",
        "数字秤",
        "电子天平秤",
        "电子人体秤",
        "electronic scale",
    ),
    standard=RequiredStandard(
        names={"zh": "标准砝码(M1 级等)", "en": "standard weights (class M1 or better)"}, ratio=(1, 3)
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 539-2016", confirmed=False),
    examples=EXAMPLES,
)
