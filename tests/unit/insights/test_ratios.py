"""Ratios and durations as the report writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.insights.ratios import FEWEST_FOR_PERCENT, Durations, Ratio, format_duration


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Ratio(0, 0), "0 of 0"),
        (Ratio(3, 19), "3 of 19"),
        (Ratio(10, 20), "50 % (10 of 20)"),
        (Ratio(1, 1000), "< 1 % (1 of 1,000)"),
        (Ratio(999, 1000), "> 99 % (999 of 1,000)"),
        (Ratio(0, 100), "0 % (0 of 100)"),
        (Ratio(100, 100), "100 % (100 of 100)"),
    ],
)
def test_ratios_have_their_denominators(ratio: Ratio, text: str) -> None:
    assert str(ratio) == text


@given(some.integers(0, 10_000), some.integers(0, 10_000))
def test_a_ratio_is_in_percent_only_of_enough(part: int, more: int) -> None:
    ratio = Ratio(part, part + more)
    assert ("%" in ratio.short) is (ratio.whole >= FEWEST_FOR_PERCENT)
    assert f"{part:,} of {part + more:,}" in str(ratio)


@pytest.mark.parametrize(
    ("minutes", "text"), [(0.5, "< 1 min"), (34.4, "34 min"), (150, "2.5 h"), (3 * 24 * 60, "3.0 d")]
)
def test_durations_are_in_the_largest_unit_that_fits_twice(minutes: float, text: str) -> None:
    assert format_duration(minutes) == text


def test_few_times_have_no_p90() -> None:
    few, enough = Durations(tuple(range(1, 10))), Durations(tuple(range(1, 11)))
    assert (few.median, few.p90) == ("5 min", "–")
    assert (enough.median, enough.p90) == ("6 min", "9 min")
    assert Durations(()).median == "–"
