"""What is lacking is said exactly: the code, the place on the sheet, and what the sentence is filled with."""

import pytest

from metrology import regulations
from metrology.regulations import evaluate

DAY = "2026-06-01"
PLATES = {
    "fuel_dispenser": {"max_flow": "50 L/min", "product": "92#"},
    "active_energy_meter": {
        "accuracy_class": "1", "connection": "direct", "basic_current": "5 A", "max_current": "60 A", "constant": "1200 imp/kWh",
    },
    "cold_water_meter": {"accuracy_class": "2", "q3": "2.5 m³/h", "ratio": "100", "dn": "20"},
    "diaphragm_gas_meter": {"qmax": "4 m³/h", "qmin": "0.025 m³/h", "accuracy_class": "1.5"},
    "digital_indicating_scale": {"accuracy_class": "III", "max": "15 kg", "e": "5 g"},
    "truck_scale": {"accuracy_class": "III", "max": "60 t", "e": "20 kg", "supports": "6"},
    "taximeter": {},
    "ac_ev_charger": {"accuracy_class": "2", "max_current": "32 A"},
    "cng_dispenser": {},
    "pressure_gauge": {"range": "0~1.6 MPa", "accuracy_class": "1.6"},
}  # fmt: skip
MEASURE = {"mark_height": "66 mm", "mark_volume": "20 L", "neck": "2 mL/mm", "material": "stainless_steel"}
RUN = {"flow_point": "q1", "indication": "20.00 L"}
HEIGHT = {**RUN, "height": "66 mm"}
WARM = {"dispenser_temperature": "25 °C", "measure_temperature": "20 °C"}
LOAD = {"current": "5 A", "power_factor": "1.0"}
AT = {"load": "100 g", "indication": "100 g", "additional_load": "2.5 g"}


def lacks(type_code, readings, *, kind="subsequent", without=(), **plate):
    """Everything lacking, by its place."""
    nameplate = {key: text for key, text in {**PLATES[type_code], **plate}.items() if key not in without}
    case = {"type": type_code, "on": DAY, "kind": kind, "nameplate": nameplate, "readings": readings}
    answer = evaluate(case)
    assert answer["verdict"] is None
    for lack in answer["missing"]:
        assert all(lack["labels"][lang].strip() for lang in ("zh", "en")), lack
    return {lack["path"]: (lack["code"], lack["params"]) for lack in answer["missing"]}


MISSING = ("missing_reading", {})
AMBIGUOUS = ("ambiguous_reading", {})


