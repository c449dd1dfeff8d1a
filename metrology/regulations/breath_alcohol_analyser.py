"""Breath alcohol analysers (呼出气体酒精含量检测仪): JJG 657-2019.

Every reading of a reference gas is judged: an absolute limit at low concentrations, a relative one above.

The regulation itself was not at hand; limits, points and repeats were written from memory and are unconfirmed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from metrology.domain.comparing import RUNS, ComparisonEdition, Limit, TestPoint, yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.quantity import Quantity, plain
from metrology.domain.reading_sheet import ReadingField, Row
from metrology.domain.regulation import Case, Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Lack

_NUMBERS: Mapping[str, LegalNumber] = {
    "low": number("0.040", "mg/L", clause="below 0.400 mg/L"),
    "low_to": number("0.400", "mg/L", clause="below 0.400 mg/L"),
    "high": number("10", "%", clause="from 0.400 mg/L to 1.0 mg/L"),
    "high_to": number("1.0", "mg/L", clause="from 0.400 mg/L to 1.0 mg/L"),
    "point.1": number("0.100", "mg/L", clause="a proposal"),
    "point.2": number("0.400", "mg/L", clause="a proposal"),
    "point.3": number("0.800", "mg/L", clause="a proposal"),
    "runs": number("3"),
    "in_service": number("1", clause="no wider limit in service was found"),
    "interval": number("6", "month"),
}

NAMEPLATE = (
    Characteristic(
        key="range",
        labels={"zh": "测量范围", "en": "measuring range"},
        kind="text",
        synonyms=("量程", "范围", "range"),
    ),
    Characteristic(
        key="sensor",
        labels={"zh": "传感器类型", "en": "kind of sensor"},
        kind="text",
        synonyms=("测量原理", "原理"),
    ),
)
_ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes("power_on", "通电检查与预热", "power-on and warm-up"),
    yes("blow", "吹气流量与吹气中断提示", "flow and interruption of breath"),
    yes("memory", "残留效应", "memory effect"),
)
_CONCENTRATION = {"zh": "标准气体浓度", "en": "reference concentration"}


@dataclass(frozen=True, kw_only=True)
class BreathEdition(ComparisonEdition):
    """Readings against reference gas."""

    unit: ClassVar[str] = "mg/L"
    error_unit: ClassVar[str] = "mg/L"
    each: ClassVar[bool] = True
    formula: ClassVar[str] = "E = C − Cs"

    def rounding(self, plate: Nameplate) -> str | None:
        """A difference of two readings is exact."""
        del plate
        return None

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """Three concentrations, of which a body may have others."""
        del plate, kind
        return [
            TestPoint(
                key=f"c{i}",
                labels={"zh": f"浓度点 {i}", "en": f"concentration {i}"},
                runs=int(self.value("runs")),
                at=self.quantity(f"point.{i}"),
                values={"actual": self.quantity(f"point.{i}").text()},
            )
            for i in (1, 2, 3)
        ]

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The concentration of the gas and what was shown."""
        del plate, kind
        return (
            ReadingField(key="actual", labels=_CONCENTRATION, unit="mg/L"),
            ReadingField(key="indicated", labels={"zh": "示值", "en": "indication"}, unit="mg/L"),
        )

    def error_of(self, case: Case, row: Row) -> Decimal | Lack | None:
        """Beyond the highest concentration there is no limit to judge by."""
        actual = row.get("actual")
        if actual is not None and actual > self.quantity("high_to"):
            return Lack("not_covered", f"{RUNS}[{row.index}].actual", _CONCENTRATION, {"value": actual.text()})
        return super().error_of(case, row)

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """By the concentration of the gas."""
        del plate
        actual = (row.get("actual") if row else None) or point.at or self.quantity("low_to")
        if actual < self.quantity("low_to"):
            limit, used = self.quantity("low"), ("low", "low_to")
        else:
            part = actual.in_unit("mg/L") * self.value("high") / 100
            limit, used = Quantity(Decimal(plain(part)), "mg/L"), ("high", "high_to")
        both = MaximumPermissibleError.symmetric(limit)
        return (both.times(self.value("in_service")), (*used, "in_service")) if kind == "in_service" else (both, used)


