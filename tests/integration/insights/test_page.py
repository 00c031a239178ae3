"""The report as a page and as Markdown: whole, self-contained, and what users wrote stays text."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt

from bot.insights.blocks import (
    Bar,
    Bars,
    Chapter,
    Chart,
    Columns,
    Group,
    Groups,
    Report,
    Series,
    Table,
    Text,
    Tile,
    Tone,
)
from bot.insights.charts import TONES, VARIABLES, svg
from bot.insights.gather import gather
from bot.insights.markdown import markdown
from bot.insights.page import page
from bot.insights.report import report
from bot.settings import PACKAGE, Settings
from bot.store.store import Store
from tests.support.insights.pages import Page
from tests.support.insights.seeding import USER
from tests.unit.messages.test_chart import contrast

ATTACKS = (
    "</p></main><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %} ${7*7} $x^2$",
    "</style><style>@import 'x'</style>",
    "](javascript:alert(1)) ![x](http://example.com/x.png) <http://example.com>",
    "| a | b |\n| --- | --- |\n# heading\n- item\n```",
    "&lt;b&gt; &amp; \x00 \x1b[31m ‮",
)
HOSTILE = some.one_of(some.sampled_from(ATTACKS), some.text())


def whole(text: str) -> Report:
    """A report in which everything says `text`."""
    table = Table((text, text), ((text, text),))
    series = (Series(text, Tone.MAIN), Series(text, Tone.SECOND))
    bars, columns = Bars(series, (Bar(text, (1, 2), text),)), Columns(series, (text, text), ((1, 2), (0, 0)))
    blocks = [Text(text), table, Chart(bars, text, table), Chart(columns, text, table)]
    chapter = Chapter(text, [*blocks, Groups((Group(2, text, (text, text)), Group(1, text, ())))])
    return Report(text, text, (Tile(text, text, text),), (chapter,), (text,))


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_users_wrote_stays_text_in_the_page(attack: str) -> None:
    harmless, found = Page(page(whole("x"))), Page(re.sub(r"https?:|//", "", page(whole(attack))))
    assert found.tags == harmless.tags
    assert found.problems == [problem for problem in found.problems if problem == "reaches out"]
    assert "script" not in found.tags


@hypothesis_settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE)
def test_what_users_wrote_stays_text_in_markdown(text: str) -> None:
    """Groups and paragraphs: what is quoted there is a user's."""
    chapters = (Chapter("x", [Groups((Group(2, "said", (text, text)),)), Text(text)]),)
    made = markdown(Report("x", "x", (), chapters, ()))
    tokens = MarkdownIt("commonmark").enable("table").parse(made)
    kinds = {token.type for token in tokens} | {c.type for token in tokens for c in token.children or ()}
    assert not kinds & {
        "html_block",
        "html_inline",
        "link_open",
        "image",
        "table_open",
        "fence",
        "code_block",
        "code_inline",
    }
    assert sum(token.type == "heading_open" for token in tokens) == 2
    assert not any(sign in made for sign in "\x1b\x9b\u202e")


async def test_the_report_is_whole_and_needs_nothing_else(seeded: Store, settings: Settings, embedder) -> None:
    found = await gather(seeded.insights, settings, None)
    made = report(found, found.unanswered.grouped(embedder, found.statements), settings, quotes=True)
    shown = Page(page(made))
    assert shown.problems == []
    assert "script" not in shown.tags
    for said in ("14 messages from 6 people", "4 of 10", "Monthly price of a vector database?", "2 of 3", "10 min"):
        assert said in shown.words, said
    for text in (page(made), markdown(made)):
        for secret in (USER, "Maya", "Cem", "our own words", "we change daily", "test:one"):
            assert secret not in text
    assert "%" not in "".join(tile.figure for tile in made.tiles)  # of so few


async def test_without_texts_no_question_is_there(seeded: Store, settings: Settings, embedder) -> None:
    found = await gather(seeded.insights, settings, None)
    made = report(found, found.unanswered.grouped(embedder, found.statements), settings, quotes=False)
    for text in (page(made), markdown(made)):
        assert "Questions: 3; people: 3." in text.replace("\\", "")
        for asked in found.unanswered.texts.values():
            assert asked not in text


async def test_nothing_is_a_report_of_sentences(empty: Store, settings: Settings, embedder) -> None:
    found = await gather(empty.insights, settings, None)
    made = report(found, found.unanswered.grouped(embedder, found.statements), settings, quotes=True)
    shown = Page(page(made))
    assert (shown.problems, "svg" in shown.tags) == ([], False)
    assert "Nothing was asked in this time." in shown.words
    assert "Nothing was asked in this time." in markdown(made)
    assert made.tiles == ()


@pytest.mark.parametrize("width", [330, 760])
def test_charts_turn_with_the_page_and_keep_their_words(width: int) -> None:
    series = tuple(Series(tone.value, tone) for tone in Tone)
    bars = Bars(series, (Bar("a $label$ & more", (1,) * len(Tone), "12 %"),))
    many = Columns(series, tuple(f"day {n}" for n in range(62)), tuple((n,) * len(Tone) for n in range(62)))
    for drawing in (bars, many):
        drawn = svg(drawing, width)
        assert not set(re.findall(r"#[0-9a-f]{6}", drawn)) & {*TONES.values(), *VARIABLES}
        assert {f"var(--{tone})" for tone in Tone} <= set(re.findall(r"var\(--\w+\)", drawn))
        assert f'viewBox="0 0 {width} ' in drawn
        assert " id=" not in drawn
    assert "a $label$ &amp; more" in svg(bars, width)
    assert 2 <= svg(many, width).count("day ") <= width // 50


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    drawn = svg(Bars((Series("x", Tone.MAIN),), tuple(Bar("x", (n,), "") for n in (10, 5, 0))), 330)
    corners = [[float(n) for n in re.findall(r"-?[\d.]+", path)] for path in re.findall(r' d="([^"]+)"', drawn)]
    widths = [max(path[::2]) - min(path[::2]) for path in corners]
    assert widths == [pytest.approx(234), pytest.approx(117)]


def test_words_stand_out_from_the_ground_in_light_and_in_dark() -> None:
    style = (PACKAGE / "insights" / "page.css").read_text()
    themes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", part)) for part in re.split(r"@media \((?=prefers)", style)]
    assert len(themes) == 2
    for theme in themes:
        colours = {name: _long(colour) for name, colour in theme.items()}
        assert {*Tone, "ink", "line"} <= set(colours)
        for ground in ("ground", "card"):
            assert contrast(colours["ink"], colours[ground]) >= 7
            assert contrast(colours["soft"], colours[ground]) >= 4.5
            assert contrast(colours["main"], colours[ground]) >= 4.5
        assert all(contrast(colours[tone], colours["card"]) >= 1.3 for tone in Tone)


def _long(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])


def test_the_same_report_is_the_same_page() -> None:
    made = whole("x")
    assert page(made) == page(replace(made))