@pytest.mark.parametrize(
    ("type_code", "readings", "how", "expected"),
    [
        # -- fuel dispensers
        ("fuel_dispenser", {"runs": [HEIGHT]}, {}, {"standard_measure": ("missing_reading", {"row": "0"})}),
        (
            "fuel_dispenser",
            {"runs": [{**HEIGHT, **WARM}], "standard_measure": {"mark_height": "66 mm"}},
            {},
            {"standard_measure": ("missing_reading", {"row": "0"}), "standard_measure.neck": MISSING, "standard_measure.mark_volume": MISSING},
        ),
        (
            "fuel_dispenser",
            {"runs": [{**HEIGHT, "dispenser_temperature": "25 °C"}], "standard_measure": MEASURE},
            {},
            {"runs[0].measure_temperature": MISSING},
        ),
        (
            "fuel_dispenser",
            {"runs": [{**HEIGHT, "measure_temperature": "25 °C"}], "standard_measure": MEASURE},
            {},
            {"runs[0].dispenser_temperature": MISSING},
        ),
        (
            "fuel_dispenser",
            {"runs": [{**HEIGHT, **WARM}], "standard_measure": MEASURE},
            {"without": ("product",)},
            {"nameplate.product": ("missing_characteristic", {})},
        ),
        (
            "fuel_dispenser",
            {"runs": [{**HEIGHT, "dispenser_temperature": "25 °C", "measure_temperature": "25 °C"}], "standard_measure": {**MEASURE, "material": ""}},
            {},
            {"standard_measure.material": MISSING},
        ),
        ("fuel_dispenser", {"runs": [{**HEIGHT, "actual": "20 L"}]}, {}, {"runs[0].actual": AMBIGUOUS}),
        ("fuel_dispenser", {"runs": [{**RUN, "actual": "0 L"}]}, {}, {"runs[0].actual": ("bad_quantity", {"value": "0 L", "unit": "L"})}),
        (
            "fuel_dispenser",
            {"runs": [{**RUN, "actual": "20 L", "flow": "44.9 L/min"}]},
            {},
            {"runs[0].flow": ("outside_conditions", {"value": "44.9 L/min", "lower": "45 L/min", "upper": "50 L/min"})},
        ),
        ("fuel_dispenser", {"errors": {"q2": ["0.1 %"] * 4}}, {}, {"runs.q2": ("ambiguous_reading", {"got": "4"})}),
        ("fuel_dispenser", {"errors": {"q2": ["0.1 %"]}}, {}, {"errors.q2": ("missing_reading", {"wanted": "3", "got": "1"})}),
        (
            "fuel_dispenser",
            {"environment": {"temperature": "-20.1 °C"}},
            {},
            {"environment.temperature": ("outside_conditions", {"value": "-20.1 °C", "lower": "-20 °C", "upper": "40 °C"})},
        ),
        # -- electricity
        ("active_energy_meter", {"loads": [{**LOAD, "error_1": "0.1 %"}]}, {}, {"loads[0].error_2": MISSING}),
        (
            "active_energy_meter",
            {"loads": [{**LOAD, "error_1": "0.9 %", "error_2": "0.9 %"}]},
            {},
            {"loads[0]": ("missing_reading", {"wanted": "4", "got": "2"})},
        ),
        (
            "active_energy_meter",
            {"loads": [{**LOAD, "current": "61 A", "error_1": "0.1 %", "error_2": "0.1 %"}]},
            {},
            {"loads[0].current": ("not_covered", {"value": "61 A"})},
        ),
        (
            "active_energy_meter",
            {"loads": [{**LOAD, "error_1": "0.1 %", "error_2": "0.1 %", "time_1": "27 s"}]},
            {},
            {"loads[0]": AMBIGUOUS},
        ),
        (
            "active_energy_meter",
            {"loads": [{**LOAD, "pulses": "10", "power": "1100 W", "times": ["27 s", "0 s"]}]},
            {},
            {"loads[0].time_1": ("bad_quantity", {"value": "0", "unit": "s"})},
        ),
        (
            "active_energy_meter",
            {"loads": [{**LOAD, "pulses": "10", "power": "1100 W", "times": ["27 s", "27 s"]}]},
            {"without": ("constant",)},
            {"nameplate.constant": ("missing_characteristic", {})},
        ),
        ("active_energy_meter", {}, {}, {"loads.unity.0.05Ib": ("missing_reading", {"load": "0.25 A"}), "loads.lag.Imax": ("missing_reading", {"load": "60 A"})}),
        (
            "active_energy_meter",
            {"loads": [{**LOAD, "errors": ["0.1 %", "0.1 %", "0.1 %", "0.1 %", "0.2 %"]}]},
            {},
            {"loads[0].error_4": ("bad_quantity", {"value": "0.1 %; 0.2 %", "unit": "%"})},
        ),
        # -- meters of volume
        (
            "cold_water_meter",
            {"runs": [{"flow_point": "q3", "start": "1 L", "end": "101 L", "indicated": "100 L", "actual": "100 L"}]},
            {},
            {"runs[0].indicated": AMBIGUOUS},
        ),
        (
            "cold_water_meter",
            {"runs": [{"flow_point": "q3", "indicated": "100 L", "actual": "0 L"}]},
            {},
            {"runs[0].actual": ("bad_quantity", {"value": "0 L", "unit": ""})},
        ),
        (
            "cold_water_meter",
            {"runs": [{"flow_point": "q3", "indicated": "100 L", "actual": "100 L", "flow": "2.51 m³/h"}]},
            {},
            {"runs[0].flow": ("outside_conditions", {"value": "2.51 m³/h", "lower": "2.25 m³/h", "upper": "2.5 m³/h"})},
        ),
        (
            "cold_water_meter",
            {"environment": {"water_temperature": "31 °C"}},
            {},
            {"environment.water_temperature": ("outside_conditions", {"value": "31 °C", "lower": "", "upper": "30 °C"})},
        ),
        (
            "diaphragm_gas_meter",
            {"runs": [{"flow_point": "qmax", "indicated": "100 L", "actual": "100 L", "meter_temperature": "21.1 °C", "standard_temperature": "20 °C"}]},
            {},
            {"runs[0].meter_temperature": ("outside_conditions", {"value": "1.1 °C", "lower": "", "upper": "1 °C"})},
        ),
        # -- scales
        ("digital_indicating_scale", {"weighing": [{**AT, "load": "15.1 kg"}]}, {}, {"weighing[0].load": ("not_covered", {"value": "15.1 kg"})}),
        (
            "digital_indicating_scale",
            {"repeatability": [{**AT, "load": "7500 g"}, {**AT, "load": "7000 g"}]},
            {},
            {"repeatability": ("missing_reading", {"wanted": "3", "got": "1", "load": "7000 g"})},
        ),
        (
            "digital_indicating_scale",
            {"repeatability": [{**AT, "load": "0 g"}] * 3, "eccentricity": [{**AT, "load": "4499 g", "position": "1"}]},
            {},
            {
                "repeatability[0].load": ("missing_reading", {"load": "7500 g", "value": "0 g"}),
                "eccentricity[0].load": ("missing_reading", {"load": "5000 g", "value": "4499 g"}),
            },
        ),
        ("digital_indicating_scale", {}, {}, {"weighing.min_up": ("missing_reading", {"load": "100 g"}), "weighing.max_down": ("missing_reading", {"load": "15000 g"})}),
        (
            "truck_scale",
            {"weights": {"standard_weights": "29 t"}, "rolling": [{"position": "1.1", "load": "49 t", "indication": "49 t", "additional_load": "10 kg"}]},
            {},
            {
                "weights.standard_weights": ("outside_conditions", {"value": "29 t", "lower": "30 t", "upper": ""}),
                "rolling[0].load": ("outside_conditions", {"value": "49 t", "lower": "", "upper": "48 t"}),
            },
        ),
        # -- compared run by run
        ("taximeter", {"runs": [{"point": "distance", "indicated": "1 km", "actual": "0 km"}]}, {}, {"runs[0].actual": ("bad_quantity", {"value": "0 km", "unit": ""})}),
        ("taximeter", {"runs": [{"point": "distance", "indicated": "1 km", "actual": "1 km"}] * 3}, {}, {"runs.distance": ("ambiguous_reading", {"got": "3"})}),
        ("taximeter", {"timing": {"indicated": "1 s", "actual": "0 s"}}, {}, {"timing.actual": ("bad_quantity", {"value": "0 s", "unit": "s"})}),
        ("cng_dispenser", {"runs": [{"point": "delivery", "indicated": "1 kg", "actual": "0 kg"}]}, {}, {"runs[0].actual": ("bad_quantity", {"value": "0 kg", "unit": ""})}),
        ("pressure_gauge", {}, {}, {"points.end": ("missing_reading", {"load": "1.6 MPa"}), "points": ("missing_reading", {"wanted": "4", "got": "0"})}),
    ],
)  # fmt: skip
def test_what_is_lacking(type_code, readings, how, expected):
    found = lacks(type_code, readings, **how)
    assert {path: found.get(path) for path in expected} == expected


