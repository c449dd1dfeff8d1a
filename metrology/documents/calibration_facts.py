"""What a calibration certificate (校准证书) states beyond a verification's: uncertainty, its budget, the decision rule.

Contents: ISO/IEC 17025:2017 7.8.4 (uncertainty in the unit of the measurand, conditions, traceability, before and after
adjustment) and 7.8.6 (the decision rule of a statement of conformity); JJF 1059.1-2012 for the budget.
"""

from __future__ import annotations

from dataclasses import dataclass

from metrology.documents.bilingual import NOTHING, Bilingual


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A row of the uncertainty budget at one point, as text rounded for the eye."""

    source: Bilingual
    kind: str
    """A (from readings) or B."""
    distribution: Bilingual
    value: str
    """Half-width, or expanded uncertainty with the k it was stated with; empty for type A."""
    u: str
    """Standard uncertainty with its unit."""
    sensitivity: str
    share: str
    """Part of the combined variance in percent."""


@dataclass(frozen=True, slots=True)
class BudgetText:
    """The uncertainty budget (不确定度评估) of the point it is shown for."""

    point: str
    lines: tuple[BudgetLine, ...]
    combined: str
    freedom: str
    """Effective degrees of freedom; empty when infinite."""
    coverage_factor: str
    expanded: str


@dataclass(frozen=True, slots=True)
class CalibrationFacts:
    """The statements of a calibration. Days are ISO."""

    measurand: Bilingual
    uncertainty: Bilingual
    """How U was found: k, coverage probability, JJF 1059.1."""
    traceability: Bilingual
    budget: BudgetText
    decision_rule: Bilingual = NOTHING
    """Empty: no conformity is stated."""
    next_on: str = ""
    """Day until which the customer wants it calibrated again; only at the customer's wish (ISO/IEC 17025 7.8.4.3)."""
