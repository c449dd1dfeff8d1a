"""Electronic price-computing scales (电子计价秤): JJG 539-2016, and JJG 1204-2025 from 8 January 2027.

Both follow OIML R 76-1:2006. The new regulation adds the consistency with the type approval, a unique mark, software identity
and self-locking; its numbers were not read, so those of R 76 stand in and are unconfirmed.

Neither text was at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from metrology.domain.comparing import yes
from metrology.domain.example import Example, Examples
from metrology.domain.reading_sheet import ReadingField
from metrology.domain.regulation import Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.weighing_digital import DigitalScaleEdition
from metrology.domain.weighing_examples import at, least_load, scope, steps
from metrology.domain.weighing_sheet import nameplate

_R76 = "OIML R 76-1:2006 (github 70968382684; gfjl.org 6435)"
_T6 = "OIML R 76-1:2006 Table 6"
_T3 = "OIML R 76-1:2006 Table 3"
_1204 = "guifanku.com 866428 (contents of JJG 1204-2025)"

_NUMBERS: Mapping[str, LegalNumber] = {
    "mpe.1": number("0.5", "e", clause=_T6, source=_R76),
    "mpe.2": number("1.0", "e", clause=_T6, source=_R76),
    "mpe.3": number("1.5", "e", clause=_T6, source=_R76),
    "III.to.1": number("500", "e", clause=_T6, source=_R76),
    "III.to.2": number("2000", "e", clause=_T6, source=_R76),
    "in_service": number("2", clause="OIML R 76-1:2006 3.5.2", source=_R76),
    "III.low.e_from": number("0.1", "g", clause=_T3, source=_R76),
    "III.low.n_from": number("100", clause=_T3, source=_R76),
    "III.low.n_to": number("10000", clause=_T3, source=_R76),
    "III.min": number("20", "e", clause=_T3, source=_R76),
    "III.high.e_from": number("5", "g", clause=_T3, source=_R76),
    "III.high.n_from": number("500", clause=_T3, source=_R76),
    "III.high.n_to": number("10000", clause=_T3, source=_R76),
    "III.partial": number("500", clause="OIML R 76-1:2006 3.3.3", source=_R76),
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

_ITEMS_2016 = (
    yes("appearance", "外观与结构", "construction and condition"),
    yes("markings", "计量法制标志与铭牌", "legal markings and nameplate"),
    yes("price_computing", "计价功能正确", "price computing correct"),
    yes("seals", "铅封(检定标记)完好", "seals and verification mark intact"),
)
_ITEMS_2025 = (
    *_ITEMS_2016,
    yes("type_approval", "型式批准证书信息一致", "consistent with the type approval", "JJG 1204-2025 6.1"),
    yes("unique_mark", "唯一性信息标志", "unique mark", "JJG 1204-2025 6.2"),
    yes("software_identity", "软件标识", "software identification", "JJG 1204-2025 6.3"),
    yes("self_lock", "自锁功能", "self-locking function", "JJG 1204-2025 6.4"),
)

NAMEPLATE = nameplate("III", digital=True)

EDITION_2016 = DigitalScaleEdition(
    code="JJG 539-2016",
    citation=Citation(
        "JJG 539-2016",
        {"zh": "数字指示秤检定规程", "en": "Verification Regulation of Digital Indicating Weighing Instruments"},
    ),
    in_force=date(2017, 5, 30),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS_2016,
)
EDITION_2025 = DigitalScaleEdition(
    code="JJG 1204-2025",
    citation=Citation(
        "JJG 1204-2025",
        {
            "zh": "电子计价秤检定规程(试行)",
            "en": "Verification Regulation of Electronic Price Computing Scales (for Trial Implementation)",
        },
        _1204,
    ),
    in_force=date(2027, 1, 8),
    numbers={key: replace(one, source="", confirmed=False) for key, one in _NUMBERS.items()},
    nameplate=NAMEPLATE,
    items=_ITEMS_2025,
)

# -- examples

_LOADS = ("100 g", "2500 g", "7500 g", "10 kg", "15 kg")
_ERROR_FREE = "2.5 g"
_PLATE = {"accuracy_class": "III", "max": "15 kg", "e": "5 g"}


def _whole(items: tuple[ReadingField, ...]) -> Mapping[str, Any]:
    """A subsequent verification of a 15 kg scale, e = 5 g, without any error."""
    return {
        "items": {item.key: True for item in items},
        "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
        "zero": at("50 g", _ERROR_FREE),
        "weighing": [at(load, _ERROR_FREE, direction=way) for way in ("up", "down") for load in _LOADS],
        "eccentricity": [at("5 kg", _ERROR_FREE, position=position) for position in "1234"],
        "repeatability": [at("7500 g", _ERROR_FREE)] * 3,
    }


def _of_edition(of: Examples) -> Iterator[Example]:
    """What both editions are held to."""
    limits = {"2500 g": "2.5 g", "2505 g": "5 g", "10 kg": "5 g", "10005 g": "7.5 g"}
    yield steps(of, "Table 6, class III", limits, "0.5 g", plate={"max": "30 kg"})
    weighing = {"weighing": [at("1000 g", "1.5 g")], "zero_error": "0.5 g"}
    yield of.found("before rounding", weighing, {"point": "weighing[0]", "error": "0.5 g", "mpe": "2.5 g"})
    yield of.found("in service", weighing, {"point": "weighing[0]", "mpe": "5 g"}, kind="in_service")
    yield of.found(
        "zero within a quarter of e", {"zero_error": "1.25 g"}, {"point": "zero", "mpe": "1.25 g", "within": True}
    )
    yield of.found("and no more", {"zero_error": "-1.26 g"}, {"point": "zero", "within": False})
    read = {"weighing": [{"load": "1000 g", "indication": "1001 g"}], "zero_error": "0 g"}
    for d, code in (("1 g", None), ("1.2 g", "missing_reading")):
        yield of.lacking(f"d = {d} read directly", read, {"weighing[0].additional_load": code}, plate={"d": d})
    moved = [{"load": "100 g", "indication": "100 g", "indication_after": after} for after in ("105 g", "104.9 g")]
    yield of.found(
        "discrimination",
        {"discrimination": moved},
        {"point": "discrimination[0]", "extra_load": "7.0 g", "least_change": "5 g", "within": True},
        {"point": "discrimination[1]", "within": False},
    )
    yield of.complete("without any error", "conforms")
    far = [
        at(load, "7.6 g" if load == "2500 g" else _ERROR_FREE, direction=way)
        for way in ("up", "down")
        for load in _LOADS
    ]
    yield of.complete(
        "a load beyond its limit", "rejected", {"point": "weighing[1]", "error": "-5.1 g"}, readings={"weighing": far}
    )
    yield from scope(of, "III", "0.1 g", ("10 g",), ("9.9 g",))
    yield from scope(of, "III", "0.05 g", (), ("100 g",))
    yield from scope(of, "III", "2 g", ("200 g", "20 kg"), ("198 g", "20.002 kg"))
    yield from scope(of, "III", "5 g", ("2.5 kg", "50 kg"), ("2.495 kg", "50.005 kg"))
    yield least_load(of, "III", "5 g", "15 kg", "100 g")
    yield of.accepted("Max1 = 500 e2", plate={"e": "2 g", "intervals": "2.5 kg/2 g, 15 kg/5 g"})
    yield of.refused("Max1 below", plate={"e": "2 g", "intervals": "2.495 kg/2 g, 15 kg/5 g"})
    yield of.of("five loads", {}, {"rows": {"weighing": 10, "repeatability": 3}}, plate={"max": "1 kg", "e": "1 g"})
    loads = {
        "eccentricity.position_1": {"position": "1", "load": "5000 g"},
        "repeatability.weighing_1": {"load": "7500 g"},
    }
    yield of.of("loads", {}, {"values": loads})
    yield from of.edges("environment.temperature", ("-10 °C", "40 °C"), ("-11 °C", "41 °C"))
    yield of.lasts("a year", 12)


_SOURCE = "OIML R 76-1:2006 A.4.4.3, Tables 3 and 6; arithmetic by hand"
_OF_2016 = Examples("electronic_price_computing_scale", _PLATE, _SOURCE, on="2027-01-07", whole=_whole(_ITEMS_2016))
_OF_2025 = Examples("electronic_price_computing_scale", _PLATE, _SOURCE, on="2027-01-08", whole=_whole(_ITEMS_2025))
EXAMPLES = (
    *_of_edition(_OF_2016),
    *(replace(one, id=f"{one.id} (2025)") for one in _of_edition(_OF_2025)),
    _OF_2016.of("on the last day of JJG 539", {}, {"edition": "JJG 539-2016", "lacks": {"items.self_lock": None}}),
    _OF_2025.of(
        "on the first day of JJG 1204",
        {},
        {"edition": "JJG 1204-2025", "lacks": {"items.self_lock": "missing_reading"}},
    ),
)

TYPE = InstrumentType(
    code="electronic_price_computing_scale",
    names={"zh": "电子计价秤", "en": "electronic price-computing scale"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2016, EDITION_2025),
    category="digital_indicating_scale",
    synonyms=(
        "计价秤",
        "电子计价台秤",
        "条码秤",
        "条码打印计价秤",
        "收银秤",
        "电子收银秤",
        "电子计价秤(条码秤)",
        "price-computing scale",
    ),
    standard=RequiredStandard(
        names={"zh": "标准砝码(M1 级等)", "en": "standard weights (class M1 or better)"}, ratio=(1, 3)
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 539-2016", confirmed=False),
    examples=EXAMPLES,
)
