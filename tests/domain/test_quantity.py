from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrology.domain import quantity
from metrology.domain.problems import BadQuantity, InexactConversion
from metrology.domain.quantity import ARITHMETIC, UNITS, Quantity, parse, plain, round_to, unit_of


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1.5 kg", None, "1.5 kg"),
        ("60kg", None, "60 kg"),
        ("60KG", None, "60 kg"),
        ("６０ｋｇ", None, "60 kg"),
        ("60㎏", None, "60 kg"),
        ("60公斤", None, "60 kg"),
        ("2.5", "m³/h", "2.5 m³/h"),
        ("2.5 m3/h", None, "2.5 m³/h"),
        ("50升/分", None, "50 L/min"),
        ("24 ℃", None, "24 °C"),
        ("-20 °C", None, "-20 °C"),
        ("−0.9 g", None, "-0.9 g"),
        ("1,500 g", None, "1500 g"),
        ("1e3 g", None, "1000 g"),
        ("0.050 %", None, "0.050 %"),
        ("2.1 mL/mm", None, "2.1 mL/mm"),
        ("7.51元/升", None, "7.51 CNY/L"),
        ("1.6 MPa", None, "1.6 MPa"),
        ("5 A", None, "5 A"),
        ("60 %rh", None, "60 %RH"),
        ("100T", None, "100 t"),
        (".5 g", None, "0.5 g"),
    ],
)
def test_what_people_write_is_read(text, unit, expected):
    assert parse(text, unit).text() == expected


@pytest.mark.parametrize(
    "text",
    [
        "三十",
        "",
        " ",
        "kg",
        "1.2.3 kg",
        "1,5 kg",
        "15,00 kg",
        "12 furlongs",
        "1e99 g",
        "0x10 g",
        "1_000 g",
        "NaN g",
        "inf g",
        "±5 g",
        "5 g\x00",
        "1 mW/h",
        "9" * 65,
    ],
)
def test_nonsense_is_no_quantity(text):
    with pytest.raises(BadQuantity):
        parse(text, "g")


@pytest.mark.parametrize("value", [1.5, None, True, ["1 g"], {"value": "1"}])
def test_only_text_and_whole_numbers_are_read(value):
    with pytest.raises(BadQuantity):
        parse(value, "g")


def test_a_unit_of_another_dimension_is_refused():
    with pytest.raises(BadQuantity, match="bad_quantity"):
        parse("5 L", "kg")


def test_a_bare_number_needs_a_unit_from_somewhere():
    with pytest.raises(BadQuantity):
        parse("5")


def test_plus_minus_is_read_only_where_it_means_something():
    assert parse("±0.30%", plus_minus=True).text() == "0.30 %"
    with pytest.raises(BadQuantity):
        parse("±0.30%")


def test_case_alone_does_not_choose_between_units():
    assert unit_of("mw") is None or unit_of("mw") == unit_of("W")
    assert unit_of("MPA") is not None


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1.5 kg", "g", "1500 g"),
        ("1 t", "kg", "1000 kg"),
        ("250 mg", "g", "0.25 g"),
        ("20 L", "mL", "20000 mL"),
        ("1 m³", "L", "1000 L"),
        ("3 m³/h", "L/min", "50 L/min"),
        ("50 L/min", "m³/h", "3 m³/h"),
        ("1 MPa", "kPa", "1000 kPa"),
        ("1 kWh", "MJ", "3.6 MJ"),
        ("20 °C", "K", "293.15 K"),
        ("293.15 K", "°C", "20 °C"),
        ("100 mmHg", "kPa", "13.3322 kPa"),
        ("1 %", "‰", "10 ‰"),
        ("90 min", "h", "1.5 h"),
    ],
)
def test_conversion_is_exact(text, unit, expected):
    assert parse(text).to(unit).text() == expected


def test_what_has_no_finite_decimal_is_not_converted():
    with pytest.raises(InexactConversion):
        parse("1 m³/h").to("L/min")


def test_but_it_is_compared_exactly():
    assert parse("1 m³/h") > parse("16.666666666666666 L/min")
    assert parse("1 m³/h") < parse("16.666666666666667 L/min")


def test_quantities_of_one_size_are_equal_in_any_unit():
    assert parse("1.5 kg") == parse("1500 g")
    assert hash(parse("1.5 kg")) == hash(parse("1500 g"))
    assert parse("1 kg") != parse("1 L")


