"""Conformity of an error with its limits when the uncertainty is looked at: the decision rules and what each concludes.

Sources: JJF 1094-2002 (检定 and 校准: U95 against MPEV/3), JCGM 106:2012 (acceptance and rejection zones, measurement
capability index C_m = T/(2U) for k = 2, guarded acceptance and rejection), ISO 14253-1, ILAC-G8:09/2019 (a rule must be stated).

A rule is a value: it judges (`assess`), and it says in words what it did (`rule.statement`), as a certificate prints it.
Limits need not be equally far from zero, and a limit belongs to what conforms. `expanded` is U for k = 2 (about 95 %).

>>> limit = MaximumPermissibleError.symmetric(parse("1.0 %"))
>>> [assess(parse(e), limit, parse("0.5 %")).outcome for e in ("0.5 %", "0.95 %", "-1.5 %")]
['conforms', 'undetermined', 'rejected']
>>> [assess(parse("0.95 %"), limit, parse("0.2 %"), rule).outcome for rule in RULES.values()]
['conforms', 'conforms', 'rejected', 'conforms', 'undetermined']
>>> assess(parse("0.95 %"), limit, parse("0.5 %")).capability
Decimal('2')
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from statistics import NormalDist
from types import MappingProxyType

from metrology.domain.mpe import MaximumPermissibleError, parse
from metrology.domain.problems import BadQuantity
from metrology.domain.quantity import ARITHMETIC, Quantity, plain, round_to
from metrology.domain.verdict import Finding, Labels

CONFORMS, REJECTED, UNDETERMINED = "conforms", "rejected", "undetermined"

OUTCOME_LABELS: Mapping[str, Labels] = MappingProxyType(
    {
        CONFORMS: {"zh": "合格", "en": "conforms"},
        REJECTED: {"zh": "不合格", "en": "does not conform"},
        UNDETERMINED: {"zh": "待定", "en": "undetermined"},
    }
)

CAPABLE = Decimal(3)
"""C_m from which U may be neglected: for limits equally far from zero, U ≤ MPEV/3 (JJF 1094-2002, JCGM 106 8.2.3)."""
_SHOWN = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """A decision rule: its name, its words, and how far beyond or inside the limits its zones end, in U.

    `guard_in` draws the zone of acceptance in by so many U, `guard_out` pushes the zone of rejection out. Between the two an
    error is undetermined, unless the rule is `binary` and rejects it. `when_capable` lets both fall to nothing where U may be
    neglected; `needs_capable` refuses to decide where it may not. `edge_rejects` has an error exactly at the outer edge rejected.
    """

    code: str
    names: Labels
    statement: Labels
    guard_in: int = 0
    guard_out: int = 0
    when_capable: bool = False
    needs_capable: bool = False
    binary: bool = False
    edge_rejects: bool = False


SIMPLE = DecisionRule(
    code="simple_acceptance",
    names={"zh": "简单接受", "en": "simple acceptance"},
    statement={
        "zh": "判定规则：简单接受。U（k = 2）不大于最大允许误差绝对值的 1/3，示值误差不超出最大允许误差的判为合格，超出的判为不合格"
        "（JJF 1094-2002，JCGM 106:2012）。",
        "en": "Decision rule: simple acceptance. U (k = 2) is at most one third of the maximum permissible error; an error within "
        "the maximum permissible error conforms, any other does not (JJF 1094-2002, JCGM 106:2012).",
    },
    needs_capable=True,
    binary=True,
)
JJF_1094 = DecisionRule(
    code="jjf_1094",
    names={"zh": "JJF 1094 符合性评定", "en": "JJF 1094"},
    statement={
        "zh": "判定规则：JJF 1094-2002。U（k = 2）不大于最大允许误差绝对值的 1/3 时，示值误差不超出最大允许误差的判为合格，"
        "超出的判为不合格；否则，示值误差绝对值不大于 MPEV − U 的判为合格，不小于 MPEV + U 的判为不合格，介于两者之间的为待定。",
        "en": "Decision rule: JJF 1094-2002. Where U (k = 2) is at most MPEV/3, an error within the maximum permissible error "
        "conforms and any other does not; otherwise an error up to MPEV − U conforms, one from MPEV + U does not, and one "
        "between them is undetermined.",
    },
    guard_in=1,
    guard_out=1,
    when_capable=True,
    edge_rejects=True,
)
GUARDED_ACCEPTANCE = DecisionRule(
    code="guarded_acceptance",
    names={"zh": "保护接受（保护带 w = U）", "en": "guarded acceptance (w = U)"},
    statement={
        "zh": "判定规则：保护接受，保护带 w = U（k = 2）。示值误差在最大允许误差内缩 U 的范围内判为合格，否则不予接受，判为不合格；"
        "错误接受的概率不大于 2.5 %（JCGM 106:2012，ILAC-G8:09/2019）。",
        "en": "Decision rule: guarded acceptance with the guard band w = U (k = 2). An error within the limits drawn in by U "
        "conforms; any other is not accepted. The probability of false acceptance is at most 2.5 % (JCGM 106:2012, "
        "ILAC-G8:09/2019).",
    },
    guard_in=1,
    binary=True,
)
GUARDED_REJECTION = DecisionRule(
    code="guarded_rejection",
    names={"zh": "保护拒绝（保护带 w = U）", "en": "guarded rejection (w = U)"},
    statement={
        "zh": "判定规则：保护拒绝，保护带 w = U（k = 2）。示值误差超出最大允许误差外扩 U 的，判为不合格（超差确凿）；不超出最大允许误差的"
        "判为合格；介于两者之间的，超差尚不足以认定（JCGM 106:2012）。",
        "en": "Decision rule: guarded rejection with the guard band w = U (k = 2). An error beyond the limits pushed out by U does "
        "not conform, and the excess is proven; an error within the limits conforms; between them an excess is not proven "
        "(JCGM 106:2012).",
    },
    guard_out=1,
)
BOTH_GUARDED = DecisionRule(
    code="both_guarded",
    names={"zh": "双侧保护（ISO 14253-1）", "en": "guarded on both sides (ISO 14253-1)"},
    statement={
        "zh": "判定规则：ISO 14253-1。示值误差在最大允许误差内缩 U（k = 2）的范围内判为合格，超出最大允许误差外扩 U 的判为不合格，"
        "介于两者之间的为待定。",
        "en": "Decision rule: ISO 14253-1. An error within the limits drawn in by U (k = 2) conforms, one beyond the limits pushed "
        "out by U does not, and one between them is undetermined.",
    },
    guard_in=1,
    guard_out=1,
)
RULES: Mapping[str, DecisionRule] = MappingProxyType(
    {rule.code: rule for rule in (SIMPLE, JJF_1094, GUARDED_ACCEPTANCE, GUARDED_REJECTION, BOTH_GUARDED)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a rule concluded: the outcome, the zones it used, and how good the measurement was for it.

    `acceptance` is None where the guard bands leave nothing to accept. `capability` is C_m to three decimals, None when U is 0.
    """

    outcome: str
    rule: DecisionRule
    error: Quantity
    limit: MaximumPermissibleError
    expanded: Quantity
    acceptance: MaximumPermissibleError | None
    rejection: MaximumPermissibleError
    capability: Decimal | None
    capable: bool
    probability: Decimal

    @property
    def labels(self) -> Labels:
        """The outcome in words."""
        return OUTCOME_LABELS[self.outcome]

    def to_dict(self) -> dict[str, object]:
        """JSON-safe text, for a certificate or a record."""
        return {
            "outcome": self.outcome,
            "rule": self.rule.code,
            "error": self.error.text(),
            "lower": self.limit.lower.text(),
            "upper": self.limit.upper.text(),
            "expanded_uncertainty": self.expanded.text(),
            "acceptance": None if self.acceptance is None else _both(self.acceptance),
            "rejection": _both(self.rejection),
            "capability": None if self.capability is None else plain(self.capability),
            "capable": self.capable,
            "probability": plain(self.probability),
        }


