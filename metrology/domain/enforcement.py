"""An inspection in service that may lead to a penalty: whether the excess is proven.

The verdict of the inspection stands by itself: what exceeds the limit in service may not go on being used. A penalty needs
more: an error beyond the limit by more than the expanded uncertainty (guarded rejection, JCGM 106:2012 8.3.3), or something
seen, such as a broken seal, which has no uncertainty.

>>> from metrology.domain.verdict import Finding
>>> over = Finding("q1", {}, within=False, error="0.36 %", lower="-0.30 %", upper="0.30 %")
>>> excess([over], parse("0.05 %")).word, excess([over], parse("0.06 %")).word
('proven', 'not_proven')
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from metrology.domain.conformity import CAPABLE, GUARDED_REJECTION, REJECTED, Decision, of_finding
from metrology.domain.quantity import ARITHMETIC, Quantity, parse
from metrology.domain.verdict import Finding, Labels

Word = Literal["none", "not_proven", "proven"]

EXCESS_LABELS: Mapping[Word, Labels] = {
    "none": {"zh": "未超出使用中最大允许误差", "en": "no excess"},
    "not_proven": {
        "zh": "超出使用中最大允许误差，但未超出其与测量不确定度之和，不足以作为处罚依据",
        "en": "beyond the limit in service, but not beyond it by more than the uncertainty: no ground for a penalty",
    },
    "proven": {
        "zh": "超出使用中最大允许误差与测量不确定度之和，超差确凿",
        "en": "beyond the limit in service by more than the uncertainty: the excess is proven",
    },
}


@dataclass(frozen=True, slots=True)
class PointExcess:
    """What can be held against a point that was found beyond its limit; `decision` is None for something seen."""

    finding: Finding
    word: Word
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Excess:
    """The answer for the whole inspection, and for each point that failed."""

    word: Word
    points: tuple[PointExcess, ...]

    @property
    def labels(self) -> Labels:
        """The answer in words."""
        return EXCESS_LABELS[self.word]

    @property
    def statement(self) -> Labels:
        """The decision rule in words."""
        return GUARDED_REJECTION.statement


def excess(findings: Iterable[Finding], expanded: Quantity | Mapping[str, Quantity] | None = None) -> Excess:
    """Whether what an inspection in service found beyond its limits is proven.

    `findings` are those of a verdict of kind `in_service`, so that their limits are those in service; `expanded` is U (k = 2) of the
    errors, one for all points or by point. A point without U, or with one in another unit, is not proven. Without any, U is the most
    that the method of a regulation promises (`promised`).
    """
    points = tuple(_of_point(finding, expanded) for finding in findings if not finding.within)
    return Excess(_worst(one.word for one in points), points)


def promised(finding: Finding) -> Quantity | None:
    """The largest U by which a regulation may accept simply: a third of the limit, to two digits and rounded up.

    >>> promised(Finding("q1", {}, within=False, error="0.36 %", lower="-0.30 %", upper="0.30 %"))
    0.10 %
    """
    if not (finding.error and finding.lower and finding.upper):
        return None
    width = parse(finding.upper) - parse(finding.lower)
    third = ARITHMETIC.divide(width.value, 2 * CAPABLE)
    if third <= 0:
        return None
    return Quantity(third.quantize(Decimal(1).scaleb(third.adjusted() - 1), ROUND_CEILING), width.unit)


def _of_point(finding: Finding, expanded: Quantity | Mapping[str, Quantity] | None) -> PointExcess:
    if finding.error is None:
        # A check answered by no was seen. What was computed without an error has no uncertainty stated.
        return PointExcess(finding, "not_proven" if finding.numbers else "proven", None)
    u = _uncertainty(finding, expanded)
    if u is None or u.dimension != parse(finding.error).dimension:
        return PointExcess(finding, "not_proven", None)
    decision = of_finding(finding, u, GUARDED_REJECTION)
    proven = decision is not None and decision.outcome == REJECTED
    return PointExcess(finding, "proven" if proven else "not_proven", decision)


def _uncertainty(finding: Finding, expanded: Quantity | Mapping[str, Quantity] | None) -> Quantity | None:
    if isinstance(expanded, Mapping):
        return expanded.get(finding.point)
    return promised(finding) if expanded is None else expanded


def _worst(words: Iterable[Word]) -> Word:
    known = set(words)
    return "proven" if "proven" in known else "not_proven" if known else "none"
