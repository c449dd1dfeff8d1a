"""How sure a share is that was counted: the score interval of Wilson (1927) for a proportion.

Unlike "share ± 1.96 standard errors" it stays within 0 and 1 and means something for small groups and for none rejected.
Floating point is meant here: these are statistics about counts, no reading and no limit of the law.

Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I, method 3:

>>> [tuple(round(end, 4) for end in wilson(r, n)) for r, n in ((81, 263), (15, 148), (0, 20), (1, 29))]
[(0.2553, 0.3662), (0.0624, 0.1605), (0.0, 0.1611), (0.0061, 0.1718)]
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Final

Z_95: Final = 1.959964
"""Quantile of the normal distribution for 95 %, two-sided."""
FEW: Final = 30
"""Below so many a group is too small to be compared: the interval is wider than any difference between makers."""


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """Lower and upper end of the interval that holds the true share with 95 % confidence. Refuses impossible counts.

    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if not 0 <= successes <= trials:
        raise ValueError("successes lie between 0 and the trials")
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, z * z / trials
    middle = share + square / 2
    half = z * sqrt(share * (1 - share) / trials + square / (4 * trials))
    low, high = (middle - half) / (1 + square), (middle + half) / (1 + square)
    return (0.0 if successes == 0 else low), (1.0 if successes == trials else high)


def is_too_few(trials: int) -> bool:
    """Whether a group is too small to say anything about it."""
    return trials < FEW


def quantile(histogram: Mapping[int, int], per_cent: int) -> int | None:
    """The least value that at least so many per cent of all do not exceed (nearest rank); None of nothing.

    >>> [quantile({1: 5, 2: 4, 30: 1}, per_cent) for per_cent in (50, 51, 90, 91)]
    [1, 2, 2, 30]
    >>> quantile({}, 50) is None
    True
    """
    total = sum(histogram.values())
    reached = 0
    for value in sorted(histogram):
        reached += histogram[value]
        if total and 100 * reached >= per_cent * total:
            return value
    return None
