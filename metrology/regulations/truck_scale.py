"""Electronic truck scales (电子汽车衡): JJG 539-2016, which follows OIML R 76-1:2006.

Scales with e of 5 g or more on several supports: eccentricity at each support or with a rolling load, standard weights completed by
substitutes. Limits of the initial verification hold for subsequent verification too; in service they are doubled.

Neither text was at hand: sources are named at each number; numbers without one are unconfirmed.
Clause numbers of R 76 were written from memory, except Table 6, Table 3, 3.5.3.2 and A.4.4.3.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from metrology.domain.comparing import yes
from metrology.domain.example import Examples
from metrology.domain.regulation import Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.truck_weighing import TruckScaleEdition
from metrology.domain.weighing_examples import at, least_load, scope, steps
from metrology.domain.weighing_sheet import nameplate

_R76 = "OIML R 76-1:2006 (github 70968382684; gfjl.org 6435)"
_T6 = "OIML R 76-1:2006 Table 6"
_T3 = "OIML R 76-1:2006 Table 3"
_SUBSTITUTION = "OIML R 76-1:2006 3.7.3"

_NUMBERS: Mapping[str, LegalNumber] = {
    "mpe.1": number("0.5", "e", clause=_T6, source=_R76),
    "mpe.2": number("1.0", "e", clause=_T6, source=_R76),
    "mpe.3": number("1.5", "e", clause=_T6, source=_R76),
    "III.to.1": number("500", "e", clause=_T6, source=_R76),
    "III.to.2": number("2000", "e", clause=_T6, source=_R76),
    "IIII.to.1": number("50", "e", clause=_T6, source=_R76),
    "IIII.to.2": number("200", "e", clause=_T6, source=_R76),
    "in_service": number("2", clause="OIML R 76-1:2006 3.5.2", source=_R76),
    "III.low.e_from": number("5", "g", clause=_T3, source=_R76),
    "III.low.n_from": number("500", clause=_T3, source=_R76),
    "III.low.n_to": number("10000", clause=_T3, source=_R76),
    "III.min": number("20", "e", clause=_T3, source=_R76),
    "IIII.low.e_from": number("5", "g", clause=_T3, source=_R76),
    "IIII.low.n_from": number("100", clause=_T3, source=_R76),
    "IIII.low.n_to": number("1000", clause=_T3, source=_R76),
    "IIII.min": number("10", "e", clause=_T3, source=_R76),
    "III.partial": number("500", clause="OIML R 76-1:2006 3.3.3", source=_R76),
    "IIII.partial": number("50", clause="OIML R 76-1:2006 3.3.3", source=_R76),
    "zero": number("0.25", "e", clause="OIML R 76-1:2006 4.5.2", source=_R76),
    "direct_reading": number("0.2", "e", clause="OIML R 76-1:2006 3.5.3.2", source=_R76),
    "loads": number("5", clause="Min, 500 e, 2000 e, ½ Max, Max"),
    "eccentricity.divisor": number("3", clause="OIML R 76-1:2006 3.6.2", source=_R76),
    "rolling.load": number("0.8", "Max", clause="OIML R 76-1:2006 3.6.2.4", source=_R76),
    "rolling.positions": number("3", clause="both ends and the middle, each way"),
    "repeatability.runs": number("3", clause="OIML R 76-1:2006 A.4.10"),
    "repeatability.load": number("0.5", "Max", clause="OIML R 76-1:2006 A.4.10"),
    "discrimination.load": number("1.4", "d", clause="OIML R 76-1:2006 3.8.2.2", source=_R76),
    "discrimination.change": number("1", "d", clause="OIML R 76-1:2006 3.8.2.2", source=_R76),
    "substitution.part": number("2", clause=_SUBSTITUTION, source=_R76),
    "substitution.good.part": number("3", clause=_SUBSTITUTION, source=_R76),
    "substitution.good.spread": number("0.3", "e", clause=_SUBSTITUTION, source=_R76),
    "substitution.best.part": number("5", clause=_SUBSTITUTION, source=_R76),
    "substitution.best.spread": number("0.2", "e", clause=_SUBSTITUTION, source=_R76),
    "temperature_from": number("-10", "°C", clause="OIML R 76-1:2006 3.9.2.1"),
    "temperature_to": number("40", "°C", clause="OIML R 76-1:2006 3.9.2.1"),
    "interval": number("12", "month"),
}

_ITEMS = (
    yes("appearance", "外观与结构", "construction and condition"),
    yes("foundation", "基础、引道与限位", "foundation, approach and stops"),
    yes("markings", "计量法制标志与铭牌", "legal markings and nameplate"),
    yes("software_identity", "软件标识", "software identification", required=False),
    yes("seals", "铅封(检定标记)完好", "seals and verification mark intact"),
)

# Bare numbers on the nameplate of a truck scale are tonnes and kilograms; without the number of supports nobody knows
# where to put a load.
_UNITS = {"max": "t", "e": "kg", "min": "kg", "d": "kg"}
NAMEPLATE = tuple(
    replace(
        one, unit=_UNITS.get(one.key, one.unit), required_for_verdict=one.key == "supports" or one.required_for_verdict
    )
    for one in nameplate("III", "IIII", digital=True)
)

EDITION_2016 = TruckScaleEdition(
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

# -- examples

_HALF = "10 kg"
_LOADS = ("400 kg", "10 t", "30 t", "40 t", "60 t")
_ROLLING = ("1.1", "1.2", "1.3", "2.1", "2.2", "2.3")
# A subsequent verification of a 60 t scale on six supports, e = 20 kg, without any error; eccentricity with 60 t / 5.
_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "foundation": True, "markings": True, "seals": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "weights": {"standard_weights": "30 t"},
    "zero": at("200 kg", _HALF),
    "weighing": [at(load, _HALF, direction=way) for way in ("up", "down") for load in _LOADS],
    "eccentricity": [at("12 t", _HALF, position=position) for position in "123456"],
    "repeatability": [at("30 t", _HALF)] * 3,
}
_OF = Examples(
    "truck_scale",
    {"accuracy_class": "III", "max": "60", "e": "20", "supports": "6"},
    "OIML R 76-1:2006 Tables 3 and 6, 3.6.2, 3.7.3; arithmetic by hand",
    whole=_WHOLE,
)


def _rolled(load: str, last: str = _HALF) -> list[dict[str, str]]:
    return [at(load, last if p == "2.3" else _HALF, position=p) for p in _ROLLING]


def _repeated(*additional: str) -> list[dict[str, str]]:
    return [at("30 t", one) for one in additional]


def _weights(name: str, mass: str, code: str | None, *additional: str) -> Any:
    readings = {"weights": {"standard_weights": mass}, "repeatability": _repeated(*additional), "zero_error": "0 kg"}
    return _OF.lacking(name, readings, {"weights.standard_weights": code})


_TOO_FEW = "outside_conditions"
EXAMPLES = (
    steps(_OF, "Table 6, class III", {"10 t": "10 kg", "10.02 t": "20 kg", "40 t": "20 kg", "40.02 t": "30 kg"}, _HALF),
    steps(
        _OF,
        "Table 6, class IIII",
        {"1 t": "10 kg", "1.02 t": "20 kg", "4 t": "20 kg", "4.02 t": "30 kg"},
        _HALF,
        plate={"accuracy_class": "IIII", "max": "20 t"},
    ),
    _OF.found(
        "in service",
        {"weighing": [at("10 t", _HALF)], "zero_error": "0 kg"},
        {"point": "weighing[0]", "mpe": "20 kg"},
        kind="in_service",
    ),
    _OF.found("zero within a quarter of e", {"zero_error": "5 kg"}, {"point": "zero", "mpe": "5 kg", "within": True}),
    _OF.found("and no more", {"zero_error": "-5.1 kg"}, {"point": "zero", "within": False}),
    *(
        _OF.lacking(
            f"d = {d} read directly",
            {"weighing": [at("10 t")], "zero_error": "0 kg"},
            {"weighing[0].additional_load": code},
            plate={"d": d},
        )
        for d, code in (("4 kg", None), ("5 kg", "missing_reading"))
    ),
    _OF.found(
        "an extra load of 1.4 d moves the indication by d",
        {"discrimination": [{**at("10 t"), "indication_after": after} for after in ("10.02 t", "10.0199 t")]},
        {"point": "discrimination[0]", "extra_load": "28.0 kg", "least_change": "20 kg", "within": True},
        {"point": "discrimination[1]", "within": False},
    ),
    _OF.complete(
        "a load at each of six supports", "conforms", {"point": "eccentricity[5]", "load": "12000 kg", "mpe": "20 kg"}
    ),
    _OF.complete(
        "one support beyond",
        "rejected",
        {"point": "eccentricity[5]", "error": "-21 kg"},
        readings={"eccentricity": [at("12 t", "31 kg" if p == "6" else _HALF, position=p) for p in "123456"]},
    ),
    _OF.complete(
        "a rolling load",
        "conforms",
        {"point": "rolling[5]", "position": "2.3", "mpe": "30 kg"},
        readings={"eccentricity": None, "rolling": _rolled("48 t")},
    ),
    _OF.complete(
        "a rolling load beyond",
        "rejected",
        {"point": "rolling[5]", "error": "-31 kg"},
        readings={"eccentricity": None, "rolling": _rolled("48 t", "41 kg")},
    ),
    _OF.lacking(
        "a vehicle heavier than 0.8 Max",
        {"rolling": _rolled("48.02 t"), "zero_error": "0 kg"},
        {"rolling[0].load": _TOO_FEW},
    ),
    _OF.lacking(
        "both ways are one too many",
        {"rolling": _rolled("48 t"), "eccentricity": _WHOLE["eccentricity"], "zero_error": "0 kg"},
        {"rolling": "ambiguous_reading"},
    ),
    # -- substitution: a spread of 10 − 4 = 6 kg is 0.3 e, one of 4 kg is 0.2 e
    _weights("half of Max is enough however it repeats", "30 t", None, "10 kg", "0 kg", "20 kg"),
    _weights("a little less is not", "29.9 t", _TOO_FEW, "10 kg", "3.9 kg", "10 kg"),
    _weights("a third of Max with a spread of 0.3 e", "20 t", None, "10 kg", "4 kg", "10 kg"),
    _weights("less than a third", "19.9 t", _TOO_FEW, "10 kg", "4 kg", "10 kg"),
    _weights("a third of Max with more than 0.3 e", "20 t", _TOO_FEW, "10 kg", "3.9 kg", "10 kg"),
    _weights("a fifth of Max with a spread of 0.2 e", "12 t", None, "10 kg", "6 kg", "10 kg"),
    _weights("less than a fifth", "11.9 t", _TOO_FEW, "10 kg", "6 kg", "10 kg"),
    _weights("a fifth of Max with more than 0.2 e", "12 t", _TOO_FEW, "10 kg", "5.9 kg", "10 kg"),
    _weights("a fifth of Max while nothing was repeated", "12 t", _TOO_FEW),
    # -- scope
    *scope(_OF, "III", "5 g", ("2.5 kg", "50 kg"), ("2.495 kg", "50.005 kg")),
    *scope(_OF, "III", "2 g", (), ("10 kg",)),
    *scope(_OF, "III", "20 kg", ("60 t",), ()),
    *scope(_OF, "IIII", "5 g", ("500 g", "5 kg"), ("495 g", "5.005 kg")),
    *scope(_OF, "IIII", "2 g", (), ("1 kg",)),
    *(
        check(f"class {one}: {intervals}", plate={"accuracy_class": one, "max": most, "e": e, "intervals": intervals})
        for check, one, most, e, intervals in (
            (_OF.accepted, "III", "60 t", "10 kg", "10 t/10 kg, 60 t/20 kg"),
            (_OF.refused, "III", "60 t", "10 kg", "9.98 t/10 kg, 60 t/20 kg"),
            (_OF.accepted, "IIII", "5 t", "10 kg", "1 t/10 kg, 5 t/20 kg"),
            (_OF.refused, "IIII", "5 t", "10 kg", "990 kg/10 kg, 5 t/20 kg"),
        )
    ),
    least_load(_OF, "III", "20 kg", "60 t", "400 kg"),
    least_load(_OF, "IIII", "20 kg", "20 t", "200 kg"),
    # -- the sheet
    _OF.of("five loads", {}, {"rows": {"weighing": 10, "eccentricity": 6, "rolling": 6, "repeatability": 3}}),
    _OF.of("no fewer than five", {}, {"rows": {"weighing": 10}}, plate={"max": "10 t"}),
    _OF.of(
        "loads of repeatability and of rolling",
        {},
        {
            "values": {
                "repeatability.weighing_1": {"load": "30000 kg"},
                "rolling.rolling_2_3": {"position": "2.3", "load": "48000 kg"},
                "eccentricity.position_6": {"position": "6", "load": "12000 kg"},
            },
            "hints": {"weights.standard_weights": "30 t or more (less where it repeats well)"},
        },
    ),
    _OF.of(
        "four supports carry a third",
        {},
        {"values": {"eccentricity.position_4": {"position": "4", "load": "20000 kg"}}},
        plate={"supports": "4"},
    ),
    _OF.lacking(
        "how many supports must be known",
        {},
        {"nameplate.supports": "missing_characteristic"},
        plate={"supports": None},
    ),
    *_OF.edges("environment.temperature", ("-10 °C", "40 °C"), ("-11 °C", "41 °C")),
    _OF.lasts("a year", 12),
)

TYPE = InstrumentType(
    code="truck_scale",
    names={"zh": "电子汽车衡", "en": "electronic truck scale"},
    purposes=("trade", "safety"),
    nameplate=NAMEPLATE,
    editions=(EDITION_2016,),
    category="truck_scale",
    synonyms=(
        "汽车衡",
        "地磅",
        "电子地磅",
        "固定式电子衡器",
        "电子衡",
        "静态汽车衡",
        "数字式汽车衡",
        "全电子汽车衡",
        "weighbridge",
    ),
    standard=RequiredStandard(
        names={"zh": "标准砝码(M1 级等)及检衡车", "en": "standard weights (class M1 or better)"}, ratio=(1, 3)
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 539-2016", confirmed=False),
    examples=EXAMPLES,
)
