"""Rules an institute enters: what is refused, the sheet and the limits drawn from them, and the contract every edition keeps."""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrology.domain.generic import GenericEdition, generic_edition, nameplate_for, standard_for
from metrology.domain.generic_rules import RulesRefused, checked, class_key, measuring_range
from metrology.domain.nameplate import Nameplate as nameplate  # noqa: N813 - it reads as what it makes
from metrology.domain.problems import NotCovered, Problem
from metrology.domain.quantity import parse

DAY = date(2026, 1, 1)
THERMOMETER: dict[str, Any] = {
    "document": "JJG 111-2019", "title": {"zh": "玻璃体温计", "en": "Clinical thermometers"},
    "measurand": {"zh": "温度", "en": "temperature"}, "unit": "℃", "low": "35", "high": "42",
    "points": "37, 39\n41", "readings": "2", "limits": [{"absolute": "0.1"}], "repeatability": "0.05", "rounding": "0.01",
    "in_service": "2", "items": [{"zh": "外观", "en": "appearance", "clause": "6.1"}],
    "conditions": {"temperature": ["15", "25"], "humidity": ["", "85"]}, "interval": "12", "mode": "periodic",
    "standard": {"zh": "标准水银温度计", "en": "standard thermometer", "ratio": "1/3"},
    "parts": {"limits": {"clause": "5.2", "source": "JJG 111-2019 正文"}},
}  # fmt: skip
GAUGE: dict[str, Any] = {
    **THERMOMETER, "measurand": {"zh": "压力", "en": "pressure"}, "unit": "kPa", "low": "", "high": "",
    "points": ["0 %", "50 %", "100 %"], "readings": "1", "judge": "each", "repeatability": "", "rounding": "",
    "conditions": {}, "items": [],
    "limits": [{"class": "1.0", "of_span": "1"}, {"class": "2.5级", "of_span": "2.5"}],
}  # fmt: skip
SOUND: dict[str, Any] = {
    **GAUGE, "unit": "lx", "points": ["100", "1000", "5000"],
    "limits": [{"up_to": "1000", "absolute": "5", "of_value": "4 %"}, {"of_value": "8"}],
}  # fmt: skip


def edition(rules: dict[str, Any], **changes: Any) -> GenericEdition:
    return generic_edition({**rules, **changes}, code=f"{rules['document']} v1", in_force=DAY)


def faults(rules: dict[str, Any], **changes: Any) -> list[tuple[str, str | None]]:
    with pytest.raises(RulesRefused) as refused:
        checked({**rules, **changes})
    return [(problem.code, problem.field) for problem in refused.value.problems]


def filled(one: GenericEdition, plate: dict[str, str], kind: str = "subsequent", error: str = "0") -> dict[str, Any]:
    """Readings with one and the same error everywhere."""
    sheet = one.reading_sheet(plate, kind)
    unit = one.rules["unit"]
    points = {point.key: point.at for point in one.points(plate, kind)}
    return {
        "items": {f"check_{i}": True for i, _ in enumerate(one.rules["items"], start=1)},
        "environment": {"temperature": "20", "humidity": "50"},
        "runs": [
            {
                **row.values, "actual": points[row.point].text(),
                "indicated": (points[row.point] + parse(error, unit)).text(),
            }
            for row in sheet.table("runs").rows
        ],
    }  # fmt: skip


# -- what is refused


