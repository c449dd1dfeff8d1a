"""The uncertainty budget of a measurement by the GUM (JCGM 100:2008, JJF 1059.1-2012).

    u_c² = Σ c_i² u_i² + 2 Σ_{i<j} c_i c_j u_i u_j r_ij,   ν_eff = u_c⁴ / Σ (c_i u_i)⁴ / ν_i,   U = k · u_c

Inputs of type A come from a series of readings, inputs of type B from a stated half-width and the shape of its distribution. The
Welch–Satterthwaite formula holds for independent inputs; correlated ones leave ν_eff unstated and k = 2. Roots are
taken to 60 digits in decimal arithmetic; k is Student's t to two decimals, as it is printed.

>>> standard_deviation_of_mean([Decimal(x) for x in ("10.1", "10.3", "10.2")]).quantize(Decimal("0.0001"))
Decimal('0.0577')
>>> rectangular("half", Decimal("0.05")).u.quantize(Decimal("0.00001"))
Decimal('0.02887')
>>> str(express(Decimal("100.02147"), Decimal("0.00079"), "g"))
'(100.02147 ± 0.00079) g'
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Literal

from metrology.domain.coverage import Probability, coverage
from metrology.domain.problems import BadQuantity
from metrology.domain.quantity import ARITHMETIC, plain, round_to

INFINITE = None
"""Degrees of freedom of an input known for certain to be as uncertain as stated."""
_TWO = Decimal(2)

# By the number of readings: the mean range of a normal series in s, d_n, and the degrees of freedom of s = R/d_n
# (JJF 1059.1-2012; the degrees of freedom from memory).
_RANGE = {
    2: ("1.13", "0.9"), 3: ("1.69", "1.8"), 4: ("2.06", "2.7"), 5: ("2.33", "3.6"), 6: ("2.53", "4.5"),
    7: ("2.70", "5.3"), 8: ("2.85", "6.0"), 9: ("2.97", "6.8"), 10: ("3.08", "7.5"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input quantity: its standard uncertainty, sensitivity coefficient and degrees of freedom (None: infinite)."""

    name: str
    u: Decimal
    sensitivity: Decimal = Decimal(1)
    freedom: Decimal | int | None = INFINITE
    kind: Literal["A", "B"] = "B"
    distribution: str = "normal"

    @property
    def contribution(self) -> Decimal:
        """C · u, with its sign."""
        return ARITHMETIC.multiply(self.sensitivity, self.u)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The combined and expanded uncertainty of a result."""

    inputs: tuple[Input, ...]
    combined: Decimal
    freedom: int | None
    coverage_factor: Decimal
    expanded: Decimal
    probability: Probability | None = None
    """In per cent; None where the coverage factor was given, which stands for about 95 % when it is 2."""

    def share(self, one: Input) -> Decimal:
        """The part of the combined variance an input has by itself, which shows what is worth improving."""
        return ARITHMETIC.divide(one.contribution**2, self.combined**2) if self.combined else Decimal(0)


# -- inputs


def standard_deviation(values: Sequence[Decimal]) -> Decimal:
    """The experimental standard deviation s of a series."""
    count = len(values)
    if count < 2:
        raise BadQuantity("values", value=count)
    mean = ARITHMETIC.divide(sum(values, Decimal(0)), Decimal(count))
    squares = sum((ARITHMETIC.power(ARITHMETIC.subtract(one, mean), 2) for one in values), Decimal(0))
    return ARITHMETIC.sqrt(ARITHMETIC.divide(squares, Decimal(count - 1)))


def standard_deviation_of_mean(values: Sequence[Decimal]) -> Decimal:
    """S / √n."""
    return ARITHMETIC.divide(standard_deviation(values), ARITHMETIC.sqrt(Decimal(len(values))))


def series(name: str, values: Sequence[Decimal], sensitivity: Decimal = Decimal(1)) -> Input:
    """Type A: the mean of repeated readings, with n − 1 degrees of freedom."""
    u = standard_deviation_of_mean(values)
    return Input(name=name, u=u, sensitivity=sensitivity, freedom=len(values) - 1, kind="A")


def pooled(name: str, groups: Sequence[Sequence[Decimal]], readings: int, sensitivity: Decimal = Decimal(1)) -> Input:
    """Type A from earlier series: the mean of so many `readings` now, with the pooled s_p² = Σ ν_j s_j² / Σ ν_j."""
    if not groups or readings < 1:
        raise BadQuantity("values", value=len(groups))
    freedom = sum(len(group) - 1 for group in groups)
    squares = (ARITHMETIC.multiply(standard_deviation(group) ** 2, Decimal(len(group) - 1)) for group in groups)
    spread = ARITHMETIC.sqrt(ARITHMETIC.divide(sum(squares, Decimal(0)), Decimal(freedom)))
    u = ARITHMETIC.divide(spread, ARITHMETIC.sqrt(Decimal(readings)))
    return Input(name=name, u=u, sensitivity=sensitivity, freedom=freedom, kind="A")


def by_range(name: str, values: Sequence[Decimal], sensitivity: Decimal = Decimal(1)) -> Input:
    """Type A of a short series by its range: s = R/d_n, u = s/√n, for two to ten readings (JJF 1059.1-2012).

    >>> by_range("E", [Decimal(x) for x in ("0.050", "0.090", "0.022")]).freedom
    Decimal('1.8')
    """
    count = len(values)
    if count not in _RANGE:
        raise BadQuantity("values", value=count)
    divisor, freedom = _RANGE[count]
    spread = ARITHMETIC.divide(max(values) - min(values), Decimal(divisor))
    u = ARITHMETIC.divide(spread, ARITHMETIC.sqrt(Decimal(count)))
    return Input(name=name, u=u, sensitivity=sensitivity, freedom=Decimal(freedom), kind="A")


def correlation(first: Sequence[Decimal], second: Sequence[Decimal]) -> Decimal:
    """R of two inputs read together, from their simultaneous readings (GUM 5.2.3), for `combine`."""
    if len(first) != len(second) or len(first) < 2:
        raise BadQuantity("values", value=f"{len(first)}, {len(second)}")
    with localcontext(ARITHMETIC):
        means = [sum(one, Decimal(0)) / len(one) for one in (first, second)]
        deviations = [[value - mean for value in one] for one, mean in zip((first, second), means, strict=True)]
        squares = [sum((d * d for d in one), Decimal(0)) for one in deviations]
        if not all(squares):
            raise BadQuantity("values", value=0)
        together = sum((x * y for x, y in zip(*deviations, strict=True)), Decimal(0))
        return round_to(together / (squares[0] * squares[1]).sqrt(), Decimal("1e-9"))


def rectangular(name: str, half_width: Decimal, sensitivity: Decimal = Decimal(1)) -> Input:
    """Type B: anywhere within ±a alike, u = a/√3."""
    return _shaped(name, half_width, Decimal(3), sensitivity, "rectangular")


def triangular(name: str, half_width: Decimal, sensitivity: Decimal = Decimal(1)) -> Input:
    """Type B: within ±a, the middle more likely, u = a/√6."""
    return _shaped(name, half_width, Decimal(6), sensitivity, "triangular")


def arcsine(name: str, half_width: Decimal, sensitivity: Decimal = Decimal(1)) -> Input:
    """Type B: within ±a, the ends more likely (a cycling temperature; U-shaped), u = a/√2."""
    return _shaped(name, half_width, _TWO, sensitivity, "arcsine")


def normal(
    name: str, half_width: Decimal, probability: Probability = "95.45", sensitivity: Decimal = Decimal(1)
) -> Input:
    """Type B: within ±a with a stated probability, normally distributed, u = a/k_p."""
    u = ARITHMETIC.divide(_not_negative(half_width), coverage(INFINITE, probability))
    return Input(name=name, u=u, sensitivity=sensitivity)


def resolution(name: str, step: Decimal, sensitivity: Decimal = Decimal(1)) -> Input:
    """Type B: a digit that was rounded, u = d/(2√3)."""
    return rectangular(name, ARITHMETIC.divide(step, _TWO), sensitivity)


def certificate(
    name: str,
    expanded: Decimal,
    coverage_factor: Decimal = _TWO,
    sensitivity: Decimal = Decimal(1),
    freedom: Decimal | int | None = INFINITE,
) -> Input:
    """Type B: U and k of a calibration certificate, u = U/k."""
    if coverage_factor <= 0:
        raise BadQuantity("coverage_factor", value=coverage_factor)
    u = ARITHMETIC.divide(_not_negative(expanded), coverage_factor)
    return Input(name=name, u=u, sensitivity=sensitivity, freedom=freedom)


def _shaped(name: str, half_width: Decimal, divisor: Decimal, sensitivity: Decimal, shape: str) -> Input:
    u = ARITHMETIC.divide(_not_negative(half_width), ARITHMETIC.sqrt(divisor))
    return Input(name=name, u=u, sensitivity=sensitivity, distribution=shape)


def _not_negative(value: Decimal) -> Decimal:
    if not value.is_finite() or value < 0:
        raise BadQuantity("uncertainty", value=value)
    return value


# -- together


def combine(
    inputs: Sequence[Input],
    correlations: Mapping[tuple[str, str], Decimal] | None = None,
    *,
    coverage_factor: Decimal | None = None,
    probability: Probability = "95.45",
) -> Budget:
    """The budget of these inputs; `coverage_factor` is Student's t for ν_eff and the probability unless given."""
    with localcontext(ARITHMETIC):
        combined = _variance(inputs, correlations or {}).sqrt()
    freedom = None if correlations else effective_freedom(inputs, combined)
    k = coverage_factor or coverage(freedom, probability)
    return Budget(
        inputs=tuple(inputs),
        combined=combined,
        freedom=freedom,
        coverage_factor=k,
        expanded=ARITHMETIC.multiply(k, combined),
        probability=None if coverage_factor else probability,
    )


