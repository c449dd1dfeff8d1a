"""How near a record was to its limit, and what an error of the standard would make of its verdict."""

from decimal import Decimal
from typing import Any

import pytest

from metrology.domain.doubt import Nearness, near, outlook
from metrology.domain.quantity import parse


def finding(point: str = "q1", **said: Any) -> dict[str, Any]:
    usual = {
        "point": point,
        "within": True,
        "error": "0.20 %",
        "lower": "-0.30 %",
        "upper": "0.30 %",
        "margin": "0.6667",
    }
    return {**usual, **said}


def record(*findings: dict[str, Any], verdict: str = "conforms") -> dict[str, Any]:
    return {"verdict": verdict, "findings": list(findings)}


YES_NO = finding("items.seals", error=None, lower=None, upper=None, margin=None)


def test_a_conforming_record_is_as_near_as_its_nearest_point() -> None:
    judgement = record(finding("q1", margin="0.5"), finding("q2", margin="0.9"), YES_NO)
    assert near(judgement) == Nearness(Decimal("0.1"), "q2")


def test_exactly_at_the_limit_nothing_is_left() -> None:
    assert near(record(finding(margin="1"))).margin == 0


def test_a_rejected_record_is_as_far_as_its_worst_point() -> None:
    points = finding("q1", within=False, margin="1.05"), finding("q2", within=False, margin="1.4"), finding("q3")
    assert near(record(*points, verdict="rejected")) == Nearness(Decimal("0.4"), "q2")


@pytest.mark.parametrize("other", [{"margin": None}, {"margin": "0.4"}])
def test_a_rejection_for_what_no_standard_measured_cannot_turn(other: dict[str, Any]) -> None:
    judgement = record(
        finding("q1", within=False, margin="1.05"), finding("x", within=False, **other), verdict="rejected"
    )
    assert near(judgement) == Nearness(None, "")


def test_nothing_measured_says_nothing() -> None:
    assert near(record(YES_NO)) == Nearness(None, "")
    assert outlook(record(), parse("0.1 %")) == "unknown"


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("0.10 %", "stays"),  # 0.30 %: exactly at the limit conforms
        ("0.101 %", "turns"),
        ("-0.50 %", "stays"),
        ("-0.501 %", "turns"),
        ("5 mL", "unknown"),
    ],
)
def test_a_relative_error_moves_a_relative_one(error: str, word: str) -> None:
    assert outlook(record(finding(), YES_NO), parse(error)) == word


def test_the_unrounded_value_is_what_moves() -> None:
    assert outlook(record(finding(unrounded="0.2449 %")), parse("0.0552 %")) == "turns"


@pytest.mark.parametrize(
    ("error", "word"), [("2 g", "stays"), ("2.1 g", "turns"), ("0.02 %", "stays"), ("0.021 %", "turns")]
)
def test_at_a_load_relative_and_absolute_are_set_against_each_other(error: str, word: str) -> None:
    load = finding("weighing[0]", error="3 g", lower="-5 g", upper="5 g", margin="0.6", inputs={"load": "10 kg"})
    assert outlook(record(load), parse(error)) == word


def test_an_absolute_error_moves_a_relative_one_by_its_reference() -> None:
    run = finding("q3", inputs={"actual": "100 L"})
    assert outlook(record(run), parse("100 mL")) == "stays"
    assert outlook(record(run), parse("101 mL")) == "turns"


def test_differences_and_prices_do_not_move() -> None:
    spread = finding("repeatability", error="4 g", lower="-5 g", upper="5 g", margin="0.8", inputs={"load": "10 kg"})
    price = finding("price", error="0.00 CNY", lower="-0.01 CNY", upper="0.01 CNY", margin="0")
    point = finding("weighing[0]", error="0 g", lower="-5 g", upper="5 g", margin="0", inputs={"load": "10 kg"})
    assert outlook(record(spread, price, point), parse("4 g")) == "stays"


def test_a_rejection_turns_only_when_every_point_comes_in() -> None:
    out = finding("q1", within=False, error="0.35 %", margin="1.1667")
    assert outlook(record(out, verdict="rejected"), parse("-0.05 %")) == "turns"
    assert outlook(record(out, verdict="rejected"), parse("-0.04 %")) == "stays"
    broken = {**YES_NO, "within": False}
    assert outlook(record(out, broken, verdict="rejected"), parse("-0.05 %")) == "stays"


def test_a_calibration_has_no_verdict_to_turn() -> None:
    measured = {"verdict": None, "findings": [finding(within=True)]}
    assert near(measured) == Nearness(None, "")
    assert outlook(measured, parse("5 %")) == "unknown"


def test_without_an_error_nobody_knows() -> None:
    assert outlook(record(finding()), None) == "unknown"
