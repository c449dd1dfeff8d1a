"""Digital indicating scales: the error hides in the rounding of the last digit and is found by change-over points.

The legal numbers an edition gives, beside those of all scales: `direct_reading` (in e).
"""

from dataclasses import dataclass
from decimal import Decimal

from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import Row
from metrology.domain.verdict import Lack
from metrology.domain.weighing import WeighingEdition


@dataclass(frozen=True, kw_only=True)
class DigitalScaleEdition(WeighingEdition):
    """A scale that shows digits."""

    def d(self, plate: Nameplate, load: Quantity) -> Quantity:
        """The actual scale interval at a load, e itself when the nameplate has no other."""
        return plate.quantity("d") or self.e_at(plate, load)

    def reads_change_over(self, plate: Nameplate) -> bool:
        """Up to a fifth of e the rounding error is small enough to read directly."""
        return (plate.quantity("d") or self.e(plate)) > self.e(plate).times(self.value("direct_reading"))

    def balance_point(self, plate: Nameplate, row: Row) -> Quantity | Lack | None:
        """P = I + ½d − ΔL: the indication would have changed at P. Here d is e, or finer than a direct reading needs."""
        indication, additional = row.get("indication"), row.get("additional_load")
        if indication is None:
            return None
        if additional is not None:
            return indication + self.d(plate, indication).times(Decimal("0.5")) - additional
        return None if self.reads_change_over(plate) else indication

    def extra_load(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """1.4 d."""
        del kind
        return self.d(plate, load).times(self.value("discrimination.load"))

    def least_change(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """One d."""
        del kind
        return self.d(plate, load).times(self.value("discrimination.change"))
