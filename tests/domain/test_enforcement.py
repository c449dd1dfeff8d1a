"""A penalty needs more than a rejection: the excess must be beyond the uncertainty, or be something seen."""

import pytest

from metrology.domain.enforcement import EXCESS_LABELS, excess, promised
from metrology.domain.quantity import parse
from metrology.domain.verdict import Finding


def point(name, error, *, within=False, upper="0.30 %", lower="-0.30 %"):
    return Finding(name, {}, within=within, error=error, mpe=upper, lower=lower, upper=upper)


def verdict(*findings):
    return findings


def test_nothing_exceeded():
    answer = excess(verdict(point("q1", "0.30 %", within=True)), parse("0.05 %"))
    assert (answer.word, answer.points) == ("none", ())
    assert answer.labels == {"zh": "未超出使用中最大允许误差", "en": "no excess"}


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("0.31 %", "not_proven"),
        ("0.35 %", "not_proven"),
        ("0.36 %", "proven"),
        ("-0.35 %", "not_proven"),
        ("-0.36 %", "proven"),
    ],
)
def test_proven_only_beyond_limit_and_uncertainty(error, word):
    assert excess(verdict(point("q1", error)), parse("0.05 %")).word == word


def test_one_proven_point_is_enough_and_each_is_told():
    answer = excess(
        verdict(point("q1", "0.31 %"), point("q2", "0.40 %"), point("q3", "0.1 %", within=True)), parse("0.05 %")
    )
    assert answer.word == "proven"
    assert [(one.finding.point, one.word) for one in answer.points] == [("q1", "not_proven"), ("q2", "proven")]
    assert answer.points[1].decision.outcome == "rejected"
    assert answer.statement["en"].startswith("Decision rule: guarded rejection")


def test_a_broken_seal_was_seen():
    answer = excess(verdict(Finding("items.seals", {}, within=False)), parse("0.05 %"))
    assert (answer.word, answer.points[0].decision) == ("proven", None)
    assert answer.points[0].finding.point == "items.seals"


def test_what_was_computed_without_an_error_is_not_proven():
    spread = Finding("discrimination[0]", {}, within=False, numbers=("discrimination.load",))
    answer = excess(verdict(spread), parse("0.05 %"))
    assert (answer.word, answer.points[0].word, answer.points[0].finding) == ("not_proven", "not_proven", spread)


def test_a_point_that_failed_by_its_repeatability_alone_is_not_proven():
    answer = excess(verdict(point("q1", "0.10 %")), parse("0.05 %"))
    assert (answer.word, answer.points[0].decision.outcome) == ("not_proven", "conforms")


def test_uncertainties_by_point():
    found = verdict(point("q1", "0.36 %"), point("price", "0.05 CNY", upper="0.01 CNY", lower="-0.01 CNY"))
    one_for_all = excess(found, parse("0.05 %"))
    assert [one.word for one in one_for_all.points] == ["proven", "not_proven"]
    each = excess(found, {"q1": parse("0.06 %"), "price": parse("0 CNY")})
    assert [one.word for one in each.points] == ["not_proven", "proven"]
    none = excess(found, {}).points
    assert [(one.word, one.finding.point) for one in none] == [("not_proven", "q1"), ("not_proven", "price")]


def test_words_in_both_languages():
    assert set(EXCESS_LABELS) == {"none", "not_proven", "proven"}
    assert all(set(labels) == {"zh", "en"} for labels in EXCESS_LABELS.values())


@pytest.mark.parametrize(
    ("upper", "lower", "u"),
    [
        ("0.30 %", "-0.30 %", "0.10 %"),
        ("2.5 g", "-2.5 g", "0.84 g"),
        ("1.0 %", "-4.0 %", "0.84 %"),
        ("0 g", "0 g", None),
    ],
)
def test_the_largest_uncertainty_a_regulation_promises(upper, lower, u):
    found = promised(point("q1", f"9 {upper.split()[1]}", upper=upper, lower=lower))
    assert (found and found.text()) == u
    assert promised(Finding("items.seals", {}, within=False)) is None


@pytest.mark.parametrize(("error", "word"), [("0.40 %", "not_proven"), ("0.41 %", "proven"), ("-0.41 %", "proven")])
def test_without_an_uncertainty_the_most_that_is_promised(error, word):
    assert excess([point("q1", error)]).word == word


def test_a_finding_comes_back_as_it_was_kept():
    kept = Finding(
        "q1", {"zh": "点", "en": "point"}, within=False, error="0.36 %", mpe="0.30 %", lower="-0.30 %", upper="0.30 %",
        numbers=("mpe",), inputs={"run 1": "20 L"}, extras={"repeatability": "0.01 %", "repeatability_within": True},
    )  # fmt: skip
    assert Finding.from_dict(kept.to_dict()) == kept
