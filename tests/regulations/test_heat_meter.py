"""A heat meter in parts, by hand: settings of the points, and a limit where a setting was not read."""

import pytest

from metrology import regulations
from metrology.domain.problems import Problem
from metrology.regulations import evaluate

HEAT = regulations.get("heat_meter")
PLATE = {
    "accuracy_class": "2", "qp": "1.5 m³/h", "qi": "0.03 m³/h", "difference_min": "3 K", "difference_max": "60 K", "dn": "20",
}  # fmt: skip
PARTS = {**PLATE, "assembly": "parts"}


def test_settings_of_the_parts():
    sheet = HEAT.editions[-1].reading_sheet(HEAT.validate_nameplate(PARTS), "initial")
    assert {row.point: row.hint["en"] for key in ("flow_sensor", "calculator") for row in sheet.table(key).rows} == {
        "flow.qp": "1.35–1.5 m³/h",
        "flow.middle": "0.15–0.165 m³/h",
        "flow.qi": "0.03–0.033 m³/h",
        "calculator.small": "3–3.6 K",
        "calculator.middle": "10–20 K",
        "calculator.large": "55–60 K",
    }


@pytest.mark.parametrize(
    ("plate", "refused"),
    [
        ({"difference_min": "59.9 K"}, None),
        ({"difference_min": "60 K"}, "not_covered (difference_min): value=60 K, limit=60 K"),
        ({"qi": "1.49 m³/h"}, None),
        ({"qi": "1.5 m³/h"}, "not_covered (qi): value=1.5 m³/h, limit=1.5 m³/h"),
    ],
)
def test_of_two_ends_the_larger_is_larger(plate, refused):
    try:
        HEAT.validate_nameplate({**PLATE, **plate})
        said = None
    except Problem as problem:
        said = str(problem)
    assert said == refused


@pytest.mark.parametrize(
    ("difference", "mpe"),
    # Ec = 0.5 + ΔΘmin/ΔΘ; a difference of nought bounds nothing, and none read is the largest of the point
    [("3 K", "1.50 %"), ("3.6 K", "1.33 %"), ("0 K", "0.50 %"), (None, "1.33 %")],
)
def test_the_limit_of_a_calculator(difference, mpe):
    run = {"point": "calculator.small", "indicated": "1 kWh", "actual": "1 kWh"}
    if difference:
        run["difference"] = difference
    case = {
        "type": "heat_meter",
        "on": "2026-06-01",
        "kind": "initial",
        "nameplate": PARTS,
        "readings": {"calculator": [run]},
    }
    (finding,) = evaluate(case, partial=True)["findings"]
    assert finding["mpe"] == mpe
