"""A picture of the city's districts drawn from nothing but their codes: one tile each, where it roughly lies.

No map is copied and no tile server asked. ``LAYOUT`` is the one place that knows where things lie; a city of other codes has
its districts side by side in their own order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LAYOUT: tuple[tuple[str | None, ...], ...] = (
    ("410782", "410704", "410781", None, None),
    ("410724", "410703", "410711", "410771X", "410772X"),
    (None, "410721", "410702", "410726", "410783"),
    (None, "410773X", "410725", "410727", None),
)
"""Rows from north to south, each from west to east: Huixian in the north-west, Changyuan in the east, the Yellow River below."""
COLUMNS = 5
STEPS = (2, 5, 10, 20)
"""Shares overdue, in percent, from which a tile is a step darker; nothing overdue is no colour at all."""


@dataclass(frozen=True)
class Tile:
    """A district: where its tile lies (from 1), how dark it is (0 to 5), and what it says."""

    code: str
    name: str
    row: int
    column: int
    overdue: int
    in_use: int
    step: int
    url: str | None = None

    @property
    def share(self) -> str:
        """The share overdue as written; a dash where nothing is in use."""
        return f"{100 * self.overdue / self.in_use:.1f} %" if self.in_use else "—"


def step_of(overdue: int, in_use: int) -> int:
    """How dark a share is drawn.

    >>> step_of(0, 100), step_of(1, 100), step_of(2, 100), step_of(19, 100), step_of(20, 100), step_of(3, 0)
    (0, 1, 2, 4, 5, 0)
    """
    if not overdue or not in_use:
        return 0
    share = 100 * overdue / in_use
    return 1 + sum(share >= one for one in STEPS)


def places(codes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Row and column of each district, from 1; those the layout does not know follow below it, in their order.

    >>> places(["410782", "999999"])
    {'410782': (1, 1), '999999': (2, 1)}
    >>> places(["a", "b", "c", "d", "e", "f"])["f"]
    (2, 1)
    """
    known = {
        code: (row, column)
        for row, line in enumerate(LAYOUT, 1)
        for column, code in enumerate(line, 1)
        if code is not None and code in codes
    }
    last = max((row for row, _column in known.values()), default=0)
    others = [code for code in codes if code not in known]
    return known | {code: (last + 1 + index // COLUMNS, 1 + index % COLUMNS) for index, code in enumerate(others)}
