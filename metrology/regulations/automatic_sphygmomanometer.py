"""Automatic non-invasive sphygmomanometers (无创自动测量血压计): JJG 692-2010.

Static pressure against a reference manometer, leakage, and the repeatability of simulated blood pressures.

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed. How repeatability
is computed was not found: the range of the readings is taken, which is the strictest way.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from metrology.domain.blood_pressure import SCALE_UNIT, BloodPressureEdition, at_most
from metrology.domain.comparing import TestPoint, yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.reading_sheet import ReadingField, ReadingTable
from metrology.domain.regulation import Case, Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack

_LIMITS = "github xh3140/metrology (limits of JJG 692-2010)"
_NEWS = "gd5688.cn 16861 (in force from 11 November)"

_NUMBERS: Mapping[str, LegalNumber] = {
    "mpe.initial.kPa": number("0.4", "kPa", source=_LIMITS),
    "mpe.initial.mmHg": number("3", "mmHg", source=_LIMITS),
    "mpe.later.kPa": number("0.5", "kPa", source=_LIMITS),
    "mpe.later.mmHg": number("4", "mmHg", source=_LIMITS),
    "leak.initial": number("0.8", "kPa", clause="in a minute", source=_LIMITS),
    "leak.later": number("0.8", "kPa", clause="in a minute", source=_LIMITS),
    "repeatability.kPa": number("0.7", "kPa", source=_LIMITS),
    "repeatability.mmHg": number("5", "mmHg", source=_LIMITS),
    "repeatability.runs": number("5", clause="readings, of which the range is taken"),
    "points": number("5", clause="evenly over the scale"),
    "span.kPa": number("40", "kPa", clause="the scale"),
    "span.mmHg": number("300", "mmHg", clause="the scale"),
    "runs": number("1"),
    "interval": number("12", "month"),
}

NAMEPLATE = (
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
    yes("deflation", "快速放气与自动放气", "deflation"),
)
_PRESSURES = {
    "systolic": {"zh": "收缩压示值", "en": "systolic pressure"},
    "diastolic": {"zh": "舒张压示值", "en": "diastolic pressure"},
}


@dataclass(frozen=True, kw_only=True)
class AutomaticEdition(BloodPressureEdition):
    """With a simulator the same pressure is measured several times."""

    def more_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Repeatability, then leakage."""
        unit = self.unit_of_error(plate)
        yield ReadingTable(
            key="repeatability",
            labels={"zh": "血压示值重复性", "en": "repeatability"},
            layout="series",
            fields=tuple(
                ReadingField(key=key, labels=labels, unit=unit, repeat=int(self.value("repeatability.runs")))
                for key, labels in _PRESSURES.items()
            ),
        )
        yield from super().more_tables(plate, kind)

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """The range of the readings of each pressure."""
        yield from super().more(case, found)
        key = f"repeatability.{self.unit_of_error(case.nameplate)}"
        for name, series in case.reading.series("repeatability").items():
            if len(series) >= int(self.value("repeatability.runs")):
                spread = max(series) - min(series)
                inputs = {f"reading {i}": one.text() for i, one in enumerate(series, start=1)}
                yield at_most(
                    name, _PRESSURES[name], spread, self.quantity(key), key,
                    formula="pmax − pmin ≤ limit", inputs=inputs, clause=self.numbers[key].clause,
                )  # fmt: skip


EDITION_2010 = AutomaticEdition(
    code="JJG 692-2010",
    citation=Citation(
        "JJG 692-2010",
        {
            "zh": "无创自动测量血压计检定规程",
            "en": "Verification Regulation of Non-invasive Automated Sphygmomanometers",
        },
        _NEWS,
    ),
    in_force=date(2010, 11, 11),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY),
)

# -- examples


def _points(*shown: str, unit: str = "mmHg") -> list[dict[str, str]]:
    values = ("60", "120", "180", "240", "300") if unit == "mmHg" else ("8", "16", "24", "32", "40")
    return [
        {"point": f"p{i}", "actual": f"{value} {unit}", "indicated": f"{one} {unit}"}
        for i, (value, one) in enumerate(zip(values, shown, strict=False), start=1)
    ]


