"""Every legal number is pinned by an example: one step up or down, and something comes out otherwise than typed.

A step is one in the last place the number is written with; of a scale interval, which is 1, 2 or 5 times a power of ten, it
is the next such value. The examples are typed from the sources, not from the code, so
this is double entry: a number misread on one side does not agree with the other.
"""

from datetime import date
from decimal import Decimal

import pytest

from metrology import regulations
from metrology.domain.problems import Problem
from tests.regulations.worked import tried, wrong

STEPS = [
    pytest.param(one, edition, key, sign, id=f"{one.code}/{edition.code}/{key} {'+-'[sign < 0]}")
    for one in regulations.instrument_types().values()
    for edition in one.editions
    for key in edition.numbers
    for sign in (1, -1)
]


def stepped(key, value, sign):
    if not key.endswith(".e_from"):
        return value + Decimal(1).scaleb(value.as_tuple().exponent) * sign
    series = [Decimal(digit).scaleb(power) for power in range(-6, 6) for digit in (1, 2, 5)]
    return series[series.index(value) + sign]


def judged_by(one, example):
    """The editions that judge an example: of an example with a day before all of them, none."""
    try:
        return one.edition_on(date.fromisoformat(example.case["on"]))
    except Problem:
        return None


def breaks(example, one):
    try:
        return bool(wrong(example, one))
    except (Problem, ArithmeticError):
        return True


@pytest.mark.parametrize(("one", "edition", "key", "sign"), STEPS)
def test_a_number_one_step_off_breaks_an_example(one, edition, key, sign):
    other = tried(one, edition, key, stepped(key, edition.numbers[key].value, sign))
    assert any(breaks(example, other) for example in one.examples if judged_by(one, example) is edition)
