"""A snapshot of the legal numbers: one that moves in a file must be moved here too, so none moves unnoticed.

It was written out from the files, so it guards against slips later, not against a number misread at first.
`?` marks a number nobody has confirmed.
"""

import pytest

from metrology import regulations

LAW = {
    "analog_indicating_scale/JJG 13-2016": """
        mpe.1 = 0.5 e
        mpe.2 = 1.0 e
        mpe.3 = 1.5 e
        III.to.1 = 500 e
        III.to.2 = 2000 e
        IIII.to.1 = 50 e
        IIII.to.2 = 200 e
        in_service = 2
        III.low.e_from = 0.1 g
        III.low.n_from = 100
        III.low.n_to = 10000
        III.min = 20 e
        III.high.e_from = 5 g
        III.high.n_from = 500
        III.high.n_to = 10000
        IIII.low.e_from = 5 g
        IIII.low.n_from = 100
        IIII.low.n_to = 1000
        IIII.min = 10 e
        zero = 0.25 e
        eccentricity.divisor = 3
        repeatability.runs = 3
        repeatability.load = 1 Max
        discrimination.load = 1 MPE ?
        discrimination.change = 0.7 extra load ?
        temperature_from = -10 °C ?
        temperature_to = 40 °C ?
        interval = 12 month ?
    """,
    "cold_water_meter/JJG 162-2019": """
        2.upper = 2 %
        2.upper_warm = 3 %
        2.lower = 5 %
        1.upper = 1 % ?
        1.upper_warm = 2 % ?
        1.lower = 3 % ?
        warm = 30 °C
        in_service = 2
        q2_q1 = 1.6
        q3_from = 0.9 ?
        q3_to = 1 ?
        q2_from = 1 ?
        q2_to = 1.1 ?
        q1_from = 1 ?
        q1_to = 1.1 ?
        same_sign = 0.5 MPE ?
        runs = 1 ?
        rounding = 0.1 % ?
        temperature_from = 5 °C ?
        temperature_to = 55 °C ?
        water_temperature_from = 0.1 °C ?
        T30 = 30 °C ?
        T50 = 50 °C ?
        rotation.dn = 50 mm
        rotation.q3 = 16 m³/h
        small.dn = 25 mm
        small.months = 72 month
        middle.months = 48 month
        periodic.months = 24 month
    """,
    "digital_indicating_scale/JJG 539-2016": """
        mpe.1 = 0.5 e
        mpe.2 = 1.0 e
        mpe.3 = 1.5 e
        I.to.1 = 50000 e
        I.to.2 = 200000 e
        II.to.1 = 5000 e
        II.to.2 = 20000 e
        III.to.1 = 500 e
        III.to.2 = 2000 e
        IIII.to.1 = 50 e
        IIII.to.2 = 200 e
        in_service = 2
        I.low.e_from = 0.001 g ?
        I.low.n_from = 50000 ?
        I.min = 100 e ?
        II.low.e_from = 0.001 g ?
        II.low.n_from = 100 ?
        II.low.n_to = 100000 ?
        II.min = 20 e ?
        II.high.e_from = 0.1 g ?
        II.high.n_from = 5000 ?
        II.high.n_to = 100000 ?
        II.high.min = 50 e ?
        III.low.e_from = 0.1 g
        III.low.n_from = 100
        III.low.n_to = 10000
        III.min = 20 e
        III.high.e_from = 5 g
        III.high.n_from = 500
        III.high.n_to = 10000
        IIII.low.e_from = 5 g
        IIII.low.n_from = 100
        IIII.low.n_to = 1000
        IIII.min = 10 e
        I.partial = 50000
        II.partial = 5000
        III.partial = 500
        IIII.partial = 50
        zero = 0.25 e
        direct_reading = 0.2 e
        loads = 5 ?
        eccentricity.divisor = 3
        repeatability.runs = 3 ?
        repeatability.load = 0.5 Max ?
        discrimination.load = 1.4 d
        discrimination.change = 1 d
        temperature_from = -10 °C ?
        temperature_to = 40 °C ?
        interval = 12 month ?
    """,
    "fuel_dispenser/JJG 443-2015": """
        mpe = 0.30 % ?
        repeatability = 0.10 % ?
        repeatability_divisor = 1.69 ?
        runs = 3 ?
        rounding = 0.01 % ?
        max_flow = 200 L/min ?
        q1_from = 0.90 ?
        q1_to = 1.0 ?
        q2_from = 0.36 ?
        q2_to = 0.44 ?
        reference_temperature = 20 °C ?
        beta_gasoline = 0.0012 1/°C ?
        beta_kerosene = 0.0009 1/°C ?
        beta_diesel = 0.0009 1/°C ?
        beta_stainless_steel = 0.000050 1/°C ?
        beta_carbon_steel = 0.000033 1/°C ?
        payment = 0.01 CNY ?
        temperature_from = -20 °C ?
        temperature_to = 40 °C ?
        interval = 6 month ?
    """,
    "fuel_dispenser/JJG 443-2023": """
        mpe = 0.30 %
        repeatability = 0.10 %
        repeatability_divisor = 1.69
        runs = 3
        rounding = 0.01 %
        max_flow = 200 L/min
        q1_from = 0.90 ?
        q1_to = 1.0 ?
        q2_from = 0.36 ?
        q2_to = 0.44 ?
        reference_temperature = 20 °C
        beta_gasoline = 0.0012 1/°C
        beta_kerosene = 0.0009 1/°C
        beta_diesel = 0.0009 1/°C
        beta_stainless_steel = 0.000050 1/°C
        beta_carbon_steel = 0.000033 1/°C
        payment = 0.01 CNY
        temperature_from = -20 °C ?
        temperature_to = 40 °C ?
        interval = 6 month
    """,
}
EDITIONS = {
    f"{one.code}/{edition.code}": edition for one in regulations.instrument_types().values() for edition in one.editions
}


@pytest.mark.parametrize("code", LAW)
def test_numbers_are_those_of_the_law(code):
    written = [line.strip() for line in LAW[code].strip().splitlines()]
    numbers = EDITIONS[code].numbers
    assert [f"{key} = {number.text()}{'' if number.confirmed else ' ?'}" for key, number in numbers.items()] == written


def test_a_number_can_be_tried_with_another_value_and_confirmed_with_a_source():
    edition = EDITIONS["fuel_dispenser/JJG 443-2023"]
    assert edition.with_numbers({"mpe": "0.25"}).numbers["mpe"].text() == "0.25 %"
    assert edition.numbers["mpe"].text() == "0.30 %"
    scale = EDITIONS["digital_indicating_scale/JJG 539-2016"]
    assert "interval" in scale.unconfirmed()
    confirmed = scale.with_confirmed({"interval": "JJG 539-2016 第 7.5 条"})
    assert "interval" not in confirmed.unconfirmed()
    assert confirmed.numbers["interval"].source == "JJG 539-2016 第 7.5 条"


def test_an_edition_nobody_has_read_is_unconfirmed_as_a_whole():
    edition = EDITIONS["fuel_dispenser/JJG 443-2015"]
    assert edition.confirmed is False
    assert "edition" in edition.unconfirmed(())
    assert "edition" not in edition.with_confirmed({"edition": "JJG 443-2015"}).unconfirmed(())
