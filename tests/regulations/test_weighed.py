"""A scale judged by hand: every figure beside a weighing, and which loads count as a test load."""

from decimal import Decimal

import pytest

from metrology import regulations
from metrology.domain.nameplate import Nameplate
from metrology.domain.problems import Problem
from metrology.regulations import evaluate

SCALE = regulations.get("digital_indicating_scale")
EDITION = SCALE.editions[-1]
PLATE = {"accuracy_class": "III", "max": "15 kg", "e": "5 g"}
TWO_RANGES = {**PLATE, "e": "2 g", "multiple_ranges": "6 kg/2 g, 15 kg/5 g", "min": "40 g"}


def judged(readings, **plate):
    case = {
        "type": SCALE.code,
        "on": "2026-06-01",
        "kind": "initial",
        "nameplate": {**PLATE, **plate},
        "readings": readings,
    }
    return evaluate(case, partial=True)


def found(readings, **plate):
    return {finding["point"]: finding for finding in judged(readings, **plate)["findings"]}


def refusal(plate):
    """What a nameplate is refused with, None when it is not."""
    try:
        SCALE.validate_nameplate(plate)
    except Problem as problem:
        return str(problem)
    return None


ZERO = {"load": "50 g", "indication": "50 g", "additional_load": "2 g"}


def test_weighings_are_corrected_by_the_zero_that_was_read():
    # E0 = 50 + 2.5 − 2 − 50 = 0.5 g; Ec = 7505 + 2.5 − 4 − 7500 − 0.5 = 3 g
    by_point = found(
        {
            "zero": ZERO,
            "weighing": [{"load": "7500 g", "indication": "7505 g", "additional_load": "4 g", "direction": "down"}],
            "eccentricity": [{"position": "2", "load": "5 kg", "indication": "5 kg", "additional_load": "2.5 g"}],
        }
    )
    zero, weighing, eccentricity = (by_point[point] for point in ("zero", "weighing[0]", "eccentricity[0]"))
    assert (zero["error"], zero["mpe"], zero["inputs"]) == ("0.5 g", "1.25 g", ZERO)
    assert zero["formula"] == "E0 = I + ½e − ΔL − L"
    assert (weighing["error"], weighing["mpe"]) == ("3 g", "5 g")
    assert weighing["formula"] == "P = I + ½e − ΔL; Ec = P − L − E0"
    assert (weighing["load"], weighing["direction"]) == ("7500 g", "down")
    assert "position" not in weighing
    assert weighing["inputs"] == {
        "direction": "down",
        "load": "7500 g",
        "indication": "7505 g",
        "additional_load": "4 g",
        "zero_error": "0.5 g",
        "e": "5 g",
    }
    assert (eccentricity["error"], eccentricity["load"], eccentricity["position"]) == ("-0.5 g", "5000 g", "2")
    assert "direction" not in eccentricity


def test_a_scale_that_shows_a_fifth_of_e_is_read_as_it_stands():
    by_point = found(
        {"zero": {"load": "50 g", "indication": "50.5 g"}, "weighing": [{"load": "100 g", "indication": "101 g"}]},
        d="0.5 g",
    )
    assert (by_point["zero"]["error"], by_point["zero"]["formula"]) == ("0.5 g", "E0 = I − L")
    weighing = by_point["weighing[0]"]
    assert (weighing["error"], weighing["formula"], weighing["direction"]) == ("0.5 g", "Ec = I − L − E0", "up")


@pytest.mark.parametrize("gone", ["load", "indication"])
def test_half_a_zero_reading_corrects_nothing(gone):
    zero = {key: text for key, text in ZERO.items() if key != gone}
    assert "zero" not in found({"zero": zero})


