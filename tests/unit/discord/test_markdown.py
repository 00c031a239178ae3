"""Text as Discord's Markdown: whatever people and models write reads as they wrote it, and does nothing."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from bot.discord.markdown import escape, render_line, render_notes, split_line
from bot.messages.reply import Citation, Line, LineKind

ARTICLE = "https://example.com/guides/fine-tuning-vs-rag"
HOSTILE = (
    "@everyone ", "@here", "<@1> ", "<@&2>", "<#3>", "</ask:4>", "<:smile:5>", "<t:0:R>", "<https://evil.example>",
    "[here](https://evil.example) ", "https://evil.example", "discord.gg/abc ", "DiscordApp.com/invite/abc",
    "*bold* ", "__under__", "~~gone~~", "||hidden|| ", "`code`", "```\n", "````", "> quoted\n", ">>> all\n",
    "# Title\n", "-# small\n", "- one\n", "+ one\n", "\n1. one\n", "2026.", "\r## again", "\\", "\\*", "\u200b",
    "\u202e", "👩‍👩‍👧‍👦",
)  # fmt: skip

ESCAPE = re.compile(r"\\[^0-9A-Za-z\s]")
ALIVE = re.compile(
    r"[\\*_~`|<\[\]]|://|discord(app)?\.\w|@(everyone|here)|^\s*([-+#>]|\d+[.)](\s|\Z))", re.IGNORECASE | re.MULTILINE
)

texts = some.lists(some.one_of(some.sampled_from(HOSTILE), some.text(max_size=12)), max_size=12).map("".join)
kinds = some.sampled_from(LineKind)
marks = some.lists(some.integers(1, 60), max_size=5).map(tuple)


def alive(markdown: str) -> list[str]:
    """What of a text Discord would take for more than text."""
    seen = ESCAPE.sub("·", re.sub(r"\r\n?", "\n", markdown))
    return [found[0] for found in ALIVE.finditer(seen)]


def undone(markdown: str) -> str:
    """What a reader sees of escaped text."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", markdown)


@given(texts)
@example("".join(HOSTILE))
@example("\n".join(HOSTILE))
@example("2026.")
@example("a\r# b")
def test_nothing_in_a_text_is_alive(text: str) -> None:
    assert alive(escape(text)) == []


@given(texts)
@example("".join(HOSTILE))
def test_a_text_reads_as_before(text: str) -> None:
    assert undone(escape(text)).replace("\u200b", "") == text.replace("\u200b", "")


@given(texts)
def test_an_escape_is_at_most_as_long_as_what_it_escapes(text: str) -> None:
    assert len(escape(text)) <= 2 * len(text)


@pytest.mark.parametrize(
    "text",
    [
        "Fine-tuning costs $5 (or more): see 3.2, e.g. #1 & co.",
        "Does it cost 1.5 x? - Yes; +20 % > 10 %!",
        "mail@example.com, 12:30, and/or",
    ],
)
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("kind", "number", "markdown"),
    [
        (LineKind.PLAIN, 0, "a\nb \\[1\\] \\[2\\]"),
        (LineKind.ITEM, 1, "- a b \\[1\\] \\[2\\]"),
        (LineKind.HEADING, 0, "### a b \\[1\\] \\[2\\]"),
        (LineKind.HEADING, 1, "\n**a b** \\[1\\] \\[2\\]"),
        (LineKind.CODE, 1, "```\na\nb\n``` \\[1\\] \\[2\\]"),
    ],
)
def test_each_kind_of_line_is_set_in_its_own_way(kind: LineKind, number: int, markdown: str) -> None:
    assert render_line(Line("a\nb", kind, (1, 2)), is_first=number == 0) == markdown


@given(some.text("`\na", max_size=40))
@example("````")
@example("`````")
@example("`" * 9)
def test_nothing_ends_code_but_its_own_end(text: str) -> None:
    code = render_line(Line(text, LineKind.CODE))
    assert [found.start() for found in re.finditer("(?=```)", code)] == [0, len(code) - 3]
    assert code.replace("\u200b", "") == f"```\n{text}\n```"


@given(texts, some.integers(0, 3_000), kinds, marks, some.integers(200, 4_096))
@example("w" * 655 + " " + "w" * 655, 1, LineKind.PLAIN, (), 2_000)
@example("`" * 900, 1, LineKind.CODE, (1,), 2_000)
def test_a_long_line_is_cut_into_lines_that_fit(
    text: str, many: int, kind: LineKind, cites: tuple[int, ...], most: int
) -> None:
    line = Line((text * many)[:6_000], kind, cites)
    parts = list(split_line(line, most))
    assert "".join(part.text for part in parts) == line.text
    assert [part.cites for part in parts] == [()] * (len(parts) - 1) + [cites]
    for part in parts:
        assert part.kind is kind
        assert len(render_line(part, is_first=False)) <= most


@given(texts, some.integers(0, 400), some.sampled_from((None, ARTICLE)), some.sampled_from((1_997, 4_096)))
@example("Every – word. ", 200, ARTICLE, 1_997)
@example("w" * 1_400, 1, ARTICLE, 1_997)
@example("*" * 1_400, 1, None, 1_997)
def test_a_note_fits_and_keeps_its_quote_and_its_section(text: str, many: int, url: str | None, most: int) -> None:
    cited = Citation("Costs > [Limits]", (text * many)[:5_000], "article.md", "costs")
    shown = list(render_notes([cited], url, most))
    assert all(len(note) <= most for note in shown)
    whole = undone("".join(shown)).replace("\u200b", "")
    assert f"[1] “{cited.quote}”".replace("\u200b", "") in whole
    assert (f"[{cited.section}]({url}" if url else f"*{cited.section}*") in whole