def test_different_dimensions_do_not_compare():
    with pytest.raises(BadQuantity):
        assert parse("1 kg") < parse("1 L")


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**6), max_value=10**6),
    st.sampled_from(["0.1", "0.2", "0.5", "1", "0.05", "1000", "2"]),
)
def test_rounding_goes_to_the_nearest_multiple_and_stays(value, interval):
    step = Decimal(interval)
    rounded = round_to(value, step)
    assert abs(rounded - value) * 2 <= step
    assert (rounded / step) % 1 == 0
    assert round_to(rounded, step) == rounded


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.5", "0"), ("1.5", "2"), ("2.5", "2"), ("-0.5", "0"), ("-1.5", "-2"), ("2.50000000000000000001", "3")],
)
def test_ties_go_to_even(value, expected):
    assert round_to(Decimal(value), Decimal(1)) == Decimal(expected)


@given(
    st.sampled_from(sorted(UNITS)),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**8), max_value=10**8),
)
def test_text_comes_back_as_the_same_quantity(unit, value):
    quantity = Quantity(value, unit)
    assert parse(quantity.text()) == quantity
    assert parse(quantity.plain()) == quantity


def test_plain_drops_zeros_that_say_nothing():
    assert [plain(Decimal(text)) for text in ("4.0", "100", "1E+2", "0.00", "-0", "12.340")] == [
        "4",
        "100",
        "100",
        "0",
        "0",
        "12.34",
    ]


def test_a_difference_of_temperature_is_a_part_of_another_wherever_zero_lies() -> None:
    assert parse("0.75 °C").ratio_to(parse("1.5 °C")) == Decimal("0.5")


@pytest.mark.parametrize("interval", ["1", "0.1", "0.01", "0.001", "1E+1", "0.5", "0.2", "5", "0.10"])
@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_rounding_the_quick_way_is_rounding_exactly(interval: str, value: Decimal) -> None:
    step = Decimal(interval)
    exactly = ARITHMETIC.multiply(Decimal(round(Fraction(value) / Fraction(step))), step)
    assert str(round_to(value, step)) == str(exactly)


@given(
    a=st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6),
    b=st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6),
    unit=st.sampled_from(["g", "kg", "°C", "%", "MPa"]),
)
def test_one_unit_compares_as_the_smallest_does(a: Decimal, b: Decimal, unit: str) -> None:
    left, right = Quantity(a, unit), Quantity(b, unit)
    assert (left < right) == (left.smallest() < right.smallest())
    assert (left <= right) == (left.smallest() <= right.smallest())
    assert (left == right) == (left.smallest() == right.smallest())


# How many of the dimension's smallest unit each unit is, typed again.
SIZES = {
    "mass": {"μg": 1, "mg": 10**3, "g": 10**6, "kg": 10**9, "t": 10**12},
    "volume": {"μL": 1, "mL": 10**3, "cm³": 10**3, "L": 10**6, "dm³": 10**6, "m³": 10**9},
    "volume flow": {"mL/h": 1, "mL/min": 60, "L/h": 1000, "L/min": 60_000, "L/s": 3_600_000, "m³/h": 10**6},
    "mass flow": {"g/h": 1, "g/min": 60, "kg/h": 1000, "kg/min": 60_000, "t/h": 10**6},
    "length": {"nm": 1, "μm": 10**3, "mm": 10**6, "cm": 10**7, "dm": 10**8, "m": 10**9, "km": 10**12},
    "area": {"mm²": 1, "cm²": 100, "dm²": 10_000, "m²": 10**6},
    "pressure": {"Pa": 1, "hPa": 100, "mbar": 100, "kPa": 1000, "bar": 10**5, "MPa": 10**6, "mmHg": "133.322"},
    "voltage": {"μV": 1, "mV": 10**3, "V": 10**6, "kV": 10**9},
    "current": {"μA": 1, "mA": 10**3, "A": 10**6, "kA": 10**9},
    "power": {"W": 1, "kW": 1000},
    "energy": {"J": 1, "kJ": 10**3, "MJ": 10**6, "GJ": 10**9, "Wh": 3600, "kWh": 3_600_000, "MWh": 3_600_000_000},
    "resistance": {"Ω": 1, "kΩ": 1000},
    "frequency": {"Hz": 1, "kHz": 1000},
    "time": {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000},
    "speed": {"km/h": 1},
    "ratio": {"‰": 1, "%": 10},
    "humidity": {"%RH": 1},
    "money": {"CNY": 1},
    "price per volume": {"CNY/L": 1},
    "price per mass": {"CNY/kg": 1},
    "price per energy": {"CNY/kWh": 1},
    "neck": {"mL/mm": 1},
    "concentration": {"mg/m³": 1, "mg/L": 1000},
    "amount fraction": {"μmol/mol": 1},
    "pulses": {"imp/kWh": 1},
    "sound level": {"dB": 1},
    "count": {"pcs": 1},
    "temperature": {"K": 1, "°C": 1},
    "force": {"N": 1, "kN": 1000, "MN": 10**6},
    "torque": {"N·m": 1, "kN·m": 1000},
    "density": {"kg/m³": 1, "g/cm³": 1000},
    "acidity": {"pH": 1},
    "conductivity": {"μS/cm": 1, "mS/cm": 1000},
    "turbidity": {"NTU": 1},
    "absorbance": {"Abs": 1},
    "illuminance": {"lx": 1},
    "luminance": {"cd/m²": 1},
    "rotation": {"r/min": 1},
    "rate": {"1/min": 1},
    "refractive power": {"m⁻¹": 1},
    "plane angle": {"°": 1},
    "substance concentration": {"mmol/L": 1},
    "dose": {"μGy": 1, "mGy": 1000, "Gy": 10**6},
    "dose rate": {"μGy/h": 1, "mGy/h": 1000},
    "equivalent dose rate": {"μSv/h": 1, "mSv/h": 1000},
    "activity": {"Bq": 1, "kBq": 1000, "MBq": 10**6, "GBq": 10**9},
    "hardness HRC": {"HRC": 1},
    "hardness HBW": {"HBW": 1},
    "hardness HV": {"HV": 1},
}


