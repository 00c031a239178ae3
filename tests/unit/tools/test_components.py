"""The pictures show what Discord's messages and forms say: nothing is left out, nothing is markup meant as text."""

import html
import re

import pytest

from bot.discord.forms import modal
from bot.discord.rendering import rendered
from bot.handoff.forms import request_form
from bot.messages.card import Button, Card, Menu, Press
from bot.messages.reply import Citation, Line, LineKind
from bot.store.tables import Lead
from tests.peers.discord import File, Message, Modal
from tools.pictures.components import message_html, modal_html
from tools.pictures.markdown import html_of

CARD = Card(
    (
        Line("A title", LineKind.HEADING),
        Line("<script> **not bold** - # 1. `not code`"),
        Line("one", LineKind.ITEM, (1,)),
        Line("Another title", LineKind.HEADING),
        Line("a *fence*", LineKind.CODE),
    ),
    (Citation("Costs", "Dear & slow.", "article.md", "costs"),),
    ((Button("Yes", Press("answer"), is_main=True), Button("No", Press("answer", choice="no"))),),
    Menu("Which?", Press("edit"), (("a", "A"),)),
)


def shown(card: Card) -> Message:
    """A message of a card, as Discord keeps it."""
    [part] = rendered(card, "https://example.com/article")
    embeds = [embed.to_dict() for embed in part.shown_embeds()]
    return Message("2", "1", None, "3", part.content, embeds, part.view().to_components())


def words(page: str) -> str:
    """What a person reads."""
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


async def test_all_that_a_card_says_is_in_the_page_in_its_order() -> None:
    page = message_html(shown(CARD), {})
    assert "<script>" not in page
    said = ("A title", "<script> **not bold** - # 1. `not code`", "one", "[1]", "Another title", "a *fence*")
    noted = ("[1] “Dear & slow.”", "Costs", "Which?", "Yes", "No")
    found = re.search(".*".join(map(re.escape, said + noted)), words(page), re.DOTALL)
    assert found, words(page)
    assert "\\" not in words(page)
    assert 'class="button primary">Yes' in page


async def test_a_form_shows_its_fields_and_what_stands_in_them() -> None:
    made = modal(request_form(Lead(id=1, details={}), "ann"))
    page = modal_html(Modal(made.custom_id, made.title, made.to_dict()["components"], "3", "1"))
    for said in ("Get in touch", "Your name", "ann", "What do you need?", "This week"):
        assert said in words(page)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("### big\n-# small", "<h3>big</h3><small>small</small>"),
        ("**a *b* \\* c**", "<div><b>a <i>b</i> * c</b></div>"),
        ("a_b_c 2*3*4 \\_x\\_", "<div>a_b_c 2<i>3</i>4 _x_</div>"),
        ("<@7> in <#8>", '<div><span class="mention">@ann</span> in <span class="mention">#lobby</span></div>'),
        ("[a \\[1\\]](https://b.example/c)", "<div><a>a [1]</a></div>"),
        ("```\n- x\n```", "<pre>- x</pre>"),
        ("> said", "<blockquote>said</blockquote>"),
    ],
)
def test_markdown_is_drawn_as_discord_draws_it(text: str, page: str) -> None:
    assert html_of(text, {"7": "ann", "8": "lobby"}) == page


def test_a_picture_is_in_its_embed_and_a_text_is_a_file() -> None:
    files = [File("1", "summary.png", b"\x89PNG"), File("2", "a.txt", "\n".join("abcdefghijklmnopq").encode())]
    embeds = [{"image": {"url": "https://cdn.example/summary.png"}}]
    page = message_html(Message("2", "1", None, "3", embeds=embeds, files=files), {})
    assert page.count("data:image/png") == 1
    assert page.index("a.txt") < page.index("data:image/png")
    assert "lines left" in page


def test_what_cannot_be_drawn_is_no_gap() -> None:
    with pytest.raises(KeyError):
        message_html(Message("2", "1", None, "3", components=[{"type": 99}]), {})
    with pytest.raises(KeyError):
        message_html(Message("2", "1", None, "3", embeds=[{"fields": []}]), {})