@pytest.mark.parametrize(
    ("load", "numbers"),
    [
        ("2500 g", ["mpe.1", "III.to.1"]),
        ("2505 g", ["mpe.2", "III.to.1", "III.to.2"]),
        ("10000 g", ["mpe.2", "III.to.1", "III.to.2"]),
        ("10005 g", ["mpe.3", "III.to.2"]),
    ],
)
def test_a_limit_names_the_bounds_it_lies_between(load, numbers):
    weighing = {"load": load, "indication": load, "additional_load": "2.5 g"}
    assert found({"zero_error": "0 g", "weighing": [weighing]})["weighing[0]"]["numbers"] == numbers


@pytest.mark.parametrize(("after", "change", "within"), [("7505 g", "5 g", True), ("7504.9 g", "4.9 g", False)])
def test_discrimination(after, change, within):
    tested = {"load": "7500 g", "indication": "7500 g", "indication_after": after}
    finding = found({"discrimination": [tested]})["discrimination[0]"]
    assert (finding["within"], finding["change"], finding["least_change"]) == (within, change, "5 g")
    assert (finding["extra_load"], finding["clause"]) == ("7.0 g", "OIML R 76-1:2006 3.8.2.2")
    assert finding["inputs"] == tested


@pytest.mark.parametrize("gone", ["load", "indication", "indication_after"])
def test_discrimination_needs_all_three_readings(gone):
    tested = {"load": "7500 g", "indication": "7500 g", "indication_after": "7505 g"}
    del tested[gone]
    assert found({"discrimination": [tested]}) == {}


@pytest.mark.parametrize(
    ("load", "point", "counts"),
    [
        ("99 g", "min", False),
        ("100 g", "min", True),
        ("200 g", "min", True),
        ("201 g", "min", False),
        ("2249 g", "change_1", False),
        ("2250 g", "change_1", True),
        ("2500 g", "change_1", True),
        ("2501 g", "change_1", False),
        ("6749 g", "half", False),
        ("6750 g", "half", True),
        ("8250 g", "half", True),
        ("8251 g", "half", False),
        ("14999 g", "max", False),
        ("15000 g", "max", True),
    ],
)
def test_which_loads_count_as_a_test_load(load, point, counts):
    weighing = {"load": load, "indication": load, "additional_load": "2.5 g", "direction": "up"}
    answer = judged({"zero_error": "0 g", "weighing": [weighing]})
    assert (f"weighing.{point}_up" not in {lack["path"] for lack in answer["missing"]}) is counts


def test_a_partial_range_has_its_own_changes_and_ends_in_a_test_load():
    plate = Nameplate(SCALE.validate_nameplate({**PLATE, "e": "2 g", "intervals": "6 kg/2 g, 15 kg/5 g"}))
    assert [(one.point, one.load.plain()) for one in EDITION.test_loads(plate)] == [
        ("min", "40 g"),
        ("change_1_1", "1000 g"),
        ("change_2_1", "4000 g"),
        ("partial_1", "6000 g"),
        ("half", "7500 g"),
        ("change_2", "10000 g"),
        ("max", "15000 g"),
    ]


def test_a_weighing_range_is_a_scale_of_its_own():
    plate = Nameplate(SCALE.validate_nameplate(TWO_RANGES))
    assert [dict(one) for one in EDITION.weighing_ranges(plate)] == [
        {"accuracy_class": "III", "max": "6 kg", "e": "2 g", "min": "40 g"},
        {"accuracy_class": "III", "max": "15 kg", "e": "5 g"},
    ]
    loads = EDITION.loads_by_range(plate)
    assert [(one.point, one.within) for one in loads if one.point.endswith(("min", "max"))] == [
        ("range_1_min", "1"),
        ("range_1_max", "1"),
        ("range_2_min", "2"),
        ("range_2_max", "2"),
    ]


@pytest.mark.parametrize(
    ("plate", "refused"),
    [
        ({"d": "5 g"}, None),
        ({"d": "5.1 g"}, "not_covered (d): value=5.1 g"),
        ({"min": "14.999 kg"}, None),
        ({"intervals": "6 kg/5 g, much"}, "bad_quantity (intervals): value=much, unit=kg/g"),
        ({"intervals": "6 kg/5 g, 14 kg/10 g"}, "not_covered (intervals): value=6 kg/5 g, 14 kg/10 g"),
    ],
)
def test_what_a_scale_is_refused_for(plate, refused):
    assert refusal({**PLATE, **plate}) == refused