def test_every_unit_has_its_size():
    built = quantity._units()
    assert built == UNITS
    expected = {unit: (dimension, Decimal(size)) for dimension, units in SIZES.items() for unit, size in units.items()}
    assert {unit: (one.dimension, one.factor) for unit, one in built.items()} == expected
    assert all(one.symbol == unit for unit, one in built.items())
    assert {unit: one.offset for unit, one in built.items() if one.offset} == {"°C": Decimal("273.15")}


def test_every_spelling_means_its_unit():
    exact, folded = quantity._spellings()
    assert (exact, folded) == (quantity._EXACT_SPELLING, quantity._FOLDED_SPELLING)
    for unit in UNITS:
        assert unit_of(unit).symbol == unit
    for spelling, symbol in quantity._SPELLINGS.items():
        assert unit_of(spelling).symbol == symbol


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("k g", "kg"),
        ("ＫＧ", "kg"),
        ("KG", "kg"),
        ("m W", None),
        ("M³/H", "m³/h"),
        ("º c", "°C"),
        ("º C", "°C"),
        ("mv", "mV"),
    ],
)
def test_spellings_that_vary_in_case_and_blanks(text, unit):
    found = unit_of(text)
    assert (found.symbol if found else None) == unit


def test_at_least_as_large():
    assert parse("1 kg") >= parse("1000 g")
    assert parse("1 kg") >= parse("999.999 g")
    assert not parse("1 g") >= parse("1.000001 g")


def test_comparing_in_different_units():
    kilogram, grams, a_trifle_more = parse("1 kg"), parse("1000 g"), parse("1000.0000000005 g")
    assert kilogram <= grams and kilogram >= grams and not kilogram < grams and not kilogram > grams
    # half a microgram is less than the smallest unit, and still a difference
    assert (
        kilogram < a_trifle_more
        and kilogram <= a_trifle_more
        and a_trifle_more > kilogram
        and a_trifle_more >= kilogram
    )
    assert not a_trifle_more < kilogram and not a_trifle_more <= kilogram
    assert not kilogram > a_trifle_more and not kilogram >= a_trifle_more


def test_comparing_in_one_unit():
    one, same, more = parse("1 g"), parse("1.0 g"), parse("1.001 g")
    assert one <= same and one >= same and not one < same and not one > same
    assert one < more and one <= more and not one > more and not one >= more


def test_equal_quantities_are_found_in_a_set():
    assert len({parse("1 kg"), parse("1000 g"), parse("1.0 kg")}) == 1
    assert hash(parse("1 kg")) != hash(parse("1 g"))
    assert parse("1 kg") != 1


def test_whole_numbers_are_read_truth_values_are_not():
    assert parse(5, "g").text() == "5 g"
    for wrong in (True, 1.5, None):
        with pytest.raises(BadQuantity) as refused:
            parse(wrong, "g", field="load")
        assert str(refused.value) == f"bad_quantity (load): value={wrong}, unit=g"


def test_no_longer_than_a_reading_can_be():
    assert parse(f"{'0' * 60}15 g").text() == "15 g"  # 64 characters
    long = f"{'0' * 61}15 g"
    with pytest.raises(BadQuantity) as refused:
        parse(long)
    assert refused.value.params == {"value": long[:64], "unit": ""}


def test_without_zeros_that_say_nothing():
    assert [plain(Decimal(text)) for text in ("0", "-0", "0.0", "-0.00", "10", "10.0", "0.10", "1E+2", "-1.50")] == [
        "0", "0", "0", "0", "10", "10", "0.1", "100", "-1.5"
    ]  # fmt: skip