def capability(limit: MaximumPermissibleError, expanded: Quantity) -> Decimal | None:
    """C_m = T/(2U) with T the distance of the limits (JCGM 106 7.6.3); None when U is 0.

    >>> taximeter = MaximumPermissibleError(parse("-4.0 %"), parse("1.0 %"))
    >>> capability(taximeter, parse("0.5 %"))
    Decimal('5')
    """
    width = _width(limit)
    uncertainty = _checked(expanded).in_unit(width.unit)
    return ARITHMETIC.divide(width.value, 2 * uncertainty) if uncertainty else None


def assess(
    error: Quantity, limit: MaximumPermissibleError, expanded: Quantity, rule: DecisionRule = JJF_1094
) -> Decision:
    """What a rule concludes from an error of indication, its limits and U (k = 2)."""
    with localcontext(ARITHMETIC):
        index = capability(limit, expanded)
        capable = index is None or index >= CAPABLE
        zero = expanded.times(0)
        guard = zero if rule.when_capable and capable else expanded.times(rule.guard_in)
        push = zero if rule.when_capable and capable else expanded.times(rule.guard_out)
        acceptance = _drawn_in(limit, guard)
        rejection = MaximumPermissibleError(limit.lower - push, limit.upper + push)
        return Decision(
            outcome=_outcome(error, acceptance, rejection, rule, capable=capable),
            rule=rule,
            error=error,
            limit=limit,
            expanded=expanded,
            acceptance=acceptance,
            rejection=rejection,
            capability=None if index is None else Decimal(plain(round_to(index, _SHOWN))),
            capable=capable,
            probability=conformance_probability(error, limit, expanded),
        )


