"""Truck scales: many supports, rolling loads, and fewer standard weights than the capacity (substitution).

Eccentricity is shown with a load at each support or with a vehicle rolling over the scale both ways. Where the standard weights do
not reach Max, other loads take their place: then the weights must be half of Max, less where the scale repeats well.

The legal numbers an edition gives, beside those of digital scales: `rolling.load` (in Max), `rolling.positions`;
`substitution.part` (weights at least Max over it), and with the spread (in e) up to `substitution.good.spread` or
`substitution.best.spread`, `substitution.good.part` and `substitution.best.part`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import PresetRow, ReadingField, ReadingTable
from metrology.domain.regulation import Case
from metrology.domain.verdict import Finding, Lack
from metrology.domain.weighing_digital import DigitalScaleEdition
from metrology.domain.weighing_scope import tidy, to_e
from metrology.domain.weighing_sheet import LOAD, POINT_LABELS, weighed

_WEIGHTS = ReadingField(
    key="standard_weights", labels={"zh": "标准砝码总量", "en": "standard weights in all"}, unit="t"
)
_WAYS = ({"zh": "正向", "en": "one way"}, {"zh": "反向", "en": "back"})
_ECCENTRICITY = "eccentricity"


@dataclass(frozen=True, kw_only=True)
class TruckScaleEdition(DigitalScaleEdition):
    """A regulation on scales for vehicles."""

    # -- the sheet

    def first_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """What standard weights there are."""
        del kind
        least = tidy(self._share(plate, "substitution.part"))
        text = {
            "zh": f"不少于 {least.plain()}(重复性好时可更少)",
            "en": f"{least.plain()} or more (less where it repeats well)",
        }
        yield ReadingTable(
            key="weights",
            labels={"zh": "标准砝码与替代物", "en": "standard weights and substitutes"},
            layout="single",
            fields=(replace(_WEIGHTS, hint=text),),
        )

    def eccentricity_tables(self, plate: Nameplate, *, change_over: bool) -> Iterable[ReadingTable]:
        """A load at each support, or a vehicle rolling over."""
        for table in super().eccentricity_tables(plate, change_over=change_over):
            yield replace(table, instead=_ECCENTRICITY)
        load = to_e(self.capacity(plate).times(self.value("rolling.load")), self.e(plate))
        rows = tuple(
            PresetRow(
                point=f"rolling_{way}_{i}",
                labels={lang: f"{labels[lang]} {i}" for lang in ("zh", "en")},
                values={"position": f"{way}.{i}", "load": load.plain()},
                fixed=("position",),
            )
            for way, labels in enumerate(_WAYS, start=1)
            for i in range(1, int(self.value("rolling.positions")) + 1)
        )
        position = ReadingField(key="position", labels={"zh": "位置", "en": "position"}, kind="text")
        yield ReadingTable(
            key="rolling",
            labels=POINT_LABELS["rolling"],
            layout="rows",
            rows=rows,
            by="position",
            fields=(position, *weighed(change_over=change_over)),
            instead=_ECCENTRICITY,
        )

    # -- the verdict

    def more(self, case: Case, zero: Quantity | None) -> Iterator[Finding | Lack]:
        """Rolling loads that are too heavy, and standard weights that are too few."""
        del zero
        heaviest = self.capacity(case.nameplate).times(self.value("rolling.load"))
        for row in case.reading.rows("rolling"):
            load = row.get("load")
            if load is not None and load > heaviest:
                params = {"value": load.text(), "lower": "", "upper": tidy(heaviest).plain()}
                yield Lack("outside_conditions", f"rolling[{row.index}].load", LOAD.labels, params)
        weights = case.reading.single("weights").get("standard_weights")
        if weights is not None:
            least = self._least_weights(case)
            if weights < least:
                # Too few weights are no fault of the scale.
                params = {"value": weights.text(), "lower": tidy(least).plain(), "upper": ""}
                yield Lack("outside_conditions", "weights.standard_weights", _WEIGHTS.labels, params)

    def _share(self, plate: Nameplate, key: str) -> Quantity:
        capacity = self.capacity(plate)
        return Quantity(capacity.value / self.value(key), capacity.unit)

    def _least_weights(self, case: Case) -> Quantity:
        """How much of Max the standard weights must be, by the spread of repeated weighings."""
        spread = self.spread(case)
        for name in ("best", "good"):
            allowed = self.e(self.ranged(case.nameplate)).times(self.value(f"substitution.{name}.spread"))
            if spread is not None and spread <= allowed:
                return self._share(case.nameplate, f"substitution.{name}.part")
        return self._share(case.nameplate, "substitution.part")
