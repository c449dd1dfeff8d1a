"""Charts: the places of their marks by hand, and what every one of them must have on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask, g

from metrology.domain.authority import Actor
from metrology.web import charts
from metrology.web.chart_scale import scale, share_words
from metrology.web.charts import Figure, Interval
from metrology.web.styleguide import index
from tests.conftest import TODAY

Render = Callable[..., str]


@pytest.fixture
def draw(app: Flask) -> Render:
    def rendered(source: str, **values: object) -> str:
        with app.test_request_context("/?lang=en"):
            template = '{% import "_ui_charts.html" as charts with context %}' + source
            return app.jinja_env.from_string(template).render(**values)

    return rendered


def test_the_longest_bar_fills_the_width() -> None:
    drawn = charts.bars([Figure("a", 8), Figure("b", 2), Figure("c", None)])
    assert [row.width for row in drawn.rows] == [100.0, 25.0, 0.0]


def test_shares_are_drawn_to_a_hundred_and_the_target_where_it_is() -> None:
    drawn = charts.bars([Figure("a", Decimal("97.5"))], most=100, target=90)
    assert (drawn.rows[0].width, drawn.target and drawn.target.at) == (97.5, 90.0)


def test_a_target_beyond_all_bars_widens_the_scale() -> None:
    drawn = charts.bars([Figure("a", 5)], target=10, target_words="10 d")
    assert drawn.target is not None
    assert drawn.rows[0].width * 2 == pytest.approx(drawn.target.at, abs=0.01)
    assert drawn.rows[0].width < 50
    assert drawn.target.words == "10 d"


def test_nothing_at_all_divides_by_nothing() -> None:
    assert charts.bars([Figure("a", 0)]).rows[0].width == 0
    assert charts.stack([Figure("a", 0)]).parts[0].share == "—"
    assert charts.pareto([Figure("a", 0)]).rows[0].together == 0
    assert charts.pareto([]).rows == ()
    assert charts.columns([]).columns == ()
    assert charts.columns([Figure("a", 0)]).columns[0].height == 0


def test_a_chart_from_nothing_upwards_refuses_less() -> None:
    with pytest.raises(ValueError, match="cannot show -1"):
        charts.bars([Figure("a", -1)])


def test_stacks_that_are_compared_share_a_scale() -> None:
    small = charts.stack([Figure("a", 10), Figure("b", 15)], most=100)
    assert [(part.at, part.width) for part in small.parts] == [(0.0, 10.0), (10.0, 15.0)]
    assert (small.total, small.parts[0].share) == (25, "40 %")


def test_a_column_stands_on_the_line_of_nothing() -> None:
    drawn = charts.columns([Figure("a", 50), Figure("b", 100)], most=100)
    half, full = drawn.columns
    assert (half.middle, full.middle) == (25.0, 75.0)
    assert (full.y, full.height) == (charts.TOP, charts.BASE - charts.TOP)
    assert half.height == full.height / 2
    assert half.y + half.height == charts.BASE


def test_a_month_without_figures_is_a_gap_and_not_nothing() -> None:
    gap, zero = charts.columns([Figure("a", None), Figure("b", 0)]).columns
    assert (gap.height, zero.height) == (None, 0)


def test_first_last_highest_and_lowest_keep_their_value_on_a_phone() -> None:
    values = [3, 5, 9, 4, 1, 6, 2]
    drawn = charts.columns([Figure(str(value), value) for value in values])
    assert [column.figure.value for column in drawn.columns if column.is_key] == [3, 9, 1, 2]


def test_a_year_before_stands_beside_and_within_the_same_place() -> None:
    drawn = charts.columns([Figure("a", 4), Figure("b", 4)], earlier=[Figure("a", 2), None])
    first, second = drawn.columns
    assert drawn.has_earlier
    assert first.earlier_height == first.height / 2
    assert 0 < first.earlier_x < first.earlier_x + first.earlier_width <= first.x
    assert first.x + first.width < 50
    assert second.earlier_height is None


def test_without_a_year_before_a_column_is_as_wide_as_it_may() -> None:
    alone = charts.columns([Figure("a", 4)]).columns[0]
    assert (alone.x, alone.width) == (19.0, 62.0)


def test_the_scale_holds_the_target_too() -> None:
    drawn = charts.columns([Figure("a", 10)], target=40)
    assert drawn.target is not None
    assert drawn.target.at == charts.TOP
    assert drawn.columns[0].height == (charts.BASE - charts.TOP) / 4


@pytest.mark.parametrize(
    ("low", "high", "standing"),
    [(90, 94.9, "below"), (90, 95, "around"), (95, 99, "around"), (95.1, 99, "above")],
)
def test_a_share_stands_below_or_above_a_target_only_when_its_whole_interval_does(
    low: float, high: float, standing: str
) -> None:
    row = Interval(Figure("a", 94.9), low, high, 10)
    assert charts.intervals([row], target=95).rows[0].standing == standing


def test_an_interval_is_cut_at_the_end_of_the_scale() -> None:
    row = charts.intervals([Interval(Figure("a", 75), 40, 90, 8)], first=50).rows[0]
    assert (row.low_at, row.point_at, row.high_at, row.between) == (0.0, 50.0, 80.0, "40.0–90.0")


def test_a_share_of_no_cases_is_no_point() -> None:
    row = charts.intervals([Interval(Figure("a", None), None, None, 0)], target=95).rows[0]
    assert (row.point_at, row.standing) == (None, "")


def test_pareto_counts_what_is_not_shown() -> None:
    drawn = charts.pareto([Figure("a", 50), Figure("b", 25)], total=100)
    assert [(row.width, row.together) for row in drawn.rows] == [(100.0, 50.0), (50.0, 75.0)]
    assert (drawn.rest, drawn.most_of_it) == ("25", None)


def test_the_line_of_a_pareto_goes_from_row_to_row_without_a_step() -> None:
    rows = charts.pareto([Figure(str(n), n) for n in (5, 3, 1, 1)]).rows
    assert [row.below for row in rows[:-1]] == [row.above for row in rows[1:]]
    assert rows[-1].together == 100.0


@pytest.mark.parametrize(("value", "number"), [(79, None), (80, 1), (81, 1)])
def test_four_fifths_are_reached_at_eighty_percent(value: int, number: int | None) -> None:
    assert charts.pareto([Figure("a", value)], total=100).most_of_it == number


@pytest.mark.parametrize("most", [1, 7, 10, 99, 101, 48310, 5_000_000])
def test_a_scale_reaches_the_most_and_counts_whole_things(most: int) -> None:
    marks = scale(most)
    assert marks[-1] >= most > marks[-2]
    assert all(mark == int(mark) for mark in marks)
    assert len(marks) <= 6


@pytest.mark.parametrize(("part", "words"), [(0, "0 %"), (1, "<1 %"), (10, "1 %"), (995, ">99 %"), (1000, "100 %")])
def test_a_share_is_never_rounded_to_none_or_all(part: int, words: str) -> None:
    assert share_words(part, 1000) == words


def test_every_kind_of_chart_has_a_name_and_a_table_with_its_figures(app: Flask) -> None:
    with app.test_request_context("/styleguide?lang=en"):
        g.actor, g.today = Actor(1, "王建国", frozenset({"administrator"})), TODAY
        page = index.__wrapped__()
    names = re.findall(r'<caption class="visually-hidden">([^<]+)</caption>', page)
    assert len(names) >= 6
    for name in names:
        table = page.split(f">{name}</caption>")[1].split("</table>")[0]
        assert 'scope="row"' in table, name
        assert re.search(r'class="num[^"]*">(?:<a[^>]*>)?[\d<]', table), name
    for svg in re.findall(r"<svg(?! class=\"icon)[^>]*>", page.split("charts-heading")[1].split("timeline")[0]):
        assert 'aria-hidden="true"' in svg or ('role="img"' in svg and "aria-label=" in svg), svg


def test_figures_lead_to_what_is_behind_them_and_unknown_ones_do_not(draw: Render) -> None:
    drawn = charts.bars([Figure("a", 3, url="/three"), Figure("b", None, url="/nothing")])
    page = draw("{{ charts.bars('Title', chart, 'Name', 'Value') }}", chart=drawn)
    assert '<a href="/three">3</a>' in page
    assert "/nothing" not in page


def test_names_are_escaped(draw: Render) -> None:
    figures = [Figure("<b>", 1)]
    page = draw(
        "{{ charts.bars(t, b, t, t) }}{{ charts.stack(t, s) }}{{ charts.columns(t, c, t, t) }}{{ charts.pareto(t, p, t, t) }}",
        t="<i>",
        b=charts.bars(figures),
        s=charts.stack(figures),
        c=charts.columns(figures),
        p=charts.pareto(figures),
    )
    assert "<b>" not in page
    assert "<i>" not in page
