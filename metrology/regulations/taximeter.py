"""Taximeters in the vehicle (出租汽车计价器): JJG 517-2016.

The distance charged for may fall short of the distance travelled by 4.0 % and exceed it by 1.0 %. The time charged for is compared
with a stopwatch.

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed. The limit of the timing
error is that of OIML R 21 for the meter alone, from memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from metrology.domain.comparing import ComparisonEdition, Limit, TestPoint, relative_error, texts_of, yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.quantity import Quantity, round_to
from metrology.domain.reading_sheet import ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case, Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack, of_error

_LIMITS = "aqrzj.com doc 417345 (−4.0 % to +1.0 %)"
_CONDITIONS = "jizihe (conditions and standards)"

_NUMBERS: Mapping[str, LegalNumber] = {
    "lower": number("-4.0", "%", clause="JJG 517-2016 5.2", source=_LIMITS),
    "upper": number("1.0", "%", clause="JJG 517-2016 5.2", source=_LIMITS),
    "in_service": number("1", clause="no wider limit in service was found"),
    "runs": number("2"),
    "rounding": number("0.1", "%"),
    "timing": number("0.1", "%", clause="OIML R 21: time"),
    "timing.rounding": number("0.01", "%"),
    "temperature_from": number("10", "°C", clause="(20 ± 10) °C", source=_CONDITIONS),
    "temperature_to": number("30", "°C", clause="(20 ± 10) °C", source=_CONDITIONS),
    "humidity_to": number("85", "%RH", source=_CONDITIONS),
    "interval": number("12", "month", source=_CONDITIONS),
}

NAMEPLATE = (
    Characteristic(
        key="vehicle",
        labels={"zh": "车牌号", "en": "vehicle registration"},
        kind="text",
        synonyms=("车号", "车牌号码", "号牌号码", "车牌"),
    ),
    Characteristic(
        key="k",
        labels={"zh": "计价器常数 k", "en": "constant k"},
        kind="text",
        synonyms=("k值", "计价器k值", "常数k"),
    ),
    Characteristic(
        key="tyre",
        labels={"zh": "轮胎规格", "en": "tyre"},
        kind="text",
        synonyms=("轮胎型号", "轮胎"),
    ),
)
_ITEMS = (
    yes("appearance", "外观与结构", "construction and condition"),
    yes("display", "显示屏", "display"),
    yes("fare", "计价功能与计费程序", "fare computing"),
    yes("seals", "封印完好", "seals intact"),
)


_TIMING = ReadingTable(
    key="timing",
    labels={"zh": "计时误差", "en": "timing"},
    layout="single",
    fields=(
        ReadingField(key="indicated", labels={"zh": "计价器计时 t", "en": "time charged t"}, unit="s"),
        ReadingField(key="actual", labels={"zh": "标准时间 t0", "en": "time elapsed t0"}, unit="s"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class TaximeterEdition(ComparisonEdition):
    """Every run over the bench or the road is judged by itself."""

    unit: ClassVar[str] = "km"
    each: ClassVar[bool] = True
    formula: ClassVar[str] = "E = (S − S0)/S0 × 100 %"

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """One point: the distance."""
        del plate, kind
        return (TestPoint(key="distance", labels={"zh": "计程误差", "en": "distance"}, runs=int(self.value("runs"))),)

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The distance charged for and the distance travelled."""
        del plate, kind
        return (
            ReadingField(key="indicated", labels={"zh": "计价器计程 S", "en": "distance charged S"}, unit="km"),
            ReadingField(key="actual", labels={"zh": "标准里程 S0", "en": "distance travelled S0"}, unit="km"),
        )

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """Not equally far from zero."""
        del plate, point, row
        limit = MaximumPermissibleError(self.quantity("lower"), self.quantity("upper"))
        if kind == "in_service":
            return limit.times(self.value("in_service")), ("lower", "upper", "in_service")
        return limit, ("lower", "upper")

    def more_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """The time charged for while the vehicle stands."""
        del plate, kind
        yield _TIMING

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """The error of the time charged for."""
        del found
        row = case.reading.single("timing")
        indicated, actual = row.get("indicated"), row.get("actual")
        if indicated is None or actual is None:
            return
        if actual.value <= 0:
            yield Lack("bad_quantity", "timing.actual", _TIMING.fields[1].labels, {"value": actual.text(), "unit": "s"})
            return
        error = relative_error(indicated, actual, "s")
        yield of_error(
            "timing",
            _TIMING.labels,
            error=Quantity(round_to(error, self.value("timing.rounding")), "%"),
            limit=MaximumPermissibleError.symmetric(self.quantity("timing")),
            unrounded=error,
            clause=self.numbers["timing"].clause,
            formula="E = (t − t0)/t0 × 100 %",
            inputs=texts_of(row),
            numbers=("timing", "timing.rounding"),
        )


