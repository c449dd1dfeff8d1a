"""Conformity of a bare number with a symmetric limit, by JJF 1094-2002.

The decision rules are in `conformity`, how an uncertainty is computed in `budget`.

>>> decide(Decimal("0.95"), Decimal("1.0"), Decimal("0.5"))
'undetermined'
>>> decide(Decimal("1.0"), Decimal("1.0"), Decimal("0.3")), decide(Decimal("0.5"), Decimal("1.0"), Decimal("0.5"))
('conforms', 'conforms')
"""

from decimal import Decimal

from metrology.domain.conformity import JJF_1094, DecisionRule, assess
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.problems import BadQuantity
from metrology.domain.quantity import Quantity

_PLAIN = "%"  # numbers of one unit, whichever it is


def decide(error: Decimal, mpe: Decimal, expanded_uncertainty: Decimal, rule: DecisionRule = JJF_1094) -> str:
    """JJF 1094: simple where U ≤ MPE/3; else conforms up to MPE − U, rejected from MPE + U, undetermined between."""
    if not (mpe.is_finite() and mpe > 0):
        raise BadQuantity("mpe", value=mpe)
    if not error.is_finite():
        raise BadQuantity("error", value=error)
    limit = MaximumPermissibleError.symmetric(Quantity(mpe, _PLAIN))
    return assess(Quantity(error, _PLAIN), limit, Quantity(expanded_uncertainty, _PLAIN), rule).outcome