EDITION_2019 = BreathEdition(
    code="JJG 657-2019",
    citation=Citation(
        "JJG 657-2019",
        {"zh": "呼出气体酒精含量检测仪检定规程", "en": "Verification Regulation of Breath Alcohol Analyzers"},
        "11bz.com 651431",
    ),
    in_force=date(2020, 3, 27),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY),
)

# -- examples


def _runs(*shown: tuple[str, str]) -> list[dict[str, str]]:
    """Three readings at each concentration: (concentration, reading)."""
    return [
        {"point": f"c{i}", "actual": f"{actual} mg/L", "indicated": f"{read} mg/L"}
        for i, (actual, read) in enumerate(shown, start=1)
        for _ in range(3)
    ]


_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "power_on": True, "blow": True, "memory": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "runs": _runs(("0.100", "0.105"), ("0.400", "0.390"), ("0.800", "0.830")),
}
_OF = Examples("breath_alcohol_analyser", {}, "JJG 657-2019 (limits unconfirmed); arithmetic by hand", whole=_WHOLE)


def _one(actual: str, shown: str, mpe: str, *, within: bool) -> Any:
    found = {"point": "c1", "mpe": mpe, "within": within}
    return _OF.found(f"{shown} of {actual}", {"runs": _runs((actual, shown))}, found)


EXAMPLES = (
    _OF.complete("within", "conforms", {"point": "c3", "error": "0.03 mg/L", "mpe": "0.08 mg/L"}),
    _OF.complete(
        "beyond",
        "rejected",
        {"point": "c2", "within": False},
        readings={"runs": _runs(("0.100", "0.1"), ("0.400", "0.441"), ("0.800", "0.8"))},
    ),
    _one("0.399", "0.439", "0.040 mg/L", within=True),
    _one("0.399", "0.358", "0.040 mg/L", within=False),
    _one("0.400", "0.440", "0.04 mg/L", within=True),
    _one("0.500", "0.550", "0.05 mg/L", within=True),
    _one("0.500", "0.551", "0.05 mg/L", within=False),
    _one("1.0", "1.1", "0.1 mg/L", within=True),
    _OF.lacking(
        "beyond 1.0 mg/L there is no limit", {"runs": _runs(("1.1", "1.1"))}, {"runs[0].actual": "not_covered"}
    ),
    _OF.lacking("1.0 mg/L has one", {"runs": _runs(("1.0", "1.0"))}, {"runs[0].actual": None}),
    _OF.found(
        "in service", {"runs": _runs(("0.100", "0.100"))}, {"point": "c1", "mpe": "0.040 mg/L"}, kind="in_service"
    ),
    _OF.of(
        "three concentrations three times",
        {},
        {
            "rows": {"runs": 9},
            "values": {
                f"runs.c{i}": {"point": f"c{i}", "actual": text}
                for i, text in ((1, "0.100 mg/L"), (2, "0.400 mg/L"), (3, "0.800 mg/L"))
            },
        },
    ),
    _OF.lasts("half a year", 6),
)

TYPE = InstrumentType(
    code="breath_alcohol_analyser",
    names={"zh": "呼出气体酒精含量检测仪", "en": "breath alcohol analyser"},
    purposes=("safety",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2019,),
    category="breath_alcohol_analyser",
    synonyms=("酒精检测仪", "呼出气体酒精含量探测器", "酒检仪", "酒精测试仪", "呼气式酒精检测仪"),
    standard=RequiredStandard(
        names={"zh": "气体酒精标准物质", "en": "reference gas mixture"}, ratio=(1, 3), confirmed=False
    ),
    default_interval=Interval(months=6, mode="periodic", clause="JJG 657-2019", confirmed=False),
    examples=EXAMPLES,
)
