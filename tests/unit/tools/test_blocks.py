"""The pictures show what the blocks say: nothing is left out, nothing is markup that was meant as text."""

import html
import re

import pytest

from bot.handoff.forms import request_form
from bot.messages.card import Button, Card, Menu, Press
from bot.messages.reply import Citation, Line, LineKind
from bot.slack.forms import modal
from bot.slack.rendering import rendered
from bot.store.tables import Lead
from tools.pictures.blocks import html_of

CARD = Card(
    (
        Line("A title", LineKind.HEADING),
        Line("<script>"),
        Line("one", LineKind.ITEM, (1,)),
        Line("two", LineKind.ITEM),
    ),
    (Citation("Costs", "Dear & slow.", "article.md", "costs"),),
    ((Button("Yes", Press("answer"), is_main=True), Button("No", Press("answer", choice="no"))),),
    Menu("Which?", Press("edit"), (("a", "A"),)),
)


def test_all_that_a_card_says_is_in_the_page_in_its_order() -> None:
    page = html_of(rendered(CARD, "https://example.com/article")[0].blocks, {})
    assert "<script>" not in page
    words = html.unescape(re.sub(r"<[^>]*>", " ", page))
    said = ("A title", "<script>", "one", "[1]", "two", "[1] “Dear & slow.”", "Costs", "Which?", "Yes", "No")
    found = re.search(".*".join(map(re.escape, said)), words, re.DOTALL)
    assert found, words
    assert 'class="button primary">Yes' in page


def test_a_form_shows_its_fields_and_what_stands_in_them() -> None:
    page = html_of(modal(request_form(Lead(id=1, details={"summary": ["A <summary>"]}), "ann"))["blocks"], {})
    words = html.unescape(re.sub(r"<[^>]*>", " ", page))
    for said in ("A <summary>", "Your name", "ann", "What do you need?", "What may be passed on?"):
        assert said in words, words
    assert page.count('class="radio chosen"') == 1


def test_a_block_that_cannot_be_drawn_is_no_gap() -> None:
    with pytest.raises(KeyError):
        html_of([{"type": "hologram"}], {})
