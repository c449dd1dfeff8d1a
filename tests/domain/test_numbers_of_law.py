"""Conformity, intervals from history, net content, identifiers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrology.domain.conformity import GUARDED_ACCEPTANCE
from metrology.domain.identifiers import compact_uscc, is_uscc
from metrology.domain.interval import a3
from metrology.domain.net_content import tolerable_deficiency
from metrology.domain.problems import BadQuantity, NotCovered
from metrology.domain.uncertainty import decide


@pytest.mark.parametrize(
    ("error", "uncertainty", "verdict"),
    [
        ("1.0", "0.3", "conforms"),
        ("1.001", "0.3", "rejected"),
        ("-1.0", "0.3", "conforms"),
        ("-1.001", "0.3", "rejected"),
        ("0.5", "0.5", "conforms"),
        ("0.501", "0.5", "undetermined"),
        ("1.499", "0.5", "undetermined"),
        ("1.5", "0.5", "rejected"),
        ("0.66", "0.34", "conforms"),
        ("0.661", "0.34", "undetermined"),
        ("0", "1.1", "undetermined"),
    ],
)
def test_jjf_1094(error, uncertainty, verdict):
    assert decide(Decimal(error), Decimal("1.0"), Decimal(uncertainty)) == verdict


def test_a_third_is_the_last_that_may_be_neglected():
    assert decide(Decimal("0.3"), Decimal("0.3"), Decimal("0.1")) == "conforms"
    assert decide(Decimal("0.3"), Decimal("0.3"), Decimal("0.1001")) == "undetermined"


@pytest.mark.parametrize(
    ("mpe", "uncertainty"), [("0", "0.1"), ("-1", "0.1"), ("NaN", "0.1"), ("1", "-0.1"), ("1", "Infinity")]
)
def test_limits_that_are_none(mpe, uncertainty):
    with pytest.raises(BadQuantity):
        decide(Decimal(0), Decimal(mpe), Decimal(uncertainty))


def test_a3_shortens_when_too_few_were_in_tolerance():
    assert [a3(15, 20, 0.95, 365).interval_days, a3(14, 20, 0.95, 365).interval_days] == [231, 205]
    assert abs(a3(15, 20, 0.95, 365).rejection_confidence - Decimal("0.9949")) < Decimal("0.0001")


def test_a3_in_the_rest_of_the_2019_tutorial():
    # assets 2 and 3, and the made-up one of a public test suite
    two, three, made_up = a3(14, 20, 0.95, 365), a3(16, 20, 0.95, 730), a3(42, 50, 0.9, 365, 0.3)
    assert [one.interval_days for one in (two, three, made_up)] == [205, 523, 329]
    assert [round(one.rejection_confidence, 4) for one in (two, three, made_up)] == [
        Decimal("0.9993"),
        Decimal("0.9682"),
        Decimal("0.7557"),
    ]


@pytest.mark.parametrize(
    ("ok", "tests", "confidence"),
    # all or none in tolerance: 1 − the probability of just that; otherwise 1 − twice the tail
    [(0, 2, "0.9975"), (2, 2, "0.0975"), (1, 2, "0.805"), (1, 1, "0.05"), (3, 4, "0.6290125"), (19, 20, "0")],
)
def test_a3_confidence(ok, tests, confidence):
    assert a3(ok, tests, "0.95", 365).rejection_confidence == Decimal(confidence)


def test_a3_confidence_on_the_better_side_is_twice_the_upper_tail():
    # P(X ≥ 3) of 4 with ½ is 5/16; P(X ≥ 19) of 20 with 0.9 is 0.3917
    assert a3(3, 4, "0.5", 365).rejection_confidence == Decimal("0.375")
    assert round(a3(19, 20, "0.9", 365).rejection_confidence, 4) == Decimal("0.2165")


def test_a3_changes_only_when_surer_than_asked_and_by_five_days():
    assert [a3(3, 4, "0.5", 365, enough).interval_days for enough in ("0.374", "0.375")] == [730, 365]
    # half of 19 or 18 days is less than the two weeks kept to
    assert [a3(0, 20, "0.95", days).interval_days for days in (19, 18)] == [14, 18]


def test_a3_says_what_is_no_history():
    with pytest.raises(BadQuantity) as refused:
        a3(5, 4, "0.9", 365)
    assert str(refused.value) == "bad_quantity (in_tolerance): value=5/4"


def test_a3_halves_at_most_and_keeps_to_two_weeks():
    assert a3(0, 20, 0.95, 365).interval_days == 182
    assert a3(0, 20, 0.95, 20).interval_days == 14


def test_a3_lengthens_after_a_long_clean_history_and_doubles_at_most():
    assert a3(60, 60, 0.85, 365).interval_days == 730
    assert a3(3, 3, 0.95, 365).interval_days == 365


def test_a3_leaves_what_it_cannot_reject():
    assert a3(19, 20, 0.95, 365).interval_days == 365
    assert a3(18, 20, 0.95, 365, confidence=0.9).interval_days == 365


@pytest.mark.parametrize(("ok", "tests", "target"), [(5, 4, 0.9), (-1, 4, 0.9), (0, 0, 0.9), (1, 2, 1), (1, 2, 0)])
def test_a3_refuses_what_is_no_history(ok, tests, target):
    with pytest.raises(BadQuantity):
        a3(ok, tests, target, 365)


@given(st.integers(1, 30), st.integers(0, 30), st.integers(20, 1800))
def test_a3_stays_within_its_bounds(tests, failed, days):
    result = a3(max(0, tests - failed), tests, "0.9", days)
    assert 14 <= result.interval_days <= 1826
    assert days / 2 - 1 <= result.interval_days <= days * 2


@pytest.mark.parametrize(
    ("nominal", "deficiency"),
    [
        ("40 g", "3.6 g"),
        ("50 g", "4.5 g"),
        ("51 g", "4.5 g"),
        ("100 g", "4.5 g"),
        ("150 mL", "6.8 mL"),
        ("200 g", "9 g"),
        ("230 g", "9 g"),
        ("300 g", "9 g"),
        ("400 g", "12 g"),
        ("500 g", "15 g"),
        ("501 g", "15 g"),
        ("1 kg", "15 g"),
        ("2 kg", "30 g"),
        ("5 L", "75 mL"),
        ("10 kg", "150 g"),
        ("12 kg", "150 g"),
        ("15 kg", "150 g"),
        ("25 kg", "250 g"),
        ("50 kg", "500 g"),
        ("5 m", "0 m"),
        ("6 m", "0.12 m"),
        ("2 m²", "0.06 m²"),
        ("50个", "0 pcs"),
        ("51个", "1 pcs"),
        ("101个", "2 pcs"),
    ],
)
def test_tolerable_deficiency(nominal, deficiency):
    assert tolerable_deficiency(nominal) == deficiency


def test_r87_rounds_up_where_gbt_8170_rounds_to_even():
    assert tolerable_deficiency("165 g") == "7.4 g"
    assert tolerable_deficiency("165 g", rounding="up") == "7.5 g"


@pytest.mark.parametrize("nominal", ["50001 g", "5 A"])
def test_what_the_table_does_not_speak_of(nominal):
    with pytest.raises(NotCovered):
        tolerable_deficiency(nominal)


@pytest.mark.parametrize("nominal", ["0 g", "-5 g", "many"])
def test_what_is_no_nominal_quantity(nominal):
    with pytest.raises(BadQuantity):
        tolerable_deficiency(nominal)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("91110000600037341L", True),
        (" 91110000 600037341l ", True),
        ("９１１１００００６０００３７３４１Ｌ", True),
        ("91110000600037341N", False),
        ("9111000060003734", False),
        ("12345", False),
        ("", False),
        ("91110000600037341I", False),
    ],
)
def test_credit_codes(text, valid):
    assert is_uscc(text) is valid


def test_a_credit_code_is_stored_compact():
    assert compact_uscc(" 9111-0000 600037341l") == "91110000600037341L"


def test_another_rule_may_decide():
    assert decide(Decimal("0.95"), Decimal(1), Decimal("0.1")) == "conforms"
    assert decide(Decimal("0.95"), Decimal(1), Decimal("0.1"), GUARDED_ACCEPTANCE) == "rejected"


@pytest.mark.parametrize(
    ("nominal", "deficiency"),
    [("1000 g", "15 g"), ("1000.7 g", "15 g"), ("1500 g", "22 g"), ("1001 g", "15 g"), ("165 g", "7.4 g")],
)
def test_tenths_up_to_a_kilogram_whole_grams_above(nominal, deficiency):
    assert tolerable_deficiency(nominal) == deficiency
