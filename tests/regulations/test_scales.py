import copy
from datetime import date

import pytest

from metrology import regulations
from metrology.regulations import evaluate

DIGITAL = regulations.get("digital_indicating_scale")
ANALOG = regulations.get("analog_indicating_scale")
PLATE = {"accuracy_class": "III", "max": "15 kg", "e": "5 g"}


def complete(one):
    return copy.deepcopy(next(e for e in one.examples if e.id == "without any error it conforms").case)


def judge(readings, *, partial=True, plate=PLATE, kind="initial"):
    case = {
        "type": "digital_indicating_scale",
        "on": "2026-06-01",
        "kind": kind,
        "nameplate": plate,
        "readings": readings,
    }
    return evaluate(case, partial=partial)


def loads(plate, one=DIGITAL, kind="initial"):
    normal = one.validate_nameplate(plate)
    table = one.editions[-1].reading_sheet(normal, kind).table("weighing")
    return [row.values["load"] for row in table.rows if row.values["direction"] == "up"]


def test_test_loads_of_a_market_scale():
    assert loads(PLATE) == ["100 g", "2500 g", "7500 g", "10000 g", "15000 g"]


def test_quarters_are_added_until_there_are_five():
    assert loads({"accuracy_class": "III", "max": "1 kg", "e": "1 g"}) == ["20 g", "250 g", "500 g", "750 g", "1000 g"]


def test_a_dial_scale_is_tested_at_every_quarter():
    assert loads({"accuracy_class": "III", "max": "60 kg", "e": "20 g"}, ANALOG) == [
        "400 g",
        "10000 g",
        "15000 g",
        "30000 g",
        "40000 g",
        "45000 g",
        "60000 g",
    ]


def test_min_as_marked_goes_before_the_least_of_the_class():
    assert loads({**PLATE, "min": "200 g"})[0] == "200 g"


@pytest.mark.parametrize(("additional", "within"), [("0 g", True), ("5 g", True), ("5.01 g", False)])
def test_an_error_of_exactly_half_e_conforms(additional, within):
    reading = {"load": "1000 g", "indication": "1000 g", "additional_load": additional}
    assert judge({"weighing": [reading], "zero_error": "0 g"})["findings"][-1]["within"] is within


def test_the_same_load_in_kilograms():
    reading = {"load": "1 kg", "indication": "1.000", "additional_load": "1.5"}
    answer = judge({"weighing": [{**reading, "indication": "1.000 kg"}], "zero_error": "0.5 g"})
    assert (answer["findings"][-1]["error"], answer["findings"][-1]["mpe"]) == ("0.5 g", "2.5 g")


def test_a_digit_that_may_have_been_rounded_is_not_judged():
    answer = judge({"weighing": [{"load": "1000 g", "indication": "1000 g"}], "zero_error": "0 g"})
    assert [finding["point"] for finding in answer["findings"]] == ["zero"]
    assert "weighing[0].additional_load" in {lack["path"] for lack in answer["missing"]}


@pytest.mark.parametrize(("d", "reads"), [("1 g", True), ("2 g", False)])
def test_a_fifth_of_e_is_read_directly(d, reads):
    answer = judge(
        {"weighing": [{"load": "1000 g", "indication": "1001 g"}], "zero_error": "0 g"}, plate={**PLATE, "d": d}
    )
    assert ("weighing[0]" in {finding["point"] for finding in answer["findings"]}) is reads


def test_a_load_above_max_is_not_covered():
    reading = {"load": "15.005 kg", "indication": "15.005 kg", "additional_load": "2.5 g"}
    assert "not_covered" in {lack["code"] for lack in judge({"weighing": [reading], "zero_error": "0 g"})["missing"]}


def without_load(case, load, direction):
    readings = case["readings"]
    return {
        **readings,
        "weighing": [r for r in readings["weighing"] if (r["load"], r["direction"]) != (load, direction)],
    }


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize(
    ("load", "point"),
    [("100 g", "min"), ("2500 g", "change_1"), ("7500 g", "half"), ("10 kg", "change_2"), ("15 kg", "max")],
)
def test_each_test_load_is_asked_for_up_and_down(load, point, direction):
    case = complete(DIGITAL)
    answer = evaluate({**case, "readings": without_load(case, load, direction)})
    assert [lack["path"] for lack in answer["problem"]["missing"]] == [f"weighing.{point}_{direction}"]


def test_in_service_loads_only_go_up():
    case = complete(DIGITAL)
    readings = {**case["readings"], "weighing": [r for r in case["readings"]["weighing"] if r["direction"] == "up"]}
    del readings["discrimination"]
    assert evaluate({**case, "kind": "in_service", "readings": readings})["verdict"] == "conforms"
    assert evaluate({**case, "kind": "subsequent", "readings": readings})["verdict"] is None


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("initial", None), ("after_repair", None), ("subsequent", "conforms"), ("in_service", "conforms")],
)
def test_discrimination_belongs_to_a_complete_verification(kind, verdict):
    case = complete(DIGITAL)
    del case["readings"]["discrimination"]
    assert evaluate({**case, "kind": kind})["verdict"] == verdict