@pytest.mark.parametrize(
    ("type_code", "plate", "problem"),
    [
        ("fuel_dispenser", {"max_flow": "201 L/min"}, ("max_flow", {"value": "201 L/min", "limit": "200 L/min"})),
        ("fuel_dispenser", {"min_flow": "50 L/min"}, ("min_flow", {"value": "50 L/min", "limit": "50 L/min"})),
        (
            "active_energy_meter",
            {"accuracy_class": "0.5S"},
            ("connection", {"value": "direct", "accuracy_class": "0.5S"}),
        ),
        ("active_energy_meter", {"max_current": "5 A"}, ("max_current", {"value": "5 A", "limit": "5 A"})),
        ("digital_indicating_scale", {"e": "3 g"}, ("e", {"value": "3 g"})),
        (
            "digital_indicating_scale",
            {"e": "0.05 g", "max": "100 g"},
            ("e", {"value": "0.05 g", "accuracy_class": "III"}),
        ),
        (
            "digital_indicating_scale",
            {"max": "2.495 kg"},
            ("max", {"value": "2.495 kg", "n": "499", "accuracy_class": "III"}),
        ),
        ("digital_indicating_scale", {"d": "10 g"}, ("d", {"value": "10 g"})),
        ("digital_indicating_scale", {"min": "15 kg"}, ("min", {"value": "15 kg"})),
        (
            "digital_indicating_scale",
            {"intervals": "6 kg/5 g, 14 kg/10 g"},
            ("intervals", {"value": "6 kg/5 g, 14 kg/10 g"}),
        ),
        (
            "digital_indicating_scale",
            {"multiple_ranges": "6 kg/5 g, 14 kg/10 g"},
            ("multiple_ranges", {"value": "6 kg/5 g, 14 kg/10 g"}),
        ),
        ("cold_water_meter", {"ratio": "1.6"}, ("ratio", {"value": "1.6"})),
        ("diaphragm_gas_meter", {"qmin": "0.03 m³/h"}, ("qmin", {"value": "0.03 m³/h", "limit": "150"})),
        ("diaphragm_gas_meter", {"qmax": "161 m³/h"}, ("qmax", {"value": "161 m³/h", "limit": "160 m³/h"})),
    ],
)
def test_why_a_nameplate_is_not_covered(type_code, plate, problem):
    case = {
        "type": type_code,
        "on": DAY,
        "kind": "subsequent",
        "nameplate": {**PLATES[type_code], **plate},
        "readings": {},
    }
    found = evaluate(case)["problem"]
    assert (found["code"], found["field"], found["params"]) == ("not_covered", *problem)


