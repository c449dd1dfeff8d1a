"""Net content of prepackaged commodities: the tolerable deficiency T (允许短缺量) of JJF 1070 and OIML R 87.

T is rounded to 0.1 g (mL) up to 1 kg (L) and to 1 g (mL) above. JJF 1070 says 修约, which is GB/T 8170 (half to even);
R 87 rounds up: `rounding` chooses.

>>> [tolerable_deficiency(nominal) for nominal in ("230 g", "500 g", "2 kg", "6 m")]
['9 g', '15 g', '30 g', '0.12 m']
>>> tolerable_deficiency("165 g"), tolerable_deficiency("165 g", rounding="up")
('7.4 g', '7.5 g')
"""

from decimal import ROUND_CEILING, Decimal
from typing import Literal

from metrology.domain.problems import BadQuantity, NotCovered
from metrology.domain.quantity import Quantity, parse, plain, round_to

_UP_TO_1000 = Decimal(1000)
# Up to (g or mL): percent of the nominal quantity, or grams (millilitres). Both sides of a boundary give the same T.
_TABLE: tuple[tuple[Decimal, str, Decimal], ...] = (
    (Decimal(50), "%", Decimal(9)),
    (Decimal(100), "", Decimal("4.5")),
    (Decimal(200), "%", Decimal("4.5")),
    (Decimal(300), "", Decimal(9)),
    (Decimal(500), "%", Decimal(3)),
    (Decimal(1000), "", Decimal(15)),
    (Decimal(10_000), "%", Decimal("1.5")),
    (Decimal(15_000), "", Decimal(150)),
    (Decimal(50_000), "%", Decimal(1)),
)
_SMALL = {"mass": "g", "volume": "mL"}


def tolerable_deficiency(nominal: str, *, rounding: Literal["half_even", "up"] = "half_even") -> str:
    """T for a nominal quantity by mass, volume, length, area or count, as text."""
    quantity = parse(nominal, field="nominal")
    if quantity.value <= 0:
        raise BadQuantity("nominal", value=nominal)
    if quantity.dimension in _SMALL:
        unit = _SMALL[quantity.dimension]
        return _by_table(quantity.in_unit(unit), unit, rounding)
    if quantity.dimension == "length":
        allowed = quantity.times(Decimal("0.02")) if quantity > Quantity(Decimal(5), "m") else quantity.times(0)
        return allowed.plain()
    if quantity.dimension == "area":
        return quantity.times(Decimal("0.03")).plain()
    if quantity.dimension == "count":
        count = quantity.value * Decimal("0.01") if quantity.value > 50 else Decimal(0)
        return f"{count.to_integral_value(ROUND_CEILING)} {quantity.unit}"
    raise NotCovered("nominal", value=nominal)


def _by_table(nominal: Decimal, unit: str, rounding: str) -> str:
    for bound, how, amount in _TABLE:
        if nominal <= bound:
            exact = nominal * amount / 100 if how == "%" else amount
            step = Decimal("0.1") if nominal <= _UP_TO_1000 else Decimal(1)
            return f"{plain(_rounded(exact, step, rounding))} {unit}"
    raise NotCovered("nominal", value=f"{nominal} {unit}")


def _rounded(exact: Decimal, step: Decimal, rounding: str) -> Decimal:
    if rounding == "up":
        return (exact / step).to_integral_value(ROUND_CEILING) * step
    return round_to(exact, step)
