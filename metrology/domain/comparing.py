"""Errors of runs against a reference at named points: how meters, dispensers, chargers and analysers are verified.

A point has so many runs. Either the mean of its runs is the error of the point, or every run is judged by itself and the
one that uses most of its limit is shown. Errors are relative, `(indicated − actual) / actual × 100 %`, or absolute,
`indicated − actual`; they are rounded once, by the regulation's own interval.

A type says its points, what is read in a run, the limit for a run, and what follows from all points together.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, NamedTuple

from metrology.domain.conditions import environment, outside
from metrology.domain.mpe import MaximumPermissibleError, MpeAt
from metrology.domain.nameplate import Nameplate
from metrology.domain.problems import InexactConversion
from metrology.domain.quantity import Quantity, plain, round_to
from metrology.domain.reading_sheet import Choice, PresetRow, ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case, Edition
from metrology.domain.schedule import Interval, Mode
from metrology.domain.verdict import Finding, Labels, Lack, of_error

RUNS = "runs"
ITEM_LABELS = {"zh": "外观与功能检查", "en": "visual and functional checks"}
RUN_LABELS = {"zh": "示值误差", "en": "error of indication"}

Limit = tuple[MaximumPermissibleError, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPoint:
    """A point to be tested: how often, at what value, and between which settings (by field) a run counts."""

    __test__ = False  # not a test of pytest's

    key: str
    labels: Labels
    runs: int = 1
    at: Quantity | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    bounds: Mapping[str, tuple[Quantity, Quantity]] = field(default_factory=dict)
    hint: Labels = field(default_factory=dict)


class Run(NamedTuple):
    """A run with its error, still unrounded, in the unit of errors."""

    row: Row
    error: Decimal


def yes(key: str, zh: str, en: str, clause: str = "", *, required: bool = True) -> ReadingField:
    """A check answered by yes or no."""
    return ReadingField(key=key, labels={"zh": zh, "en": en}, kind="boolean", clause=clause, required=required)


def items_table(fields: tuple[ReadingField, ...], labels: Labels = ITEM_LABELS) -> ReadingTable:
    """The checks answered by yes or no."""
    return ReadingTable(key="items", labels=labels, layout="items", fields=fields)


def texts_of(row: Row) -> dict[str, str]:
    """What stands in a row, as text."""
    return {**row.texts, **{key: quantity.text() for key, quantity in row.quantities.items()}}


def row_text(row: Row) -> str:
    """The quantities of a row on one line."""
    return ", ".join(f"{key} {quantity.text()}" for key, quantity in row.quantities.items())


def relative_error(indicated: Quantity, actual: Quantity, unit: str) -> Decimal:
    """`(indicated − actual) / actual` in per cent."""
    true = actual.in_unit(unit)
    return (indicated.in_unit(unit) - true) / true * 100


@dataclass(frozen=True, kw_only=True)
class ComparisonEdition(Edition):
    """A regulation that compares an indication with a reference, run by run."""

    items: tuple[ReadingField, ...]
    environment: tuple[ReadingField, ...]

    runs_key: ClassVar[str] = RUNS
    """The key of the table of runs."""
    runs_labels: ClassVar[Labels] = RUN_LABELS
    by: ClassVar[str] = "point"
    by_labels: ClassVar[Labels] = {"zh": "检定点", "en": "point"}
    unit: ClassVar[str]
    """The unit of the indication and the reference."""
    error_unit: ClassVar[str] = "%"
    each: ClassVar[bool] = False
    """Whether every run is judged by itself."""
    extendable: ClassVar[bool] = False
    """Whether a point may have more runs than asked for."""
    formula: ClassVar[str] = "E = (X − Xs)/Xs × 100 %"

    # -- what a type says

    @abstractmethod
    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """The points to be tested."""

    @abstractmethod
    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """What is read in a run, after the point."""

    @abstractmethod
    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """The limit for a run (or, without one, for the point) and the keys of its numbers."""

    def error_of(self, case: Case, row: Row) -> Decimal | Lack | None:
        """The error of a run; None when it was not read."""
        indicated, actual, unit = row.get("indicated"), row.get("actual"), self.unit_of_error(case.nameplate)
        if indicated is None or actual is None:
            return None
        if unit != "%":
            try:
                return indicated.in_unit(unit) - actual.in_unit(unit)
            except InexactConversion as problem:
                return Lack("bad_quantity", self.place(row, "actual"), RUN_LABELS, problem.params)
        if actual.value <= 0:
            return Lack("bad_quantity", self.place(row, "actual"), RUN_LABELS, {"value": actual.text(), "unit": ""})
        return relative_error(indicated, actual, self.unit)

    def place(self, row: Row, key: str) -> str:
        """Where a value of a run stands."""
        return f"{self.runs_key}[{row.index}].{key}"

    def unit_of_error(self, plate: Nameplate) -> str:
        """The unit of errors, which may be that of the instrument's scale."""
        del plate
        return self.error_unit

    def rounding(self, plate: Nameplate) -> str | None:
        """The key of the interval errors are rounded to; None where a difference of readings stands as it is."""
        del plate
        return "rounding"

    def _rounded(self, case: Case, error: Decimal) -> Quantity:
        key, unit = self.rounding(case.nameplate), self.unit_of_error(case.nameplate)
        return Quantity(round_to(error, self.value(key)) if key else Decimal(plain(error)), unit)

    def spread(self, case: Case, runs: Sequence[Run]) -> tuple[Quantity, Quantity, tuple[str, ...]] | None:
        """The repeatability of a point, its limit and the keys of its numbers; None when none is asked for."""
        del case, runs
        return None

    def extras(self, case: Case, point: TestPoint, runs: Sequence[Run]) -> Mapping[str, str | bool | None]:
        """What else a finding holds."""
        del case, point
        return {"runs": str(len(runs))}

    def either(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """Alternatives among the fields of a run."""
        return ()

    def more_tables(self, plate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Tables beside the runs."""
        del plate, kind
        return ()

    def more(self, case: Case, found: Sequence[tuple[TestPoint, Finding]]) -> Iterator[Finding | Lack]:
        """What follows from the other tables, and from all points together."""
        del case, found
        yield from ()

    def condition_keys(self, plate: Nameplate) -> Mapping[str, str]:
        """Which numbers bound a condition, where they are not named as the condition is."""
        del plate
        return {}

    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """The same for every instrument, where a type does not say otherwise."""
        del nameplate, use
        return self.months("interval", "periodic")

    def months(self, key: str, mode: Mode) -> Interval:
        """An interval or service life from a legal number."""
        months = self.numbers[key]
        return Interval(months=int(months.value), mode=mode, clause=self.code, confirmed=months.confirmed)

    # -- the sheet

    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Checks, environment, runs, and what a type adds."""
        if items := self.items_for(nameplate, kind):
            yield items_table(items)
        if self.environment:
            yield environment(self, *self.environment, keys=self.condition_keys(nameplate))
        yield self.runs_table(nameplate, kind)
        yield from self.more_tables(nameplate, kind)

    def items_for(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The checks for a kind of verification."""
        del plate, kind
        return self.items

    def runs_table(self, plate: Nameplate, kind: str) -> ReadingTable:
        """The runs at each point."""
        points = self.points(plate, kind)
        rows = tuple(
            PresetRow(
                point=point.key,
                labels=point.labels if point.runs == 1 else {k: f"{text} – {run}" for k, text in point.labels.items()},
                values={self.by: point.key, **point.values},
                fixed=(self.by,),
                hint=point.hint,
            )
            for point in points
            for run in range(1, point.runs + 1)
        )
        choices = tuple(Choice(point.key, point.labels) for point in points)
        point_field = ReadingField(key=self.by, labels=self.by_labels, kind="choice", choices=choices)
        return ReadingTable(
            key=self.runs_key,
            labels=self.runs_labels,
            layout="rows",
            fields=(point_field, *self.run_fields(plate, kind)),
            rows=rows,
            by=self.by,
            extendable=self.extendable,
            either=self.either(),
        )

    # -- limits

    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        """The limit at each point."""
        return [
            MpeAt(self.limit_of(nameplate, kind, point, None)[0].smallest(), point.at)
            for point in self.points(nameplate, kind)
        ]

    # -- the verdict

    def findings(self, case: Case) -> Iterator[Finding | Lack]:
        """What was read outside the conditions, a finding for each point, then what a type adds."""
        if self.environment:
            yield from outside(self, case, keys=self.condition_keys(case.nameplate))
        yield from self.found_in_runs(case)

    def found_in_runs(self, case: Case) -> Iterator[Finding | Lack]:
        """A finding for each point, then what a type adds."""
        points = {point.key: point for point in self.points(case.nameplate, case.kind)}
        runs: dict[str, list[Run]] = {}
        for row in case.reading.rows(self.runs_key):
            point = points.get(row.texts.get(self.by, ""))
            if point is None:
                continue
            yield from self._off_setting(case, row, point)
            error = self.error_of(case, row)
            if isinstance(error, Lack):
                yield error
            elif error is not None:
                runs.setdefault(point.key, []).append(Run(row, error))
        found = []
        for key, point in points.items():
            got = runs.get(key, [])
            if len(got) > point.runs and not self.extendable:
                # Which of them count would be for somebody to choose.
                yield Lack("ambiguous_reading", f"{self.runs_key}.{key}", point.labels, {"got": str(len(got))})
            elif got:
                finding = self._judged(case, point, got)
                found.append((point, finding))
                yield finding
        yield from self.more(case, found)

    def _off_setting(self, case: Case, row: Row, point: TestPoint) -> Iterator[Lack]:
        labels = {one.key: one.labels for one in case.reading.sheet.table(self.runs_key).fields}
        for key, (low, high) in point.bounds.items():
            value = row.get(key)
            if value is not None and not low <= value <= high:
                params = {"value": value.text(), "lower": low.plain(), "upper": high.plain()}
                yield Lack("outside_conditions", self.place(row, key), labels[key], params)

    def _judged(self, case: Case, point: TestPoint, runs: Sequence[Run]) -> Finding:
        shown, limit, used, within = self._each(case, point, runs) if self.each else self._mean(case, point, runs)
        key = self.rounding(case.nameplate)
        extras = dict(self.extras(case, point, runs))
        if spread := self.spread(case, runs):
            value, allowed, keys = spread
            extras |= {
                "repeatability": value.text(),
                "repeatability_limit": allowed.text(),
                "repeatability_within": value <= allowed,
            }
            within, used = within and value <= allowed, (*used, *keys)
        return of_error(
            point.key,
            point.labels,
            error=self._rounded(case, shown),
            limit=limit,
            unrounded=shown,
            within=within,
            clause=self.numbers[used[0]].clause,
            formula=self.formula,
            inputs={f"run {i}": row_text(run.row) for i, run in enumerate(runs, start=1)},
            numbers=tuple(dict.fromkeys((*used, *((key,) if key else ())))),
            extras=extras,
        )

    def _mean(
        self, case: Case, point: TestPoint, runs: Sequence[Run]
    ) -> tuple[Decimal, MaximumPermissibleError, tuple[str, ...], bool]:
        limits = [self.limit_of(case.nameplate, case.kind, point, run.row) for run in runs]
        # Runs at one point that fall under different limits are held to the narrowest.
        limit, used = min(limits, key=lambda one: one[0].smallest())
        return sum((run.error for run in runs), Decimal(0)) / len(runs), limit, used, True

    def _each(
        self, case: Case, point: TestPoint, runs: Sequence[Run]
    ) -> tuple[Decimal, MaximumPermissibleError, tuple[str, ...], bool]:
        judged = []
        for run in runs:
            limit, used = self.limit_of(case.nameplate, case.kind, point, run.row)
            error = self._rounded(case, run.error)
            judged.append((limit.used_by(error) or Decimal(0), limit.admits(error), run.error, limit, used))
        # Of two as far off on either side the one that shows too much, whichever was read first.
        _, _, shown, limit, used = max(judged, key=lambda one: (not one[1], one[0], one[2]))
        return shown, limit, used, all(one[1] for one in judged)
