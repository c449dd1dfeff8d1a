"""What is refused says where and what: the field a form marks, the values its sentence is filled with."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from metrology import regulations
from metrology.domain import budget
from metrology.domain.certificate import NumberingScheme
from metrology.domain.conformity import assess
from metrology.domain.mpe import MaximumPermissibleError, MpeAt, Steps
from metrology.domain.net_content import tolerable_deficiency
from metrology.domain.problems import Problem
from metrology.domain.quantity import Quantity, parse
from metrology.domain.traceability import StandardFacts, first_refusal, refusal
from metrology.domain.uncertainty import decide

D = Decimal
DAY = date(2026, 6, 1)
ONE = MaximumPermissibleError.symmetric(parse("1 %"))
NOT_A_NUMBER = Quantity(D("NaN"), "%")


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda: budget.standard_deviation([D(1)]), "bad_quantity (values): value=1"),
        (lambda: budget.pooled("m", [], 1), "bad_quantity (values): value=0"),
        (lambda: budget.pooled("m", [[D(1), D(2)]], 0), "bad_quantity (values): value=1"),
        (lambda: budget.by_range("m", [D(1)]), "bad_quantity (values): value=1"),
        (lambda: budget.correlation([D(1), D(2)], [D(1)]), "bad_quantity (values): value=2, 1"),
        (lambda: budget.correlation([D(1)], [D(1)]), "bad_quantity (values): value=1, 1"),
        (lambda: budget.correlation([D(1), D(1)], [D(1), D(2)]), "bad_quantity (values): value=0"),
        (lambda: budget.certificate("m", D(1), D(0)), "bad_quantity (coverage_factor): value=0"),
        (lambda: budget.certificate("m", D(-1)), "bad_quantity (uncertainty): value=-1"),
        (lambda: budget.rectangular("m", D("NaN")), "bad_quantity (uncertainty): value=NaN"),
        (lambda: budget.express(D(1), D(0), "g"), "bad_quantity (expanded_uncertainty): value=0"),
        (lambda: budget.combine([]), "bad_quantity (inputs): value=0"),
        (
            lambda: budget.combine([budget.Input(name="a", u=D(1))], {("a", "b"): D(1)}),
            "bad_quantity (correlation): value=a, b: 1",
        ),
        (
            lambda: budget.combine(
                [budget.Input(name=one, u=D(1)) for one in "abc"],
                {("a", "b"): D(-1), ("a", "c"): D(-1), ("b", "c"): D(-1)},
            ),
            "bad_quantity (correlation): value=-3",
        ),
        (lambda: decide(D(0), D(0), D(0)), "bad_quantity (mpe): value=0"),
        (lambda: decide(D("NaN"), D(1), D(0)), "bad_quantity (error): value=NaN"),
        (lambda: assess(parse("0 %"), ONE, parse("-0.1 %")), "bad_quantity (expanded_uncertainty): value=-0.1 %"),
        (lambda: assess(parse("0 %"), ONE.times(0), parse("0.1 %")), "bad_quantity (mpe): value=0 %"),
        (lambda: assess(parse("0 %"), ONE, NOT_A_NUMBER), "bad_quantity (expanded_uncertainty): value=NaN %"),
        (lambda: Steps(((D(1), D(2)),)).at(D("1.1")), "not_covered: value=1.1"),
        (lambda: parse("1 kg").ratio_to(parse("1 L")), "bad_quantity: value=1 L, unit=kg"),
        (lambda: parse("1 kg").to("L"), "bad_quantity: value=1 kg, unit=L"),
        (lambda: parse("1 kg") < parse("1 L"), "bad_quantity: value=1 L, unit=kg"),
        (lambda: parse("5 mL").to("m³").to("L").to("Pa"), "bad_quantity: value=0.005 L, unit=Pa"),
        (lambda: parse("1 Pa").to("mmHg"), "inexact_conversion: value=1 Pa, unit=mmHg"),
        (lambda: tolerable_deficiency("0 g"), "bad_quantity (nominal): value=0 g"),
        (lambda: tolerable_deficiency("much"), "bad_quantity (nominal): value=much, unit="),
        (lambda: tolerable_deficiency("50001 g"), "not_covered (nominal): value=50001 g"),
        (lambda: tolerable_deficiency("5 s"), "not_covered (nominal): value=5 s"),
        (lambda: NumberingScheme("{body"), "bad_numbering (template): value={body"),
        (lambda: NumberingScheme("{body}-{seq}"), "bad_numbering (template): value={body}-{seq}"),
        (
            lambda: NumberingScheme("{body}-{kind}-{yyyy}-{seq:q}"),
            "bad_numbering (template): value={body}-{kind}-{yyyy}-{seq:q}",
        ),
        (
            lambda: NumberingScheme().number(body="X", kind="certificate", year=2026, seq=0),
            "bad_numbering (number): value=X-JD-2026-000000",
        ),
    ],
)
def test_a_refusal_says_where_and_what(act, text):
    with pytest.raises(Problem) as refused:
        act()
    assert str(refused.value) == text


def test_a_number_has_forty_characters_at_most():
    scheme = NumberingScheme("{body}{kind}{yyyy}{seq:04d}")
    longest = scheme.number(body="X" * 30, kind="certificate", year=2026, seq=1)
    assert len(longest) == 40
    with pytest.raises(Problem) as refused:
        scheme.number(body="X" * 31, kind="certificate", year=2026, seq=1)
    assert str(refused.value) == f"bad_numbering (number): value=X{longest}"


def test_a_template_of_every_field_and_one_of_the_fewest():
    assert (
        NumberingScheme("{body}{kind}{yyyy}{yy}{seq}").number(body="X", kind="certificate", year=2026, seq=3)
        == "XJD2026263"
    )
    with pytest.raises(Problem, match="bad_numbering"):
        NumberingScheme("{kind}{yyyy}{seq}")
    assert NumberingScheme("{body}{kind}{yy}{seq}").number(body="X", kind="certificate", year=2026, seq=3) == "XJD263"


# -- standards

GAUGE, SCALE, DISPENSER = (
    regulations.get(one) for one in ("pressure_gauge", "digital_indicating_scale", "fuel_dispenser")
)
AT_LOAD = [MpeAt(parse("2.5 g"), parse("100 g"))]


def standard(**other):
    usual = {
        "name": "F2", "valid_from": date(2025, 6, 2), "valid_until": date(2026, 6, 1),
        "serves": frozenset({one.code for one in (GAUGE, SCALE, DISPENSER)}), "low": "1 g", "high": "20 kg", "accuracy": "0.5 g",
    }  # fmt: skip
    return StandardFacts(**{**usual, **other})


def said(limits=AT_LOAD, one=SCALE, on=DAY, **other):
    problem = refusal(standard(**other), one, limits, on)
    return problem and str(problem)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, None),
        (
            {"on": date(2026, 6, 2)},
            "standard_lapsed (standards): standard=F2, valid_until=2026-06-01, on=2026-06-02, state=in_use",
        ),
        (
            {"valid_until": None, "state": "suspended"},
            "standard_lapsed (standards): standard=F2, valid_until=, on=2026-06-01, state=suspended",
        ),
        (
            {"serves": frozenset({"taximeter"})},
            "standard_not_authorised (standards): standard=F2, type=digital_indicating_scale",
        ),
        ({"low": "101 g"}, "standard_out_of_range (standards): standard=F2, value=100 g, low=101 g, high=20 kg"),
        ({"low": None, "high": "99 g"}, "standard_out_of_range (standards): standard=F2, value=100 g, low=, high=99 g"),
        ({"high": None, "low": "101 g"}, "standard_out_of_range (standards): standard=F2, value=100 g, low=101 g, high="),
        (
            {"accuracy": "0.84 g"},
            "standard_not_good_enough (standards): standard=F2, accuracy=0.84 g, mpe=2.5 g, ratio=1/3",
        ),
        ({"accuracy": None}, "standard_not_good_enough (standards): standard=F2, accuracy=, mpe=2.5 g, ratio=1/3"),
        # a limit of the whole range says nothing of the range; those after it do
        (
            {"limits": [MpeAt(parse("2.5 g")), *AT_LOAD], "low": "101 g"},
            "standard_out_of_range (standards): standard=F2, value=100 g, low=101 g, high=20 kg",
        ),
    ],
)  # fmt: skip
def test_why_a_standard_may_not_serve(facts, text):
    assert said(**facts) == text


def test_a_quarter_is_still_good_enough_for_a_gauge():
    limits = [MpeAt(parse("0.0256 MPa"), parse("0.4 MPa"))]
    range_ = {"one": GAUGE, "limits": limits, "low": "0 MPa", "high": "6 MPa"}
    assert said(accuracy="0.0064 MPa", **range_) is None
    assert said(accuracy="0.00641 MPa", **range_).startswith("standard_not_good_enough")


@pytest.mark.parametrize(
    ("accuracy", "limit", "good"),
    [
        # relative limit, absolute accuracy: 0.30 % of 20 L is 60 mL
        ("20 mL", MpeAt(parse("0.30 %"), parse("20 L")), True),
        ("20.1 mL", MpeAt(parse("0.30 %"), parse("20 L")), False),
        # absolute limit, relative accuracy: 0.83 % of 100 g is 0.83 g
        ("0.83 %", AT_LOAD[0], True),
        ("0.84 %", AT_LOAD[0], False),
        # of another kind, or with nothing to relate them by
        ("0.1 mL", MpeAt(parse("0.30 %"), parse("50 L/min")), False),
        ("0.1 %", MpeAt(parse("0.5 kPa"), parse("100 g")), False),
        ("0.1 %", MpeAt(parse("2.5 g")), False),
        ("0.1 mL", MpeAt(parse("2.5 g"), parse("1 L")), False),
    ],
)
def test_accuracy_and_limit_brought_to_one_kind(accuracy, limit, good):
    assert (said(accuracy=accuracy, limits=[limit], low=None, high=None) is None) is good


def test_a_category_serves_its_types():
    scale = replace(SCALE, category="scales")
    for serves in ("scales", SCALE.code):
        assert said(one=scale, serves=frozenset({serves})) is None
    assert said(one=replace(SCALE, category=""), serves=frozenset({""})).startswith("standard_not_authorised")


def test_what_cannot_be_read_is_no_range():
    with pytest.raises(Problem) as refused:
        said(low="heavy")
    assert str(refused.value) == "bad_quantity (standards): value=heavy, unit="


def test_without_any_standard():
    assert str(first_refusal([], SCALE, AT_LOAD, DAY)) == "no_standard (standards): type=digital_indicating_scale"
    assert first_refusal([standard()], SCALE, AT_LOAD, DAY) is None
    lapsed = standard(name="old", valid_until=date(2026, 5, 31))
    assert first_refusal([standard(), lapsed], SCALE, AT_LOAD, DAY).params["standard"] == "old"
