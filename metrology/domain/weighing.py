"""Non-automatic weighing instruments: how JJG 539, 13, 14 and OIML R 76 judge a scale.

The numbers come from the editions.

Error before rounding by change-over points: `P = I + ½e − ΔL`, `E = P − L`, corrected for zero `Ec = E − E0`.

The legal numbers an edition gives, beside those of its scope: `zero` (in e), `eccentricity.divisor`, `repeatability.runs|load`,
`discrimination.load|change`, `temperature_from|to`.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from metrology.domain.comparing import texts_of
from metrology.domain.conditions import HUMIDITY, TEMPERATURE, environment, outside
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import ReadingSheet, ReadingTable, Row
from metrology.domain.regulation import Case
from metrology.domain.verdict import Finding, Labels, Lack, of_error
from metrology.domain.weighing_repeating import RepeatedWeighing, in_unit
from metrology.domain.weighing_scope import tidy, to_e
from metrology.domain.weighing_sheet import (
    LOAD,
    POINT_LABELS,
    UP_DOWN,
    ZERO_LABELS,
    LoadPoint,
    discrimination_table,
    eccentricity_table,
    repeatability_table,
    together,
    weighing_table,
    zero_tables,
)

_NEAR = Decimal("0.9")
_PANS = 4  # up to four supports the load goes to the four quarters of the pan
# Complete verification: the other kinds leave out discrimination, which a scale does not lose without losing accuracy.
_COMPLETE = ("initial", "after_repair")


_KILOGRAM = Quantity(Decimal(1), "kg")


def _in_kilograms(table: ReadingTable) -> ReadingTable:
    """The same table with its grams as kilograms."""
    fields = tuple(replace(one, unit="kg") if one.unit == "g" else one for one in table.fields)
    return replace(table, fields=fields)


@dataclass(frozen=True, kw_only=True)
class WeighingEdition(RepeatedWeighing):
    """What all regulations on scales have in common."""

    # -- what the kinds of scales differ in

    @abstractmethod
    def reads_change_over(self, plate: Nameplate) -> bool:
        """Whether the error before rounding must be found with additional loads."""

    @abstractmethod
    def extra_load(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """The small load that must move the indication."""

    @abstractmethod
    def least_change(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """How far it must move it."""

    # -- the sheet

    def reading_sheet(self, nameplate: Mapping[str, str], kind: str) -> ReadingSheet:
        """The sheet; a scale that shows whole kilograms is read in kilograms, any other in grams."""
        sheet = super().reading_sheet(nameplate, kind)
        interval = Nameplate(nameplate).quantity("e")
        if interval is None or interval < _KILOGRAM:
            return sheet
        return ReadingSheet(tuple(_in_kilograms(table) for table in sheet.tables))

    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Visual inspection, zero, weighing, eccentricity, repeatability, discrimination."""
        yield ReadingTable(
            key="items", labels={"zh": "外观检查", "en": "visual inspection"}, layout="items", fields=self.items
        )
        yield environment(self, TEMPERATURE, HUMIDITY)
        change_over = self.reads_change_over(nameplate)
        yield from self.first_tables(nameplate, kind)
        yield from zero_tables(change_over=change_over)
        yield weighing_table(
            self.loads_by_range(nameplate),
            directions(kind),
            lambda one: self._limit_hint(self.ranged(nameplate, one.within), one.load, kind),
            change_over=change_over,
        )
        largest = self.ranged(nameplate)
        yield from self.eccentricity_tables(largest, change_over=change_over)
        runs = int(self.value("repeatability.runs"))
        yield repeatability_table(self.repeated_load(largest), runs, change_over=change_over)
        loads = self.test_loads(largest)
        some = [one for one in loads if one.point in ("min", "half", "max")] or loads
        hint = {one.point: self.extra_load(largest, one.load, kind).plain() for one in some}
        yield self.discrimination_table(some, hint, required=kind in _COMPLETE)

    def first_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Tables that come before the weighings."""
        del plate, kind
        return ()

    def eccentricity_tables(self, plate: Nameplate, *, change_over: bool) -> Iterable[ReadingTable]:
        """A load at each support, at the four quarters of a pan at least."""
        positions = max(_PANS, int(plate.number("supports") or _PANS))
        yield eccentricity_table(self.eccentric_load(plate), positions, change_over=change_over)

    def discrimination_table(
        self, loads: Sequence[LoadPoint], extra: Mapping[str, str], *, required: bool
    ) -> ReadingTable:
        """Whether a small extra load moves the indication."""
        return discrimination_table(loads, extra, required=required)

    def _limit_hint(self, plate: Nameplate, load: Quantity, kind: str) -> Labels:
        limit = self.limit_at(plate, load, kind)[0].text()
        return {"zh": f"最大允许误差 ±{limit}", "en": f"MPE ±{limit}"}

    def eccentric_load(self, plate: Nameplate) -> Quantity:
        """A part of Max that depends on the number of supports."""
        supports = int(plate.number("supports") or _PANS)
        parts = self.value("eccentricity.divisor") if supports <= _PANS else Decimal(supports - 1)
        capacity = self.capacity(plate)
        return to_e(Quantity(capacity.value / parts, capacity.unit), self.e(plate))

    def repeated_load(self, plate: Nameplate) -> Quantity:
        """The load repeatability is shown with."""
        return to_e(self.capacity(plate).times(self.value("repeatability.load")), self.e(plate))

    # -- the verdict

    def findings(self, case: Case) -> Iterator[Finding | Lack]:
        """A finding per weighing and position, one each for zero, repeatability and every discrimination test."""
        yield from outside(self, case)
        zero = self._zero(case)
        if isinstance(zero, Lack):
            yield zero
            zero = None
        if zero is not None:
            yield self._zero_finding(case, zero)
        for table in ("weighing", "eccentricity", "rolling"):
            for row in case.reading.rows(table):
                yield from self._weighed(case, table, row, zero)
        yield from self.repeatability(case, zero)
        yield from self.discrimination(case)
        yield from self._loads_lacking(case)
        yield from self.more(case, zero)

    def more(self, case: Case, zero: Quantity | None) -> Iterator[Finding | Lack]:
        """What a kind of scale has besides."""
        del case, zero
        yield from ()

    def _zero(self, case: Case) -> Quantity | Lack | None:
        given = case.reading.single("").get("zero_error")
        if given is not None:
            return given
        row = case.reading.single("zero")
        if not row.has("load", "indication"):
            return None
        point = self.balance_point(case.nameplate, row)
        load = row.get("load")
        return point - load if isinstance(point, Quantity) and load is not None else None

    def _zero_finding(self, case: Case, zero: Quantity) -> Finding:
        e = self.e(case.nameplate)
        return of_error(
            "zero",
            ZERO_LABELS,
            error=in_unit(zero, e.unit),
            formula=self.formula(case.nameplate, zero=True),
            inputs=texts_of(case.reading.single("zero")) or texts_of(case.reading.single("")),
            limit=MaximumPermissibleError.symmetric(tidy(e.times(self.value("zero")))),
            clause=self.numbers["zero"].clause,
            numbers=("zero",),
        )

    def _weighed(self, case: Case, table: str, row: Row, zero: Quantity | None) -> Iterator[Finding | Lack]:
        within = row.texts.get("range", "")
        if table == "weighing" and not within and len(self.weighing_ranges(case.nameplate)) > 1:
            # The sheet has noted that nobody says in which range; the limit of another one would be a guess.
            return
        plate, load = self.ranged(case.nameplate, within), row.get("load")
        point = self.balance_point(plate, row)
        if load is None or not isinstance(point, Quantity):
            return
        if load.value < 0 or load > self.capacity(plate):
            yield Lack("not_covered", f"{table}[{row.index}].load", LOAD.labels, {"value": load.text()})
            return
        unit = self.e(plate).unit
        error = point - load
        # With no zero reading the uncorrected error is shown; the sheet has noted the zero as missing.
        corrected = error - zero if zero is not None else error
        limit, used = self.limit_at(plate, load, case.kind)
        yield of_error(
            f"{table}[{row.index}]",
            POINT_LABELS[table],
            error=in_unit(corrected, unit),
            limit=limit,
            numbers=used,
            clause=self.numbers[used[0]].clause,
            formula=self.formula(plate),
            inputs={**texts_of(row), **({"zero_error": zero.text()} if zero is not None else {}), "e": plate["e"]},
            extras={"load": in_unit(load, unit).text(), "position": row.texts.get("position")}
            if table != "weighing"
            else {"load": in_unit(load, unit).text(), "direction": row.texts.get("direction", "up")},
        )

    def formula(self, plate: Nameplate, *, zero: bool = False) -> str:
        """As printed beside a finding, that of the zero error or of a corrected error."""
        change_over = self.reads_change_over(plate)
        if zero:
            return "E0 = I + ½e − ΔL − L" if change_over else "E0 = I − L"
        return "P = I + ½e − ΔL; Ec = P − L − E0" if change_over else "Ec = I − L − E0"

    def _loads_lacking(self, case: Case) -> Iterator[Lack]:
        """Test loads nobody has weighed near, and loads too small for eccentricity and repeatability."""
        weighed_at = [
            (row.texts.get("direction", "up"), row.texts.get("range", ""), load)
            for row in case.reading.rows("weighing")
            if row.complete and (load := row.get("load")) is not None
        ]
        largest = self.ranged(case.nameplate)
        for direction in directions(case.kind):
            for one in self.loads_by_range(case.nameplate):
                low, high = _around(one)
                put_on = (load for *where, load in weighed_at if where == [direction, one.within])
                if not any(low <= load <= high for load in put_on):
                    labels = together(one.labels, next(c.labels for c in UP_DOWN if c.value == direction))
                    yield Lack(
                        "missing_reading", f"weighing.{one.point}_{direction}", labels, {"load": one.load.plain()}
                    )
        for table, wanted in (
            ("eccentricity", self.eccentric_load(largest)),
            ("repeatability", self.repeated_load(largest)),
        ):
            for row in case.reading.rows(table):
                load = row.get("load")
                if load is not None and load < wanted.times(_NEAR):
                    params = {"load": wanted.plain(), "value": load.text()}
                    yield Lack("missing_reading", f"{table}[{row.index}].load", LOAD.labels, params)

    def discrimination(self, case: Case) -> Iterator[Finding | Lack]:
        """A finding for each load an extra load was added to."""
        for row in case.reading.rows("discrimination"):
            load, before, after = (row.get(key) for key in ("load", "indication", "indication_after"))
            if load is not None and before is not None and after is not None:
                plate = self.ranged(case.nameplate)
                wanted = self.least_change(plate, load, case.kind)
                change = in_unit((after - before).magnitude(), self.e(plate).unit)
                yield Finding(
                    f"discrimination[{row.index}]",
                    POINT_LABELS["discrimination"],
                    change >= wanted,
                    clause=self.numbers["discrimination.load"].clause,
                    formula="|I2 − I1| ≥ least change",
                    inputs=texts_of(row),
                    numbers=("discrimination.load", "discrimination.change"),
                    extras={
                        "change": change.text(),
                        "least_change": wanted.text(),
                        "extra_load": self.extra_load(plate, load, case.kind).text(),
                    },
                )


# -- pieces


def directions(kind: str) -> tuple[str, ...]:
    """In service a scale is looked at with increasing loads only."""
    return ("up",) if kind == "in_service" else ("up", "down")


def _around(one: LoadPoint) -> tuple[Quantity, Quantity]:
    """Which loads count as a test load.

    Max is Max; a load where the limit changes is not exceeded, since beyond it
    another limit holds; the others may be a tenth off, because a body has the weights it has.
    """
    name = one.point.removeprefix(f"range_{one.within}_")
    if name == "max":
        return one.load, one.load
    if name == "min":
        return one.load, one.load.times(2)
    return one.load.times(_NEAR), one.load if name.startswith("change") else one.load.times(2 - _NEAR)
