"""Dispensers of gaseous fuels: deliveries against a reference meter or balance, as JJG 996, 997 and 1114 judge a nozzle.

`E = (Q_J − Q_s) / Q_s × 100 %`; the mean of the deliveries is the error, their range over a divisor the repeatability.

The legal numbers an edition gives: `mpe`, `repeatability`, `repeatability_divisor`, `runs`, `rounding`, `payment`, `in_service`,
`interval`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from metrology.domain.comparing import ComparisonEdition, Limit, Run, TestPoint, yes
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.paying import amount_to_pay, price_table
from metrology.domain.quantity import Quantity, round_to
from metrology.domain.reading_sheet import ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case, PartDefinition
from metrology.domain.verdict import Finding, Lack

ITEMS = (
    yes("appearance", "铭牌标记和外观结构", "markings and construction"),
    yes("tightness", "密封性", "tightness"),
    yes("seals", "封印完好", "seals intact"),
)
NOZZLE = PartDefinition(
    code="nozzle",
    names={"zh": "加气枪", "en": "nozzle"},
    number={"zh": "加气枪号", "en": "gas nozzle no."},
    synonyms=("气枪号", "加气枪编号"),
)
NAMEPLATE = (
    Characteristic(
        key="flow_range",
        labels={"zh": "流量范围", "en": "range of flow rates"},
        kind="text",
        synonyms=("流量", "流量范围(kg/min)", "流量范围(L/min)"),
    ),
    Characteristic(
        key="max_pressure",
        labels={"zh": "最大工作压力", "en": "maximum working pressure"},
        unit="MPa",
        synonyms=("工作压力", "额定工作压力", "最大工作压力(MPa)"),
    ),
)
_DELIVERED = {"zh": "交付量", "en": "quantity delivered"}


@dataclass(frozen=True, kw_only=True)
class GasDispenserEdition(ComparisonEdition):
    """A regulation on dispensers of one fuel; `measured_in` is the unit they settle in."""

    measured_in: str

    formula: ClassVar[str] = "E = mean of (Q_J − Qs)/Qs × 100 %; En = (Emax − Emin)/dn"
    unit: ClassVar[str] = "kg"

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """One point: deliveries as they are in use."""
        del plate, kind
        return (TestPoint(key="delivery", labels={"zh": "加气", "en": "delivery"}, runs=int(self.value("runs"))),)

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """What the dispenser showed and what was delivered."""
        del plate, kind
        return (
            ReadingField(key="indicated", labels={"zh": "加气机示值", "en": "indication"}, unit=self.measured_in),
            ReadingField(key="actual", labels={"zh": "标准器示值", "en": "reference"}, unit=self.measured_in),
        )

    def error_of(self, case: Case, row: Row) -> Decimal | Lack | None:
        """Relative, in the unit the dispenser settles in."""
        del case
        indicated, actual = row.get("indicated"), row.get("actual")
        if indicated is None or actual is None:
            return None
        true = actual.in_unit(self.measured_in)
        if true <= 0:
            return Lack("bad_quantity", f"runs[{row.index}].actual", _DELIVERED, {"value": actual.text(), "unit": ""})
        return (indicated.in_unit(self.measured_in) - true) / true * 100

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """The same for every delivery."""
        del plate, point, row
        limit = MaximumPermissibleError.symmetric(self.quantity("mpe"))
        return (
            (limit.times(self.value("in_service")), ("mpe", "in_service"))
            if kind == "in_service"
            else (limit, ("mpe",))
        )

    def spread(self, case: Case, runs: Sequence[Run]) -> tuple[Quantity, Quantity, tuple[str, ...]] | None:
        """The range of all deliveries over the divisor for their number; fewer show nothing."""
        del case
        if len(runs) < int(self.value("runs")):
            return None
        errors = [run.error for run in runs]
        value = round_to((max(errors) - min(errors)) / self.value("repeatability_divisor"), self.value("rounding"))
        keys = ("repeatability", "repeatability_divisor", "runs")
        return Quantity(value, "%"), self.quantity("repeatability"), keys

    def more_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """The amount to pay."""
        del plate, kind
        yield price_table("quantity", _DELIVERED, self.measured_in)

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """The amount to pay."""
        del found
        yield from amount_to_pay(self, case, "quantity", self.measured_in)
