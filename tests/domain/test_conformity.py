"""Decision rules: JJF 1094, simple and guarded acceptance, guarded rejection, JCGM 106."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrology.domain import conformity
from metrology.domain.conformity import (
    BOTH_GUARDED,
    GUARDED_ACCEPTANCE,
    GUARDED_REJECTION,
    JJF_1094,
    RULES,
    SIMPLE,
    assess,
    capability,
    conformance_probability,
    of_finding,
)
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.problems import BadQuantity
from metrology.domain.quantity import Quantity, parse
from metrology.domain.verdict import Finding

ONE = MaximumPermissibleError.symmetric(parse("1.0 %"))
TAXIMETER = MaximumPermissibleError(parse("-4.0 %"), parse("1.0 %"))
C, R, U = "conforms", "rejected", "undetermined"


def outcome(error, limit, expanded, rule):
    return assess(parse(error), limit, parse(expanded), rule).outcome


@pytest.mark.parametrize(
    ("rule", "outcomes"),
    # U = 0.4 % against ±1.0 %: more than a third
    [
        (SIMPLE, {"0.6 %": U, "1.0 %": U, "1.1 %": U}),
        (JJF_1094, {"0.6 %": C, "-0.6 %": C, "0.601 %": U, "1.399 %": U, "-1.399 %": U, "1.4 %": R, "-1.4 %": R}),
        (GUARDED_ACCEPTANCE, {"0.6 %": C, "-0.6 %": C, "0.601 %": R, "-0.601 %": R}),
        (GUARDED_REJECTION, {"1.0 %": C, "-1.0 %": C, "1.001 %": U, "1.4 %": U, "-1.4 %": U, "1.401 %": R, "-1.401 %": R}),
        (BOTH_GUARDED, {"0.6 %": C, "0.601 %": U, "1.4 %": U, "1.401 %": R, "-1.401 %": R}),
    ],
)  # fmt: skip
def test_rules_where_the_uncertainty_matters(rule, outcomes):
    assert {error: outcome(error, ONE, "0.4 %", rule) for error in outcomes} == outcomes


@pytest.mark.parametrize(
    ("rule", "outcomes"),
    # U = 0.2 %: a fifth
    [
        (SIMPLE, {"1.0 %": C, "-1.0 %": C, "1.001 %": R, "-1.001 %": R}),
        (JJF_1094, {"1.0 %": C, "-1.0 %": C, "1.001 %": R, "-1.001 %": R}),
        (GUARDED_ACCEPTANCE, {"0.8 %": C, "0.801 %": R}),
        (GUARDED_REJECTION, {"1.0 %": C, "1.001 %": U, "1.2 %": U, "1.201 %": R}),
        (BOTH_GUARDED, {"0.8 %": C, "0.801 %": U, "1.2 %": U, "1.201 %": R}),
    ],
)
def test_rules_where_the_uncertainty_may_be_neglected(rule, outcomes):
    assert {error: outcome(error, ONE, "0.2 %", rule) for error in outcomes} == outcomes


@pytest.mark.parametrize(
    ("rule", "outcomes"),
    # −4.0 … +1.0 % is 5 % wide: U is neglected up to 5/6 %
    [
        (SIMPLE, {"1.0 %": C, "1.01 %": R, "-4.0 %": C, "-4.01 %": R, "-1.01 %": C}),
        (GUARDED_ACCEPTANCE, {"0.5 %": C, "0.51 %": R, "-3.5 %": C, "-3.51 %": R}),
        (GUARDED_REJECTION, {"1.5 %": U, "1.51 %": R, "-4.5 %": U, "-4.51 %": R}),
    ],
)
def test_limits_not_equally_far_from_zero(rule, outcomes):
    assert {error: outcome(error, TAXIMETER, "0.5 %", rule) for error in outcomes} == outcomes


def test_a_third_of_half_the_distance_of_the_limits_is_the_last_that_may_be_neglected():
    assert outcome("1.0 %", TAXIMETER, "0.8333 %", JJF_1094) == C
    assert outcome("1.0 %", TAXIMETER, "0.8334 %", JJF_1094) == U
    assert assess(parse("0 %"), ONE, parse("0.3333 %")).capable
    assert not assess(parse("0 %"), ONE, parse("0.3334 %")).capable


def test_capability_index():
    assert capability(ONE, parse("0.25 %")) == 4
    assert capability(TAXIMETER, parse("0.5 %")) == 5
    assert capability(ONE, parse("0 %")) is None
    assert assess(parse("0 %"), ONE, parse("0.3 %")).capability == Decimal("3.333")


def test_units_of_one_kind_go_together():
    limit = MaximumPermissibleError.symmetric(parse("5 g"))
    assert assess(parse("0.004 kg"), limit, parse("1000 mg"), GUARDED_ACCEPTANCE).outcome == C
    assert assess(parse("4.001 g"), limit, parse("1000 mg"), GUARDED_ACCEPTANCE).outcome == R
    with pytest.raises(BadQuantity):
        assess(parse("4 g"), limit, parse("1 mL"))


def test_nothing_can_be_accepted_where_the_guard_bands_meet():
    decision = assess(parse("0 %"), ONE, parse("1.001 %"), GUARDED_ACCEPTANCE)
    assert (decision.outcome, decision.acceptance) == (R, None)
    assert assess(parse("0 %"), ONE, parse("1.0 %"), GUARDED_ACCEPTANCE).outcome == C
    assert assess(parse("0 %"), ONE, parse("1.001 %"), JJF_1094).outcome == U


@pytest.mark.parametrize(
    ("limit", "expanded"),
    [
        (ONE, "-0.1 %"),
        (MaximumPermissibleError(parse("1 %"), parse("1 %")), "0.1 %"),
        (MaximumPermissibleError(parse("2 %"), parse("1 %")), "0.1 %"),
    ],
)
def test_what_is_no_limit_or_no_uncertainty(limit, expanded):
    with pytest.raises(BadQuantity):
        assess(parse("0 %"), limit, parse(expanded))


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_an_uncertainty_that_is_no_number(value):
    with pytest.raises(BadQuantity):
        assess(parse("0 %"), ONE, Quantity(Decimal(value), "%"))


def test_probability_of_conformity():
    # JCGM 106 7.2: at the limit a half, u beyond it 16 %, 2u = U beyond it 2.3 %
    at = {
        e: str(conformance_probability(parse(e), ONE, parse("0.2 %")))
        for e in ("0 %", "0.8 %", "1.0 %", "1.1 %", "-1.2 %")
    }
    assert at == {"0 %": "1.000", "0.8 %": "0.977", "1.0 %": "0.500", "1.1 %": "0.159", "-1.2 %": "0.023"}
    assert str(conformance_probability(parse("1.0 %"), ONE, parse("0 %"))) == "1.000"
    assert str(conformance_probability(parse("-1.0 %"), ONE, parse("0 %"))) == "1.000"
    assert str(conformance_probability(parse("1.1 %"), ONE, parse("0 %"))) == "0.000"


def test_a_decision_tells_what_it_was_made_of():
    decision = assess(parse("0.95 %"), ONE, parse("0.5 %"))
    assert decision.to_dict() == {
        "outcome": "undetermined",
        "rule": "jjf_1094",
        "error": "0.95 %",
        "lower": "-1.0 %",
        "upper": "1.0 %",
        "expanded_uncertainty": "0.5 %",
        "acceptance": ["-0.5 %", "0.5 %"],
        "rejection": ["-1.5 %", "1.5 %"],
        "capability": "2",
        "capable": False,
        "probability": "0.579",
    }
    assert json.loads(json.dumps(decision.to_dict())) == decision.to_dict()
    assert decision.labels == {"zh": "待定", "en": "undetermined"}
    nothing = assess(parse("0 %"), ONE, parse("2 %"), GUARDED_ACCEPTANCE).to_dict()
    assert (nothing["acceptance"], nothing["capable"]) == (None, False)
    exact = assess(parse("0 %"), ONE, parse("0 %")).to_dict()
    assert (exact["capability"], exact["capable"], exact["outcome"]) == (None, True, "conforms")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_says_itself_in_both_languages(rule):
    assert RULES[rule.code] is rule
    for words in (rule.names, rule.statement):
        assert set(words) == {"zh", "en"}
        assert all(text.strip() for text in words.values())
    assert rule.statement["zh"].startswith("判定规则：")
    assert rule.statement["en"].startswith("Decision rule: ")
    assert "k = 2" in rule.statement["en"] and "U（k = 2）" in rule.statement["zh"]


def test_of_a_finding_fresh_or_as_a_record_keeps_it():
    finding = Finding("q1", {}, within=False, error="0.31 %", mpe="0.30 %", lower="-0.30 %", upper="0.30 %")
    for one in (finding, finding.to_dict()):
        assert of_finding(one, parse("0.2 %")).outcome == U
        assert of_finding(one, parse("0.05 %")).outcome == R
    assert of_finding(Finding("items.seals", {}, within=False), parse("0.2 %")) is None
    assert of_finding({"error": "0.3 %", "lower": None, "upper": None}, parse("0.2 %")) is None


some_numbers = st.decimals("-3", "3", places=3)
some_u = st.decimals("0.001", "2", places=3)


@given(some_numbers, some_u, st.sampled_from(list(RULES.values())))
def test_the_sign_of_an_error_changes_nothing_between_symmetric_limits(error, u, rule):
    one, other = (assess(Quantity(e, "%"), ONE, Quantity(u, "%"), rule).outcome for e in (error, -error))
    assert one == other


@given(st.decimals("0", "3", places=3), st.decimals("0", "1", places=3), some_u, st.sampled_from(list(RULES.values())))
def test_a_larger_error_never_fares_better(error, more, u, rule):
    rank = [conformity.CONFORMS, conformity.UNDETERMINED, conformity.REJECTED]
    near, far = (assess(Quantity(e, "%"), ONE, Quantity(u, "%"), rule).outcome for e in (error, error + more))
    assert rank.index(near) <= rank.index(far)


@given(some_numbers, some_u)
def test_what_is_proven_would_be_rejected_by_every_rule_that_decides(error, u):
    error, expanded = Quantity(error, "%"), Quantity(u, "%")
    if assess(error, ONE, expanded, GUARDED_REJECTION).outcome == R:
        assert {assess(error, ONE, expanded, rule).outcome for rule in RULES.values()} <= {R, U}
        assert assess(error, ONE, expanded, JJF_1094).outcome == R