def test_an_unread_interval_says_it_is_not_confirmed():
    assert EDITION.interval(PLATE).confirmed is EDITION.numbers["interval"].confirmed is False
    taximeter = regulations.get("taximeter").editions[-1]
    assert (taximeter.interval({}).months, taximeter.interval({}).confirmed) == (12, True)


GAUGE = regulations.get("pressure_gauge")


@pytest.mark.parametrize("text", ["much", "1.6~1.6 MPa", "1.6~0 MPa"])
def test_a_range_that_is_none(text):
    with pytest.raises(Problem) as refused:
        GAUGE.validate_nameplate({"range": text, "accuracy_class": "1.6"})
    assert (refused.value.code, refused.value.field) == ("bad_quantity", "range")
    assert refused.value.params == {"value": text, "unit": "MPa"}


def test_a_gauge_read_after_tapping_only_shows_no_tapping():
    case = {
        "type": GAUGE.code,
        "on": "2026-06-01",
        "kind": "subsequent",
        "nameplate": {"range": "0~1.6 MPa", "accuracy_class": "1.6"},
        "readings": {"points": [{"reference": "0.8 MPa", "up_tapped": "0.81 MPa"}]},
    }
    (finding,) = evaluate(case, partial=True)["findings"]
    assert (finding["error"], finding["tap"], finding["hysteresis"]) == ("0.01 MPa", None, None)
    assert (finding["tap_within"], finding["hysteresis_within"]) == (True, True)


def test_the_end_of_the_scale_is_asked_for():
    case = {
        "type": GAUGE.code,
        "on": "2026-06-01",
        "kind": "subsequent",
        "nameplate": {"range": "0~1.6 MPa", "accuracy_class": "1.6"},
        "readings": {"points": [{"reference": "1.59 MPa", "up_tapped": "1.59 MPa"}]},
    }
    (lack,) = [one for one in evaluate(case, partial=True)["missing"] if one["path"] == "points.end"]
    assert lack["labels"] == {"zh": "测量上限", "en": "end of the scale"}
    assert (lack["code"], lack["params"]) == ("missing_reading", {"load": "1.6 MPa"})


def test_points_of_a_vacuum_gauge():
    plate = Nameplate(GAUGE.validate_nameplate({"range": "-0.1~0 MPa", "accuracy_class": "1.6"}))
    assert [one.value for one in GAUGE.editions[-1].points(plate)][-1] == Decimal(0)


@pytest.mark.parametrize("gone", ["indicated", "actual"])
@pytest.mark.parametrize("code", ["cng_dispenser", "taximeter"])
def test_half_a_run_is_no_error(code, gone):
    point = "delivery" if code == "cng_dispenser" else "distance"
    unit = "kg" if code == "cng_dispenser" else "km"
    run = {"point": point, "indicated": f"1 {unit}", "actual": f"1 {unit}"}
    del run[gone]
    case = {"type": code, "on": "2026-06-01", "kind": "subsequent", "nameplate": {}, "readings": {"runs": [run]}}
    assert [one for one in evaluate(case, partial=True)["findings"] if one["point"] == point] == []


@pytest.mark.parametrize(
    ("plate", "refused"),
    [
        # class III: a partial range ends at 500 intervals of the next one at least
        ({"e": "2 g", "intervals": "2.5 kg/2 g, 15 kg/5 g"}, None),
        (
            {"e": "2 g", "intervals": "2.498 kg/2 g, 15 kg/5 g"},
            "not_covered (intervals): value=2.498 kg/2 g, 15 kg/5 g",
        ),
        ({"min": "15 kg"}, "not_covered (min): value=15 kg"),
        ({"e": "3 g"}, "not_covered (e): value=3 g"),
        ({"e": "0.05 g", "max": "100 g"}, "not_covered (e): value=0.05 g, accuracy_class=III"),
    ],
)
def test_edges_of_the_scope_of_a_scale(plate, refused):
    assert refusal({**PLATE, **plate}) == refused