def _outcome(
    error: Quantity,
    acceptance: MaximumPermissibleError | None,
    rejection: MaximumPermissibleError,
    rule: DecisionRule,
    *,
    capable: bool,
) -> str:
    if rule.needs_capable and not capable:
        # The rule rests on U ≤ MPEV/3; without it the rule has nothing to say.
        return UNDETERMINED
    if acceptance is not None and acceptance.admits(error):
        return CONFORMS
    if rule.binary or not rejection.admits(error):
        return REJECTED
    at_edge = error in {rejection.lower, rejection.upper}
    return REJECTED if at_edge and rule.edge_rejects else UNDETERMINED


def of_finding(
    finding: Finding | Mapping[str, object], expanded: Quantity, rule: DecisionRule = JJF_1094
) -> Decision | None:
    """The same for a finding, fresh or as a record keeps it; None where it has no error with limits (a yes/no item).

    >>> assessed = of_finding({"error": "0.31 %", "lower": "-0.30 %", "upper": "0.30 %"}, parse("0.05 %"), GUARDED_REJECTION)
    >>> assessed.outcome, assessed.labels["zh"]
    ('undetermined', '待定')
    """
    facts = finding.to_dict() if isinstance(finding, Finding) else finding
    texts = [facts.get(key) for key in ("error", "lower", "upper")]
    if not all(texts):
        return None
    error, lower, upper = (parse(text) for text in texts)
    return assess(error, MaximumPermissibleError(lower, upper), expanded, rule)


def conformance_probability(error: Quantity, limit: MaximumPermissibleError, expanded: Quantity) -> Decimal:
    """How probable it is that the true error lies within the limits, for a normal distribution with u = U/2 (JCGM 106 7.2).

    A probability is a figure for the eye and for weighing risks, not a reading: it is computed with floats, to three decimals.

    >>> limit = MaximumPermissibleError.symmetric(parse("1.0 %"))
    >>> [str(conformance_probability(parse(e), limit, parse("0.2 %"))) for e in ("0 %", "1.0 %", "-1.2 %")]
    ['1.000', '0.500', '0.023']
    """
    unit = _width(limit).unit
    at, lower, upper = (one.in_unit(unit) for one in (error, limit.lower, limit.upper))
    u = _checked(expanded).in_unit(unit) / 2
    if not u:
        return Decimal("1.000") if lower <= at <= upper else Decimal("0.000")
    standard = NormalDist()
    inside = standard.cdf(float((upper - at) / u)) - standard.cdf(float((lower - at) / u))
    return round_to(Decimal(inside), _SHOWN)


def _width(limit: MaximumPermissibleError) -> Quantity:
    width = limit.upper - limit.lower
    if not (width.value.is_finite() and width.value > 0):
        raise BadQuantity("mpe", value=limit.text())
    return width


def _checked(expanded: Quantity) -> Quantity:
    if not (expanded.value.is_finite() and expanded.value >= 0):
        raise BadQuantity("expanded_uncertainty", value=expanded.text())
    return expanded


def _drawn_in(limit: MaximumPermissibleError, guard: Quantity) -> MaximumPermissibleError | None:
    lower, upper = limit.lower + guard, limit.upper - guard
    return MaximumPermissibleError(lower, upper) if lower <= upper else None


def _both(limit: MaximumPermissibleError) -> list[str]:
    return [limit.lower.plain(), limit.upper.plain()]
