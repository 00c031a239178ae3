"""Plain text: split and shortened within limits, and shown as it is."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from markdown_it import MarkdownIt

from bot.messages.formatting import escape_markdown, join_lines, remove_controls, shorten, split

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@given(some.text("ab. \n", max_size=400), some.integers(10, 60))
@example("w" * 9 + " " + "w" * 20, 10)
@example("w" * 8 + ". " + "w" * 20, 10)
@example("w" * 9 + "\n\n" + "w" * 20, 10)
def test_the_parts_of_a_split_text_are_the_text(text: str, limit: int) -> None:
    parts = list(split(text, limit))
    assert "".join(parts) == text
    assert all(len(part) <= limit for part in parts)
    assert all(parts) or not text


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One is. Two is. Three is not here", "One is. Two is. "),
        ("Oneword twoword three four", "Oneword twoword "),
        ("One is. Two\nis. Three is not", "One is. Two\n"),
        ("w" * 40, "w" * 18),
    ],
)
def test_a_text_is_split_where_it_is_best(text: str, first: str) -> None:
    assert next(split(text, 18)) == first


@given(some.text("ab \n", max_size=80), some.integers(1, 40))
def test_a_shortened_text_fits_and_begins_as_it_did(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert 1 <= len(short) <= limit
    assert short == text.strip() or (short.endswith("…") and text.strip().startswith(short[:-1]))


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("one two", "one two"),
        ("one two three", "one two…"),
        ("one two, three", "one two,…"),
        ("one twothreefour", "one twoth…"),
        ("onetwothreefour", "onetwothr…"),
        (" ", "…"),
    ],
)
def test_a_text_is_shortened_between_words(text: str, short: str) -> None:
    assert shorten(text, 10) == short


@given(some.text("ab1.)-+=#*_`<>[]()|~\\&;: \n", max_size=40))
@example("1. one")
@example("12) twelve")
@example("- one\n- two")
@example("one\n---")
@example("one\n===")
@example("a|b\n-|-")
@example("R&amp;D &#35;")
@example("<b>bold</b> *and* [a link](https://example.com) `code` ~~not~~")
def test_markdown_shows_an_escaped_text_as_it_is(text: str) -> None:
    text = "\n".join(line for part in text.split("\n") if (line := join_lines(part)))
    tokens = MARKDOWN.parse(escape_markdown(text))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    inline = [child for token in tokens for child in token.children or ()]
    assert "".join("\n" if child.type == "softbreak" else child.content for child in inline) == text


def test_what_a_terminal_obeys_is_removed() -> None:
    assert remove_controls("a\x1b[2J\tb\u202ec\n") == "a[2J\tbc\n"