def test_a_range_in_a_unit_nobody_knows():
    with pytest.raises(Problem) as refused:
        GAUGE.validate_nameplate({"range": "0~1.6 parsec", "accuracy_class": "1.6"})
    assert (refused.value.code, refused.value.field) == ("bad_quantity", "range")


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [("subsequent", ["1.6.mpe", "top_from", "tap"]), ("in_service", ["1.6.mpe", "top_from", "in_service", "tap"])],
)
def test_a_gauge_rests_on_its_numbers(kind, numbers):
    case = {
        "type": GAUGE.code, "on": "2026-06-01", "kind": kind, "nameplate": {"range": "0~1.6 MPa", "accuracy_class": "1.6"},
        "readings": {"points": [{"reference": "0.8 MPa", "up_tapped": "0.81 MPa"}]},
    }  # fmt: skip
    (finding,) = evaluate(case, partial=True)["findings"]
    assert finding["numbers"] == numbers


@pytest.mark.parametrize("actual", ["0.5 kg", "1 kg", "10 kg"])
def test_a_small_delivery_has_an_error_too(actual):
    run = {"point": "delivery", "indicated": actual, "actual": actual}
    case = {
        "type": "cng_dispenser",
        "on": "2026-06-01",
        "kind": "subsequent",
        "nameplate": {},
        "readings": {"runs": [run]},
    }
    (finding,) = evaluate(case, partial=True)["findings"]
    assert (finding["error"], finding["numbers"]) == ("0.00 %", ["mpe", "rounding"])


@pytest.mark.parametrize("shown", [("20100 kg", "19900 kg"), ("19900 kg", "20100 kg")])
def test_of_two_passages_as_far_off_the_one_that_shows_too_much_is_shown(shown):
    runs = [{"point": "vehicle", "indicated": one, "actual": "20000 kg"} for one in shown]
    case = {
        "type": "axle_scale", "on": "2026-06-01", "kind": "subsequent", "nameplate": {"accuracy_class": "1"},
        "readings": {"runs": runs},
    }  # fmt: skip
    (finding,) = evaluate(case, partial=True)["findings"]
    assert (finding["error"], finding["within"]) == ("0.50 %", True)


@pytest.mark.parametrize(("within", "mpe"), [("1", "2 g"), ("2", "5 g")])
def test_a_weighing_is_judged_in_its_range(within, mpe):
    # 3 kg are 1500 intervals of 2 g, 600 of 5 g: beyond 500 both, so one interval is allowed
    weighing = {"load": "3 kg", "indication": "3 kg", "additional_load": "1 g", "range": within, "direction": "up"}
    finding = found({"zero_error": "0 g", "weighing": [weighing]}, **{**TWO_RANGES, "min": "40 g"})["weighing[0]"]
    assert finding["mpe"] == mpe


def test_repeated_weighings_in_service():
    row = {"load": "7500 g", "indication": "7500 g", "additional_load": "2.5 g"}
    case = {
        "type": SCALE.code, "on": "2026-06-01", "kind": "in_service", "nameplate": PLATE,
        "readings": {"zero_error": "0 g", "repeatability": [row] * 3},
    }  # fmt: skip
    by_point = {one["point"]: one for one in evaluate(case, partial=True)["findings"]}
    assert by_point["repeatability"]["mpe"] == "10 g"


def test_a_nameplate_is_checked_by_the_edition_of_a_day():
    scale = regulations.get("electronic_price_computing_scale")
    first = min(edition.in_force for edition in scale.editions)
    with pytest.raises(Problem) as refused:
        scale.validate_nameplate(PLATE, on=first.replace(year=first.year - 1))
    assert (refused.value.code, refused.value.field) == ("not_covered", "on")
