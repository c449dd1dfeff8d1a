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

from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import ReadingField, Row
from metrology.domain.regulation import Citation, Example, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.weighing import WeighingEdition
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
    "loads": number("5", clause="Min, ¼, ½, ¾ Max, Max, 500 e, 2000 e", source=_VIEWS),
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


def _case(name: str, readings: Mapping[str, Any], expect: Mapping[str, Any], **how: Any) -> Example:
    case = {
        "type": "analog_indicating_scale",
        "on": "2026-06-01",
        "kind": how.get("kind", "subsequent"),
        "nameplate": {"accuracy_class": "III", "max": "60 kg", "e": "20 g", **how.get("plate", {})},
        "readings": readings,
    }
    source = "OIML R 76-1:2006 Table 6; arithmetic by hand"
    return Example(id=name, source=source, case=case, expect=expect, partial=how.get("partial", True))


def _at(load: str, indication: str | None = None, **more: str) -> dict[str, str]:
    return {"load": load, "indication": indication or load, **more}


_LOADS = ("400 g", "10 kg", "15 kg", "30 kg", "40 kg", "45 kg", "60 kg")


def _complete(**other: Any) -> dict[str, Any]:
    """Every test of a subsequent verification of a 60 kg dial scale, e = 20 g, without any error."""
    return {
        "items": {"appearance": True, "markings": True, "indicator": True, "seals": True},
        "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
        "zero": _at("0 g"),
        "weighing": [_at(load, direction=way) for way in ("up", "down") for load in _LOADS],
        "eccentricity": [_at("20 kg", position=position) for position in "1234"],
        "repeatability": [_at("60 kg")] * 3,
        **other,
    }


def _steps(accuracy_class: str, capacity: str, loads: Mapping[str, str]) -> Example:
    return _case(
        f"Table 6, class {accuracy_class}",
        {"weighing": [_at(load) for load in loads], "zero_error": "0 g"},
        {"findings": [{"point": f"weighing[{i}]", "mpe": limit} for i, limit in enumerate(loads.values())]},
        plate={"accuracy_class": accuracy_class, "max": capacity},
    )


def _outside(name: str, **plate: str) -> Example:
    return _case(name, {}, {"verdict": None, "problem": {"code": "not_covered"}}, plate=plate)


EXAMPLES = (
    _steps("III", "60 kg", {"10 kg": "10 g", "10.02 kg": "20 g", "40 kg": "20 g", "40.02 kg": "30 g"}),
    _steps("IIII", "20 kg", {"1 kg": "10 g", "1.02 kg": "20 g", "4 kg": "20 g", "4.02 kg": "30 g", "20 kg": "30 g"}),
    _case(
        "the reading stands, corrected for zero",
        {"weighing": [_at("15 kg", "15.025 kg")], "zero_error": "5 g"},
        {"findings": [{"point": "weighing[0]", "error": "20 g", "mpe": "20 g", "within": True}]},
    ),
    _case(
        "in service the limit is double",
        {"weighing": [_at("15 kg", "15.041 kg")], "zero_error": "0 g"},
        {"findings": [{"point": "weighing[0]", "mpe": "40 g", "within": False}]},
        kind="in_service",
    ),
    _case("zero within a quarter of e", {"zero_error": "5 g"}, {"findings": [{"point": "zero", "within": True}]}),
    _case("and no more", {"zero_error": "5.1 g"}, {"findings": [{"point": "zero", "within": False}]}),
    _case(
        "an extra load of the limit moves the pointer by seven tenths of it",
        {"discrimination": [_at("15 kg", "15 kg", indication_after=after) for after in ("15.014 kg", "15.013 kg")]},
        {
            "findings": [
                {"point": "discrimination[0]", "extra_load": "20 g", "least_change": "14.0 g", "within": True},
                {"point": "discrimination[1]", "within": False},
            ]
        },
    ),
    _case("without any error it conforms", _complete(), {"verdict": "conforms"}, partial=False),
    _case(
        "a spread beyond the limit is rejected",
        _complete(repeatability=[_at("60 kg", shown) for shown in ("59.98 kg", "60 kg", "60.011 kg")]),
        {"verdict": "rejected", "findings": [{"point": "repeatability", "error": "31 g", "mpe": "30 g"}]},
        partial=False,
    ),
    _case(
        "a single weighing beyond the limit is rejected, however small the spread",
        _complete(repeatability=[_at("60 kg", "60.031 kg")] * 3),
        {"verdict": "rejected", "findings": [{"point": "repeatability", "error": "0 g", "within": False}]},
        partial=False,
    ),
    _outside("n = 500 is the least from e = 5 g", max="9.98 kg"),
    _outside("n = 10 000 is the most", max="200.02 kg"),
    _outside("n = 100 is the least below", max="198 g", e="2 g"),
    _outside("and n = 10 000 the most", max="20.002 kg", e="2 g"),
    _outside("e = 0.1 g is the least", max="100 g", e="0.05 g"),
    _outside("class IIII up to n = 1000", accuracy_class="IIII", max="20.02 kg"),
    _outside("class IIII from n = 100", accuracy_class="IIII", max="1.98 kg"),
    _outside("class IIII from e = 5 g", accuracy_class="IIII", max="1 kg", e="2 g"),
    _outside("class II is not for dials", accuracy_class="II"),
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
