"""Instruments weighing road vehicles in motion: passages by the mass of the vehicle, and by the loads of its axles (OIML R 134-1).

A limit is a part of the mass or load. Where the scale interval d is known it goes to the nearest d and is no less than one d for each
axle (two in service), so that errors are then masses; else they are relative.

The legal numbers an edition gives: `<class>.mpe` (of the vehicle), `<axle class>.mpe` (of a single axle), `least` (in d), `in_service`,
`runs`, `rounding`, `interval`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import ClassVar

from metrology.domain.comparing import ComparisonEdition, Limit, TestPoint
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity, plain, round_to
from metrology.domain.reading_sheet import ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case
from metrology.domain.verdict import Finding, Labels, Lack

_SHOWN = ReadingField(key="indicated", labels={"zh": "示值 M", "en": "indication M"}, unit="kg")
_SPEED = ReadingField(key="speed", labels={"zh": "通过速度", "en": "speed"}, unit="km/h", required=False)
_AXLES = ReadingField(key="axles", labels={"zh": "轴数", "en": "axles"}, unit="pcs")


@dataclass(frozen=True, kw_only=True)
class _InMotion(ComparisonEdition):
    """Passages, each judged by itself; in kilograms where the scale interval is known, else in per cent."""

    unit: ClassVar[str] = "kg"
    each: ClassVar[bool] = True
    extendable: ClassVar[bool] = True

    def unit_of_error(self, plate: Nameplate) -> str:
        """Limits of whole scale intervals are masses."""
        return "kg" if "d" in plate else "%"

    def rounding(self, plate: Nameplate) -> str | None:
        """A difference of masses stands as it is."""
        return None if "d" in plate else "rounding"

    def limit_for(self, plate: Nameplate, kind: str, key: str, true: Quantity | None, axles: Decimal) -> Limit:
        """A part of the mass, to the nearest scale interval, but no less than one for each axle."""
        part, d = self.quantity(key), plate.quantity("d")
        used: tuple[str, ...] = (key,)
        if kind == "in_service":
            part, used = part.times(self.value("in_service")), (*used, "in_service")
        if d is None or true is None:
            return MaximumPermissibleError.symmetric(part), used
        step, times = d.in_unit("kg"), self.value("in_service") if kind == "in_service" else Decimal(1)
        mass = round_to(true.in_unit("kg") * part.value / 100, step)
        limit = Quantity(Decimal(plain(max(mass, self.value("least") * times * axles * step))), "kg")
        return MaximumPermissibleError.symmetric(limit), (*used, "least")


@dataclass(frozen=True, kw_only=True)
class _SingleAxles(_InMotion):
    """The axles of a two-axle rigid vehicle, by their static loads."""

    runs_key: ClassVar[str] = "axle_loads"
    runs_labels: ClassVar[Labels] = {"zh": "单轴载荷", "en": "single-axle loads"}
    formula: ClassVar[str] = "E = (F − Fs)/Fs × 100 %"

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """Both axles at every passage."""
        del plate, kind
        runs = int(self.value("runs"))
        return [TestPoint(key=f"axle_{i}", labels={"zh": f"第 {i} 轴", "en": f"axle {i}"}, runs=runs) for i in (1, 2)]

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The load shown and the static load."""
        del plate, kind
        static = {"zh": "静态轴载荷约定真值 Fs", "en": "static axle load Fs"}
        return (_SHOWN, ReadingField(key="actual", labels=static, unit="kg"))

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """A part of the static load."""
        del point
        key = f"{plate['axle_class']}.mpe"
        return self.limit_for(plate, kind, key, row.get("actual") if row else None, Decimal(1))


@dataclass(frozen=True, kw_only=True)
class AxleScaleEdition(_InMotion):
    """Passages of vehicles of known mass."""

    formula: ClassVar[str] = "E = (M − Ms)/Ms × 100 %"

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """Passages, of one vehicle or several."""
        del plate, kind
        return (
            TestPoint(key="vehicle", labels={"zh": "整车总质量", "en": "vehicle mass"}, runs=int(self.value("runs"))),
        )

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The mass shown and the mass of the vehicle; how many axles it has where limits depend on it."""
        del kind
        mass = {"zh": "车辆总质量约定真值 Ms", "en": "mass of the vehicle Ms"}
        axles = (_AXLES,) if "d" in plate else ()
        return (_SHOWN, ReadingField(key="actual", labels=mass, unit="kg"), *axles, _SPEED)

    def error_of(self, case: Case, row: Row) -> Decimal | Lack | None:
        """Without its axles nobody knows the limit of a passage."""
        if "d" not in case.nameplate:
            return super().error_of(case, row)
        axles = row.get("axles")
        if axles is None:
            return None
        if axles.value < 2 or axles.value != axles.value.to_integral_value():
            return Lack("bad_quantity", self.place(row, "axles"), _AXLES.labels, {"value": axles.text(), "unit": "pcs"})
        return super().error_of(case, row)

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """A part of the vehicle's mass."""
        del point
        axles = row.get("axles") if row else None
        true = row.get("actual") if row else None
        return self.limit_for(plate, kind, f"{plate['accuracy_class']}.mpe", true, axles.value if axles else Decimal(0))

    def _axles(self, plate: Nameplate) -> _SingleAxles | None:
        if "axle_class" not in plate:
            return None
        return _SingleAxles(**{one.name: getattr(self, one.name) for one in fields(_InMotion)})

    def more_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """The axle loads of a scale that has a class for them."""
        if axles := self._axles(plate):
            yield axles.runs_table(plate, kind)

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """The axle loads."""
        del found
        if axles := self._axles(case.nameplate):
            yield from axles.found_in_runs(case)
