from datetime import date

import pytest

from metrology import regulations
from metrology.domain.mpe import MpeAt
from metrology.domain.quantity import parse
from metrology.domain.traceability import StandardFacts, first_refusal, refusal

DISPENSER = regulations.get("fuel_dispenser")
SCALE = regulations.get("digital_indicating_scale")
DAY = date(2026, 6, 1)
VOLUME = [MpeAt(parse("0.30 %"), parse("50 L/min"))]
LOADS = [MpeAt(parse("2.5 g"), parse("100 g")), MpeAt(parse("7.5 g"), parse("15 kg"))]


def standard(**other):
    usual = {
        "name": "二等标准金属量器", "valid_from": date(2025, 6, 2), "valid_until": date(2026, 6, 1), "serves": frozenset({"fuel_dispenser", "digital_indicating_scale"}),
        "low": "5 L", "high": "100 L", "accuracy": "0.025 %",
    }  # fmt: skip
    return StandardFacts(**{**usual, **other})


def why(limits=VOLUME, one=DISPENSER, on=DAY, **other):
    problem = refusal(standard(**other), one, limits, on)
    return problem.code if problem else None


def test_one_that_may_serve():
    assert why() is None


@pytest.mark.parametrize("on", [date(2025, 6, 1), date(2026, 6, 2)])
def test_lapsed_the_day_before_and_after(on):
    assert why(on=on) == "standard_lapsed"


@pytest.mark.parametrize("on", [date(2025, 6, 2), date(2026, 6, 1)])
def test_valid_on_its_first_and_last_day(on):
    assert why(on=on) is None


@pytest.mark.parametrize("lack", [{"valid_from": None}, {"valid_until": None}, {"state": "suspended"}])
def test_unknown_validity_is_none(lack):
    assert why(**lack) == "standard_lapsed"


def test_not_authorised_for_the_type():
    assert why(serves=frozenset({"cold_water_meter"})) == "standard_not_authorised"


@pytest.mark.parametrize(
    ("accuracy", "code"),
    [
        ("0.1 %", None),
        ("±0.10%", None),
        ("0.1001 %", "standard_not_good_enough"),
        (None, "standard_not_good_enough"),
        ("", "standard_not_good_enough"),
    ],
)
def test_good_enough_is_a_third_of_the_limit(accuracy, code):
    assert why(accuracy=accuracy) == code


def test_relative_weights_against_limits_in_grams():
    weights = {"low": "1 g", "high": "20 kg", "one": SCALE, "limits": LOADS}
    assert why(accuracy="0.0166 %", **weights) is None
    assert why(accuracy="0.0167 %", **weights) == "standard_not_good_enough"


def test_absolute_against_the_smallest_limit():
    assert why(accuracy="0.83 g", low=None, high=None, one=SCALE, limits=LOADS) is None
    assert why(accuracy="0.84 g", low=None, high=None, one=SCALE, limits=LOADS) == "standard_not_good_enough"


def test_what_cannot_be_compared_is_not_good_enough():
    assert why(accuracy="5 mL") == "standard_not_good_enough"
    assert why(limits=[MpeAt(parse("0.30 %"))], accuracy="5 mL") == "standard_not_good_enough"


@pytest.mark.parametrize(
    ("low", "high", "code"),
    [
        ("100 g", "15 kg", None),
        ("101 g", "15 kg", "standard_out_of_range"),
        ("100 g", "14.9 kg", "standard_out_of_range"),
    ],
)
def test_range(low, high, code):
    assert why(low=low, high=high, accuracy="0.005 %", one=SCALE, limits=LOADS) == code


def test_the_refusal_says_which_and_why():
    problem = refusal(standard(accuracy="0.2 %"), DISPENSER, VOLUME, DAY)
    assert problem.params == {"standard": "二等标准金属量器", "accuracy": "0.2 %", "mpe": "0.3 %", "ratio": "1/3"}


def test_no_standard_at_all_is_refused():
    assert first_refusal([], DISPENSER, VOLUME, DAY).code == "no_standard"
    assert (
        first_refusal([standard(), standard(accuracy="1 %")], DISPENSER, VOLUME, DAY).code == "standard_not_good_enough"
    )
    assert first_refusal([standard()], DISPENSER, VOLUME, DAY) is None