@pytest.mark.parametrize("rules", [THERMOMETER, GAUGE, SOUND])
def test_rules_in_normal_form_stay_as_they_are_and_are_plain_data(rules: dict[str, Any]) -> None:
    once = checked(rules)
    assert checked(once) == once
    assert json.loads(json.dumps(once)) == once


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"document": " "}, ("rules_lack", "document")),
        ({"title": {"zh": ""}}, ("rules_lack", "title")),
        ({"unit": "furlong"}, ("unknown_unit", "unit")),
        ({"points": ""}, ("rules_lack", "points")),
        ({"points": "37, 37"}, ("point_twice", "points")),
        ({"points": "34.9"}, ("out_of_range", "points")),
        ({"points": "42.1"}, ("out_of_range", "points")),
        ({"points": "warm"}, ("bad_quantity", "points")),
        ({"points": "37 kPa"}, ("bad_quantity", "points")),
        ({"points": "101 %"}, ("out_of_range", "points")),
        ({"low": "42"}, ("range_not_in_order", "high")),
        ({"readings": "0"}, ("out_of_range", "readings")),
        ({"readings": "2.5"}, ("out_of_range", "readings")),
        ({"limits": []}, ("rules_lack", "limits")),
        ({"limits": [{"class": "1"}]}, ("limit_without_value", "limits.0.absolute")),
        ({"limits": [{"absolute": "0"}]}, ("must_be_above", "limits.0.absolute")),
        ({"limits": [{"absolute": "-1"}]}, ("must_be_above", "limits.0.absolute")),
        ({"limits": [{"absolute": "1"}, {"class": "A", "absolute": "1"}]}, ("class_missing", "limits")),
        ({"limits": [{"absolute": "1"}, {"up_to": "40", "absolute": "2"}]}, ("steps_not_in_order", "limits")),
        (
            {"limits": [{"up_to": "40", "absolute": "1"}, {"up_to": "39", "absolute": "2"}]},
            ("steps_not_in_order", "limits"),
        ),
        ({"rounding": "0"}, ("must_be_above", "rounding")),
        ({"judge": "somehow"}, ("bad_choice", "judge")),
        ({"conditions": {"temperature": ["25", "15"]}}, ("range_not_in_order", "conditions.temperature")),
        ({"interval": ""}, ("out_of_range", "interval")),
        ({"interval": "0"}, ("out_of_range", "interval")),
        ({"standard": {"zh": "x", "ratio": "3/1"}}, ("bad_ratio", "standard.ratio")),
        ({"standard": {"zh": ""}}, ("rules_lack", "standard.zh")),
        ({"items": [{"en": "seal"}]}, ("rules_lack", "items")),
    ],
)
def test_rules_that_say_nothing_sensible_are_refused(changes: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in faults(THERMOMETER, **changes)


def test_every_fault_is_told_at_once() -> None:
    assert len(faults({})) >= 6


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("(0~1.6) MPa", "kPa", ("0 MPa", "1.6 MPa")),
        ("０～１００kPa", "kPa", ("0 kPa", "100 kPa")),
        ("-30…50℃", "°C", ("-30 °C", "50 °C")),
        ("-0.1-0.1 MPa", "MPa", ("-0.1 MPa", "0.1 MPa")),
        ("0 至 300", "mmHg", ("0 mmHg", "300 mmHg")),
        ("≤300 mmHg", "mmHg", ("0 mmHg", "300 mmHg")),
        ("100 mL ~ 1 L", "mL", ("100 mL", "1 L")),
        ("100~0 kPa", "kPa", None),
        ("0~100 kg", "kPa", None),
        ("DN15", "kPa", None),
        ("", "kPa", None),
    ],
)
def test_ranges_are_read_as_nameplates_write_them(text: str, unit: str, expected: tuple[str, str] | None) -> None:
    found = measuring_range(text, unit)
    assert (found and tuple(end.plain() for end in found)) == expected


def test_spellings_of_a_class_are_one() -> None:
    assert class_key("2.5级") == class_key("２．５０ 级") == class_key("2.5")
    assert class_key("Ⅱ级") != class_key("Ⅲ级")


# -- sheet, limits, scope


def test_the_sheet_has_each_point_as_often_as_it_is_read() -> None:
    one = edition(THERMOMETER)
    sheet = one.reading_sheet({"range": "35~42℃"}, "subsequent")
    assert [row.values["point"] for row in sheet.table("runs").rows] == ["p1", "p1", "p2", "p2", "p3", "p3"]
    assert [field.labels["en"] for field in sheet.table("items").fields] == ["appearance"]
    assert [field.key for field in sheet.table("environment").fields] == ["temperature", "humidity"]


def test_points_of_the_span_follow_the_instrument() -> None:
    one = edition(GAUGE)
    at = [limit.at.plain() for limit in one.mpe_at({"range": "20~100 kPa", "accuracy_class": "1"}, "subsequent")]
    assert at == ["20 kPa", "60 kPa", "100 kPa"]