def _same(systolic: str, last: str) -> dict[str, Any]:
    return {"systolic": [systolic] * 4 + [last], "diastolic": ["80 mmHg"] * 5}


_WHOLE = {
    "items": {"appearance": True, "deflation": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "runs": _points("60", "121", "182", "241", "299"),
    "repeatability": _same("120 mmHg", "122 mmHg"),
    "leak": {"drop": "0.2 kPa"},
}
_OF = Examples(
    "automatic_sphygmomanometer",
    {"scale_unit": "mmHg"},
    "JJG 692-2010 limits (github xh3140/metrology); arithmetic by hand",
    whole=_WHOLE,
)
_KPA = {"scale_unit": "kPa"}
EXAMPLES = (
    _OF.complete("within at every point", "conforms", {"point": "p3", "error": "2 mmHg", "mpe": "4 mmHg"}),
    _OF.complete(
        "beyond the limit",
        "rejected",
        {"point": "p1", "within": False},
        readings={"runs": _points("65", "120", "180", "240", "300")},
    ),
    _OF.complete(
        "readings too far apart",
        "rejected",
        {"point": "systolic", "error": "6 mmHg", "mpe": "+0 … +5 mmHg"},
        readings={"repeatability": _same("120 mmHg", "126 mmHg")},
    ),
    *(
        _OF.found(
            f"{kind}: {shown} {unit}",
            {"runs": _points(shown, unit=unit)},
            {"point": "p1", "within": within},
            kind=kind,
            plate={"scale_unit": unit},
        )
        for kind, shown, unit, within in (
            ("initial", "8.4", "kPa", True),
            ("initial", "8.5", "kPa", False),
            ("initial", "57", "mmHg", True),
            ("initial", "64", "mmHg", False),
            ("subsequent", "8.5", "kPa", True),
            ("subsequent", "8.6", "kPa", False),
            ("in_service", "64", "mmHg", True),
            ("in_service", "65", "mmHg", False),
        )
    ),
    *(
        _OF.found(f"leak of {drop}, {kind}", {"leak": {"drop": drop}}, {"point": "leak", "within": within}, kind=kind)
        for kind in ("initial", "subsequent")
        for drop, within in (("0.8 kPa", True), ("0.9 kPa", False))
    ),
    *(
        _OF.found(
            f"a spread of {last}",
            {"repeatability": {"systolic": [first] * 4 + [last]}},
            {"point": "systolic", "within": within},
            plate=plate,
        )
        for first, last, within, plate in (
            ("16 kPa", "16.7 kPa", True, _KPA),
            ("16 kPa", "16.8 kPa", False, _KPA),
            ("120 mmHg", "115 mmHg", True, {}),
            ("120 mmHg", "114 mmHg", False, {}),
        )
    ),
    _OF.lacking(
        "four readings are too few",
        {"repeatability": {"systolic": ["120 mmHg"] * 4}},
        {"repeatability.systolic": "missing_reading"},
    ),
    _OF.lacking("five are enough", {"repeatability": {"systolic": ["120 mmHg"] * 5}}, {"repeatability.systolic": None}),
    _OF.of("five points once", {}, {"rows": {"runs": 5}, "values": {"runs.p5": {"point": "p5", "actual": "300 mmHg"}}}),
    _OF.of(
        "in kPa too",
        {},
        {"values": {"runs.p1": {"point": "p1", "actual": "8 kPa"}, "runs.p5": {"point": "p5", "actual": "40 kPa"}}},
        plate=_KPA,
    ),
    _OF.lasts("a year", 12),
)

TYPE = InstrumentType(
    code="automatic_sphygmomanometer",
    names={"zh": "无创自动测量血压计", "en": "automatic non-invasive sphygmomanometer"},
    purposes=("medical",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2010,),
    category="automatic_sphygmomanometer",
    synonyms=(
        "电子血压计",
        "无创自动血压计",
        "血压监护仪",
        "全自动血压计",
        "臂式电子血压计",
        "上臂式电子血压计",
        "自动血压计",
    ),
    standard=RequiredStandard(
        names={"zh": "无创血压计检定仪(模拟器与数字压力计)", "en": "simulator and reference manometer"},
        ratio=(1, 3),
        confirmed=False,
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 692-2010", confirmed=False),
    examples=EXAMPLES,
)
