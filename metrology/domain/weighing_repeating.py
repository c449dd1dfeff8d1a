"""Repeated weighings of one load: how far apart they may lie, in the largest weighing range of a scale."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import Row
from metrology.domain.regulation import Case
from metrology.domain.verdict import Finding, Lack, of_error
from metrology.domain.weighing_scope import WeighingScope, tidy
from metrology.domain.weighing_sheet import LOAD, POINT_LABELS


@dataclass(frozen=True, kw_only=True)
class RepeatedWeighing(WeighingScope):
    """What a series of weighings of one load says."""

    @abstractmethod
    def balance_point(self, plate: Nameplate, row: Row) -> Quantity | Lack | None:
        """P: the indication before rounding, None when the row has no indication."""

    def ranged(self, plate: Nameplate, within: str = "") -> Nameplate:
        """The nameplate of a weighing range by its number; of the largest, in which all other tests are made, by default."""
        own = self.weighing_ranges(plate)
        return own[int(within) - 1] if within else own[-1]

    def repeatability(self, case: Case, zero: Quantity | None) -> Iterator[Finding | Lack]:
        """A finding for each load that was weighed often enough."""
        wanted = int(self.value("repeatability.runs"))
        for load, weighings in self._series(case).items():
            path = f"repeatability[{weighings[0][0].index}].load"
            if not Quantity(Decimal(0), load.unit) < load <= self.capacity(case.nameplate):
                yield Lack("not_covered", path, LOAD.labels, {"value": load.text()})
            elif len(weighings) < wanted:
                # Weighings of different loads do not make a series.
                params = {"wanted": str(wanted), "got": str(len(weighings)), "load": load.plain()}
                yield Lack("missing_reading", "repeatability", POINT_LABELS["repeatability"], params)
            else:
                yield self._spread(case, load, [point for _, point in weighings], zero)

    def _series(self, case: Case) -> dict[Quantity, list[tuple[Row, Quantity]]]:
        """Repeated weighings by their load."""
        series: dict[Quantity, list[tuple[Row, Quantity]]] = {}
        for row in case.reading.rows("repeatability"):
            load, point = row.get("load"), self.balance_point(self.ranged(case.nameplate), row)
            if load is not None and isinstance(point, Quantity):
                series.setdefault(load, []).append((row, point))
        return series

    def spread(self, case: Case) -> Quantity | None:
        """The largest spread among the series of repeated weighings; None while no series is complete."""
        wanted = int(self.value("repeatability.runs"))
        spreads = [
            max(points) - min(points)
            for weighings in self._series(case).values()
            if len(points := [point for _, point in weighings]) >= wanted
        ]
        return max(spreads) if spreads else None

    def _spread(self, case: Case, load: Quantity, points: Sequence[Quantity], zero: Quantity | None) -> Finding:
        """Whatever spread is allowed, no single weighing may exceed its own limit (OIML R 76-1:2006 3.6)."""
        plate = self.ranged(case.nameplate)
        unit = self.e(plate).unit
        limit, used = self.limit_at(plate, load, case.kind)
        errors = [point - load - zero if zero is not None else point - load for point in points]
        worst = max(errors, key=lambda error: (error.magnitude(), error))
        return of_error(
            "repeatability",
            POINT_LABELS["repeatability"],
            error=in_unit(max(points) - min(points), unit),
            limit=limit,
            within=limit.admits(worst),
            clause=self.numbers["repeatability.runs"].clause,
            formula="Pmax − Pmin ≤ |MPE|, |Ec| ≤ |MPE|",
            numbers=(*used, "repeatability.runs", "repeatability.load"),
            inputs={f"P{i}": point.text() for i, point in enumerate(points, start=1)},
            extras={"load": load.plain(), "largest_error": in_unit(worst, unit).text()},
        )


def in_unit(quantity: Quantity, unit: str) -> Quantity:
    """In a unit, written plainly."""
    return tidy(quantity.to(unit))
