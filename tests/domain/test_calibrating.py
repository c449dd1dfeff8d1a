"""Calibration: errors with U and k by the GUM, rounded together; conformity only by a rule somebody asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from metrology.domain.calibrating import KIND, CalibrationMethod, method_for, months_of, to_dict
from metrology.domain.calibration_sheet import Proposal
from metrology.domain.problems import BadQuantity, Problem

STANDARD = Proposal(source="标准器 量块", value="0.002 mm", distribution="normal", coverage_factor="2")
RESOLUTION = Proposal(source="分辨力", value="0.005 mm", distribution="rectangular")
ENTRIES = [
    {"source": one.source, "value": one.value, "distribution": one.distribution, "k": one.coverage_factor}
    for one in (STANDARD, RESOLUTION)
]


def readings(*points: dict[str, str], rule: str = "none", entries: Any = None, **method: str) -> dict[str, Any]:
    return {
        "environment": {"temperature": "20.1", "humidity": "50"},
        "method": {"unit": "mm", "resolution": "0.01", "rule": rule, **method},
        "points": list(points),
        "budget": ENTRIES if entries is None else entries,
    }


def point(reference: str = "50", *indications: str, mpe: str = "") -> dict[str, str]:
    read = indications or ("50.01", "50.02", "50.01")
    return {"reference": reference, "mpe": mpe, **{f"r{i}": text for i, text in enumerate(read, 1)}}


@pytest.fixture
def method() -> CalibrationMethod:
    return method_for("mm", "JJG 30", (STANDARD, RESOLUTION))


def test_error_uncertainty_and_budget(method: CalibrationMethod) -> None:
    found = to_dict(method.evaluate({}, readings(point())))
    (one,) = found["points"]
    # mean 50.01333; s = 0.0057735, s/√3 = 0.0033333; 0.001; 0.005/√3 = 0.0028868 → u_c = 0.0045216; ν_eff = 6, k = 2.52
    assert (one["mean"], one["error"], one["expanded"], one["k"], one["freedom"]) == (
        "50.013",
        "0.013",
        "0.011",
        "2.52",
        6,
    )
    budget = found["budget"]
    assert (budget["combined"], budget["expanded"], budget["k"]) == ("0.0045", "0.011", "2.52")
    assert [(line["kind"], line["u"], line["share"]) for line in budget["lines"]] == [
        ("A", "0.0033", "54.3"), ("B", "0.0010", "4.9"), ("B", "0.0029", "40.8"),
    ]  # fmt: skip
    assert found["outcome"] is None


def test_a_point_read_once_takes_the_spread_of_those_read_repeatedly(method: CalibrationMethod) -> None:
    result = method.evaluate({}, readings(point(), point("150", "150.02")))
    repeatability = result.points[1].budget.inputs[0]
    assert repeatability.u.quantize(Decimal("0.00001")) == Decimal("0.00577")  # s itself, not s/√3
    assert repeatability.freedom == 2
    assert result.widest is result.points[1]


def test_a_spread_hidden_by_the_step_of_the_indication_is_taken_from_the_other_points(
    method: CalibrationMethod,
) -> None:
    result = method.evaluate({}, readings(point("0", "0.00", "0.00", "0.00"), point()))
    hidden, seen = (one.budget.inputs[0] for one in result.points)
    # pooled s² = (2·0 + 2·0.0057735²)/4, over √3
    assert hidden.u.quantize(Decimal("0.00001")) == Decimal("0.00236")
    assert (hidden.freedom, seen.u.quantize(Decimal("0.00001")), seen.freedom) == (4, Decimal("0.00333"), 2)
    still = method.evaluate({}, readings(point("0", "0.00", "0.00"), point("50", "50.00", "50.00")))
    assert [one.budget.inputs[0].u for one in still.points] == [0, 0]


def test_without_any_repetition_nothing_is_stated(method: CalibrationMethod) -> None:
    result = method.evaluate({}, readings(point("50", "50.01"), point("150", "150.02")))
    assert [lack.path for lack in result.lacks] == ["points[1].r2"]
    assert result.points == ()


def test_at_most_two_digits_and_the_same_place(method: CalibrationMethod) -> None:
    wide = [{"source": "x", "value": "0.0862 mm", "distribution": "normal", "k": "1"}]
    (one,) = method.evaluate({}, readings(point("50", "50.01", "50.01"), entries=wide)).points
    # u = 0.0862, k = 2 → U = 0.1724 → 0.17; the error follows to the second decimal
    assert (f"{one.expanded.value}", f"{one.error.value}", f"{one.mean.value}") == ("0.17", "0.01", "50.01")


@pytest.mark.parametrize(
    ("entry", "u"),
    [
        ({"value": "0.3 mm", "distribution": "normal", "k": "3"}, "0.1000"),
        ({"value": "0.2 mm", "distribution": "normal", "k": ""}, "0.1000"),
        ({"value": "±0.3 mm", "distribution": "rectangular"}, "0.1732"),
        ({"value": "0.3", "distribution": "triangular"}, "0.1225"),
        ({"value": "300 μm", "distribution": "arcsine"}, "0.2121"),
        ({"value": "1 %", "distribution": "rectangular"}, "0.2887"),  # of 50 mm
    ],
)
def test_entries_of_each_shape(method: CalibrationMethod, entry: dict[str, str], u: str) -> None:
    (one,) = method.evaluate({}, readings(point(), entries=[{"source": "x", **entry}])).points
    assert one.budget.inputs[1].u.quantize(Decimal("0.0001")) == Decimal(u)


def test_a_sensitivity_counts(method: CalibrationMethod) -> None:
    entry = {"source": "x", "value": "0.3 mm", "distribution": "normal", "k": "3", "sensitivity": "-2"}
    (one,) = method.evaluate({}, readings(point(), entries=[entry])).points
    assert abs(one.budget.inputs[1].contribution) == Decimal("0.2")


# U of this point is 0.011 mm, its error 0.013 mm
@pytest.mark.parametrize(
    ("rule", "mpe", "outcome"),
    [
        ("none", "0.02", None),
        ("jjf_1094", "0.033", "conforms"),  # U ≤ MPE/3: by the error alone
        ("jjf_1094", "0.024", "conforms"),  # 0.013 ≤ 0.024 − 0.011
        ("jjf_1094", "0.023", "undetermined"),
        ("jjf_1094", "0.003", "undetermined"),
        ("jjf_1094", "0.002", "rejected"),  # 0.013 ≥ 0.002 + 0.011
        ("guarded_acceptance", "0.023", "rejected"),
        ("guarded_acceptance", "0.024", "conforms"),
        ("guarded_rejection", "0.013", "conforms"),
        ("guarded_rejection", "0.003", "undetermined"),
        ("simple_acceptance", "0.033", "conforms"),
        ("simple_acceptance", "0.030", "undetermined"),  # the rule rests on U ≤ MPE/3
    ],
)  # fmt: skip
def test_conformity_by_the_rule_that_was_chosen(
    method: CalibrationMethod, rule: str, mpe: str, outcome: str | None
) -> None:
    result = method.evaluate({}, readings(point(mpe=mpe), rule=rule))
    assert result.outcome == outcome
    assert result.points[0].outcome == outcome


def test_one_rejected_point_decides(method: CalibrationMethod) -> None:
    points = (point(mpe="0.1"), point("150", "150.5", mpe="0.1"), point("100", "100.04", mpe="0.05"))
    result = method.evaluate({}, readings(*points, rule="jjf_1094"))
    assert [one.outcome for one in result.points] == ["conforms", "rejected", "undetermined"]
    assert result.outcome == "rejected"


def test_a_rule_without_a_limit_lacks_it(method: CalibrationMethod) -> None:
    assert [lack.path for lack in method.evaluate({}, readings(point(), rule="jjf_1094")).lacks] == ["points[0].mpe"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"points": []}, "points"),
        ({"points": [point("50 kg")]}, "points[0].reference"),
        ({"budget": [{"source": "x", "value": "many", "distribution": "normal"}]}, "budget[0].value"),
        ({"budget": [{"source": "x", "value": "1 kg", "distribution": "normal"}]}, "budget[0].value"),
        ({"budget": [{"source": "x", "value": "1 mm", "distribution": "normal", "k": "two"}]}, "budget[0].k"),
        ({"budget": [{"source": "x", "value": "1 mm", "distribution": "normal", "k": "0"}]}, "budget[0].k"),
        ({"method": {"unit": "mm", "resolution": "0.01", "next_months": "soon"}}, "method.next_months"),
        ({"method": {"unit": "mm"}}, "method.resolution"),
        ({"environment": {}}, "environment.temperature"),
        ({"points": [point("50", "50", "50")], "budget": []}, "budget"),  # nothing uncertain at all is not believed
    ],
)
def test_what_is_wrong_is_named_and_gives_no_result(
    method: CalibrationMethod, changes: dict[str, Any], path: str
) -> None:
    result = method.evaluate({}, {**readings(point()), **changes})
    assert path in {lack.path for lack in result.lacks}
    assert result.points == ()


def test_without_a_unit_only_the_unit_is_asked_for() -> None:
    method = method_for("", "JJG 30")
    assert [table.key for table in method.reading_sheet({}, KIND).tables] == ["environment", "method"]
    lacks = method.evaluate({}, {"environment": {"temperature": "20", "humidity": "50"}}).lacks
    assert [lack.path for lack in lacks] == ["method.unit"]


def test_it_never_gives_a_verdict(method: CalibrationMethod) -> None:
    verdict = method.judge({}, KIND, readings(point(mpe="0.1"), rule="jjf_1094"))
    assert (verdict.verdict, verdict.findings, verdict.missing) == (None, (), ())
    with pytest.raises(Problem, match="kind_does_not_fit"):
        method.reading_sheet({}, "initial")


@pytest.mark.parametrize(("text", "months"), [("", None), (" 12 ", 12), ("1", 1), ("120", 120)])
def test_months_a_customer_asks_for(text: str, months: int | None) -> None:
    assert months_of(text) == months


@pytest.mark.parametrize("text", ["0", "121", "-3", "1.5", "十二", "1" * 40])
def test_no_such_months(text: str) -> None:
    with pytest.raises(BadQuantity):
        months_of(text)


def test_lacks_are_named_in_both_languages(method: CalibrationMethod) -> None:
    once = method.evaluate({}, readings(point("50", "50.01"), next_months="much"))
    assert [(lack.path, lack.labels) for lack in once.lacks] == [
        ("method.next_months", {"zh": "复校间隔（月）", "en": "next after (months)"}),
        ("points[0].r2", {"zh": "重复读数", "en": "repeated readings"}),
    ]
    entries = [{"source": "x", "value": "much"}, {"value": "much"}]
    unread = method.evaluate({}, readings(point(), entries=entries))
    assert [(lack.path, lack.labels) for lack in unread.lacks] == [
        ("budget[0].value", {"zh": "x", "en": "x"}),
        ("budget[1].value", {"zh": "分量", "en": "entry"}),
    ]
