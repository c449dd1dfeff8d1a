"""Mercury and aneroid sphygmomanometers (血压计和血压表): JJG 270-2008.

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from metrology.domain.blood_pressure import SCALE_UNIT, BloodPressureEdition
from metrology.domain.comparing import TestPoint, yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.reading_sheet import Choice, ReadingField, ReadingTable
from metrology.domain.regulation import Case, Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack, of_error

_LIMITS = "github xh3140/metrology (limits of JJG 270-2008)"
_TEXT = "gxjzx.com 2336 (clauses 3.1 to 3.2 and 5.3 of JJG 270-2008)"

_NUMBERS: Mapping[str, LegalNumber] = {
    "mpe.initial.kPa": number("0.5", "kPa", source=_LIMITS),
    "mpe.initial.mmHg": number("3.75", "mmHg", source=_LIMITS),
    "mpe.later.kPa": number("0.5", "kPa", source=_LIMITS),
    "mpe.later.mmHg": number("3.75", "mmHg", source=_LIMITS),
    "leak.initial": number("0.5", "kPa", clause="in a minute, initial verification", source=_LIMITS),
    "leak.later": number("0.8", "kPa", clause="in a minute, subsequent verification", source=_LIMITS),
    "zero_from": number("-0.2", "kPa", clause="JJG 270-2008 3.1.1", source=_TEXT),
    "zero_to": number("0.5", "kPa", clause="JJG 270-2008 3.1.1", source=_TEXT),
    "sensitivity": number("0.3", "kPa", clause="JJG 270-2008 3.2", source=_TEXT),
    "points": number("5", clause="evenly over the scale"),
    "span.kPa": number("40", "kPa", clause="the scale"),
    "span.mmHg": number("300", "mmHg", clause="the scale"),
    "runs": number("2", clause="rising and falling"),
    "interval": number("6", "month"),
}

NAMEPLATE = (
    Characteristic(
        key="principle",
        labels={"zh": "型式", "en": "principle"},
        kind="choice",
        required_for_verdict=True,
        choices=(
            Choice("mercury", {"zh": "水银血压计", "en": "mercury"}, ("水银", "汞柱式", "台式", "立式", "水银式")),
            Choice("aneroid", {"zh": "弹性式血压表", "en": "aneroid"}, ("血压表", "弹性式", "表式", "弹性元件式")),
        ),
        synonyms=("血压计型式", "结构型式", "血压计类型"),
    ),
    SCALE_UNIT,
    Characteristic(
        key="range",
        labels={"zh": "测量范围", "en": "measuring range"},
        kind="text",
        synonyms=("量程", "范围", "range"),
    ),
)

_ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes("valves", "气阀与橡皮球", "valves and bulb"),
)
_ZERO_MARK = yes("zero_mark", "指针在零位标志内", "pointer within the zero mark", "JJG 270-2008 3.1.2")
_MERCURY = ReadingTable(
    key="column",
    labels={"zh": "零位与灵敏度", "en": "zero and sensitivity"},
    layout="single",
    fields=(
        ReadingField(key="zero", labels={"zh": "零位误差", "en": "zero error"}, unit="kPa"),
        ReadingField(key="swing", labels={"zh": "汞柱波动幅度", "en": "swing of the column"}, unit="kPa"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class SphygmomanometerEdition(BloodPressureEdition):
    """A column of mercury has a zero and a swing to be read; a pointer a mark to rest in."""

    def items_for(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The zero of a pointer is seen, not read."""
        del kind
        return (*self.items, _ZERO_MARK) if plate.get("principle") == "aneroid" else self.items

    def more_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Zero and sensitivity of a column, then leakage."""
        if plate.get("principle") == "mercury":
            yield _MERCURY
        yield from super().more_tables(plate, kind)

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """Zero, sensitivity, leakage."""
        yield from super().more(case, found)
        column = case.reading.single(_MERCURY.key)
        zero, swing = column.get("zero"), column.get("swing")
        if zero is not None:
            limit = MaximumPermissibleError(self.quantity("zero_from"), self.quantity("zero_to"))
            yield of_error(
                "zero",
                _MERCURY.fields[0].labels,
                error=zero.to("kPa"),
                limit=limit,
                clause=self.numbers["zero_from"].clause,
                formula="E0 = p − 0",
                numbers=("zero_from", "zero_to"),
                inputs={"zero": zero.text()},
            )
        if swing is not None:
            yield Finding(
                "sensitivity",
                _MERCURY.fields[1].labels,
                swing >= self.quantity("sensitivity"),
                clause=self.numbers["sensitivity"].clause,
                formula="swing ≥ least change",
                numbers=("sensitivity",),
                inputs={"swing": swing.text()},
                extras={"change": swing.text(), "least_change": self.numbers["sensitivity"].text()},
            )


EDITION_2008 = SphygmomanometerEdition(
    code="JJG 270-2008",
    citation=Citation(
        "JJG 270-2008",
        {"zh": "血压计和血压表检定规程", "en": "Verification Regulation of Sphygmomanometers"},
        _TEXT,
    ),
    # The day it took force was not found: the first day of the year after it stands in.
    in_force=date(2009, 1, 1),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    text_confirmed=False,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY),
)

# -- examples


def _points(error: str, unit: str = "kPa") -> list[dict[str, str]]:
    """Five points read twice, all with the same error."""
    values = ("8", "16", "24", "32", "40") if unit == "kPa" else ("60", "120", "180", "240", "300")
    return [
        {"point": f"p{i}", "actual": f"{value} {unit}", "indicated": f"{float(value) + float(error):g} {unit}"}
        for i, value in enumerate(values, start=1)
        for _ in range(2)
    ]


def _whole(error: str, **other: Any) -> dict[str, Any]:
    return {
        "items": {"appearance": True, "valves": True},
        "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
        "runs": _points(error),
        "column": {"zero": "0 kPa", "swing": "0.3 kPa"},
        "leak": {"drop": "0.2 kPa"},
        **other,
    }


_OF = Examples(
    "sphygmomanometer", {"principle": "水银", "range": "0～40 kPa"}, "JJG 270-2008 limits (github xh3140, gxjzx.com); arithmetic by hand",
    whole=_whole("0.2"),
)  # fmt: skip


def _one(point: str, actual: str, indicated: str) -> dict[str, Any]:
    return {"runs": [{"point": point, "actual": actual, "indicated": indicated}]}


_MMHG = {"scale_unit": "mmHg"}
EXAMPLES = (
    _OF.complete("within at every point", "conforms", {"point": "p1", "error": "0.2 kPa", "mpe": "0.5 kPa"}),
    _OF.complete(
        "at the limit",
        "conforms",
        {"point": "p5", "error": "-0.5 kPa", "margin": "1"},
        readings={"runs": _points("-0.5")},
    ),
    _OF.complete("beyond it", "rejected", {"point": "p5", "error": "0.6 kPa"}, readings={"runs": _points("0.6")}),
    _OF.complete(
        "a pointer rests in its mark",
        "conforms",
        plate={"principle": "血压表"},
        readings={"column": None, "items": {"appearance": True, "valves": True, "zero_mark": True}},
    ),
    *(
        _OF.found(
            f"{kind}, {mpe}",
            _one("p3", at, shown),
            {"point": "p3", "mpe": mpe, "within": within},
            kind=kind,
            plate=plate,
        )
        for kind, at, shown, mpe, within, plate in (
            ("initial", "24 kPa", "24.5 kPa", "0.5 kPa", True, {}),
            ("initial", "24 kPa", "24.6 kPa", "0.5 kPa", False, {}),
            ("initial", "180 mmHg", "183.75 mmHg", "3.75 mmHg", True, _MMHG),
            ("initial", "180 mmHg", "176.24 mmHg", "3.75 mmHg", False, _MMHG),
            ("subsequent", "180 mmHg", "183.75 mmHg", "3.75 mmHg", True, _MMHG),
            ("in_service", "180 mmHg", "183.76 mmHg", "3.75 mmHg", False, _MMHG),
        )
    ),
    _OF.found(
        "millimetres read on a scale in kPa", _one("p2", "16 kPa", "120 mmHg"), {"point": "p2", "error": "-0.00136 kPa"}
    ),
    _OF.lacking(
        "kilopascals have no exact millimetres",
        _one("p2", "16 kPa", "120 mmHg"),
        {"runs[0].actual": "bad_quantity"},
        plate=_MMHG,
    ),
    *(
        _OF.found(f"leak of {drop}, {kind}", {"leak": {"drop": drop}}, {"point": "leak", "within": within}, kind=kind)
        for kind, drop, within in (
            ("initial", "0.5 kPa", True),
            ("initial", "0.6 kPa", False),
            ("subsequent", "0.8 kPa", True),
            ("subsequent", "0.9 kPa", False),
        )
    ),
    *(
        _OF.found(f"zero at {zero}", {"column": {"zero": zero}}, {"point": "zero", "within": within})
        for zero, within in (("-0.2 kPa", True), ("-0.3 kPa", False), ("0.5 kPa", True), ("0.6 kPa", False))
    ),
    *(
        _OF.found(
            f"the column swings by {swing}", {"column": {"swing": swing}}, {"point": "sensitivity", "within": within}
        )
        for swing, within in (("0.3 kPa", True), ("0.2 kPa", False))
    ),
    _OF.of("five points twice", {}, {"rows": {"runs": 10}, "values": {"runs.p5": {"point": "p5", "actual": "40 kPa"}}}),
    _OF.of(
        "in mmHg too",
        {},
        {"values": {"runs.p1": {"point": "p1", "actual": "60 mmHg"}, "runs.p5": {"point": "p5", "actual": "300 mmHg"}}},
        plate=_MMHG,
    ),
    _OF.lasts("half a year", 6),
)

TYPE = InstrumentType(
    code="sphygmomanometer",
    names={"zh": "无创非自动测量血压计(表)", "en": "non-automatic sphygmomanometer"},
    purposes=("medical",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2008,),
    category="sphygmomanometer",
    synonyms=(
        "血压计",
        "血压表",
        "水银血压计",
        "汞柱式血压计",
        "血压计和血压表",
        "台式血压计",
        "立式血压计",
        "弹性式血压表",
        "无创非自动测量血压计",
    ),
    standard=RequiredStandard(
        names={"zh": "血压计标准器(数字压力计等)", "en": "reference manometer"}, ratio=(1, 3), confirmed=False
    ),
    default_interval=Interval(months=6, mode="periodic", clause="JJG 270-2008", confirmed=False),
    examples=EXAMPLES,
)
