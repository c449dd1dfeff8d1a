"""Calibration (校准, VIM 2.39) of an instrument that need not be verified: its errors, each with U and k.

    E = mean of the indications − reference value;   u_c² = (s/√n)² + Σ c_j² u_j²;   U = k · u_c

Type A from the readings at the point; where it was read once, or all readings show the same digit while others vary (the step
of the indication hides the spread there), from the pooled spread of the points read repeatedly. Type B from the entries of the
sheet. The result is rounded to the last of the two digits of U (GUM 7.2.6, JJF 1059.1-2012). Conformity is stated only by a
decision rule the customer asked for (ISO/IEC 17025:2017 7.8.6).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Literal

from metrology.domain import budget, conformity
from metrology.domain.budget import Budget, Input
from metrology.domain.calibration_sheet import BUDGET, METHOD, MOST_READINGS, NO_RULE, POINTS, Proposal, tables
from metrology.domain.conformity import RULES, DecisionRule
from metrology.domain.mpe import MaximumPermissibleError, MpeAt
from metrology.domain.nameplate import Nameplate
from metrology.domain.problems import BadQuantity, Problem
from metrology.domain.quantity import ARITHMETIC, Quantity, parse, plain, round_to
from metrology.domain.reading_sheet import Reading, ReadingSheet, ReadingTable, Row
from metrology.domain.regulation import Case, Citation, Edition
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack, Verdict, judged

KIND = "calibration"
CODE = "JJF 1059.1-2012"
_CITATION = Citation(
    CODE, {"zh": "测量不确定度评定与表示", "en": "Evaluation and expression of uncertainty in measurement"}
)
_SHOWN_DIGITS = 2
_MOST_MONTHS = 120

Outcome = Literal["conforms", "rejected", "undetermined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of type B as somebody wrote it: where it comes from, its size, its shape."""

    source: str
    value: str
    distribution: str
    coverage_factor: str
    sensitivity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PointResult:
    """The result at one point; numbers are rounded as they are stated."""

    reference: Quantity
    indications: tuple[Quantity, ...]
    mean: Quantity
    error: Quantity
    expanded: Quantity
    budget: Budget
    mpe: Quantity | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationResult:
    """All points, or what is lacking; nothing is stated while anything lacks."""

    unit: str
    points: tuple[PointResult, ...]
    entries: tuple[Entry, ...]
    rule: DecisionRule | None
    lacks: tuple[Lack, ...] = ()

    @property
    def outcome(self) -> Outcome | None:
        """Conformity over all points: None without a rule, undetermined while one point is and none is rejected."""
        if self.rule is None:
            return None
        found = {one.outcome for one in self.points}
        if conformity.REJECTED in found:
            return "rejected"
        return "conforms" if found == {conformity.CONFORMS} else "undetermined"

    @property
    def widest(self) -> PointResult:
        """The point with the largest U, whose budget is shown; of several the last."""
        return max(reversed(self.points), key=lambda one: one.expanded.value)


@dataclass(frozen=True, kw_only=True)
class CalibrationMethod(Edition):
    """How a calibration is read and computed. It judges nothing: its verdict is always None."""

    unit: str
    document: str
    proposals: tuple[Proposal, ...] = field(default=())
    with_blanks: bool = True
    """Whether the sheet has rows that nobody has written in yet: while it is a draft."""

    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """The tables of the sheet."""
        return tables(self.unit, self.proposals, self.document, with_blanks=self.with_blanks)

    def reading_sheet(self, nameplate: Mapping[str, str], kind: str) -> ReadingSheet:
        """The sheet, for a calibration only."""
        if kind != KIND:
            raise Problem("kind_does_not_fit", "kind", kind=kind)
        return ReadingSheet(tuple(self.tables(Nameplate(nameplate), kind)))

    def findings(self, case: Case) -> Iterator[Finding | Lack]:
        """No findings: a calibration states errors, not whether they are allowed."""
        return iter(())

    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """No interval: the user of the instrument decides when it is calibrated again."""
        return Interval(months=None, mode="calibration")

    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        """No limits of law."""
        return ()

    def judge(
        self, nameplate: Mapping[str, str], kind: str, readings: Mapping[str, object], *, partial: bool = False
    ) -> Verdict:
        """No verdict; what is lacking for a result."""
        return judged((), self.evaluate(nameplate, readings).lacks, edition=self.code, partial=partial)

    def evaluate(self, nameplate: Mapping[str, str], readings: Mapping[str, object]) -> CalibrationResult:
        """The results on these readings, or what they lack."""
        with localcontext(ARITHMETIC):
            reading = Reading(self.reading_sheet(nameplate, KIND), readings)
            entries = tuple(_entries(readings))
            lacks = [*reading.lacks, *_entry_lacks(entries, self.unit), *_months_lack(reading)]
            method = reading.single(METHOD)
            rule = RULES.get(method.texts.get("rule", NO_RULE))
            rows = [row for row in reading.rows(POINTS) if row.complete] if self.unit else []
            lacks += [*_repeat_lack(rows), *_limit_lacks(rows, rule)]
            if lacks:
                return CalibrationResult(unit=self.unit, points=(), entries=entries, rule=rule, lacks=tuple(lacks))
            points, lack = _results(rows, self.unit, entries, rule)
        lacks = [lack] if lack else []
        return CalibrationResult(unit=self.unit, points=points, entries=entries, rule=rule, lacks=tuple(lacks))