def test_every_type_here_has_rules():
    assert all(regulations.get(code).has_rules for code in PLATES)


def judged(type_code, readings, *, kind="initial", **plate):
    case = {
        "type": type_code,
        "on": DAY,
        "kind": kind,
        "nameplate": {**PLATES[type_code], **plate},
        "readings": readings,
    }
    return {finding["point"]: finding for finding in evaluate(case, partial=True)["findings"]}


def water(*errors):
    """Runs of 100 L at Q3, Q2 and Q1 with these errors in per cent."""
    points = zip(("q3", "q2", "q1"), errors, strict=True)
    return {
        "runs": [{"flow_point": point, "indicated": f"{100 + error} L", "actual": "100 L"} for point, error in points]
    }


@pytest.mark.parametrize(
    ("errors", "within"),
    # class 2: half the limits are 1 %, 1 % and 2.5 %
    [
        ((2, 2, 5), False),
        ((-2, -2, -5), False),
        ((1, 2, 5), True),
        ((2, 2, 2), True),
        ((2, -2, 5), True),
        ((0, 2, 5), True),
        ((0, 0, 0), True),
    ],
)
def test_errors_of_one_sign_in_water(errors, within):
    found = judged("cold_water_meter", water(*errors))["same_sign"]
    assert found["within"] is within
    assert found["formula"] == "one |E| ≤ 1.0 % / 2.5 % when all E have one sign"
    assert found["inputs"] == {point: f"{error:.1f} %" for point, error in zip(("q3", "q2", "q1"), errors, strict=True)}
    assert (found["numbers"], found["clause"][:9]) == (["same_sign"], "OIML R 49")
    assert found["labels"] == {"zh": "误差同号规则", "en": "errors of one sign"}


@pytest.mark.parametrize(
    ("large", "middle", "within"),
    # class 1.5: every one of them within 1 % when both have one sign; nought has none
    [
        ("101", "101", True),
        ("101", "101.1", False),
        ("98.9", "99.5", False),
        ("98.9", "101.1", True),
        ("100", "101.1", True),
        ("98.9", "100", True),
    ],
)
def test_errors_of_one_sign_in_gas(large, middle, within):
    same = {"actual": "100 L", "meter_temperature": "20 °C", "standard_temperature": "20 °C"}
    runs = [
        {"flow_point": point, "indicated": f"{one} L", **same}
        for point, one in (("qmax", large), ("middle", middle), ("qmin", "100"))
    ]
    found = judged("diaphragm_gas_meter", {"runs": runs})["same_sign"]
    assert found["within"] is within
    assert found["formula"] == "every |E| ≤ 1 % when all E have one sign"


