"""Spans: sentences and clauses, each where it stands in the text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cases.spans import MAX_CLAUSES, find_spans
from tests.support.frameworks import modest

PIECES = [
    "We have", " ", "tickets", "\n", "\r\n", "?", ". ", "! ", "e.g. ", "Examples? ", "(", ")", " - ", "—", ", ", "but ",
    "and ", "Dr. ", "\t", "\xa0", "\u2028", "\u200b", "…", "。", "none", "1.", "* ", ":", "'",
]  # fmt: skip
texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in find_spans(text) if span.whole]


def clauses(text: str) -> list[str]:
    return [text[span.start : span.end] for span in find_spans(text) if not span.whole]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t ", []),
        ("We need sources", ["We need sources"]),
        ("We need sources. Nothing changes!", ["We need sources.", "Nothing changes!"]),
        ("  We need sources.  ", ["We need sources."]),
        ("- our prices change\n- We need sources", ["- our prices change", "- We need sources"]),
        ("Dr. Smith has 3.5 tickets. So?", ["Dr. Smith has 3.5 tickets.", "So?"]),
        ("Examples? We have none. Sources? Yes.", ["Examples? We have none.", "Sources? Yes."]),
        ("Style? Format? No.", ["Style? Format? No."]),
        ("Do we need all of these sources? No.", ["Do we need all of these sources?", "No."]),
        ("Examples?", ["Examples?"]),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We need sources.", []),
        ("Our prices change daily, but we have no examples.", ["Our prices change daily", "but we have no examples."]),
        ("Our prices change (every single Monday morning).", ["Our prices change", "every single Monday morning)."]),
        ("Our prices change daily — we need the sources.", ["Our prices change daily", "we need the sources."]),
        ("Yes, but we have no examples.", []),
        ("OUR PRICES CHANGE DAILY AND WE NEED SOURCES", ["OUR PRICES CHANGE DAILY", "AND WE NEED SOURCES"]),
    ],
)
def test_a_sentence_is_cut_into_clauses_and_short_ones_stay_with_their_neighbour(
    text: str, expected: list[str]
) -> None:
    assert clauses(text) == expected


def test_clauses_side_by_side_are_spans_too() -> None:
    one, two, three, four = (
        "our prices change daily",
        "people need the source",
        "we have no examples",
        "nobody minds it",
    )
    found = clauses(f"{one}, {two}, {three}, {four}.")
    assert [one, f"{one}, {two}", f"{one}, {two}, {three}"] == found[: len(found) // 3]
    assert f"{two}, {three}, {four}." in found
    assert max(span.count(",") for span in found) == MAX_CLAUSES - 1


def test_every_span_knows_its_sentence() -> None:
    found = find_spans("Our prices change daily, but we have no examples. We need sources.")
    assert [(span.sentence, span.whole) for span in found] == [(0, False), (0, True), (0, False), (1, True)]


@modest
@given(texts)
def test_every_span_is_a_stretch_of_the_text_in_reading_order(text: str) -> None:
    found = find_spans(text)
    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert len({(span.start, span.end) for span in found}) == len(found)
    assert found == sorted(found)


@modest
@given(texts)
def test_sentences_do_not_overlap_and_hold_their_clauses(text: str) -> None:
    found = find_spans(text)
    whole = [span for span in found if span.whole]
    assert all(first.end <= then.start for first, then in pairwise(whole))
    assert [span.sentence for span in whole] == list(range(len(whole)))
    for span in found:
        assert whole[span.sentence].start <= span.start < span.end <= whole[span.sentence].end


@modest
@given(texts)
def test_no_word_is_lost(text: str) -> None:
    left = list(text)
    for span in find_spans(text):
        left[span.start : span.end] = " " * (span.end - span.start)
    assert not any(letter.isalnum() for letter in left)


@pytest.mark.parametrize("piece", ["We have 200 tickets, but no examples. ", "Examples?\n", "a, ", "(", "and "])
def test_50_kilobytes_are_cut(piece: str) -> None:
    text = piece * (50_000 // len(piece))
    assert sentences(text)[0].startswith(piece.strip())
