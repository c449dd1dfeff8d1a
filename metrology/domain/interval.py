"""Adjusting intervals from history: the interval test, method A3 of NCSLI RP-1.

For calibrated instruments and a body's own standards; a mandatory interval may only be shortened.

>>> result = a3(15, 20, 0.95, 365)
>>> result.interval_days, round(result.rejection_confidence, 4)
(231, Decimal('0.9949'))
>>> a3(19, 20, 0.95, 365).interval_days
365
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import comb

from metrology.domain.problems import BadQuantity
from metrology.domain.quantity import ARITHMETIC, round_to

_LARGEST_CHANGE = Decimal(2)
_LEAST_CHANGE_DAYS = 5
_SHORTEST_DAYS, _LONGEST_DAYS = 14, 1826


@dataclass(frozen=True, slots=True)
class IntervalTest:
    """The interval proposed and the confidence with which the present one is rejected."""

    interval_days: int
    rejection_confidence: Decimal


def _exactly(successes: int, tests: int, target: Fraction) -> Fraction:
    return comb(tests, successes) * target**successes * (1 - target) ** (tests - successes)


def _confidence(successes: int, tests: int, target: Fraction) -> Fraction:
    """How sure it is that the true reliability is not the target, from the side the observation lies on."""
    observed = Fraction(successes, tests)
    if successes in (0, tests):
        return 1 - _exactly(successes, tests, target)
    if observed < target:
        tail = sum((_exactly(i, tests, target) for i in range(successes + 1)), Fraction(0))
    else:
        # Software in circulation uses cdf − 1 here, which is never positive, so intervals were never lengthened;
        # this is the mirror image of the other side.
        tail = sum((_exactly(i, tests, target) for i in range(successes, tests + 1)), Fraction(0))
    return max(Fraction(0), 1 - 2 * tail)


def _decimal(value: Fraction) -> Decimal:
    return ARITHMETIC.divide(Decimal(value.numerator), Decimal(value.denominator))


def a3(in_tolerance: int, tests: int, target: object, interval_days: int, confidence: object = "0.5") -> IntervalTest:
    """Test the interval against the reliability wanted; propose another when the test rejects it.

    `target` and `confidence` are read as decimal text.
    """
    wanted, enough = Fraction(str(target)), Fraction(str(confidence))
    if not (0 <= in_tolerance <= tests and tests > 0 and 0 < wanted < 1):
        raise BadQuantity("in_tolerance", value=f"{in_tolerance}/{tests}")
    observed = Fraction(in_tolerance, tests)
    sure = _confidence(in_tolerance, tests, wanted)
    factor = _factor(observed - wanted, sure)
    proposed = int(round_to(ARITHMETIC.multiply(Decimal(interval_days), factor), Decimal(1)))
    proposed = max(_SHORTEST_DAYS, min(_LONGEST_DAYS, proposed))
    changes = sure > enough and abs(proposed - interval_days) >= _LEAST_CHANGE_DAYS
    return IntervalTest(proposed if changes else interval_days, _decimal(sure))


def _factor(excess: Fraction, sure: Fraction) -> Decimal:
    ten = Decimal(10)
    if excess < 0:
        return max(ARITHMETIC.power(ten, _decimal(excess * sure)), ARITHMETIC.divide(Decimal(1), _LARGEST_CHANGE))
    # However long and clean a history is, it never makes anybody wholly sure, so nothing is divided by zero.
    return min(ARITHMETIC.power(ten, _decimal(excess / (1 - sure))), _LARGEST_CHANGE)
