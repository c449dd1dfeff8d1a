"""Published budgets come out as published: GUM H.1 (end gauge), H.2 (correlated), G.4.2, 7.2.2 and 4.2–4.4."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrology.domain import budget
from metrology.domain.problems import BadQuantity

D = Decimal


def near(value, wanted, digits):
    return round(value, digits) == D(wanted)


def test_gum_4_4_3_twenty_temperatures():
    # GUM Table 1: t = 100.145 °C, s = 1.489 °C, u = 0.333 °C
    readings = "96.90 98.18 98.25 98.61 99.03 99.49 99.56 99.74 99.89 100.07 100.33 100.42 100.68 100.95 101.11 101.20 101.57 101.84 102.36 102.72"
    values = [D(one) for one in readings.split()]
    assert near(budget.standard_deviation(values), "1.489", 3)
    assert near(budget.standard_deviation_of_mean(values), "0.333", 3)
    assert budget.series("t", values).freedom == 19


def test_gum_4_4_5_rectangular_and_triangular():
    # bounds 96 °C and 104 °C: 2.3 °C; triangular: 1.6 °C
    assert near(budget.rectangular("t", D(4)).u, "2.3", 1)
    assert near(budget.triangular("t", D(4)).u, "1.6", 1)


def test_gum_f_2_2_1_a_digit_of_the_display():
    # u = 0.29 δx
    assert near(budget.resolution("d", D(1)).u, "0.29", 2)


def test_gum_4_3_3_a_certificate():
    # 1000.000325 g, three standard deviations of 240 µg: u = 80 µg
    assert budget.certificate("m", D(240), D(3)).u == D(80)


def test_gum_g_4_2_effective_freedom():
    # relative u 0.25 %, 0.57 %, 0.82 % from 10, 5 and 15 readings. The GUM prints ν_eff = 19.0 from u_c rounded to 1.03 %;
    # unrounded it is 18.999, which is cut to 18: the wider U.
    inputs = [
        budget.Input(name=name, u=D(u), freedom=readings - 1)
        for name, u, readings in (("x1", "0.25", 10), ("x2", "0.57", 5), ("x3", "0.82", 15))
    ]
    combined = budget.combine(inputs)
    assert near(combined.combined, "1.03", 2)
    assert combined.freedom == 18
    assert budget.effective_freedom(inputs, D("1.03")) == 19
    assert near(budget.combine(inputs, coverage_factor=D("2.093")).expanded, "2.2", 1)


def test_gum_h_1_end_gauge():
    # Table H.1: contributions in nm → u_c = 32 nm; ν_eff(l) = 16
    inputs = [
        budget.Input(name="standard", u=D(25), freedom=18),
        budget.Input(name="repeated observations", u=D("5.8"), freedom=24),
        budget.Input(name="random effects of comparator", u=D("3.9"), freedom=5),
        budget.Input(name="systematic effects of comparator", u=D("6.7"), freedom=8),
        budget.Input(name="difference in expansion", u=D("2.9"), freedom=50),
        budget.Input(name="difference in temperatures", u=D("16.6"), freedom=2),
    ]
    combined = budget.combine(inputs)
    assert near(combined.combined, "32", 0)
    assert combined.freedom in (16, 17)  # the GUM cuts 16.7 to 16 with u_c = 31.7 nm
    assert near(combined.share(inputs[0]), "0.62", 2)


def test_gum_h_2_correlated_inputs():
    # Table H.3: V = 4.9990 V, I = 19.6610 mA, φ = 1.04446 rad; R = 127.732 Ω with u_c = 0.071 Ω, X = 219.847 Ω with 0.295 Ω
    u = {"V": D("0.0032"), "I": D("0.0000095"), "phi": D("0.00075")}
    correlations = {("V", "I"): D("-0.36"), ("V", "phi"): D("0.86"), ("I", "phi"): D("-0.65")}
    resistance, reactance = D("127.732"), D("219.847")
    of_r = {"V": resistance / D("4.9990"), "I": -resistance / D("0.0196610"), "phi": -reactance}
    of_x = {"V": reactance / D("4.9990"), "I": -reactance / D("0.0196610"), "phi": resistance}
    for coefficients, wanted in ((of_r, "0.07"), (of_x, "0.30")):
        inputs = [budget.Input(name=name, u=u[name], sensitivity=c, freedom=4) for name, c in coefficients.items()]
        combined = budget.combine(inputs, correlations)
        assert near(combined.combined, wanted, 2)
        assert combined.freedom is None  # Welch–Satterthwaite does not hold
        assert combined.coverage_factor == 2


def test_gum_5_2_2_note_ten_resistors():
    # each compared with the same standard, r = 1: u_c = 10 × 100 mΩ = 1 Ω; uncorrelated it would be 0.32 Ω
    inputs = [budget.Input(name=f"R{i}", u=D("0.1")) for i in range(10)]
    together = {(f"R{i}", f"R{j}"): D(1) for i in range(10) for j in range(i + 1, 10)}
    assert budget.combine(inputs, together).combined == D(1)
    assert near(budget.combine(inputs).combined, "0.32", 2)


def test_gum_7_2_4_stated():
    assert str(budget.express(D("100.02147"), D("0.00079"), "g")) == "(100.02147 ± 0.00079) g"
    assert str(budget.express(D("10.05762"), D("0.027"), "Ω")) == "(10.058 ± 0.027) Ω"


@pytest.mark.parametrize(
    ("value", "expanded", "how", "text"),
    [
        ("1.25", "0.0996", {}, "(1.25 ± 0.10) V"),
        ("1.25", "0.0994", {}, "(1.250 ± 0.099) V"),
        ("1.25", "0.0961", {"digits": 1}, "(1.2 ± 0.1) V"),
        ("1.23456", "0.01201", {"up": True}, "(1.235 ± 0.013) V"),
        ("1234", "120", {}, "(1230 ± 120) V"),
        ("1234", "123.5", {"digits": 1}, "(1200 ± 100) V"),
        ("0.125", "0.015", {"digits": 1}, "(0.12 ± 0.02) V"),
    ],
)
def test_stated_with_two_digits_at_most(value, expanded, how, text):
    assert str(budget.express(D(value), D(expanded), "V", **how)) == text


@pytest.mark.parametrize(
    ("freedom", "k"),
    # JCGM 100:2008 Table G.2, column 95.45 %; its 2.025 at 100 is 2.03 to two decimals
    [(0, "13.97"), (1, "13.97"), (2, "4.53"), (3, "3.31"), (4, "2.87"), (5, "2.65"), (6, "2.52"), (7, "2.43"), (8, "2.37"),
     (9, "2.32"), (10, "2.28"), (11, "2.25"), (12, "2.23"), (13, "2.21"), (14, "2.20"), (15, "2.18"), (16, "2.17"),
     (17, "2.16"), (18, "2.15"), (19, "2.14"), (20, "2.13"), (25, "2.11"), (30, "2.09"), (35, "2.07"), (40, "2.06"),
     (45, "2.06"), (50, "2.05"), (100, "2.03"), (1_000, "2.00"), (1_001, "2.00"), (None, "2.00")],
)  # fmt: skip
def test_coverage_as_in_table_g_2(freedom, k):
    assert str(budget.coverage(freedom)) == k


@pytest.mark.parametrize(
    ("freedom", "probability", "k"),
    # JCGM 100:2008 Table G.2, columns 95 % and 99 %
    [(1, "95", "12.71"), (2, "95", "4.30"), (7, "95", "2.36"), (10, "95", "2.23"), (50, "95", "2.01"), (None, "95", "1.96"),
     (1, "99", "63.66"), (2, "99", "9.92"), (7, "99", "3.50"), (10, "99", "3.17"), (50, "99", "2.68"), (None, "99", "2.58")],
)  # fmt: skip
def test_coverage_for_other_probabilities(freedom, probability, k):
    assert str(budget.coverage(freedom, probability)) == k


# GUM Table H.2: five simultaneous readings of voltage (V), current (mA) and phase (rad).
H_2 = {
    "V": [D(x) for x in ("5.007", "4.994", "5.005", "4.990", "4.999")],
    "I": [D(x) for x in ("19.663", "19.639", "19.640", "19.685", "19.678")],
    "phi": [D(x) for x in ("1.0456", "1.0438", "1.0468", "1.0428", "1.0433")],
}


@pytest.mark.parametrize(("first", "second", "r"), [("V", "I", "-0.36"), ("V", "phi", "0.86"), ("I", "phi", "-0.65")])
def test_gum_h_2_correlations_from_readings(first, second, r):
    assert near(budget.correlation(H_2[first], H_2[second]), r, 2)


def test_what_goes_together_wholly():
    up = [D(1), D(2), D(4)]
    assert budget.correlation(up, [2 * x for x in up]) == 1
    assert budget.correlation(up, [-x for x in up]) == -1


@pytest.mark.parametrize(("first", "second"), [([1, 2], [1]), ([1], [1]), ([1, 1], [1, 2])])
def test_what_says_nothing_of_correlation(first, second):
    with pytest.raises(BadQuantity):
        budget.correlation([D(x) for x in first], [D(x) for x in second])


def test_pooled_spread_of_earlier_series():
    # s² = 1 with ν = 2 and s² = 4 with ν = 2: s_p = √2.5; the mean of 4 readings now: u = √2.5 / 2 = 0.79
    one = budget.pooled("m", [[D(1), D(2), D(3)], [D(2), D(4), D(6)]], 4)
    assert (near(one.u, "0.7906", 4), one.freedom, one.kind) == (True, 4, "A")
    # ν weighs: s² = 1 with ν = 2, s² = 2 with ν = 1 → s_p² = 4/3
    assert near(budget.pooled("m", [[D(1), D(2), D(3)], [D(1), D(3)]], 1).u, "1.1547", 4)


@pytest.mark.parametrize(("groups", "readings"), [([], 1), ([[D(1), D(2)]], 0), ([[D(1)]], 1)])
def test_nothing_to_pool(groups, readings):
    with pytest.raises(BadQuantity):
        budget.pooled("m", groups, readings)


@pytest.mark.parametrize(
    ("count", "divisor", "freedom"),
    [(2, "1.13", "0.9"), (3, "1.69", "1.8"), (4, "2.06", "2.7"), (5, "2.33", "3.6"), (6, "2.53", "4.5"), (7, "2.70", "5.3"),
     (8, "2.85", "6.0"), (9, "2.97", "6.8"), (10, "3.08", "7.5")],
)  # fmt: skip
def test_range_method(count, divisor, freedom):
    one = budget.by_range("x", [D(0), *[D(divisor)] * (count - 1)], D(-2))
    assert abs(one.u - 1 / D(count).sqrt()) < D("1e-25")
    assert (one.freedom, one.kind, one.sensitivity) == (D(freedom), "A", D(-2))


@pytest.mark.parametrize("count", [1, 11])
def test_the_range_of_too_few_or_too_many_says_nothing(count):
    with pytest.raises(BadQuantity):
        budget.by_range("x", [D(i) for i in range(count)])


def test_inputs_keep_what_they_are_told():
    two, values = D(2), [D(1), D(2), D(3)]
    a = [budget.series("x", values, two), budget.by_range("x", values, two), budget.pooled("x", [values], 3, two)]
    b = [
        budget.rectangular("x", D(1), two),
        budget.triangular("x", D(1), two),
        budget.arcsine("x", D(1), two),
        budget.normal("x", D(1), "95", two),
        budget.resolution("x", D(1), two),
        budget.certificate("x", D(1), D(3), two, 7),
    ]
    assert [(one.name, one.sensitivity, one.kind) for one in a] == [("x", two, "A")] * 3
    assert [(one.name, one.sensitivity, one.kind) for one in b] == [("x", two, "B")] * 6
    assert [one.freedom for one in (*a, *b)] == [2, D("1.8"), 2, None, None, None, None, None, 7]
    assert near(a[0].u, "0.577", 3) and near(a[2].u, "0.577", 3)
    assert budget.certificate("x", D(1), D("0.5")).u == two  # a coverage factor below one is unusual, not wrong


def test_a_budget_keeps_its_inputs_and_whose_k_it_used():
    one = budget.Input(name="x", u=D(1))
    assert budget.combine([one]).inputs == (one,)
    assert [budget.combine([one], coverage_factor=k).probability for k in (None, D(2))] == ["95.45", None]
    assert budget.combine([one], {}).freedom is None


def test_a_share_of_nothing_is_nothing():
    certain = budget.Input(name="x", u=D(0))
    assert budget.combine([certain]).share(certain) == 0


def test_two_readings_are_enough_to_see_them_go_together():
    assert budget.correlation([D(1), D(2)], [D(3), D(5)]) == 1


def test_shapes_of_type_b():
    assert near(budget.arcsine("t", D(2)).u, "1.414", 3)
    assert near(budget.triangular("t", D(2)).u, "0.816", 3)
    assert near(budget.rectangular("t", D(2)).u, "1.155", 3)
    assert budget.normal("t", D("1.96"), "95").u == D(1)
    assert budget.normal("t", D("5.16"), "99").u == D(2)
    assert budget.normal("t", D(2)).u == D(1)
    assert [f("t", D(1)).distribution for f in (budget.arcsine, budget.triangular, budget.rectangular, budget.normal)] == [
        "arcsine", "triangular", "rectangular", "normal"
    ]  # fmt: skip


def test_a_range_of_three_carries_its_few_degrees_of_freedom_to_k():
    three = budget.by_range("E", [D("0.050"), D("0.090"), D("0.022")])
    alone = budget.combine([three])
    assert (alone.freedom, alone.coverage_factor) == (1, D("13.97"))
    beside = budget.combine([three, budget.certificate("measure", D("0.1"))])
    assert beside.freedom == 57  # (0.02323² + 0.05²)² / (0.02323⁴ / 1.8) = 57.1
    assert beside.coverage_factor == D("2.04")


def test_in_words_as_a_certificate_prints_it():
    few = budget.combine([budget.Input(name="x", u=D(1), freedom=4)])
    assert budget.in_words(budget.express(D(1), few.expanded, "g"), few) == {
        "zh": "U = 2.9 g，k = 2.87（包含概率约 95 %，ν_eff = 4）",
        "en": "U = 2.9 g, k = 2.87 (coverage probability about 95 %, ν_eff = 4)",
    }
    given_k = budget.combine([budget.Input(name="x", u=D(1))], coverage_factor=D(2))
    assert budget.in_words(budget.express(D(1), given_k.expanded, "g"), given_k)["en"] == (
        "U = 2.0 g, k = 2 (coverage probability about 95 %)"
    )
    at_99 = budget.combine([budget.Input(name="x", u=D(1))], probability="99")
    assert budget.in_words(budget.express(D(1), at_99.expanded, "g"), at_99) == {
        "zh": "U = 2.6 g，k = 2.58（包含概率 99 %）",
        "en": "U = 2.6 g, k = 2.58 (coverage probability 99 %)",
    }


@pytest.mark.parametrize(
    ("inputs", "correlations"),
    [
        ([], None),
        ([("a", "1"), ("a", "1")], None),
        ([("a", "1"), ("b", "1")], {("a", "b"): D("1.1")}),
        ([("a", "1"), ("b", "1")], {("a", "c"): D(1)}),
        ([("a", "1")], {("a", "a"): D(1)}),
        ([("a", "1"), ("b", "1"), ("c", "1")], {("a", "b"): D(-1), ("a", "c"): D(-1), ("b", "c"): D(-1)}),
    ],
)
def test_what_is_no_budget(inputs, correlations):
    with pytest.raises(BadQuantity):
        budget.combine([budget.Input(name=name, u=D(u)) for name, u in inputs], correlations)


@pytest.mark.parametrize("width", ["-1", "NaN", "Infinity"])
def test_what_is_no_uncertainty(width):
    with pytest.raises(BadQuantity):
        budget.rectangular("x", D(width))
    with pytest.raises(BadQuantity):
        budget.express(D(1), D(width), "g")


def test_one_reading_shows_no_spread():
    with pytest.raises(BadQuantity):
        budget.series("x", [D(1)])


@given(st.lists(st.decimals("0.001", "1000", places=3), min_size=1, max_size=6))
def test_a_sum_of_independent_inputs_lies_between_the_largest_and_all_together(us):
    inputs = [budget.Input(name=str(i), u=u) for i, u in enumerate(us)]
    combined = budget.combine(inputs).combined
    assert max(us) * (1 - D("1e-40")) <= combined <= sum(us) * (1 + D("1e-40"))