def method_for(
    unit: str, document: str, proposals: tuple[Proposal, ...] = (), *, with_blanks: bool = True
) -> CalibrationMethod:
    """The method for a measurand in this unit; an empty unit asks for it first."""
    return CalibrationMethod(
        code=CODE, citation=_CITATION, in_force=date(2013, 6, 3), numbers={}, nameplate=(), unit=unit, document=document,
        proposals=proposals, with_blanks=with_blanks,
    )  # fmt: skip


def without_blanks(readings: Mapping[str, Any]) -> dict[str, Any]:
    """Readings as they are kept: rows in which something stands.

    >>> without_blanks({"points": [{"reference": "1 g", "_point": "a"}, {"reference": "", "_point": "b"}], "method": {}})
    {'points': [{'reference': '1 g', '_point': 'a'}], 'method': {}}
    """
    return {
        key: [row for row in part if any(text for name, text in row.items() if not name.startswith("_"))]
        if isinstance(part, list)
        else part
        for key, part in readings.items()
    }


def months_of(text: str) -> int | None:
    """The interval a customer asks for in whole months; None for none, BadQuantity for what is no such number."""
    if not text.strip():
        return None
    if not text.strip().isascii() or not text.strip().isdecimal() or not 1 <= int(text.strip()[:6]) <= _MOST_MONTHS:
        raise BadQuantity("next_months", value=text[:64])
    return int(text)


# -- what is lacking


def _months_lack(reading: Reading) -> Iterator[Lack]:
    text = reading.single(METHOD).texts.get("next_months", "")
    try:
        months_of(text)
    except BadQuantity as problem:
        yield Lack(
            problem.code, f"{METHOD}.next_months", {"zh": "复校间隔（月）", "en": "next after (months)"}, problem.params
        )


def _repeat_lack(rows: Sequence[Row]) -> Iterator[Lack]:
    if rows and not any(len(_indications(row)) > 1 for row in rows):
        labels = {"zh": "重复读数", "en": "repeated readings"}
        yield Lack("missing_reading", f"{POINTS}[{rows[-1].index}].r2", labels)


def _limit_lacks(rows: Sequence[Row], rule: DecisionRule | None) -> Iterator[Lack]:
    for row in rows:
        limit = row.get("mpe")
        if rule is not None and (limit is None or limit.value <= 0):
            yield Lack("missing_reading", f"{POINTS}[{row.index}].mpe", {"zh": "最大允许误差", "en": "MPE"})


def _entry_lacks(entries: Sequence[Entry], unit: str) -> Iterator[Lack]:
    if not unit:
        return
    for index, one in enumerate(entries):
        for key, text in (("value", one.value), ("k", one.coverage_factor), ("sensitivity", one.sensitivity)):
            try:
                _size(text, unit) if key == "value" else _number(text, Decimal(1))
            except BadQuantity as problem:
                labels = {"zh": one.source or "分量", "en": one.source or "entry"}
                yield Lack(problem.code, f"{BUDGET}[{index}].{key}", labels, problem.params)


# -- the budget


def _entries(readings: Mapping[str, Any]) -> Iterator[Entry]:
    content = readings.get(BUDGET)
    for row in content if isinstance(content, Sequence) and not isinstance(content, str) else ():
        text = {key: str(row.get(key) or "").strip() for key in ("source", "value", "distribution", "k", "sensitivity")}
        if text["value"]:
            yield Entry(
                source=text["source"], value=text["value"], distribution=text["distribution"] or "rectangular",
                coverage_factor=text["k"], sensitivity=text["sensitivity"],
            )  # fmt: skip


def _size(text: str, unit: str) -> Quantity:
    """A half-width or U: in the unit of the measurand, or in % of the reference value."""
    try:
        return parse(text, unit, plus_minus=True).magnitude()
    except BadQuantity:
        return parse(text, "%", plus_minus=True).magnitude()


def _number(text: str, usual: Decimal) -> Decimal:
    if not text:
        return usual
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise BadQuantity("value", value=text[:64]) from error
    if not value.is_finite() or abs(value) > Decimal("1e12") or value == 0:
        raise BadQuantity("value", value=text[:64])
    return value


def _input(name: str, one: Entry, unit: str, reference: Quantity) -> Input:
    size = _size(one.value, unit)
    if size.unit != unit and size.dimension == "ratio" and reference.dimension != "ratio":
        half = ARITHMETIC.multiply(size.in_unit("%"), abs(reference.value)) / 100
    else:
        half = size.in_unit(unit)
    sensitivity = _number(one.sensitivity, Decimal(1))
    if one.distribution == "normal":
        return budget.certificate(name, half, abs(_number(one.coverage_factor, Decimal(2))), sensitivity)
    shape = {"triangular": budget.triangular, "arcsine": budget.arcsine}.get(one.distribution, budget.rectangular)
    return shape(name, half, sensitivity)


