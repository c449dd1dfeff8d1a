"""What holds for the readings of every type: however they are written, in whatever order; and the more they are off, the worse."""

import json
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrology import regulations
from metrology.domain.quantity import UNITS, parse
from metrology.regulations import evaluate

WHOLE = [
    pytest.param(e, id=f"{one.code}/{e.id}")
    for one in regulations.instrument_types().values()
    for e in one.examples
    if not e.partial and e.expect.get("verdict") in ("conforms", "rejected")
]
# One of each type and verdict is enough for what does not depend on the numbers.
FEW = list(
    {
        (param.values[0].case["type"], param.values[0].expect["verdict"], param.values[0].case["on"]): param
        for param in WHOLE
    }.values()
)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# What names a place or a choice is no quantity, even where it looks like one.
NAMES = ("position", "range", "power_factor")
QUANTITY = re.compile(r"[+\-−]?\d[\d.]*(?: .+)?")
# Only units that go into each other by a finite decimal, whatever the reading.
OTHER_UNIT = {
    "g": "kg", "kg": "g", "t": "kg", "mg": "g", "L": "mL", "mL": "L", "MPa": "kPa", "kPa": "Pa", "kWh": "Wh", "A": "mA",
    "s": "ms", "m³/h": "mL/h", "L/min": "mL/min", "mm": "cm", "%": "‰", "km": "m", "mg/L": "mg/m³", "W": "kW",
}  # fmt: skip


def readings_of(example):
    return json.loads(json.dumps(example.case["readings"]))


def judged(example, readings):
    """The verdict and what was found at each point, wherever its row now stands."""
    answer = evaluate({**example.case, "readings": readings})
    found = [
        (re.sub(r"\[\d+\]", "", f["point"]), _number(f["error"]), _number(f["upper"]), f["within"])
        for f in answer["findings"]
    ]
    return answer["verdict"], sorted(found, key=str), sorted(lack["code"] for lack in answer["missing"])


def _number(text):
    if text is None:
        return None
    quantity = parse(text)
    return str(quantity.smallest().normalize() + 0), quantity.dimension


def rewritten(readings, write):
    """The readings with every quantity written otherwise."""
    if isinstance(readings, dict):
        return {key: rewritten(value, write) if key not in NAMES else value for key, value in readings.items()}
    if isinstance(readings, list):
        return [rewritten(value, write) for value in readings]
    if isinstance(readings, str) and QUANTITY.fullmatch(readings):
        return write(readings)
    return readings


def _with_zeros(text):
    number, _, unit = text.partition(" ")
    return f"{number}{'' if '.' in number else '.'}00 {unit}".strip()


def _full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _tight(text):
    return text.replace(" ", "").replace("-", "−")


def _in_other_unit(text):
    quantity = parse(text)
    other = OTHER_UNIT.get(quantity.unit)
    return quantity.to(other).text() if other else text


def _spelled(text):
    number, _, unit = text.partition(" ")
    known = {
        "kg": "千克",
        "g": "克",
        "t": "吨",
        "L": "升",
        "mL": "毫升",
        "°C": "℃",
        "kPa": "千帕",
        "MPa": "兆帕",
        "s": "秒",
        "CNY": "元",
    }
    return f"{number}{known.get(unit, ' ' + unit if unit else '')}"


@pytest.mark.parametrize(
    "write", [_with_zeros, _full_width, _tight, _in_other_unit, _spelled], ids=lambda f: f.__name__.strip("_")
)
@pytest.mark.parametrize("example", WHOLE)
def test_it_does_not_matter_how_a_reading_is_written(example, write):
    readings = readings_of(example)
    assert judged(example, rewritten(readings, write)) == judged(example, readings)


def test_every_unit_of_readings_has_another():
    used = set()
    for param in WHOLE:
        rewritten(readings_of(param.values[0]), lambda text: used.add(text.partition(" ")[2]) or text)
    assert {unit for unit in used if unit in OTHER_UNIT}  # most are tried in another unit
    assert all(UNITS[one].dimension == UNITS[other].dimension for one, other in OTHER_UNIT.items())


@QUICK
@given(data=st.data())
@pytest.mark.parametrize("example", FEW)
def test_the_order_of_rows_and_fields_does_not_matter(example, data):
    readings = readings_of(example)
    shuffled = {}
    for key in data.draw(st.permutations(sorted(readings))):
        content = readings[key]
        if isinstance(content, list):
            content = [
                dict(data.draw(st.permutations(sorted(row.items())))) for row in data.draw(st.permutations(content))
            ]
        elif isinstance(content, dict):
            content = dict(data.draw(st.permutations(sorted(content.items(), key=str))))
        shuffled[key] = content
    assert judged(example, shuffled) == judged(example, readings)


# -- the more it is off, the worse

INDICATIONS = (
    "indicated",
    "indication",
    "up_tapped",
    "down_tapped",
    "amount",
    "error_1",
    "error_2",
    "difference",
    "drop",
    "daily_error",
)


def _places(readings):
    """Where something the instrument shows stands, with the table it is in."""
    for table, content in readings.items():
        rows = content if isinstance(content, list) else [content]
        for i, row in enumerate(rows):
            for key in row if isinstance(row, dict) else ():
                judged_here = key in INDICATIONS and not (key == "difference" and table != "clock")
                if judged_here and table not in ("repeatability", "discrimination", "zero"):
                    yield table, i if isinstance(content, list) else None, key


def _moved(readings, places, amount, *, per_cent):
    changed = json.loads(json.dumps(readings))
    for table, i, key in places:
        row = changed[table] if i is None else changed[table][i]
        quantity = parse(row[key])
        if quantity.dimension in ("ratio", "time") or key == "amount" or not quantity.value:
            step = Decimal(amount) / 10
        else:
            step = quantity.value * Decimal(amount) / (100 if per_cent else 1000)
        row[key] = f"{(quantity.value + step).quantize(Decimal('1e-9')):f} {quantity.unit}"
    return changed


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), sign=st.sampled_from([1, -1]), amounts=st.tuples(st.integers(0, 300), st.integers(1, 3000)))
@pytest.mark.parametrize("example", [param for param in FEW if param.values[0].expect["verdict"] == "conforms"])
def test_what_is_off_further_to_one_side_never_comes_right_again(example, data, sign, amounts):
    readings = readings_of(example)
    places = sorted(_places(readings), key=str)
    assert places, "nothing of this type would be tried"
    chosen = [data.draw(st.sampled_from(places))]
    near, far = (evaluate({**example.case, "readings": _moved(readings, chosen, sign * amount, per_cent=False)})
                 for amount in (amounts[0], amounts[0] + amounts[1]))  # fmt: skip
    if "rejected" in (near["verdict"], far["verdict"]) and near["verdict"] == "rejected":
        assert far["verdict"] != "conforms"


GROSS = {"difference": "600 s", "daily_error": "9 s", "drop": "9 kPa"}


@pytest.mark.parametrize("example", [param for param in FEW if param.values[0].expect["verdict"] == "conforms"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_gross_error_anywhere_is_never_conforming(example, sign):
    readings = readings_of(example)
    for table, i, key in _places(readings):
        changed = _moved(readings, [(table, i, key)], sign * 60, per_cent=True)
        if key in GROSS:
            changed[table][key] = GROSS[key]
        assert evaluate({**example.case, "readings": changed})["verdict"] != "conforms", (table, i, key)
