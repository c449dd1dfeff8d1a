"""The uncertainty budget of a measurement by the GUM (JCGM 100:2008, JJF 1059.1-2012).

    u_c² = Σ c_i² u_i² + 2 Σ_{i<j} c_i c_j u_i u_j r_ij,   ν_eff = u_c⁴ / Σ (c_i u_i)⁴ / ν_i,   U = k · u_c

Inputs of type A come from a series of readings, inputs of type B from a stated half-width and the shape of its distribution. The
Welch–Satterthwaite formula holds for independent inputs; correlated ones leave ν_eff unstated and k = 2. Roots are
taken to 60 digits in decimal arithmetic; only the table of Student's t is made of rounded numbers, as it is printed.

>>> standard_deviation_of_mean([Decimal(x) for x in ("10.1", "10.3", "10.2")]).quantize(Decimal("0.0001"))
Decimal('0.0577')
>>> rectangular("half", Decimal("0.05")).u.quantize(Decimal("0.00001"))
Decimal('0.02887')
>>> str(express(Decimal("100.02147"), Decimal("0.00079"), "g"))
'(100.02147 ± 0.00079) g'
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from metrology.domain.problems import BadQuantity
from metrology.domain.quantity import ARITHMETIC, round_to

INFINITE = None
"""Degrees of freedom of an input known for certain to be as uncertain as stated."""
_TWO = Decimal(2)

# Student's t for a coverage probability of 95.45 %, by degrees of freedom (JCGM 100:2008 Table G.2).
_T_95_45 = {
    1: "13.97", 2: "4.53", 3: "3.31", 4: "2.87", 5: "2.65", 6: "2.52", 7: "2.43", 8: "2.37", 9: "2.32", 10: "2.28",
    11: "2.25", 12: "2.23", 13: "2.21", 14: "2.20", 15: "2.18", 16: "2.17", 17: "2.16", 18: "2.15", 19: "2.14",
    20: "2.13", 25: "2.11", 30: "2.09", 35: "2.07", 40: "2.06", 45: "2.06", 50: "2.05", 100: "2.025",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input quantity: its standard uncertainty, sensitivity coefficient and degrees of freedom (None: infinite)."""

    name: str
    u: Decimal
    sensitivity: Decimal = Decimal(1)
    freedom: int | None = INFINITE
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


def rectangular(name: str, half_width: Decimal, sensitivity: Decimal = Decimal(1)) -> Input:
    """Type B: anywhere within ±a alike, u = a/√3."""
    return _shaped(name, half_width, Decimal(3), sensitivity, "rectangular")


def triangular(name: str, half_width: Decimal, sensitivity: Decimal = Decimal(1)) -> Input:
    """Type B: within ±a, the middle more likely, u = a/√6."""
    return _shaped(name, half_width, Decimal(6), sensitivity, "triangular")


def u_shaped(name: str, half_width: Decimal, sensitivity: Decimal = Decimal(1)) -> Input:
    """Type B: within ±a, the ends more likely (a cycling temperature), u = a/√2."""
    return _shaped(name, half_width, _TWO, sensitivity, "u-shaped")


def resolution(name: str, step: Decimal, sensitivity: Decimal = Decimal(1)) -> Input:
    """Type B: a digit that was rounded, u = d/(2√3)."""
    return rectangular(name, ARITHMETIC.divide(step, _TWO), sensitivity)


def certificate(
    name: str,
    expanded: Decimal,
    coverage_factor: Decimal = _TWO,
    sensitivity: Decimal = Decimal(1),
    freedom: int | None = None,
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
) -> Budget:
    """The budget of these inputs; `coverage_factor` is Student's t for ν_eff (about 95 %) unless given."""
    correlated = dict(correlations or {})
    by_name = {one.name: one for one in inputs}
    if not inputs or len(by_name) != len(inputs):
        raise BadQuantity("inputs", value=len(inputs))
    variance = sum((one.contribution**2 for one in inputs), Decimal(0))
    for (first, second), r in correlated.items():
        if first == second or abs(r) > 1 or not {first, second} <= set(by_name):
            raise BadQuantity("correlation", value=f"{first}, {second}: {r}")
        variance += 2 * by_name[first].contribution * by_name[second].contribution * r
    if variance < 0:
        raise BadQuantity("correlation", value=variance)
    combined = ARITHMETIC.sqrt(variance)
    freedom = None if correlated else effective_freedom(inputs, combined)
    k = coverage_factor or coverage(freedom)
    return Budget(
        inputs=tuple(inputs),
        combined=combined,
        freedom=freedom,
        coverage_factor=k,
        expanded=ARITHMETIC.multiply(k, combined),
    )


def effective_freedom(inputs: Sequence[Input], combined: Decimal) -> int | None:
    """Welch–Satterthwaite, cut to the whole number below; None for infinitely many."""
    parts = [one.contribution**4 / one.freedom for one in inputs if one.freedom]
    total = sum(parts, Decimal(0))
    return int(ARITHMETIC.divide(combined**4, total)) if total else None


def coverage(freedom: int | None) -> Decimal:
    """K for about 95 %: 2, or Student's t where there are few degrees of freedom (the next fewer in the table).

    >>> coverage(None), coverage(16), coverage(22)
    (Decimal('2'), Decimal('2.17'), Decimal('2.13'))
    """
    if freedom is None or freedom > max(_T_95_45):
        return _TWO
    return Decimal(_T_95_45[max(known for known in _T_95_45 if known <= max(1, freedom))])


# -- stated


@dataclass(frozen=True, slots=True)
class Statement:
    """A result and its expanded uncertainty, to the same decimal."""

    value: Decimal
    expanded: Decimal
    unit: str

    def __str__(self) -> str:
        return f"({self.value:f} ± {self.expanded:f}) {self.unit}"


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
