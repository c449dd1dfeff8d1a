"""Where the marks of a chart lie: worked out here, so that templates only write them down (``templates/_ui_charts.html``).

Every place along a chart is a percentage of its width and every height of a column is in pixels, so a chart is as wide as its
page and its letters stay as large as the page's. What a chart shows is always a table too: nothing here is needed to read it.

>>> bars([Figure("Muye", 40), Figure("Weibin", 10)]).rows[1].width
25.0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metrology.web.chart_scale import Number, scale, share_words, written

TOP, BASE, HEIGHT = 26, 166, 204
"""Of a chart of columns, in pixels: the highest value, the line of nothing, the whole with its two lines of names."""
_COLUMN, _EARLIER = 0.62, 0.3
"""How much of its place a column takes alone; and the hollow one of a year before, beside it."""
_BEYOND = 1.04
"""How far beyond a target the bars of a list can reach: its line lies within them."""


@dataclass(frozen=True)
class Figure:
    """What is shown of one thing: how much, in which words, and where its records are."""

    label: str
    value: Number | None
    """None: not known, which is drawn as nothing and said."""
    shown: str = ""
    """The value as written; else with separators."""
    url: str | None = None
    """The records behind the figure."""
    kind: str = "info"
    """A status colour (``static/css/badges.css``)."""
    note: str = ""
    """Said under the label: a year under a month, a district under a holder."""
    label_url: str | None = None

    @property
    def words(self) -> str:
        """The value as it is written."""
        return self.shown or written(self.value)


@dataclass(frozen=True)
class Tick:
    """A line of the scale: where, and what it says."""

    at: float
    words: str


@dataclass(frozen=True)
class Bar:
    """A bar of a list."""

    figure: Figure
    width: float


@dataclass(frozen=True)
class Bars:
    """Bars under each other, to one scale that begins at nothing."""

    rows: tuple[Bar, ...]
    target: Tick | None = None


def bars(
    figures: Sequence[Figure],
    *,
    most: Number | None = None,
    target: Number | None = None,
    target_words: str = "",
    unit: str = "",
) -> Bars:
    """Bars to the scale of the largest, or of ``most`` (100 for a share); ``target`` is a line through all of them."""
    reach = float(target or 0) * _BEYOND
    top = float(most if most is not None else max([*map(_known, figures), reach], default=0)) or 1.0
    line = None if target is None else Tick(_percent(float(target), top), target_words or written(target) + unit)
    return Bars(tuple(Bar(one, _percent(_known(one), top)) for one in figures), line)


@dataclass(frozen=True)
class Part:
    """A piece of a stacked bar: where it begins, how wide it is, and its share in words."""

    figure: Figure
    at: float
    width: float
    share: str


@dataclass(frozen=True)
class Stack:
    """One whole cut into parts; ``label``, ``url`` and ``total`` where several stand under each other."""

    parts: tuple[Part, ...]
    total: Number
    label: str = ""
    label_url: str | None = None
    url: str | None = None


def stack(
    figures: Sequence[Figure],
    *,
    most: Number | None = None,
    label: str = "",
    label_url: str | None = None,
    url: str | None = None,
) -> Stack:
    """Parts end to end: they fill the width, or are to the scale of ``most`` where several stacks are compared.

    >>> [(part.at, part.width, part.share) for part in stack([Figure("a", 3), Figure("b", 0), Figure("c", 1)]).parts]
    [(0.0, 75.0, '75 %'), (75.0, 0.0, '0 %'), (75.0, 25.0, '25 %')]
    """
    values = [_known(one) for one in figures]
    total = sum(values)
    top = float(most) if most is not None else total
    parts, at = [], 0.0
    for one, value in zip(figures, values, strict=True):
        width = _percent(value, top)
        parts.append(Part(one, round(at, 3), width, share_words(value, total)))
        at += width
    exact = sum(one.value or 0 for one in figures)
    return Stack(tuple(parts), exact, label, label_url, url)


@dataclass(frozen=True)
class Column:
    """A column: middle, left edge and width in percent; height and upper edge in pixels. No height: not known."""

    figure: Figure
    middle: float
    x: float
    width: float
    y: float
    height: float | None
    is_key: bool
    """Its value is written where there is little room: the first, the last, the highest and the lowest known."""
    is_last: bool
    earlier: Figure | None = None
    """The same a year before."""
    earlier_x: float = 0
    earlier_width: float = 0
    earlier_y: float = 0
    earlier_height: float | None = None


@dataclass(frozen=True)
class Columns:
    """Columns through time, with the lines of the scale and perhaps of a target (``at`` in pixels from above)."""

    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    target: Tick | None
    has_earlier: bool
    height: int = HEIGHT
    base: int = BASE


def columns(
    figures: Sequence[Figure],
    *,
    earlier: Sequence[Figure | None] = (),
    target: Number | None = None,
    target_words: str = "",
    most: Number | None = None,
    unit: str = "",
) -> Columns:
    """One column for each figure, in their order; ``earlier`` are the same a year before, drawn hollow beside them.

    ``most`` ends the scale (100 for shares); ``unit`` is written behind the numbers of the scale.
    """
    before = list(earlier) or [None] * len(figures)
    known = [_known(one) for one in [*figures, *before] if one is not None]
    marks = scale(float(most) if most is not None else max([*known, float(target or 0)], default=0))
    top = marks[-1]
    place = 100 / len(figures) if figures else 100.0
    has_earlier = any(one is not None and one.value is not None for one in before)
    keys = _keys([one.value for one in figures])
    drawn = tuple(
        _column(one, was, index, place, top, is_key=index in keys, is_last=index == len(figures) - 1, pair=has_earlier)
        for index, (one, was) in enumerate(zip(figures, before, strict=True))
    )
    ticks = tuple(Tick(_down(mark, top), written(mark) + unit) for mark in marks[1:])
    line = None if target is None else Tick(_down(float(target), top), target_words or written(target) + unit)
    return Columns(drawn, ticks, line, has_earlier)


def _column(
    figure: Figure, was: Figure | None, index: int, place: float, top: float, *, is_key: bool, is_last: bool, pair: bool
) -> Column:
    middle = place * (index + 0.5)
    width = place * _COLUMN
    x = middle - width / 2
    slim = place * _EARLIER if pair else 0.0
    y = _down(_known(figure), top)
    was_y = _down(_known(was), top) if was else float(BASE)
    return Column(
        figure=figure,
        middle=round(middle, 3),
        x=round(x + slim, 3),
        width=round(width - slim, 3),
        y=y,
        height=None if figure.value is None else round(BASE - y, 2),
        is_key=is_key,
        is_last=is_last,
        earlier=was,
        earlier_x=round(x - slim * 0.1, 3),
        earlier_width=round(slim, 3),
        earlier_y=was_y,
        earlier_height=None if was is None or was.value is None else round(BASE - was_y, 2),
    )


def _keys(values: Sequence[Number | None]) -> set[int]:
    known = [index for index, value in enumerate(values) if value is not None]
    if not known:
        return set()
    by_value = sorted(known, key=lambda index: (float(values[index] or 0), index))
    return {known[0], known[-1], by_value[0], by_value[-1]}


@dataclass(frozen=True)
class Interval:
    """A share of few cases: the point, and between which values it lies (all in percent of the scale), with its row in words."""

    figure: Figure
    low: Number | None
    high: Number | None
    cases: int
    """How many the share was counted from."""
    between: str = ""
    """The interval in words; else ``low–high``."""
    point_at: float | None = None
    low_at: float = 0
    high_at: float = 0
    standing: str = ""
    """Beside a target: "below", "above", or "around" where the interval holds it."""


@dataclass(frozen=True)
class Intervals:
    """Points with their intervals under each other, to one scale."""

    rows: tuple[Interval, ...]
    ticks: tuple[Tick, ...]
    target: Tick | None


def intervals(
    rows: Sequence[Interval], *, first: Number = 0, last: Number = 100, target: Number | None = None, unit: str = " %"
) -> Intervals:
    """Place points and intervals on a scale from ``first`` to ``last``; what reaches out is cut at its end."""
    span = (float(first), float(last))
    placed = tuple(_placed(row, span, target) for row in rows)
    marks = [span[0] + (span[1] - span[0]) * quarter / 4 for quarter in range(5)]
    ticks = tuple(Tick(_along(mark, span), written(round(mark, 1)) + unit) for mark in marks)
    line = None if target is None else Tick(_along(float(target), span), written(target) + unit)
    return Intervals(placed, ticks, line)


def _placed(row: Interval, span: tuple[float, float], target: Number | None) -> Interval:
    value = row.figure.value
    if value is None or row.low is None or row.high is None:
        return row
    low, high = float(row.low), float(row.high)
    standing = ""
    if target is not None:
        standing = "below" if high < float(target) else "above" if low > float(target) else "around"
    return Interval(
        row.figure, row.low, row.high, row.cases, row.between or f"{low:.1f}–{high:.1f}",
        _along(float(value), span), _along(low, span), _along(high, span), standing,
    )  # fmt: skip


@dataclass(frozen=True)
class ParetoRow:
    """A bar to the scale of the largest, and the share that this and all above it have of the whole."""

    figure: Figure
    width: float
    together: float
    """In percent; the line passes here in the middle of the row."""
    above: float
    """Where the line enters at the upper edge of the row."""
    below: float
    """Where it leaves at the lower edge."""

    @property
    def together_words(self) -> str:
        """The cumulative share in words."""
        return share_words(self.together, 100)


@dataclass(frozen=True)
class Pareto:
    """The largest first, with how much they come to together; ``most_of_it``: how many make four fifths of the whole."""

    rows: tuple[ParetoRow, ...]
    total: float
    rest: str
    """What all that are not shown have, in words; empty when all are shown."""
    most_of_it: int | None
    """None: more than are shown."""


FOUR_FIFTHS = 80


def pareto(figures: Sequence[Figure], *, total: Number | None = None) -> Pareto:
    """Bars with the cumulative line; ``total`` is the whole, where more exist than the figures shown.

    >>> found = pareto([Figure("a", 6), Figure("b", 3), Figure("c", 1)])
    >>> [row.together for row in found.rows], found.most_of_it
    ([60.0, 90.0, 100.0], 2)
    """
    values = [_known(one) for one in figures]
    whole = float(total) if total is not None else sum(values)
    top = max(values, default=0.0) or 1.0
    together, sums = 0.0, []
    for value in values:
        together += value
        sums.append(_percent(together, whole))
    rows = []
    for index, (one, value) in enumerate(zip(figures, values, strict=True)):
        before = sums[index - 1] if index else 0.0
        after = sums[index + 1] if index + 1 < len(sums) else sums[index]
        enters = (before + sums[index]) / 2 if index else 0.0
        rows.append(
            ParetoRow(one, _percent(value, top), sums[index], round(enters, 3), round((sums[index] + after) / 2, 3))
        )
    enough = next((number for number, share in enumerate(sums, 1) if share >= FOUR_FIFTHS), None)
    left = whole - sum(values)
    return Pareto(tuple(rows), whole, written(left) if left > 0 else "", enough)


# -- where


def _known(one: Figure | None) -> float:
    """The value to draw; a value below nothing has no place in these charts."""
    value = float(one.value) if one is not None and one.value is not None else 0.0
    if value < 0:
        raise ValueError(f"a chart from nothing upwards cannot show {value}")
    return value


def _percent(value: float, whole: float) -> float:
    return round(min(100.0, 100 * value / whole), 3) if whole else 0.0


def _down(value: float, top: float) -> float:
    return round(BASE - (BASE - TOP) * min(value, top) / top, 2)


def _along(value: float, span: tuple[float, float]) -> float:
    first, last = span
    return round(100 * (min(max(value, first), last) - first) / (last - first), 3)