EDITION_2016 = TaximeterEdition(
    code="JJG 517-2016",
    citation=Citation(
        "JJG 517-2016",
        {"zh": "出租汽车计价器检定规程", "en": "Verification Regulation of Taximeters"},
        "duodown.com 2415492",
    ),
    in_force=date(2017, 5, 30),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY),
)

# -- examples


def _runs(*shown: str) -> list[dict[str, str]]:
    """Kilometres charged for when ten were travelled."""
    return [{"point": "distance", "indicated": f"{one} km", "actual": "10 km"} for one in shown]


_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "display": True, "fare": True, "seals": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "runs": _runs("9.9", "9.95"),
    "timing": {"indicated": "600.3 s", "actual": "10 min"},
}
_OF = Examples("taximeter", {"vehicle": "豫G T0001"}, "JJG 517-2016 limits (aqrzj); arithmetic by hand", whole=_WHOLE)
EXAMPLES = (
    _OF.complete("within", "conforms", {"point": "distance", "mpe": "-4.0 … +1.0 %", "error": "-1.0 %"}),
    _OF.complete(
        "at the upper limit",
        "conforms",
        {"point": "distance", "error": "1.0 %", "margin": "1"},
        readings={"runs": _runs("10.1", "10")},
    ),
    _OF.complete(
        "above it", "rejected", {"point": "distance", "error": "1.1 %"}, readings={"runs": _runs("10", "10.11")}
    ),
    _OF.complete(
        "at the lower limit",
        "conforms",
        {"point": "distance", "error": "-4.0 %", "margin": "1"},
        readings={"runs": _runs("9.6", "9.9")},
    ),
    _OF.complete(
        "below it", "rejected", {"point": "distance", "error": "-4.1 %"}, readings={"runs": _runs("9.59", "10")}
    ),
    _OF.complete(
        "half of what may fall short is too much above",
        "rejected",
        {"point": "distance", "error": "2.0 %"},
        readings={"runs": _runs("10.2", "9.7")},
    ),
    _OF.found("in service", {"runs": _runs("10.1")}, {"point": "distance", "mpe": "-4.0 … +1.0 %"}, kind="in_service"),
    _OF.found("rounded to a tenth", {"runs": _runs("10.105")}, {"point": "distance", "error": "1.0 %", "within": True}),
    _OF.found("and not coarser", {"runs": _runs("10.03")}, {"point": "distance", "error": "0.3 %"}),
    *(
        _OF.found(
            f"{shown} charged for 1000 s",
            {"timing": {"indicated": shown, "actual": "1000 s"}},
            {"point": "timing", "error": error, "mpe": "0.1 %", "within": within},
        )
        for shown, error, within in (
            ("1001 s", "0.10 %", True),
            ("999 s", "-0.10 %", True),
            ("1001.04 s", "0.10 %", True),
            ("1001.06 s", "0.11 %", False),
            ("998.9 s", "-0.11 %", False),
        )
    ),
    _OF.lacking(
        "no time has elapsed", {"timing": {"indicated": "1 s", "actual": "0 s"}}, {"timing.actual": "bad_quantity"}
    ),
    _OF.lacking("one run is too few", {"runs": _runs("10")}, {"runs.distance": "missing_reading"}),
    _OF.lacking("three are too many", {"runs": _runs("10", "10", "10")}, {"runs.distance": "ambiguous_reading"}),
    *_OF.edges("environment.temperature", ("10 °C", "30 °C"), ("9 °C", "31 °C")),
    *_OF.edges("environment.humidity", ("85 %RH",), ("86 %RH",)),
    _OF.lasts("a year", 12),
)

TYPE = InstrumentType(
    code="taximeter",
    names={"zh": "出租汽车计价器", "en": "taximeter"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2016,),
    category="taximeter",
    synonyms=("计价器", "出租车计价器", "里程计价表", "出租汽车里程计价表", "税控计价器", "出租汽车税控计价器"),
    standard=RequiredStandard(
        names={"zh": "出租汽车计价器检定装置", "en": "taximeter test bench"}, ratio=(1, 3), confirmed=False
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 517-2016"),
    examples=EXAMPLES,
)
