"""The report as a page and as Markdown: what users wrote stays text, and bars are as long as their counts."""

import re
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt

from bot.answering.input import clean
from bot.insights.gaps import Gaps, QuestionGroup, Unanswered
from bot.insights.handoffs import RequestCounts
from bot.insights.report import ReportFigures, render_markdown, render_page, scale
from bot.insights.topics import CitedStatement, Opinions, Topics
from bot.insights.traffic import MessageOutcome, Traffic
from bot.settings import PACKAGE
from tests.support.insights.pages import Page
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
TONES = ("main", "second", "third", "light", "muted", "faint", "alarm")
MARKUP = {"html_block", "html_inline", "link_open", "image", "fence", "code_block", "code_inline"}


def report(text: str) -> tuple[ReportFigures, Gaps]:
    """Figures in which everything that comes from outside is `text`."""
    statement, opinions = CitedStatement(text, text), Opinions(helpful=1, rated=4)
    outcomes = Counter({MessageOutcome.ANSWER: 10, MessageOutcome.GAP: 5})
    traffic = Traffic(UTC, {date(2026, 6, 1): outcomes}, outcomes, Counter({text: 15}), {1}, {1}, opinions=opinions)
    topics = Topics(10, Counter({text: 10}), Counter({statement: 10}))
    topics.by_section[text] = topics.by_statement[statement] = opinions
    question = clean(text) or "x"
    now = datetime(2026, 6, 3, 12, tzinfo=UTC)
    figures = ReportFigures(None, now, traffic, topics, Unanswered(), None, None, RequestCounts.of([]), (), 90)
    return figures, Gaps((QuestionGroup(5, 1, (question, question), text),), 0, 2, 2)


def page(text: str) -> str:
    return render_page(*report(text), quotes=True)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_users_wrote_stays_text_in_the_page(attack: str) -> None:
    harmless, shown = Page(page("x")), Page(re.sub(r"https?:|//", "", page(attack)))
    assert harmless.problems == []
    assert shown.tags == harmless.tags
    assert shown.problems == [problem for problem in shown.problems if problem == "reaches out"]
    assert "script" not in shown.tags


@hypothesis_settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE)
def test_what_users_wrote_stays_text_in_markdown(text: str) -> None:
    markdown = render_markdown(*report(text), quotes=True)
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    kinds = [token.type for token in tokens]
    assert not MARKUP & {*kinds, *(inner.type for token in tokens for inner in token.children or ())}
    assert (kinds.count("heading_open"), kinds.count("table_open"), kinds.count("ordered_list_open")) == (8, 6, 1)
    assert not any(sign in markdown for sign in "\x1b\x9b\u202e")


def test_without_quotes_no_question_is_there() -> None:
    figures, gaps = report("section")
    gaps = Gaps((QuestionGroup(5, 1, ("which GPU?", "what GPU?"), "section"),), 0, 2, 2)
    for render in (render_page, render_markdown):
        assert "Questions: 5; people: 1." in render(figures, gaps, quotes=False)
        assert "which GPU?" in render(figures, gaps, quotes=True)
        assert "GPU" not in render(figures, gaps, quotes=False)


def test_bars_are_as_long_as_their_counts_and_say_them() -> None:
    bars = re.findall(r'class="(\w+)" style="(\w+):([\d.]+)%" role="img" title="([^"]+)"', page("x"))
    assert bars == [
        ("main", "height", "66.67", "Answered: 10"),
        ("second", "height", "33.33", "Not in the guidance: 5"),
        ("main", "width", "100.00", "cited in: 10"),
        ("main", "width", "25.00", "helpful: 1"),
        ("second", "width", "75.00", "not helpful: 3"),
    ]


@given(some.integers(0, 10**9))
def test_an_axis_is_round_and_just_long_enough(largest: int) -> None:
    axis = scale(largest)
    assert axis[0] == 0
    assert axis[-2] < max(largest, 1) <= axis[-1]
    assert 2 <= len(axis) <= 5
    assert re.fullmatch("[125]0*", str(axis[1]))


def test_words_stand_out_from_the_ground_in_light_and_in_dark() -> None:
    style = (PACKAGE / "insights" / "page.css").read_text()
    themes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", part)) for part in re.split(r"@media \((?=prefers)", style)]
    assert len(themes) == 2
    for theme in themes:
        colours = {name: _long(colour) for name, colour in theme.items()}
        assert {*TONES, "ink", "line"} <= set(colours)
        for ground in ("ground", "card"):
            assert contrast(colours["ink"], colours[ground]) >= 7
            assert contrast(colours["soft"], colours[ground]) >= 4.5
            assert contrast(colours["main"], colours[ground]) >= 4.5
        assert all(contrast(colours[tone], colours["card"]) >= 1.3 for tone in TONES)


def _long(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
