"""Non-invasive sphygmomanometers: static pressure at points over the scale, and how fast the air leaks.

A scale in millimetres of mercury has limits of its own in that unit: the regulations state both.

The legal numbers an edition gives: `mpe.initial.kPa|mmHg`, `mpe.later.kPa|mmHg`, `leak.initial`, `leak.later` (in a minute),
`points`, `span.kPa|mmHg`, `runs`, `interval`, and what a type adds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from metrology.domain.comparing import ComparisonEdition, Limit, TestPoint
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.quantity import Quantity, plain, round_to
from metrology.domain.reading_sheet import Choice, ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case
from metrology.domain.verdict import Finding, Lack, of_error

SCALE_UNIT = Characteristic(
    key="scale_unit",
    labels={"zh": "标尺单位", "en": "unit of the scale"},
    kind="choice",
    choices=(
        Choice("kPa", {"zh": "千帕(kPa)", "en": "kPa"}, ("kpa", "千帕")),
        Choice("mmHg", {"zh": "毫米汞柱(mmHg)", "en": "mmHg"}, ("mmhg", "毫米汞柱")),
    ),
    synonyms=("显示单位", "计量单位"),
)
LEAK = ReadingTable(
    key="leak",
    labels={"zh": "气密性", "en": "leakage"},
    layout="single",
    fields=(
        ReadingField(key="drop", labels={"zh": "1 min 压力下降值", "en": "fall of pressure in a minute"}, unit="kPa"),
    ),
)


def later(kind: str) -> str:
    """Which of the two sets of limits holds."""
    return "initial" if kind == "initial" else "later"


@dataclass(frozen=True, kw_only=True)
class BloodPressureEdition(ComparisonEdition):
    """A regulation on sphygmomanometers; every reading is judged by itself."""

    unit: ClassVar[str] = "kPa"
    error_unit: ClassVar[str] = "kPa"
    each: ClassVar[bool] = True
    formula: ClassVar[str] = "E = p − ps"

    def unit_of_error(self, plate: Nameplate) -> str:
        """That of the scale."""
        return plate.get("scale_unit", "kPa")

    def rounding(self, plate: Nameplate) -> str | None:
        """A difference of two readings is exact."""
        del plate
        return None

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """Evenly over the scale: proposals, which a body may place otherwise."""
        del kind
        unit, count = self.unit_of_error(plate), int(self.value("points"))
        span = self.quantity(f"span.{unit}")
        found = []
        for i in range(1, count + 1):
            value = Quantity(Decimal(plain(round_to(span.value * i / count, Decimal("0.1")))), unit)
            labels = {"zh": f"检定点 {i}", "en": f"point {i}"}
            values = {"actual": value.plain()}
            found.append(TestPoint(key=f"p{i}", labels=labels, runs=int(self.value("runs")), at=value, values=values))
        return found

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The pressure of the standard and what the instrument shows."""
        del kind
        unit = self.unit_of_error(plate)
        return (
            ReadingField(key="actual", labels={"zh": "标准压力", "en": "reference pressure"}, unit=unit),
            ReadingField(key="indicated", labels={"zh": "示值", "en": "indication"}, unit=unit),
        )

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """The same at every point."""
        del point, row
        key = f"mpe.{later(kind)}.{self.unit_of_error(plate)}"
        return MaximumPermissibleError.symmetric(self.quantity(key)), (key,)

    def more_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Leakage."""
        del plate, kind
        yield LEAK

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """Leakage."""
        del found
        drop = case.reading.single(LEAK.key).get("drop")
        if drop is not None:
            key = f"leak.{later(case.kind)}"
            limit = self.quantity(key)
            yield at_most(
                "leak", LEAK.labels, drop.to("kPa"), limit, key,
                clause=self.numbers[key].clause, formula="Δp in 1 min ≤ limit", inputs={"drop": drop.text()},
            )  # fmt: skip


def at_most(
    point: str,
    labels: Mapping[str, str],
    value: Quantity,
    limit: Quantity,
    key: str,
    *,
    formula: str,
    inputs: Mapping[str, str],
    clause: str = "",
) -> Finding:
    """A value that may be up to a limit."""
    return of_error(
        point,
        labels,
        error=value,
        limit=MaximumPermissibleError(Quantity(Decimal(0), limit.unit), limit),
        clause=clause,
        formula=formula,
        numbers=(key,),
        inputs=inputs,
    )