def test_untouched_rows_of_an_optional_table_are_no_readings():
    case = complete(DIGITAL)
    case["readings"]["discrimination"] = [{"load": load} for load in ("100 g", "7500 g", "15000 g")]
    assert evaluate({**case, "kind": "subsequent"})["verdict"] == "conforms"


def test_max_is_max():
    case = complete(DIGITAL)
    for row in case["readings"]["weighing"]:
        if row["load"] == "15 kg":
            row.update(load="14.995 kg", indication="14.995 kg")
    missing = evaluate(case)["problem"]["missing"]
    assert {lack["path"] for lack in missing} == {"weighing.max_up", "weighing.max_down"}


@pytest.mark.parametrize(
    ("supports", "load", "positions"), [("4", "5000 g", 4), ("6", "3000 g", 6), ("3", "5000 g", 4)]
)
def test_eccentric_load(supports, load, positions):
    plate = DIGITAL.validate_nameplate({**PLATE, "supports": supports})
    rows = DIGITAL.editions[0].reading_sheet(plate, "initial").table("eccentricity").rows
    assert {row.values["load"] for row in rows} == {load}
    assert len(rows) == positions


@pytest.mark.parametrize(("load", "complete_"), [("4.5 kg", True), ("4.495 kg", False)])
def test_an_eccentric_load_too_small_does_not_count(load, complete_):
    case = complete(DIGITAL)
    for row in case["readings"]["eccentricity"]:
        row.update(load=load, indication=load)
    assert (evaluate(case)["verdict"] == "conforms") is complete_


def test_weighings_of_different_loads_show_no_repeatability():
    case = complete(DIGITAL)
    first, second, third = case["readings"]["repeatability"]
    case["readings"]["repeatability"] = [first, second, {**third, "load": "8 kg", "indication": "8 kg"}]
    assert evaluate(case)["verdict"] is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三级", "III"),
        ("Ⅲ级", "III"),
        ("III", "III"),
        ("Ⅲ", "III"),
        ("中准确度级", "III"),
        ("ⅲ", "III"),
        ("普通准确度级", "IIII"),
        ("Ⅳ", "IIII"),
        ("二级", "II"),
    ],
)
def test_classes_as_ledgers_write_them(text, value):
    plate = {"max": "10 kg", "e": "1 g" if value == "II" else "10 g", "accuracy_class": text}
    assert DIGITAL.validate_nameplate(plate)["accuracy_class"] == value


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("电子秤", "digital_indicating_scale"),
        ("电子计价秤", "electronic_price_computing_scale"),
        ("条码秤", "electronic_price_computing_scale"),
        ("电子台秤", "digital_indicating_scale"),
        ("数字指示秤", "digital_indicating_scale"),
        ("弹簧度盘秤", "analog_indicating_scale"),
        ("量子秤", None),
    ],
)
def test_names_as_ledgers_write_them(name, code):
    assert regulations.recognise(name) == code


def test_unconfirmed_numbers_show_in_the_verdict():
    case = complete(DIGITAL)
    answer = evaluate(case)
    assert answer["confirmed"] is False
    assert "repeatability.runs" in answer["unconfirmed"]


def test_a_year():
    assert DIGITAL.interval(DIGITAL.validate_nameplate(PLATE), date(2026, 1, 1)).months == 12


def test_a_truck_scale_is_read_in_kilograms_and_a_counter_scale_in_grams() -> None:
    truck = {"max": "60 t", "e": "20 kg", "accuracy_class": "III"}
    counter = {"max": "30 kg", "e": "10 g", "accuracy_class": "III"}
    for code, plate, unit in (("truck_scale", truck, "kg"), ("digital_indicating_scale", counter, "g")):
        sheet = regulations.get(code).editions[-1].reading_sheet(plate, "subsequent")
        assert {one.unit for one in sheet.table("weighing").fields if one.unit} == {unit}


def test_what_is_written_with_its_unit_means_the_same_on_either_sheet() -> None:
    edition = regulations.get("truck_scale").editions[-1]
    plate = {"max": "60 t", "e": "20 kg", "accuracy_class": "III"}
    bare = {"weighing": [{"load": "400", "indication": "400", "additional_load": "10", "direction": "up"}]}
    said = {"weighing": [{"load": "0.4 t", "indication": "400000 g", "additional_load": "10 kg", "direction": "up"}]}
    found = [
        edition.judge(plate, "subsequent", {"zero_error": "0 kg", **one}, partial=True).findings[0]
        for one in (bare, said)
    ]
    assert found[0].error == found[1].error == "0 kg"