def _variance(inputs: Sequence[Input], correlations: Mapping[tuple[str, str], Decimal]) -> Decimal:
    by_name = {one.name: one for one in inputs}
    if not inputs or len(by_name) != len(inputs):
        raise BadQuantity("inputs", value=len(inputs))
    variance = sum((one.contribution**2 for one in inputs), Decimal(0))
    for (first, second), r in correlations.items():
        if first == second or abs(r) > 1 or not {first, second} <= set(by_name):
            raise BadQuantity("correlation", value=f"{first}, {second}: {r}")
        variance += 2 * by_name[first].contribution * by_name[second].contribution * r
    if variance < 0:
        raise BadQuantity("correlation", value=variance)
    return variance


def effective_freedom(inputs: Sequence[Input], combined: Decimal) -> int | None:
    """Welch–Satterthwaite, cut to the whole number below; None for infinitely many."""
    with localcontext(ARITHMETIC):
        total = sum((one.contribution**4 / one.freedom for one in inputs if one.freedom), Decimal(0))
        return int(combined**4 / total) if total else None


# -- stated


@dataclass(frozen=True, slots=True)
class Statement:
    """A result and its expanded uncertainty, to the same decimal."""

    value: Decimal
    expanded: Decimal
    unit: str

    def __str__(self) -> str:
        return f"({self.value:f} ± {self.expanded:f}) {self.unit}"


