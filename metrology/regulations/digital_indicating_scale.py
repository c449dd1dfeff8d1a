"""Digital indicating scales (数字指示秤): JJG 539-2016, which follows OIML R 76-1:2006.

Errors are found before rounding, by change-over points, unless the scale shows a fifth of e or finer. Limits of the
initial verification hold for subsequent verification too; in service they are doubled.

Neither text was at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import ReadingField, Row
from metrology.domain.regulation import (
    Citation,
    Example,
    InstrumentType,
    LegalNumber,
    RequiredStandard,
    number,
)
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Lack
from metrology.domain.weighing import WeighingEdition
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
    "II.to.3": number("100000", "e", clause=_T6, source=_R76),
    "III.to.1": number("500", "e", clause=_T6, source=_R76),
    "III.to.2": number("2000", "e", clause=_T6, source=_R76),
    "III.to.3": number("10000", "e", clause=_T6, source=_R76),
    "IIII.to.1": number("50", "e", clause=_T6, source=_R76),
    "IIII.to.2": number("200", "e", clause=_T6, source=_R76),
    "IIII.to.3": number("1000", "e", clause=_T6, source=_R76),
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


@dataclass(frozen=True, kw_only=True)
class DigitalScaleEdition(WeighingEdition):
    """A scale that shows digits: its error hides in the rounding of the last one."""

    def d(self, plate: Nameplate) -> Quantity:
        """The actual scale interval, e itself when the nameplate has no other."""
        return plate.quantity("d") or self.e(plate)

    def reads_change_over(self, plate: Nameplate) -> bool:
        """Up to a fifth of e the rounding error is small enough to read directly."""
        return self.d(plate) > self.e(plate).times(self.value("direct_reading"))

    def balance_point(self, plate: Nameplate, row: Row) -> Quantity | Lack | None:
        """P = I + ½d − ΔL: the indication would have changed at P. Here d is e, or finer than a direct reading needs."""
        indication, additional = row.get("indication"), row.get("additional_load")
        if indication is None:
            return None
        if additional is not None:
            return indication + self.d(plate).times(Decimal("0.5")) - additional
        return None if self.reads_change_over(plate) else indication

    def extra_load(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """1.4 d."""
        del load, kind
        return self.d(plate).times(self.value("discrimination.load"))

    def least_change(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """One d."""
        del load, kind
        return self.d(plate).times(self.value("discrimination.change"))


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


def _case(
    name: str, readings: dict[str, object], *findings: dict[str, object], kind: str = "initial", **plate: str
) -> Example:
    marked = {"accuracy_class": "III", "max": "15 kg", "e": "5 g", **plate}
    case = {
        "type": "digital_indicating_scale",
        "on": "2026-06-01",
        "kind": kind,
        "nameplate": marked,
        "readings": readings,
    }
    return Example(id=name, source="OIML R 76-1:2006 A.4.4.3, Table 6", case=case, expect={"findings": list(findings)})


def _at(load: str, additional: str = "0.5 g") -> dict[str, str]:
    return {"load": load, "indication": load, "additional_load": additional}


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
    examples=(
        _case(
            "R 76 A.4.4.3 worked example",
            {"weighing": [_at("1000 g", "1.5 g")], "zero_error": "0.5 g"},
            {"point": "weighing[0]", "error": "0.5 g", "mpe": "2.5 g", "within": True},
        ),
    ),
)
