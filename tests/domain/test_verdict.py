from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrology.domain.mpe import MaximumPermissibleError, Steps
from metrology.domain.problems import NotCovered
from metrology.domain.quantity import Quantity, parse
from metrology.domain.verdict import Finding, Lack, judged, of_error

LIMIT = MaximumPermissibleError.symmetric(parse("0.30 %"))
LACK = Lack("missing_reading", "runs", {"zh": "示值", "en": "indication"})


def finding(within=True):
    return Finding("q1", {"zh": "流量点", "en": "flow point"}, within)


@pytest.mark.parametrize(
    ("error", "within"), [("0.30 %", True), ("-0.30 %", True), ("0.31 %", False), ("-0.31 %", False), ("0 %", True)]
)
def test_an_error_exactly_at_the_limit_conforms(error, within):
    assert LIMIT.admits(parse(error)) is within


def test_limits_need_not_be_equally_far_from_zero():
    taximeter = MaximumPermissibleError(parse("-4.0 %"), parse("1.0 %"))
    assert taximeter.admits(parse("-4.0 %"))
    assert not taximeter.admits(parse("1.1 %"))
    assert taximeter.text() == "-4.0 … +1.0 %"
    assert taximeter.smallest() == parse("1.0 %")
    assert taximeter.used_by(parse("-1.0 %")) == Decimal("0.25")


def test_the_bound_belongs_to_the_lower_step():
    steps = Steps(((Decimal(500), Decimal("0.5")), (Decimal(2000), Decimal(1))))
    assert steps.at(Decimal(500)) == Decimal("0.5")
    assert steps.at(Decimal("500.01")) == Decimal(1)
    with pytest.raises(NotCovered):
        steps.at(Decimal(2001))


def test_conforms_only_when_everything_is_there_and_within():
    assert judged([finding()], [], edition="E").verdict == "conforms"
    assert judged([finding(), finding(within=False)], [], edition="E").verdict == "rejected"


@given(st.lists(st.booleans()), st.integers(0, 2), st.booleans())
def test_no_verdict_without_findings_or_with_anything_missing_or_in_part(within, lacking, partial):
    verdict = judged([finding(one) for one in within], [LACK] * lacking, edition="E", partial=partial).verdict
    assert (verdict is None) == (not within or lacking > 0 or partial)
    if verdict == "conforms":
        assert all(within)


def test_a_finding_keeps_how_it_came_about():
    found = of_error(
        "q1",
        {"zh": "点", "en": "point"},
        error=parse("0.15 %"),
        limit=LIMIT,
        unrounded=Decimal("0.15123456789123"),
        inputs={"V": "20 L"},
        extras={"repeatability": "0.01 %"},
    )
    assert found.to_dict() == {
        "point": "q1",
        "labels": {"zh": "点", "en": "point"},
        "error": "0.15 %",
        "mpe": "0.30 %",
        "within": True,
        "repeatability": "0.01 %",
        "unrounded": "0.151234568 %",
        "lower": "-0.30 %",
        "upper": "0.30 %",
        "margin": "0.5",
        "edition": "",
        "clause": "",
        "formula": "",
        "inputs": {"V": "20 L"},
        "numbers": [],
    }


def test_within_takes_in_what_else_is_judged_at_the_point():
    assert not of_error("q1", {}, error=Quantity(Decimal(0), "%"), limit=LIMIT, within=False).within


def test_unconfirmed_numbers_are_named():
    verdict = judged([finding()], [], edition="E", unconfirmed=["b", "a", "b"])
    assert verdict.to_dict()["unconfirmed"] == ["a", "b"]
    assert verdict.confirmed is False
    assert judged([finding()], [], edition="E").confirmed is True


def test_failed_are_those_a_rejection_notice_lists():
    assert judged([finding(), finding(within=False)], [], edition="E").failed == (finding(within=False),)


def test_a_multiple_of_both_limits():
    twice = MaximumPermissibleError(parse("-4.0 %"), parse("1.0 %")).times(2)
    assert (twice.lower, twice.upper) == (parse("-8 %"), parse("2 %"))


def test_the_part_of_a_limit_used_on_its_side():
    taximeter = MaximumPermissibleError(parse("-4.0 %"), parse("1.0 %"))
    assert [taximeter.used_by(parse(error)) for error in ("0.5 %", "-0.5 %", "0 %")] == [
        Decimal("0.5"),
        Decimal("0.125"),
        0,
    ]
    from_zero = MaximumPermissibleError(parse("0 kPa"), parse("0.8 kPa"))
    assert [from_zero.used_by(parse(error)) for error in ("0.2 kPa", "0 kPa", "-0.1 kPa")] == [Decimal("0.25"), 0, None]
    to_zero = MaximumPermissibleError(parse("-0.8 kPa"), parse("0 kPa"))
    assert [to_zero.used_by(parse(error)) for error in ("-0.2 kPa", "0 kPa")] == [Decimal("0.25"), None]


def test_a_verdict_as_it_is_stored():
    lack = Lack("missing_reading", "zero_error", {"zh": "零点误差", "en": "zero error"}, {"wanted": "1"})
    finding = of_error(
        "q1",
        {"zh": "点", "en": "point"},
        error=parse("0.15 %"),
        limit=LIMIT,
        clause="5.1",
        formula="E",
        numbers=("mpe",),
    )
    verdict = judged([finding], [lack], edition="JJG 443-2023", unconfirmed=["q2", "q1", "q2"], disputed=["q3"])
    assert verdict.to_dict() == {
        "verdict": None,
        "findings": [finding.to_dict()],
        "missing": [
            {
                "code": "missing_reading",
                "path": "zero_error",
                "labels": {"zh": "零点误差", "en": "zero error"},
                "params": {"wanted": "1"},
            }
        ],
        "edition": "JJG 443-2023",
        "confirmed": False,
        "unconfirmed": ["q1", "q2"],
        "disputed": ["q3"],
    }
    assert (finding.clause, finding.formula, finding.numbers) == ("5.1", "E", ("mpe",))


def test_no_part_of_a_limit_that_is_nought():
    to_zero = MaximumPermissibleError(parse("-0.8 kPa"), parse("0 kPa"))
    assert of_error("p", {}, error=parse("0.1 kPa"), limit=to_zero).margin is None
