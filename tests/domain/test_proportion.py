"""Intervals and quantiles of what was counted."""

from __future__ import annotations

import pytest

from metrology.domain.indicator import BY_CODE, INDICATORS
from metrology.domain.proportion import FEW, is_too_few, quantile, wilson


@pytest.mark.parametrize("trials", [1, 5, 30, 1000])
def test_an_interval_holds_its_share_and_stays_between_nothing_and_all(trials: int) -> None:
    for successes in range(0, trials + 1, max(1, trials // 10)):
        low, high = wilson(successes, trials)
        assert 0 <= low <= successes / trials <= high <= 1


def test_an_interval_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_more_trials_make_it_narrower() -> None:
    widths = [high - low for low, high in (wilson(9 * n, 10 * n) for n in (1, 10, 100))]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5), (1, 0)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, trials)


def test_thirty_are_enough_to_compare() -> None:
    assert is_too_few(FEW - 1)
    assert not is_too_few(FEW)


def test_the_quantile_is_a_value_that_was_counted() -> None:
    assert quantile({0: 1, 10: 1}, 50) == 0
    assert quantile({0: 1, 10: 2}, 50) == 10
    assert quantile({3: 7}, 90) == 3


def test_every_indicator_says_all_of_itself_in_both_languages() -> None:
    assert len(BY_CODE) == len(INDICATORS)
    for one in INDICATORS:
        for words in (one.name, one.short, one.numerator, one.denominator, one.left_out, one.counted_on, one.source):
            assert words.zh
            assert words.en
            assert not any("一" <= character <= "鿿" for character in words.en)
        assert one.by
