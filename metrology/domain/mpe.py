"""Maximum permissible errors (最大允许误差, VIM 4.26) in the forms regulations state them.

A limit belongs to the instrument: an error exactly at it conforms.

>>> limit = MaximumPermissibleError.symmetric(parse("0.30 %"))
>>> limit.admits(parse("-0.30 %")), limit.admits(parse("0.31 %")), limit.text(), limit.used_by(parse("0.15 %"))
(True, False, '0.30 %', Decimal('0.5000'))
>>> Steps(((Decimal(500), Decimal("0.5")), (Decimal(2000), Decimal(1)))).at(Decimal(500))
Decimal('0.5')
"""

from dataclasses import dataclass
from decimal import Decimal

from metrology.domain.problems import NotCovered
from metrology.domain.quantity import Quantity, parse, round_to

__all__ = ["MaximumPermissibleError", "MpeAt", "Steps", "parse"]


@dataclass(frozen=True, slots=True)
class MaximumPermissibleError:
    """The two limits of an error of indication; a taximeter's are not equally far from zero."""

    lower: Quantity
    upper: Quantity

    @classmethod
    def symmetric(cls, limit: Quantity) -> "MaximumPermissibleError":
        """±limit."""
        return cls(-limit.magnitude(), limit.magnitude())

    def admits(self, error: Quantity) -> bool:
        """Whether the error lies between the limits, the limits included."""
        return self.lower <= error <= self.upper

    def times(self, factor: Decimal | int) -> "MaximumPermissibleError":
        """The limits in service are often a multiple of those at verification."""
        return MaximumPermissibleError(self.lower.times(factor), self.upper.times(factor))

    def smallest(self) -> Quantity:
        """The nearer limit, which the measurement standard must be good enough for."""
        return min(self.lower.magnitude(), self.upper.magnitude())

    def used_by(self, error: Quantity) -> Decimal | None:
        """The part of the limit on its side which the error takes, to four decimals: 1 is exactly at the limit."""
        limit = self.upper if error.value >= 0 else self.lower.magnitude()
        return round_to(error.magnitude().ratio_to(limit), Decimal("0.0001")) if limit.value else None

    def text(self) -> str:
        """One number when symmetric, else both with their signs."""
        if self.lower.value == -self.upper.value:
            return self.upper.text()
        return f"{self.lower.value:+f} … {self.upper.value:+f} {self.upper.unit}"


@dataclass(frozen=True, slots=True)
class Steps:
    """A value that changes by steps; the bound belongs to the lower step, as in OIML R 76-1 Table 6."""

    steps: tuple[tuple[Decimal, Decimal], ...]

    def at(self, x: Decimal) -> Decimal:
        """The value for x, or NotCovered beyond the last step."""
        for bound, value in self.steps:
            if x <= bound:
                return value
        raise NotCovered(value=x)


@dataclass(frozen=True, slots=True)
class MpeAt:
    """A limit and the value of the measurand it holds at (None when it holds over the whole range)."""

    limit: Quantity
    at: Quantity | None = None
