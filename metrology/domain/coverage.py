"""Coverage factors: k for a coverage probability, by Student's t where there are few degrees of freedom (JCGM 100:2008 G.3).

A factor, not a reading: floats compute it, and it is used to two decimals.
"""

import math
from decimal import Decimal
from statistics import NormalDist
from typing import Literal

from metrology.domain.quantity import round_to

Probability = Literal["95", "95.45", "99"]
"""A coverage probability in per cent: k = 2 stands for 95.45 %, JJF 1059.1 states U_95 and U_99 as well."""

_NEARLY_INFINITE = 1_000


def coverage(freedom: int | None, probability: Probability = "95.45") -> Decimal:
    """K to two decimals: Student's t for the degrees of freedom, that of the normal distribution for infinitely many.

    >>> coverage(None), coverage(16), coverage(5, "95"), coverage(None, "99")
    (Decimal('2.00'), Decimal('2.17'), Decimal('2.57'), Decimal('2.58'))
    """
    part = float(probability) / 100
    infinite = freedom is None or freedom > _NEARLY_INFINITE
    k = NormalDist().inv_cdf((1 + part) / 2) if infinite else _students_t(max(1, freedom or 1), part)
    return round_to(Decimal(k), Decimal("0.01"))


def _students_t(freedom: int, part: float) -> float:
    """Where Student's distribution holds this part between −t and t, by halving; a factor, not a reading, so floats do."""
    low, high = 0.0, 1.0
    while _between(high, freedom) < part:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _between(middle, freedom) < part else (low, middle)
    return high


def _between(t: float, freedom: int) -> float:
    """The part between −t and t: a finite sum for whole degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4)."""
    angle = math.atan2(t, math.sqrt(freedom))
    cosine = math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0 if freedom == 1 else term
    for i in range(2 + odd, freedom - 1, 2):
        term *= cosine * cosine * (i - 1) / i
        total += term
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total