def _indications(row: Row) -> list[Quantity]:
    return [one for i in range(1, MOST_READINGS + 1) if (one := row.get(f"r{i}")) is not None]


def _values(row: Row, unit: str) -> list[Decimal]:
    return [one.in_unit(unit) for one in _indications(row)]


def _repeatability(values: Sequence[Decimal], repeated: Sequence[Sequence[Decimal]]) -> Input:
    spreads = len(values) > 1 and min(values) != max(values)
    hidden = not spreads and any(min(other) != max(other) for other in repeated)
    if len(values) == 1 or hidden:
        return budget.pooled("A", repeated, len(values))
    return budget.series("A", values)


def _results(
    rows: Sequence[Row], unit: str, entries: Sequence[Entry], rule: DecisionRule | None
) -> tuple[tuple[PointResult, ...], Lack | None]:
    """The results, or why there are none: a value no finite decimal says in the unit, an uncertainty of nothing."""
    try:
        repeated = [_values(row, unit) for row in rows if len(_indications(row)) > 1]
        return tuple(_result(row, unit, entries, repeated, rule) for row in rows), None
    except Problem as problem:
        labels = {"zh": "测量不确定度", "en": "measurement uncertainty"}
        return (), Lack(problem.code, BUDGET, labels, {key: str(value) for key, value in problem.params.items()})


def _result(
    row: Row, unit: str, entries: Sequence[Entry], repeated: Sequence[Sequence[Decimal]], rule: DecisionRule | None
) -> PointResult:
    reference = row.quantities["reference"].to(unit)
    values = _values(row, unit)
    mean = sum(values, Decimal(0)) / len(values)
    own = _repeatability(values, repeated)
    inputs = [own, *(_input(str(i), one, unit, reference) for i, one in enumerate(entries))]
    whole = budget.combine(inputs)
    stated = budget.express(mean - reference.value, whole.expanded, unit) if whole.expanded else None
    if stated is None:
        raise BadQuantity("expanded_uncertainty", value="0")
    place = Decimal(1).scaleb(stated.expanded.as_tuple().exponent)  # type: ignore[arg-type]
    error, expanded = Quantity(stated.value, unit), Quantity(stated.expanded, unit)
    mpe = row.get("mpe")
    outcome = None
    if rule is not None and mpe is not None:
        limit = MaximumPermissibleError.symmetric(mpe.to(unit))
        outcome = conformity.assess(error, limit, expanded, rule).outcome
    return PointResult(
        reference=reference, indications=tuple(_indications(row)), mean=Quantity(round_to(mean, place), unit), error=error,
        expanded=expanded, budget=whole, mpe=mpe.to(unit) if mpe else None, outcome=outcome,
    )  # fmt: skip


# -- as it is kept


def to_dict(result: CalibrationResult) -> dict[str, Any]:
    """The result as the record keeps it: text, recomputable from the readings."""
    shown = result.widest
    return {
        "unit": result.unit,
        "rule": result.rule.code if result.rule else NO_RULE,
        "outcome": result.outcome,
        "points": [
            {
                "reference": plain(one.reference.value), "indications": [plain(value.in_unit(result.unit)) for value in one.indications],
                "mean": f"{one.mean.value:f}", "error": f"{one.error.value:f}", "expanded": f"{one.expanded.value:f}",
                "k": f"{one.budget.coverage_factor:f}", "freedom": one.budget.freedom,
                "mpe": plain(one.mpe.value) if one.mpe else "", "outcome": one.outcome,
            }
            for one in result.points
        ],
        "budget": {
            "point": f"{plain(shown.reference.value)} {result.unit}",
            "combined": _digits(shown.budget.combined), "freedom": shown.budget.freedom,
            "k": f"{shown.budget.coverage_factor:f}", "expanded": f"{shown.expanded.value:f}",
            "lines": [
                {
                    "kind": one.kind, "u": _digits(one.u), "sensitivity": plain(one.sensitivity),
                    "share": f"{round_to(shown.budget.share(one) * 100, Decimal('0.1')):f}",
                    **({} if one.kind == "A" else _entry_dict(result.entries[int(one.name)])),
                }
                for one in shown.budget.inputs
            ],
        },
    }  # fmt: skip


def _entry_dict(one: Entry) -> dict[str, str]:
    return {"source": one.source, "value": one.value, "distribution": one.distribution, "k": one.coverage_factor}


def _digits(value: Decimal) -> str:
    """A standard uncertainty with two significant digits."""
    if not value:
        return "0"
    return f"{round_to(value, Decimal(1).scaleb(value.adjusted() - _SHOWN_DIGITS + 1)):f}"
