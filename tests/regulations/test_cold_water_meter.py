from datetime import date

import pytest

from metrology import regulations
from metrology.regulations import evaluate

TYPE = regulations.get("cold_water_meter")
PLATE = {"accuracy_class": "2", "q3": "2.5 m³/h", "ratio": "100", "dn": "20"}


def judge(readings, *, partial=True, plate=PLATE, kind="initial"):
    case = {"type": "cold_water_meter", "on": "2026-06-01", "kind": kind, "nameplate": plate, "readings": readings}
    return evaluate(case, partial=partial)


def whole(water="20 °C", **shown):
    litres = {"q3": "100 L", "q2": "100 L", "q1": "100 L", **shown}
    return {
        "items": {"appearance": True, "function": True, "seals": True, "tightness": True},
        "environment": {"temperature": "20 °C", "humidity": "50 %RH", "water_temperature": water},
        "runs": [{"flow_point": point, "indicated": volume, "actual": "100 L"} for point, volume in litres.items()],
    }


@pytest.mark.parametrize(
    ("dn", "q3", "months", "mode"),
    [
        ("15", "2.5", 72, "first_only_rotate"),
        ("25", "16", 72, "first_only_rotate"),
        ("32", "10", 48, "first_only_rotate"),
        ("50", "16", 48, "first_only_rotate"),
        ("50", "16.1", 24, "periodic"),
        ("51", "10", 24, "periodic"),
        ("25", "16.1", 24, "periodic"),
    ],
)
def test_service_life_and_interval(dn, q3, months, mode):
    interval = TYPE.interval(TYPE.validate_nameplate({**PLATE, "dn": dn, "q3": q3}), date(2026, 1, 1))
    assert (interval.months, interval.mode) == (months, mode)


def test_meters_older_than_the_edition_have_its_service_life():
    assert TYPE.interval(TYPE.validate_nameplate(PLATE), date(2020, 1, 1)).months == 72


def test_a_nameplate_as_a_utility_writes_it():
    assert TYPE.validate_nameplate({"dn": "DN15", "q3": "4.0", "ratio": "R100", "accuracy_class": "2级"}) == {
        "dn": "15",
        "q3": "4 m³/h",
        "ratio": "100",
        "accuracy_class": "2",
    }


@pytest.mark.parametrize(
    ("shown", "within"),
    [("102.04 L", True), ("102.05 L", True), ("102.06 L", False), ("97.95 L", True), ("97.94 L", False)],
)
def test_the_limit_holds_for_the_error_rounded_to_a_tenth(shown, within):
    answer = judge({"runs": [{"flow_point": "q3", "indicated": shown, "actual": "100 L"}]})
    assert answer["findings"][0]["within"] is within


@pytest.mark.parametrize(
    ("shown", "within"),
    [
        (("101 L", "102 L", "105 L"), True),
        (("101.1 L", "102 L", "102.6 L"), False),
        (("98.9 L", "98 L", "97.4 L"), False),
        (("100 L", "102 L", "105 L"), True),
        (("101.1 L", "98 L", "105 L"), True),
        (("101.1 L", "101.1 L", "102.5 L"), True),
    ],
)
def test_errors_of_one_sign(shown, within):
    answer = judge(whole(**dict(zip(("q3", "q2", "q1"), shown, strict=True))), partial=False)
    found = next(finding for finding in answer["findings"] if finding["point"] == "same_sign")
    assert found["within"] is within
    assert answer["verdict"] == ("conforms" if within else "rejected")


def test_the_rule_of_one_sign_is_not_for_service():
    answer = judge(whole(q3="103.9 L", q2="103.9 L", q1="109.9 L"), partial=False, kind="in_service")
    assert answer["verdict"] == "conforms"


@pytest.mark.parametrize(("water", "mpe"), [("30 °C", "2 %"), ("30.1 °C", "3 %")])
def test_warm_water_has_a_wider_limit(water, mpe):
    answer = judge(whole(water=water), plate={**PLATE, "temperature_class": "T50"})
    assert answer["findings"][0]["mpe"] == mpe


@pytest.mark.parametrize(
    ("water", "plate", "verdict"),
    [
        ("30 °C", PLATE, "conforms"),
        ("30.1 °C", PLATE, None),
        ("50 °C", {**PLATE, "temperature_class": "T50"}, "conforms"),
        ("0 °C", PLATE, None),
    ],
)
def test_water_outside_the_meters_range_gives_no_verdict(water, plate, verdict):
    assert judge(whole(water=water), plate=plate, partial=False)["verdict"] == verdict


def test_two_readings_stand_for_an_indication():
    row = {"flow_point": "q3", "start": "12.5 L", "end": "114.4 L", "actual": "100 L"}
    assert judge({"runs": [row]})["findings"][0]["error"] == "1.9 %"
    refused = judge({"runs": [{**row, "indicated": "101.9 L"}]})
    assert refused["findings"] == []
    assert "ambiguous_reading" in {lack["code"] for lack in refused["missing"]}


def test_no_volume_ran():
    answer = judge({"runs": [{"flow_point": "q3", "indicated": "1 L", "actual": "0 L"}]})
    assert answer["findings"] == []
    assert "bad_quantity" in {lack["code"] for lack in answer["missing"]}


@pytest.mark.parametrize(
    ("point", "flow", "counts"),
    [
        ("q3", "2.25 m³/h", True),
        ("q3", "2.24 m³/h", False),
        ("q2", "40 L/h", True),
        ("q2", "44.1 L/h", False),
        ("q1", "27.5 L/h", True),
        ("q1", "24.9 L/h", False),
    ],
)
def test_a_run_counts_only_at_its_flow(point, flow, counts):
    readings = whole()
    for row in readings["runs"]:
        if row["flow_point"] == point:
            row["flow"] = flow
    assert (judge(readings, partial=False)["verdict"] == "conforms") is counts


def test_pressure_is_not_tried_in_service():
    readings = whole()
    del readings["items"]["tightness"]
    assert judge(readings, partial=False, kind="in_service")["verdict"] == "conforms"
    assert judge(readings, partial=False, kind="subsequent")["verdict"] is None
