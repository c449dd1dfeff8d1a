"""Conformity with an uncertainty: JJF 1094-2002, and the guarded rejection that a penalty needs.

Verification under a regulation uses simple acceptance, because the regulation's own methods and standards promise
U ≤ MPE/3; here the uncertainty is stated and looked at. How it is computed is in `budget`.

>>> decide(Decimal("0.95"), Decimal("1.0"), Decimal("0.5"))
'undetermined'
>>> decide(Decimal("1.0"), Decimal("1.0"), Decimal("0.3")), decide(Decimal("0.5"), Decimal("1.0"), Decimal("0.5"))
('conforms', 'conforms')
"""

from decimal import Decimal

from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.problems import BadQuantity
from metrology.domain.quantity import Quantity

CONFORMS, REJECTED, UNDETERMINED = "conforms", "rejected", "undetermined"
_GOOD_ENOUGH = 3  # U ≤ MPE/3 may be neglected (JJF 1094-2002)


def _check(mpe: Decimal, expanded_uncertainty: Decimal) -> None:
    if not (mpe.is_finite() and mpe > 0):
        raise BadQuantity("mpe", value=mpe)
    if not (expanded_uncertainty.is_finite() and expanded_uncertainty >= 0):
        raise BadQuantity("expanded_uncertainty", value=expanded_uncertainty)


def decide(error: Decimal, mpe: Decimal, expanded_uncertainty: Decimal) -> str:
    """JJF 1094: simple where U ≤ MPE/3; else conforms up to MPE − U, rejected from MPE + U, undetermined between."""
    _check(mpe, expanded_uncertainty)
    size = abs(error)
    if expanded_uncertainty * _GOOD_ENOUGH <= mpe:
        return CONFORMS if size <= mpe else REJECTED
    if size <= mpe - expanded_uncertainty:
        return CONFORMS
    return REJECTED if size >= mpe + expanded_uncertainty else UNDETERMINED


def exceeds_beyond_doubt(error: Decimal, mpe: Decimal, expanded_uncertainty: Decimal) -> bool:
    """Whether an excess can be held against somebody: |E| > MPE + U (guarded rejection, JCGM 106 8.3.3).

    >>> exceeds_beyond_doubt(Decimal("1.3"), Decimal(1), Decimal("0.3"))
    False
    """
    _check(mpe, expanded_uncertainty)
    return abs(error) > mpe + expanded_uncertainty


def breaches_beyond_doubt(error: Quantity, limit: MaximumPermissibleError, expanded_uncertainty: Quantity) -> bool:
    """The same for limits not equally far from zero, each on its side.

    >>> taximeter = MaximumPermissibleError(Quantity(Decimal("-4.0"), "%"), Quantity(Decimal("1.0"), "%"))
    >>> half = Quantity(Decimal("0.5"), "%")
    >>> [breaches_beyond_doubt(Quantity(Decimal(e), "%"), taximeter, half) for e in ("1.5", "1.6", "-4.5", "-4.6")]
    [False, True, False, True]
    """
    if not (expanded_uncertainty.value.is_finite() and expanded_uncertainty.value >= 0):
        raise BadQuantity("expanded_uncertainty", value=expanded_uncertainty.text())
    return error > limit.upper + expanded_uncertainty or error < limit.lower - expanded_uncertainty