def test_only_points_within_the_range_of_the_instrument_are_asked_for() -> None:
    one = edition(SOUND, low="0", high="9000")
    assert [p.at.plain() for p in one.points({"range": "0~2000 lx"}, "initial")] == ["100 lx", "1000 lx"]
    with pytest.raises(NotCovered):
        one.judge({"range": "0~50 lx"}, "initial", {})


@pytest.mark.parametrize(
    ("rules", "plate", "kind", "limits"),
    [
        (THERMOMETER, {"range": "35~42"}, "subsequent", ["0.1 °C"] * 3),
        (THERMOMETER, {"range": "35~42"}, "in_service", ["0.2 °C"] * 3),
        (GAUGE, {"range": "0~1.6 MPa", "accuracy_class": "1.0级"}, "initial", ["16 kPa"] * 3),
        (GAUGE, {"range": "20~100 kPa", "accuracy_class": "2.5"}, "initial", ["2 kPa"] * 3),
        (SOUND, {}, "initial", ["9 lx", "45 lx", "400 lx"]),
        ({**SOUND, "combine": "greatest"}, {}, "initial", ["5 lx", "40 lx", "400 lx"]),
    ],
)
def test_limits_absolute_relative_of_the_span_and_by_steps(
    rules: dict[str, Any], plate: dict[str, str], kind: str, limits: list[str]
) -> None:
    assert [one.limit.plain() for one in edition(rules).mpe_at(plate, kind)] == limits


@pytest.mark.parametrize(
    ("rules", "plate", "field"),
    [
        (GAUGE, {"range": "0~1 MPa", "accuracy_class": "4.0"}, "accuracy_class"),
        (GAUGE, {"range": "wide", "accuracy_class": "1.0"}, "range"),
        (GAUGE, {"range": "0~10 kg", "accuracy_class": "1.0"}, "range"),
        (THERMOMETER, {"range": "34~42"}, "range"),
        (THERMOMETER, {"range": "35~43"}, "range"),
    ],
)
def test_a_nameplate_the_rules_do_not_know_is_refused(rules: dict[str, Any], plate: dict[str, str], field: str) -> None:
    with pytest.raises(NotCovered) as refused:
        edition(rules).judge(plate, "subsequent", {})
    assert refused.value.field == field


@pytest.mark.parametrize(("rules", "lacks"), [(GAUGE, {"range", "accuracy_class"}), (THERMOMETER, {"range"})])
def test_a_nameplate_that_says_too_little_gives_no_verdict(rules: dict[str, Any], lacks: set[str]) -> None:
    verdict = edition(rules).judge({}, "subsequent", {})
    assert verdict.verdict is None
    assert {f"nameplate.{key}" for key in lacks} <= {lack.path for lack in verdict.missing}


# -- verdicts


@pytest.mark.parametrize(
    ("error", "kind", "verdict"),
    [
        ("0.1", "subsequent", "conforms"), ("-0.1", "subsequent", "conforms"), ("0.11", "subsequent", "rejected"),
        ("-0.11", "subsequent", "rejected"), ("0.105", "subsequent", "conforms"), ("0.106", "subsequent", "rejected"),
        ("0.2", "in_service", "conforms"), ("0.21", "in_service", "rejected"),
    ],
)  # fmt: skip
def test_both_sides_of_the_limit_with_rounding_once(error: str, kind: str, verdict: str) -> None:
    one = edition(THERMOMETER)
    plate = {"range": "35~42"}
    assert one.judge(plate, kind, filled(one, plate, kind, error)).verdict == verdict


@pytest.mark.parametrize(("second", "verdict"), [("37.05", "conforms"), ("37.06", "rejected")])
def test_repeatability_has_a_limit_of_its_own(second: str, verdict: str) -> None:
    one, plate = edition(THERMOMETER), {"range": "35~42"}
    readings = filled(one, plate)
    readings["runs"][1]["indicated"] = second
    found = one.judge(plate, "subsequent", readings)
    assert found.verdict == verdict
    assert found.findings[0].extras["repeatability_limit"] == "0.05 °C"


