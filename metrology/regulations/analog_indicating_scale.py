"""Analog indicating scales (模拟指示秤: spring dial scales and the like): JJG 13-2016, which follows OIML R 76-1:2006.

The reading is taken to a part of the division, so there is nothing rounded to undo: `Ec = I − L − E0`. Test loads are Min,
quarters of Max and the loads where the limit changes; three weighings near Max show repeatability.

Neither text was at hand: sources are named at each number; numbers without one are unconfirmed.
Clause numbers of R 76 were written from memory, except Table 6, Table 3, 3.5.3.2 and A.4.4.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from metrology.domain.example import Examples
from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import ReadingField, Row
from metrology.domain.regulation import Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.weighing import WeighingEdition
from metrology.domain.weighing_examples import at, least_load, scope, steps
from metrology.domain.weighing_sheet import nameplate

_R76 = "OIML R 76-1:2006 (github 70968382684; gfjl.org 6435)"
_VIEWS = "xwjzc.cn zhirongnews 166 (changes in JJG 13-2016)"
_T6 = "OIML R 76-1:2006 Table 6"
_T3 = "OIML R 76-1:2006 Table 3"

_NUMBERS: Mapping[str, LegalNumber] = {
    "mpe.1": number("0.5", "e", clause=_T6, source=_R76),
    "mpe.2": number("1.0", "e", clause=_T6, source=_R76),
    "mpe.3": number("1.5", "e", clause=_T6, source=_R76),
    "III.to.1": number("500", "e", clause=_T6, source=_R76),
    "III.to.2": number("2000", "e", clause=_T6, source=_R76),
    "IIII.to.1": number("50", "e", clause=_T6, source=_R76),
    "IIII.to.2": number("200", "e", clause=_T6, source=_R76),
    "in_service": number("2", clause="OIML R 76-1:2006 3.5.2", source=_R76),
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
    "zero": number("0.25", "e", clause="OIML R 76-1:2006 4.5.2", source=_R76),
    "eccentricity.divisor": number("3", clause="OIML R 76-1:2006 3.6.2", source=_R76),
    "repeatability.runs": number("3", source=_VIEWS),
    "repeatability.load": number("1", "Max", clause="near Max", source=_VIEWS),
    "discrimination.load": number("1", "MPE", clause="OIML R 76-1:2006 3.8.2.1"),
    "discrimination.change": number("0.7", "extra load", clause="OIML R 76-1:2006 3.8.2.1"),
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
        key="indicator",
        labels={"zh": "指针与度盘清晰、转动灵活", "en": "pointer and dial legible, moving freely"},
        kind="boolean",
    ),
    ReadingField(
        key="seals", labels={"zh": "铅封(检定标记)完好", "en": "seals and verification mark intact"}, kind="boolean"
    ),
)

NAMEPLATE = nameplate("III", "IIII", digital=False)


@dataclass(frozen=True, kw_only=True)
class AnalogScaleEdition(WeighingEdition):
    """A scale with a pointer and a dial."""

    def reads_change_over(self, plate: Nameplate) -> bool:
        """There is no digit to change."""
        del plate
        return False

    def balance_point(self, plate: Nameplate, row: Row) -> Quantity | None:
        """The reading itself."""
        del plate
        return row.get("indication")

    def extra_load(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """The limit at the load."""
        return self.limit_at(plate, load, kind)[0].upper.times(self.value("discrimination.load"))

    def least_change(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """Seven tenths of it."""
        return self.extra_load(plate, load, kind).times(self.value("discrimination.change"))


EDITION_2016 = AnalogScaleEdition(
    code="JJG 13-2016",
    citation=Citation(
        "JJG 13-2016",
        {"zh": "模拟指示秤检定规程", "en": "Verification Regulation of Analog Indicating Weighing Instruments"},
        _VIEWS,
    ),
    in_force=date(2016, 9, 3),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
    always=("quarter", "half", "three_quarters"),
)


_LOADS = ("400 g", "10 kg", "15 kg", "30 kg", "40 kg", "45 kg", "60 kg")
# Every test of a subsequent verification of a 60 kg dial scale, e = 20 g, without any error.
_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "markings": True, "indicator": True, "seals": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "zero": at("0 g"),
    "weighing": [at(load, direction=way) for way in ("up", "down") for load in _LOADS],
    "eccentricity": [at("20 kg", position=position) for position in "1234"],
    "repeatability": [at("60 kg")] * 3,
}
_OF = Examples(
    "analog_indicating_scale",
    {"accuracy_class": "III", "max": "60 kg", "e": "20 g"},
    "OIML R 76-1:2006 Tables 3 and 6; arithmetic by hand",
    whole=_WHOLE,
)


def _shows(load: str, indication: str) -> dict[str, str]:
    return {"load": load, "indication": indication}


EXAMPLES = (
    steps(_OF, "Table 6, class III", {"10 kg": "10 g", "10.02 kg": "20 g", "40 kg": "20 g", "40.02 kg": "30 g"}),
    steps(
        _OF,
        "Table 6, class IIII",
        {"1 kg": "10 g", "1.02 kg": "20 g", "4 kg": "20 g", "4.02 kg": "30 g", "20 kg": "30 g"},
        plate={"accuracy_class": "IIII", "max": "20 kg"},
    ),
    _OF.found(
        "the reading stands, corrected for zero",
        {"weighing": [_shows("15 kg", "15.025 kg")], "zero_error": "5 g"},
        {"point": "weighing[0]", "error": "20 g", "mpe": "20 g", "within": True},
    ),
    _OF.found(
        "in service the limit is double",
        {"weighing": [_shows("15 kg", "15.041 kg")], "zero_error": "0 g"},
        {"point": "weighing[0]", "mpe": "40 g", "within": False},
        kind="in_service",
    ),
    _OF.found("zero within a quarter of e", {"zero_error": "5 g"}, {"point": "zero", "mpe": "5 g", "within": True}),
    _OF.found("and no more", {"zero_error": "5.1 g"}, {"point": "zero", "within": False}),
    _OF.found(
        "an extra load of the limit moves the pointer by seven tenths of it",
        {"discrimination": [{**at("15 kg"), "indication_after": after} for after in ("15.014 kg", "15.013 kg")]},
        {"point": "discrimination[0]", "extra_load": "20 g", "least_change": "14.0 g", "within": True},
        {"point": "discrimination[1]", "within": False},
    ),
    _OF.complete("without any error it conforms", "conforms"),
    _OF.complete(
        "a spread beyond the limit is rejected",
        "rejected",
        {"point": "repeatability", "error": "31 g", "mpe": "30 g"},
        readings={"repeatability": [_shows("60 kg", shown) for shown in ("59.98 kg", "60 kg", "60.011 kg")]},
    ),
    _OF.complete(
        "a single weighing beyond the limit is rejected, however small the spread",
        "rejected",
        {"point": "repeatability", "error": "0 g", "within": False},
        readings={"repeatability": [_shows("60 kg", "60.031 kg")] * 3},
    ),
    *scope(_OF, "III", "0.1 g", ("10 g",), ("9.9 g",)),
    *scope(_OF, "III", "0.05 g", (), ("100 g",)),
    *scope(_OF, "III", "2 g", ("200 g", "20 kg"), ("198 g", "20.002 kg")),
    *scope(_OF, "III", "5 g", ("2.5 kg", "50 kg"), ("2.495 kg", "50.005 kg")),
    *scope(_OF, "IIII", "5 g", ("500 g", "5 kg"), ("495 g", "5.005 kg")),
    *scope(_OF, "IIII", "2 g", (), ("1 kg",)),
    _OF.refused("class II is not for dials", plate={"accuracy_class": "II"}),
    least_load(_OF, "III", "20 g", "60 kg", "400 g"),
    least_load(_OF, "IIII", "20 g", "20 kg", "200 g"),
    _OF.of(
        "quarters of Max and changes of the limit",
        {},
        {"rows": {"weighing": 14, "eccentricity": 4, "repeatability": 3}},
    ),
    _OF.of(
        "loads of eccentricity and repeatability",
        {},
        {
            "values": {
                "eccentricity.position_1": {"position": "1", "load": "20000 g"},
                "repeatability.weighing_1": {"load": "60000 g"},
            }
        },
    ),
    *_OF.edges("environment.temperature", ("-10 °C", "40 °C"), ("-11 °C", "41 °C")),
    _OF.lasts("a year", 12),
)

TYPE = InstrumentType(
    code="analog_indicating_scale",
    names={"zh": "模拟指示秤", "en": "analog indicating scale"},
    purposes=("trade", "medical", "safety"),
    nameplate=NAMEPLATE,
    editions=(EDITION_2016,),
    category="analog_indicating_scale",
    synonyms=(
        "弹簧度盘秤",
        "度盘秤",
        "弹簧秤",
        "弹簧盘秤",
        "指针秤",
        "双面弹簧度盘秤",
        "spring dial scale",
        "dial scale",
    ),
    standard=RequiredStandard(
        names={"zh": "标准砝码(M1 级等)", "en": "standard weights (class M1 or better)"}, ratio=(1, 3)
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 13-2016", confirmed=False),
    examples=EXAMPLES,
)
