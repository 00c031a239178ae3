"""Numbers in a text: as people write them, and not those that count nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cases.quantities import find_quantities
from tests.support.frameworks import modest


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("200 tickets", [200]), ("12,000 tickets", [12_000]), ("12.000 tickets", [12_000]),
        ("12 000 tickets", [12_000]), ("12'000 tickets", [12_000]), ("1,000,000 calls", [1_000_000]),
        ("40k examples", [40_000]), ("40K examples", [40_000]), ("about 1.5k of them", [1_500]),
        ("1.2m rows", [1_200_000]), ("1.2 million rows", [1_200_000]), ("eight thousand letters", [8_000]),
        ("a hundred and fifty letters", [150]), ("forty-two letters", [42]), ("a couple of hundred letters", [200]),
        ("several hundred letters", [400]), ("a few thousand letters", [3_000]),
        ("half a million letters", [500_000]), ("dozens of letters", [36]), ("hundreds of letters", [300]),
        ("thousands of letters", [3_000]), ("between 200 and 300 letters", [200, 300]),
        ("We have 60 documents, but only eight examples.", [60, 8]), ("(2,500)", [2_500]), ("within 50 ms", [50]),
        ("within 50ms", [50]),
    ],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(text: str, numbers: list[float]) -> None:
    assert find_quantities(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "", "no number at all", "since 2021", "in 1999 we began", "12%", "12,5 %", "50 percent of them",
        "50 per cent of them", "fifty percent of them", "500 euros a month", "500 € a month",
        "2,000 dollars a year", "1.2 million euros", "500 EUR a month", "500k usd", "500-dollar invoices", "500 £",
        "$500", "US$ 500", "€500", "£1.2k", "EUR 2,000 a year", "$1.2 million", "$five hundred", "$200 to 300",
        "200-300 €", "1 to 2 million euros", "between $200 and $300", "a few letters", "a couple of letters",
        "version v2.0",
    ],
)  # fmt: skip
def test_years_shares_prices_and_vague_words_count_nothing(text: str) -> None:
    assert find_quantities(text) == []


def test_what_counts_nothing_hides_nothing_beside_it() -> None:
    assert find_quantities("In 2021 we had 400 tickets, 30% of them good, for 500 euros.") == [400]
    assert find_quantities("It costs $500: 40 vouchers of €20 each.") == [40]
    assert find_quantities("We have 40 $20 vouchers.") == [40]
    assert find_quantities("200 to 300 letters at $2-3k") == [200, 300]


@modest
@given(st.integers(0, 10**9), st.sampled_from(", '"))
def test_any_number_is_read_however_it_is_grouped(number: int, separator: str) -> None:
    assert find_quantities(f"We have {number:,} letters.".replace(",", separator)) == [number]


@modest
@given(st.one_of(st.text(max_size=200), st.text(alphabet="0123456789.,' kmto%€$-\n", max_size=60)))
def test_any_text_gives_finite_numbers_from_0(text: str) -> None:
    assert all(math.isfinite(number) and number >= 0 for number in find_quantities(text))


def test_50_kilobytes_are_read() -> None:
    assert len(find_quantities("We have 200 tickets, or eight thousand. " * 1_250)) == 2_500
