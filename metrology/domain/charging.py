"""Chargers of electric vehicles: working error at loads, clock and amount to pay, as JJG 1148 and 1149 judge a connector.

The legal numbers an edition gives: `<class>.mpe`, `<class>.rounding`, `load.<point>` (parts of the largest current), `runs`,
`clock.initial`, `clock.later`, `payment`, `in_service`, `interval`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from metrology.domain.comparing import ComparisonEdition, Limit, TestPoint, yes
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.paying import amount_to_pay, price_table
from metrology.domain.quantity import Quantity, plain
from metrology.domain.reading_sheet import Choice, ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case, PartDefinition
from metrology.domain.verdict import Finding, Lack, of_error

ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes("display", "显示(电量、单价、金额)", "display of energy, price and amount"),
    yes("insulation", "绝缘电阻", "insulation resistance"),
    yes("seals", "封印完好", "seals intact"),
)
CONNECTOR = PartDefinition(
    code="connector",
    names={"zh": "充电枪", "en": "connector"},
    number={"zh": "充电枪号", "en": "connector no."},
    synonyms=("充电接口号", "充电枪编号", "充电口编号"),
)
NAMEPLATE = (
    Characteristic(
        key="accuracy_class",
        labels={"zh": "准确度等级", "en": "accuracy class"},
        kind="choice",
        required_for_verdict=True,
        choices=(
            Choice("1", {"zh": "1 级", "en": "class 1"}, ("1.0", "1级", "1.0级")),
            Choice("2", {"zh": "2 级", "en": "class 2"}, ("2.0", "2级", "2.0级")),
        ),
        synonyms=("等级", "精度等级", "准确度", "class"),
    ),
    Characteristic(
        key="max_current",
        labels={"zh": "最大电流", "en": "maximum current"},
        unit="A",
        synonyms=("最大充电电流", "额定电流", "Imax", "最大电流(A)"),
    ),
    Characteristic(
        key="voltage",
        labels={"zh": "额定电压", "en": "rated voltage"},
        kind="text",
        synonyms=("输出电压", "额定电压(V)", "电压范围"),
    ),
    Characteristic(
        key="power",
        labels={"zh": "额定功率", "en": "rated power"},
        unit="kW",
        synonyms=("功率", "额定功率(kW)", "充电功率"),
    ),
)
LOADS = {
    "high": {"zh": "大电流点", "en": "large current"},
    "low": {"zh": "小电流点", "en": "small current"},
}
_ENERGY = {"zh": "充电电量", "en": "energy delivered"}
_CLOCK = ReadingTable(
    key="clock",
    labels={"zh": "时钟时刻误差", "en": "error of the clock"},
    layout="single",
    fields=(ReadingField(key="difference", labels={"zh": "时钟时刻误差", "en": "error of the clock"}, unit="s"),),
)


@dataclass(frozen=True, kw_only=True)
class ChargerEdition(ComparisonEdition):
    """A regulation on AC or DC chargers."""

    unit: ClassVar[str] = "kWh"
    formula: ClassVar[str] = "E = (W − Ws)/Ws × 100 %"

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """A large and a small current."""
        del kind
        largest = plate.quantity("max_current")
        found = []
        for key, labels in LOADS.items():
            part = self.value(f"load.{key}")
            at = None if largest is None else Quantity(Decimal(plain(largest.value * part)), largest.unit)
            hint = {} if at is None else {"zh": f"约 {at.plain()}", "en": f"about {at.plain()}"}
            found.append(TestPoint(key=key, labels=labels, runs=int(self.value("runs")), hint=hint))
        return found

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The energy shown and the energy delivered."""
        del plate, kind
        return (
            ReadingField(key="current", labels={"zh": "充电电流", "en": "current"}, unit="A", required=False),
            ReadingField(key="indicated", labels={"zh": "充电桩示值 W", "en": "energy shown W"}, unit="kWh"),
            ReadingField(key="actual", labels={"zh": "标准电量 Ws", "en": "reference Ws"}, unit="kWh"),
        )

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """That of the class; the wider one cannot be meant while nobody says which."""
        del point, row
        key = f"{plate.get('accuracy_class', '1')}.mpe"
        limit = MaximumPermissibleError.symmetric(self.quantity(key))
        return (limit.times(self.value("in_service")), (key, "in_service")) if kind == "in_service" else (limit, (key,))

    def rounding(self, plate: Nameplate) -> str | None:
        """A tenth of the class."""
        return f"{plate.get('accuracy_class', '1')}.rounding"

    def more_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Clock and amount to pay."""
        del plate, kind
        yield _CLOCK
        yield price_table("energy", _ENERGY, "kWh")

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """Clock and amount."""
        del found
        difference = case.reading.single("clock").get("difference")
        if difference is not None:
            key = "clock.initial" if case.kind == "initial" else "clock.later"
            yield of_error(
                "clock",
                _CLOCK.labels,
                error=difference.to("s"),
                limit=MaximumPermissibleError.symmetric(self.quantity(key)),
                clause=self.numbers[key].clause,
                formula="E = t − t0",
                numbers=(key,),
                inputs={"difference": difference.text()},
            )
        yield from amount_to_pay(self, case, "energy", "kWh")
