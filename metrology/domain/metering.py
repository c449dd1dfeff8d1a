"""Water and gas meters: the error of a volume at flow rates that follow from the nameplate.

`E = (V_i − V_a) / V_a × 100 %`, from volumes or from two readings of the meter; the mean of the runs at a flow rate is
its error. Below the transitional flow rate the limit is wider; in service it is a multiple.

The legal numbers an edition gives: `<class>.upper|lower` and others a type has, `in_service`, `runs`, `rounding`, and for each
flow point `<point>_from|to`, the flow rates that count as it, in parts of it.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from metrology.domain.comparing import ComparisonEdition, Limit, Run, TestPoint
from metrology.domain.mpe import MaximumPermissibleError, MpeAt
from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity, plain, round_to
from metrology.domain.reading_sheet import ReadingField, Row
from metrology.domain.regulation import Case
from metrology.domain.verdict import Finding, Labels, Lack

VOLUME_FIELDS = (
    ReadingField(key="flow", labels={"zh": "实际流量", "en": "flow rate"}, unit="m³/h", required=False),
    ReadingField(key="start", labels={"zh": "仪表初始读数", "en": "reading at the start"}, unit="L", required=False),
    ReadingField(key="end", labels={"zh": "仪表终止读数", "en": "reading at the end"}, unit="L", required=False),
    ReadingField(
        key="indicated",
        labels={"zh": "仪表示值 Vi", "en": "indicated volume Vi"},
        unit="L",
        required=False,
        hint={"zh": "与初始、终止读数二选一", "en": "instead of the two readings"},
    ),
    ReadingField(key="actual", labels={"zh": "实际体积 Va", "en": "actual volume Va"}, unit="L"),
)


@dataclass(frozen=True, kw_only=True)
class FlowMeterEdition(ComparisonEdition):
    """A regulation on meters of volume."""

    point_labels: Mapping[str, Labels]

    by: ClassVar[str] = "flow_point"
    by_labels: ClassVar[Labels] = {"zh": "流量点", "en": "flow point"}
    unit: ClassVar[str] = "L"
    extendable: ClassVar[bool] = True
    formula: ClassVar[str] = "E = (Vi − Va)/Va × 100 %"

    @abstractmethod
    def flow(self, plate: Nameplate, point: str) -> Quantity | None:
        """The flow rate of a point, None while the nameplate does not say it."""

    @abstractmethod
    def zone(self, plate: Nameplate, point: str, *, warm: bool) -> str:
        """The key of the limit at a point."""

    def is_warm(self, case: Case) -> bool:
        """Whether the wider limits of warm water hold."""
        del case
        return False

    # -- points and limits

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """The flow points with the flow rates that count."""
        del kind
        return [self._point(plate, key, labels) for key, labels in self.point_labels.items()]

    def _point(self, plate: Nameplate, key: str, labels: Labels) -> TestPoint:
        flow, runs = self.flow(plate, key), int(self.value("runs"))
        if flow is None:
            return TestPoint(key=key, labels=labels, runs=runs)
        bounds = flow.times(self.value(f"{key}_from")), flow.times(self.value(f"{key}_to"))
        low, high = (plain(round_to(one.in_unit("m³/h"), Decimal("0.0001"))) for one in bounds)
        hint = dict.fromkeys(("zh", "en"), f"{low}–{high} m³/h")
        return TestPoint(key=key, labels=labels, runs=runs, at=flow, bounds={"flow": bounds}, hint=hint)

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """A volume, or two readings of the meter, against the volume of the standard."""
        del plate, kind
        return VOLUME_FIELDS

    def either(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """The volume indicated, or the readings before and after."""
        return ((("indicated",), ("start", "end")),)

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """The limit of the zone the point lies in."""
        del row
        return self.limit_at(plate, kind, point.key, warm=False)

    def limit_at(self, plate: Nameplate, kind: str, point: str, *, warm: bool) -> Limit:
        """The limit at a point, in cold or warm water."""
        key = self.zone(plate, point, warm=warm)
        limit = MaximumPermissibleError.symmetric(self.quantity(key))
        used = (key, "warm") if warm and key.endswith("_warm") else (key,)
        if kind == "in_service":
            return limit.times(self.value("in_service")), (*used, "in_service")
        return limit, used

    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        """The limit at each flow point, in cold water."""
        return [
            MpeAt(self.limit_at(nameplate, kind, key, warm=False)[0].smallest(), self.flow(nameplate, key))
            for key in self.point_labels
        ]

    # -- the verdict

    def error_of(self, case: Case, row: Row) -> Decimal | Lack | None:
        """From the volume indicated or the difference of two readings, never both."""
        read = indicated_volume(row)
        return read if read is None or isinstance(read, Lack) else super().error_of(case, read)

    def _mean(
        self, case: Case, point: TestPoint, runs: Sequence[Run]
    ) -> tuple[Decimal, MaximumPermissibleError, tuple[str, ...], bool]:
        limit, used = self.limit_at(case.nameplate, case.kind, point.key, warm=self.is_warm(case))
        repeated = ("runs",) if len(runs) > int(self.value("runs")) else ()
        return sum((run.error for run in runs), Decimal(0)) / len(runs), limit, (*used, *repeated), True

    def extras(self, case: Case, point: TestPoint, runs: Sequence[Run]) -> Mapping[str, str | bool | None]:
        """How many runs, at which nominal flow rate."""
        del case
        flow = point.at
        rate = f"{plain(round_to(flow.in_unit('m³/h'), Decimal('0.0001')))} m³/h" if flow else None
        return {"runs": str(len(runs)), "flow_rate": rate}


def indicated_volume(row: Row) -> Row | Lack | None:
    """The row with its indicated volume, which two readings may give."""
    start, end = row.get("start"), row.get("end")
    if start is None or end is None:
        return row if row.get("indicated") is not None else None
    if row.get("indicated") is not None:
        labels = next(one.labels for one in VOLUME_FIELDS if one.key == "indicated")
        return Lack("ambiguous_reading", f"runs[{row.index}].indicated", labels)
    return replace(row, quantities={**row.quantities, "indicated": end - start})


def same_sign(
    errors: Mapping[str, Quantity], limits: Sequence[MaximumPermissibleError], *, every: bool, number: str, clause: str
) -> Finding:
    """When all errors have one sign, one of them (or `every` one) must keep to a narrower limit."""
    signs = {(error.value > 0) - (error.value < 0) for error in errors.values()}
    kept = [limit.admits(error) for error, limit in zip(errors.values(), limits, strict=True)]
    within = len(signs) > 1 or signs == {0} or (all(kept) if every else any(kept))
    narrow = {limit.text() for limit in limits}
    return Finding(
        "same_sign",
        {"zh": "误差同号规则", "en": "errors of one sign"},
        within,
        clause=clause,
        formula=f"{'every' if every else 'one'} |E| ≤ {' / '.join(sorted(narrow))} when all E have one sign",
        inputs={point: error.text() for point, error in errors.items()},
        numbers=(number,),
    )
