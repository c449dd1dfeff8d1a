"""In service a limit is so many times the initial one, of every type whose edition says so; tried with another factor."""

import json

import pytest

from metrology import regulations
from metrology.domain.regulation import KINDS
from metrology.regulations import evaluate

PLATES = [
    pytest.param(edition, one.validate_nameplate(json.loads(plate)), id=f"{one.code}/{edition.code}/{i}")
    for one in regulations.instrument_types().values()
    for edition in one.editions
    if "in_service" in edition.numbers
    for i, plate in enumerate(
        sorted({json.dumps(e.case["nameplate"], sort_keys=True) for e in one.examples if "problem" not in e.expect})
    )
]


@pytest.mark.parametrize(("edition", "plate"), PLATES)
def test_three_times_the_limit_in_service_and_only_there(edition, plate):
    thrice = edition.with_numbers({"in_service": "3"})
    before = [one.limit for one in edition.mpe_at(plate, "initial")]
    for kind in KINDS:
        times = 3 if kind == "in_service" else 1
        assert [one.limit for one in thrice.mpe_at(plate, kind)] == [limit.times(times) for limit in before], kind


def found(readings, kind, **plate):
    case = {"type": "axle_scale", "on": "2026-06-01", "kind": kind, "nameplate": plate, "readings": readings}
    answer = evaluate(case, partial=True)
    return {one["point"]: one for one in answer["findings"]}, answer["missing"]


@pytest.mark.parametrize(("kind", "mpe"), [("subsequent", "0.50 %"), ("in_service", "1.00 %")])
def test_axle_loads_in_service(kind, mpe):
    runs = [{"point": "axle_1", "indicated": "10000 kg", "actual": "10000 kg"}]
    findings, _ = found({"axle_loads": runs}, kind, accuracy_class="1", axle_class="B")
    assert findings["axle_1"]["mpe"] == mpe


@pytest.mark.parametrize(
    ("mass", "mpe"),
    # class 1: 0.5 % to the nearest 50 kg, and one interval for each of two axles at least
    [("20000 kg", "100 kg"), ("25000 kg", "100 kg"), ("25100 kg", "150 kg"), ("35000 kg", "200 kg"), ("60500 kg", "300 kg"), ("4000 kg", "100 kg")],
)  # fmt: skip
def test_a_limit_of_a_mass_is_whole_intervals(mass, mpe):
    run = {"point": "vehicle", "indicated": mass, "actual": mass, "axles": "2"}
    findings, _ = found({"runs": [run]}, "subsequent", accuracy_class="1", d="50 kg")
    assert findings["vehicle"]["mpe"] == mpe


@pytest.mark.parametrize("axles", ["1", "2.5"])
def test_a_vehicle_has_two_whole_axles_at_least(axles):
    run = {"point": "vehicle", "indicated": "20000 kg", "actual": "20000 kg", "axles": axles}
    findings, missing = found({"runs": [run]}, "subsequent", accuracy_class="1", d="50 kg")
    assert findings == {}
    (lack,) = [one for one in missing if one["path"] == "runs[0].axles"]
    assert (lack["code"], lack["params"]) == ("bad_quantity", {"value": f"{axles} pcs", "unit": "pcs"})