def test_each_reading_by_itself_or_their_mean() -> None:
    plate = {"range": "35~42"}
    for judge, verdict in (("mean", "conforms"), ("each", "rejected")):
        one = edition(THERMOMETER, judge=judge, repeatability="")
        readings = filled(one, plate)
        readings["runs"][0]["indicated"], readings["runs"][1]["indicated"] = "37.15", "36.9"
        assert one.judge(plate, "subsequent", readings).verdict == verdict


@pytest.mark.parametrize(("actual", "lacks"), [("38", False), ("38.1", True), ("36", False), ("35.9", True)])
def test_a_reading_belongs_to_the_nearest_point(actual: str, lacks: bool) -> None:
    one, plate = edition(THERMOMETER), {"range": "35~42"}
    readings = filled(one, plate)
    for run in readings["runs"][:2]:
        run["actual"] = run["indicated"] = actual
    verdict = one.judge(plate, "subsequent", readings)
    assert bool([lack for lack in verdict.missing if lack.code == "outside_conditions"]) == lacks


@pytest.mark.parametrize(("actual", "lacks"), [("37.2", False), ("37.21", True)])
def test_a_window_around_the_point_may_be_narrower(actual: str, lacks: bool) -> None:
    one, plate = edition(THERMOMETER, window="0.2"), {"range": "35~42"}
    readings = filled(one, plate)
    for run in readings["runs"][:2]:
        run["actual"] = run["indicated"] = actual
    assert (one.judge(plate, "subsequent", readings).verdict is None) == lacks


@pytest.mark.parametrize(
    ("temperature", "verdict"), [("15", "conforms"), ("25", "conforms"), ("14.9", None), ("25.1", None)]
)
def test_readings_outside_the_conditions_do_not_count(temperature: str, verdict: str | None) -> None:
    one, plate = edition(THERMOMETER), {"range": "35~42"}
    readings = filled(one, plate)
    readings["environment"]["temperature"] = temperature
    assert one.judge(plate, "subsequent", readings).verdict == verdict


def test_a_check_answered_no_rejects() -> None:
    one, plate = edition(THERMOMETER), {"range": "35~42"}
    readings = filled(one, plate)
    readings["items"]["check_1"] = False
    assert one.judge(plate, "subsequent", readings).verdict == "rejected"


@settings(deadline=None)  # a whole sheet is judged twice: a busy machine takes its time
@given(data=st.data())
def test_missing_readings_never_conform(data: st.DataObject) -> None:
    rules, plate = data.draw(
        st.sampled_from(
            [
                (THERMOMETER, {"range": "35~42"}),
                (GAUGE, {"range": "0~100 kPa", "accuracy_class": "1.0"}),
                (SOUND, {}),
            ]
        )
    )
    one = edition(rules)
    whole = filled(one, plate)
    assert one.judge(plate, "subsequent", whole).verdict == "conforms"
    holed = copy.deepcopy(whole)
    places = [("runs", i, key) for i, _ in enumerate(whole["runs"]) for key in ("actual", "indicated")]
    if rules is THERMOMETER:
        places += [("items", None, "check_1"), ("environment", None, "temperature"), ("environment", None, "humidity")]
    for table, row, key in data.draw(st.lists(st.sampled_from(places), min_size=1, unique=True)):
        (holed[table] if row is None else holed[table][row]).pop(key)
    verdict = one.judge(plate, "subsequent", holed)
    assert verdict.verdict != "conforms"
    assert verdict.missing


# -- what stands behind the numbers


def test_a_number_is_confirmed_where_both_people_cite_a_source() -> None:
    def confirmed(**sources: str) -> bool:
        one = generic_edition(THERMOMETER, code="x", in_force=DAY, sources=sources)
        return one.numbers["limits.0.absolute"].confirmed

    assert confirmed(limits="JJG 111-2019 p. 4")
    assert not confirmed()
    assert not confirmed(points="JJG 111-2019 p. 4")
    one = generic_edition(THERMOMETER, code="x", in_force=DAY, sources={"points": "p. 4", "limits": "p. 4"})
    assert not one.numbers["points.0"].confirmed  # the proposer cited nothing for the points
    assert one.numbers["limits.0.absolute"].source == "JJG 111-2019 正文; p. 4"
    assert one.numbers["limits.0.absolute"].clause == "5.2"


