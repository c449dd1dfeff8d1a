"""The numbers of a chart: round marks for its scale, and how values and shares are written beside it."""

from __future__ import annotations

import math
from decimal import Decimal

Number = int | float | Decimal
_STEPS = (1, 2, 2.5, 5, 10)


def scale(most: float, steps: int = 4) -> list[float]:
    """Round marks from 0 to at least ``most``, about ``steps`` of them.

    >>> scale(1234), scale(3), scale(0), scale(100)
    ([0.0, 500.0, 1000.0, 1500.0], [0.0, 1.0, 2.0, 3.0], [0.0, 1.0], [0.0, 25.0, 50.0, 75.0, 100.0])
    """
    if most <= 0:
        return [0.0, 1.0]
    rough = most / steps
    power = 10.0 ** math.floor(math.log10(rough))
    enough = (power * one for one in _STEPS if power * one >= rough * 0.999999)
    step = next((one for one in enough if most < 1 or one == int(one)), 1.0)
    count = math.ceil(most / step - 1e-9)
    return [round(step * number, 10) for number in range(count + 1)]


def written(value: Number | None) -> str:
    """A number with separators, and no decimals that say nothing.

    >>> written(12345), written(2.50), written(None), written(Decimal("97.20"))
    ('12,345', '2.5', '—', '97.20')
    """
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.10f}".rstrip("0")
    return f"{value:,}"


def share_words(part: Number, whole: Number) -> str:
    """A share in whole percent that never rounds something to nothing, nor nearly all to all.

    >>> share_words(1, 1000), share_words(999, 1000), share_words(1, 3), share_words(0, 0)
    ('<1 %', '>99 %', '33 %', '—')
    """
    if not whole:
        return "—"
    share = 100 * float(part) / float(whole)
    if 0 < share < 1:
        return "<1 %"
    if 99 < share < 99.9999999:
        return ">99 %"
    return f"{share:.0f} %"
