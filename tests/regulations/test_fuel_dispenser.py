import copy
from datetime import date

import pytest

from metrology import regulations
from metrology.domain.problems import Problem
from metrology.regulations import evaluate

TYPE = regulations.get("fuel_dispenser")
PLATE = {"max_flow": "50 L/min", "product": "92#"}
WHOLE = next(example for example in TYPE.examples if example.expect.get("verdict") == "conforms").case


def judge(readings, *, partial=True, plate=PLATE, on="2026-06-01", kind="subsequent"):
    return evaluate(
        {"type": "fuel_dispenser", "on": on, "kind": kind, "nameplate": plate, "readings": readings}, partial=partial
    )


def whole(**changes):
    return {**copy.deepcopy(WHOLE["readings"]), **changes}


def at(answer, point):
    return next(finding for finding in answer["findings"] if finding["point"] == point)


@pytest.mark.parametrize(
    ("on", "edition"), [("2024-04-30", "JJG 443-2015"), ("2024-05-01", "JJG 443-2023"), ("2026-06-01", "JJG 443-2023")]
)
def test_the_edition_in_force_on_the_day_judges(on, edition):
    assert judge({"errors": {"q1": ["0.1 %"]}}, on=on)["edition"] == edition


@pytest.mark.parametrize(
    ("error", "within"),
    [("0.304 %", True), ("0.305 %", True), ("0.3051 %", False), ("-0.305 %", True), ("-0.3051 %", False)],
)
def test_the_limit_holds_for_the_rounded_error(error, within):
    # 0.305 lies between 0.30 and 0.31 and goes to the even one
    assert at(judge({"errors": {"q1": [error]}}), "q1")["within"] is within


@pytest.mark.parametrize(
    ("spread", "repeatability", "within"), [("0.1774", "0.10 %", True), ("0.1775", "0.11 %", False)]
)
def test_repeatability_is_the_range_over_1_69(spread, repeatability, within):
    found = at(judge({"errors": {"q1": ["0 %", "0 %", f"{spread} %"]}}), "q1")
    assert (found["repeatability"], found["repeatability_within"], found["within"]) == (repeatability, within, within)


def test_two_runs_say_nothing_of_repeatability():
    assert "repeatability" not in at(judge({"errors": {"q1": ["0 %", "0.2 %"]}}), "q1")


def test_a_fourth_run_is_refused():
    answer = judge({"errors": {"q1": ["0.31 %", "0 %", "0 %", "0 %"]}})
    assert [lack["code"] for lack in answer["missing"] if lack["path"] == "runs.q1"] == ["ambiguous_reading"]


def test_runs_and_errors_together_are_refused():
    answer = judge(whole(errors={"q1": ["0 %"] * 3, "q2": ["0 %"] * 3}), partial=False)
    assert answer["verdict"] is None
    assert "ambiguous_reading" in {lack["code"] for lack in answer["problem"]["missing"]}


def test_height_and_volume_of_one_run_are_refused():
    readings = whole()
    readings["runs"] = [{**run, "height": "66 mm"} for run in readings["runs"]]
    answer = judge(readings, partial=False)
    assert answer["verdict"] is None
    assert "ambiguous_reading" in {lack["code"] for lack in answer["problem"]["missing"]}


def heights(**changes):
    run = {
        "indication": "20.00 L",
        "height": "66 mm",
        "dispenser_temperature": "20 °C",
        "measure_temperature": "20 °C",
        **changes,
    }
    measure = {"mark_height": "66 mm", "mark_volume": "20 L", "neck": "2 mL/mm", "material": "stainless_steel"}
    return whole(
        standard_measure=measure, runs=[{"flow_point": point, **run} for point in ("q1", "q2") for _ in range(3)]
    )


def test_heights_need_both_temperatures_the_measure_and_the_product():
    assert judge(heights(), partial=False)["verdict"] == "conforms"
    assert judge(heights(measure_temperature=""), partial=False)["verdict"] is None
    assert judge(heights(dispenser_temperature="", measure_temperature=""), partial=False)["verdict"] is None
    assert judge({**heights(), "standard_measure": {}}, partial=False)["verdict"] is None
    assert judge(heights(), partial=False, plate={"max_flow": "50 L/min"})["verdict"] is None


@pytest.mark.parametrize(
    ("flow", "code"),
    [
        ("45 L/min", None),
        ("44.9 L/min", "outside_conditions"),
        ("50 L/min", None),
        ("50.1 L/min", "outside_conditions"),
    ],
)
def test_a_run_counts_only_at_its_flow(flow, code):
    readings = whole()
    readings["runs"] = [{**run, "flow": flow if run["flow_point"] == "q1" else "20 L/min"} for run in readings["runs"]]
    answer = judge(readings, partial=False)
    assert {lack["code"] for lack in answer["missing"]} == ({code} if code else set())


@pytest.mark.parametrize(
    ("temperature", "verdict"), [("-20 °C", "conforms"), ("-20.1 °C", None), ("40 °C", "conforms"), ("40.1 °C", None)]
)
def test_outside_its_environment_there_is_no_verdict(temperature, verdict):
    environment = {"temperature": temperature, "humidity": "50 %RH"}
    assert judge(whole(environment=environment), partial=False)["verdict"] == verdict


@pytest.mark.parametrize(
    ("amount", "within"), [("150.21 CNY", True), ("150.19元", True), ("150.22", False), ("150.18", False)]
)
def test_the_amount_may_be_a_cent_off(amount, within):
    price = {"volume": "20.00 L", "unit_price": "7.51", "amount": amount}
    assert at(judge({"price": price}), "price")["within"] is within


def test_registration_needs_no_flow_a_verdict_does():
    assert TYPE.validate_nameplate({"product": "0#柴油", "accuracy": "±0.30%"}) == {
        "product": "diesel_0",
        "accuracy": "0.30 %",
    }
    answer = judge(whole(), partial=False, plate={"product": "92#"})
    assert [lack["path"] for lack in answer["problem"]["missing"]] == ["nameplate.max_flow"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("92#", "gasoline_92"),
        ("95＃", "gasoline_95"),
        ("98号汽油", "gasoline_98"),
        ("0#柴油", "diesel_0"),
        ("-10#", "diesel_-10"),
        ("0号", "diesel_0"),
        ("gasoline", "gasoline"),
    ],
)
def test_products_as_stations_write_them(text, value):
    assert TYPE.validate_nameplate({"product": text}, part=True) == {"product": value}


def test_the_product_belongs_to_the_nozzle():
    with pytest.raises(Problem, match="unknown_characteristic"):
        TYPE.validate_nameplate({"product": "92#"}, part=False)


@pytest.mark.parametrize(("flow", "code"), [("200 L/min", None), ("12 m³/h", None), ("200.1 L/min", "not_covered")])
def test_scope(flow, code):
    assert judge({}, plate={"max_flow": flow}).get("problem", {}).get("code") == code


def test_half_a_year():
    assert TYPE.interval({}, date(2026, 1, 1)).months == 6
    assert TYPE.mode({}, date(1999, 1, 1)) == "periodic"