def in_words(statement: Statement, budget: Budget) -> Mapping[str, str]:
    """As a calibration certificate prints it: U, k and the coverage probability, in Chinese and English.

    >>> one = combine([certificate("m", Decimal("0.00079"))])
    >>> in_words(express(Decimal("100.02147"), one.expanded, "g"), one)["zh"]
    'U = 0.00079 g，k = 2（包含概率约 95 %）'
    """
    u, k = f"U = {statement.expanded:f} {statement.unit}", f"k = {plain(budget.coverage_factor)}"
    about = budget.probability in {None, "95.45"}
    percent = "95" if about else budget.probability
    zh, en = ("约", "about ") if about else ("", "")
    freedom = "" if budget.freedom is None else f", ν_eff = {budget.freedom}"
    return {
        "zh": f"{u}，{k}（包含概率{zh} {percent} %{freedom.replace(', ', '，')}）",
        "en": f"{u}, {k} (coverage probability {en}{percent} %{freedom})",
    }


def express(value: Decimal, expanded: Decimal, unit: str, *, digits: Literal[1, 2] = 2, up: bool = False) -> Statement:
    """U with one or two significant digits and the result rounded to the same place (GUM 7.2.6, JJF 1059.1).

    `up` rounds U away from zero, as some laboratories do to be on the safe side.
    """
    _not_negative(expanded)
    if expanded == 0:
        raise BadQuantity("expanded_uncertainty", value=expanded)
    interval = Decimal(1).scaleb(expanded.adjusted() - digits + 1)
    rounded = expanded.quantize(interval, ROUND_CEILING) if up else round_to(expanded, interval)
    if rounded.adjusted() > expanded.adjusted():
        # 0.0996 becomes 0.10, not 0.100.
        interval = Decimal(1).scaleb(rounded.adjusted() - digits + 1)
        rounded = round_to(rounded, interval)
    return Statement(round_to(value, interval), rounded, unit)