def test_a_repeated_run_rests_on_the_rule_that_takes_the_mean():
    once, twice = water(1, 1, 1)["runs"], [*water(1, 1, 1)["runs"], *water(2, 1, 1)["runs"][:1]]
    assert "runs" not in judged("cold_water_meter", {"runs": once})["q3"]["numbers"]
    assert "runs" in judged("cold_water_meter", {"runs": twice})["q3"]["numbers"]


@pytest.mark.parametrize(("read", "lacking"), [("start", "end"), ("end", "start")])
def test_one_reading_of_a_meter_is_no_volume(read, lacking):
    found = lacks("cold_water_meter", {"runs": [{"flow_point": "q3", read: "100 L", "actual": "100 L"}]})
    assert found[f"runs[0].{lacking}"] == MISSING


@pytest.mark.parametrize("known", ["mark_height", "mark_volume", "neck"])
def test_a_measure_of_which_one_thing_is_known_measures_nothing(known):
    readings = {"runs": [{**HEIGHT, **WARM}], "standard_measure": {known: MEASURE[known]}}
    assert lacks("fuel_dispenser", readings)["standard_measure"] == ("missing_reading", {"row": "0"})


@pytest.mark.parametrize(("mean", "near"), [("1.19 %", False), ("1.2 %", True), ("1.8 %", True), ("1.81 %", False)])
def test_near_a_limit_of_one_and_a_half(mean, near):
    load = {"current": "0.25 A", "power_factor": "1.0", "errors": [mean, mean]}
    assert ("loads[0]" in lacks("active_energy_meter", {"loads": [load]})) is near


def test_a_three_phase_meter_is_loaded_phase_by_phase_too():
    found = lacks("active_energy_meter", {}, phases="three")
    phases = {path for path in found if path.rpartition(".")[2] in "ABC"}
    assert phases == {f"loads.{factor}.Ib.{phase}" for factor in ("unity", "lag") for phase in "ABC"}
    assert not {path for path in lacks("active_energy_meter", {}) if path.rpartition(".")[2] in "ABC"}
    capacitive = {"current": "5 A", "power_factor": "0.8C", "phase": "A", "errors": ["0.1 %", "0.1 %"]}
    assert lacks("active_energy_meter", {"loads": [capacitive]}, phases="three")["loads[0].current"][0] == "not_covered"


def test_limits_a_standard_is_chosen_by():
    edition = regulations.get("cold_water_meter").editions[-1]
    for kind, limits in (("initial", ["2 %", "2 %", "5 %"]), ("in_service", ["4 %", "4 %", "10 %"])):
        held = edition.mpe_at(PLATES["cold_water_meter"], kind)
        assert [one.limit.plain() for one in held] == limits
        assert [one.at.plain() for one in held] == ["2.5 m³/h", "0.04 m³/h", "0.025 m³/h"]


@pytest.mark.parametrize(
    ("ranges", "code"),
    [
        ("6 kg/2 g, 15 kg/5 g", None),
        ("3 kg/2 g, 6 kg/5 g, 15 kg/10 g", None),
        ("3 kg/2 g, 15 kg/5 g, 14 kg/10 g", "not_covered"),
        ("10 kg/2 g, 15 kg/2 g", "not_covered"),
        ("15 kg/2 g, 15 kg/5 g", "not_covered"),
    ],
)
def test_weighing_ranges_rise(ranges, code):
    plate = {**PLATES["digital_indicating_scale"], "e": "2 g", "multiple_ranges": ranges}
    case = {"type": "digital_indicating_scale", "on": DAY, "kind": "initial", "nameplate": plate, "readings": {}}
    assert (evaluate(case, partial=True).get("problem") or {}).get("code") == code