def test_other_numbers_can_be_tried() -> None:
    one, plate = edition(THERMOMETER), {"range": "35~42"}
    readings = filled(one, plate, error="0.12")
    assert one.judge(plate, "subsequent", readings).verdict == "rejected"
    assert one.with_numbers({"limits.0.absolute": "0.12"}).judge(plate, "subsequent", readings).verdict == "conforms"


def test_interval_nameplate_and_standard() -> None:
    assert edition(THERMOMETER).interval({}).months == 12
    scrapped = edition(THERMOMETER, mode="first_only_scrap", interval="").interval({})
    assert (scrapped.months, scrapped.mode) == (None, "first_only_scrap")
    assert {one.key: one.required_for_verdict for one in nameplate_for(checked(GAUGE))} == {
        "range": True, "accuracy_class": True,
    }  # fmt: skip
    assert standard_for(checked(THERMOMETER)).ratio == (1, 3)


def test_what_is_no_sheet_of_readings_is_a_problem_or_no_verdict() -> None:
    one = edition(THERMOMETER)
    with pytest.raises(Problem):
        one.judge({"range": "35~42"}, "nonsense", {})
    assert one.judge({"range": "35~42"}, "initial", {"runs": "no", "items": 3, "environment": []}).verdict is None


# -- what a fault names, and what a finding rests on


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"window": "0"}, "window"),
        ({"window": "much"}, "window"),
        ({"in_service": "0"}, "in_service"),
        ({"in_service": "much"}, "in_service"),
    ],
)
def test_a_wrong_number_is_told_at_its_field(changes: dict[str, Any], fault: str) -> None:
    assert [field for _, field in faults(THERMOMETER, **changes)] == [fault]


@pytest.mark.parametrize(("points", "within"), [(["35", "42"], True), (["34.9"], False), (["42.1"], False)])
def test_points_lie_in_the_range_its_ends_included(points: list[str], within: bool) -> None:
    if within:
        assert checked({**THERMOMETER, "points": points})["points"] == points
        return
    assert {field for _, field in faults(THERMOMETER, points=points)} == {"points"}


def test_too_many_points_are_told_once() -> None:
    assert ("too_many", "points") in faults(THERMOMETER, points=["37"] * 500)


@pytest.mark.parametrize(("second", "within"), [("50.2", True), ("50.201", False)])
def test_repeatability_in_parts_of_the_span(second: str, within: bool) -> None:
    one = edition(GAUGE, readings="2", judge="mean", repeatability="0.2 %", unit="kPa", points=["50 %"])
    assert one.numbers["repeatability"].unit == "% of span"
    plate = {"accuracy_class": "1.0", "range": "0~100 kPa"}
    (point,) = (known.key for known in one.points(plate, "subsequent"))
    runs = [{"point": point, "actual": "50 kPa", "indicated": f"{shown} kPa"} for shown in ("50", second)]
    (finding,) = one.judge(plate, "subsequent", {"runs": runs}, partial=True).findings
    assert finding.extras["repeatability_within"] is within


def test_a_class_the_rules_do_not_know_and_a_value_beyond_the_last_step() -> None:
    gauge = edition(GAUGE)
    with pytest.raises(NotCovered) as refused:
        gauge.check(nameplate({"accuracy_class": "9", "range": "0~100 kPa"}))
    assert refused.value.field == "accuracy_class"
    with pytest.raises(Problem) as unread:
        gauge.check(nameplate({"accuracy_class": "1.0", "range": "much"}))
    assert (unread.value.field, unread.value.params["value"]) == ("range", "much")


def test_names_of_what_rules_ask_for() -> None:
    (known,) = (one for one in nameplate_for(checked(GAUGE)) if one.key == "accuracy_class")
    assert known.labels == {"zh": "准确度等级", "en": "accuracy class"}
    standard = standard_for(checked(THERMOMETER))
    assert standard is not None
    assert standard.names == {"zh": "标准水银温度计", "en": "standard thermometer"}
