"""Cards as Slack's messages: whatever is on them, Slack takes them, nothing is lost, and nobody is pinged."""

import html
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from bot.messages.card import Button, Card, Press
from bot.messages.reply import Citation, Line, LineKind
from bot.slack.adapter import SlackAdapter
from bot.slack.limits import TEXT
from bot.slack.rendering import Rendering, escape, render
from bot.slack.workspaces import OneWorkspace
from tests.peers.slack import violations, weight
from tests.peers.slack.blocks import WEIGHT_A_MESSAGE
from tests.support.cards import cards_of, full_card, patiently, rows_of

ARTICLE = "https://example.com/guides/fine-tuning-vs-rag"
HOSTILE = (
    "<!channel> ", "<!subteam^S1|@all> ", "<@U1> ", "<#C1|general> ", "<https://evil.example|here> ",
    "&lt;!here&gt; ", "*bold* _it_ ~no~ `code` ", "```\n", "> quoted\n", "[link](https://evil.example) ", ":tada: ",
    "👩‍👩‍👧‍👦 ", "\u202e",
)  # fmt: skip

cards = cards_of(HOSTILE, 30, 20)
urls = some.sampled_from((None, ARTICLE))

FULL = full_card("&<>" * 1_000, "<!channel>" * 20, 30, 20)


def elements(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in blocks, however deep."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from elements(inner)


def shown(parts: list[Rendering]) -> str:
    """All the text of the blocks."""
    return "".join(e["text"] for part in parts for e in elements(part.blocks) if isinstance(e.get("text"), str))


def close(text: str) -> str:
    """Text without the white space, at which it may be cut, and without dashes, which every bullet has in `text`."""
    return "".join(text.replace("-", "").split())


@patiently
@given(cards, urls)
@example(FULL, ARTICLE)
@example(FULL, None)
@example(Card(()), None)
@example(Card((Line(""),) * 500), None)
@example(Card((Line("word " * 30_000),)), None)
@example(Card((Line("w" * 90_000),), rows=rows_of(["yes"])), ARTICLE)
@example(Card(tuple(Line("word", LineKind.ITEM) for _ in range(2_000))), None)
def test_slack_takes_every_message(card: Card, article_url: str | None) -> None:
    for part in render(card, article_url):
        assert violations(part.blocks, surface="message") == []
        assert weight(part.blocks) < WEIGHT_A_MESSAGE
        assert len(part.text) <= TEXT
        assert all(element["text"] for element in elements(part.blocks) if isinstance(element.get("text"), str))


@patiently
@given(cards, urls)
@example(FULL, ARTICLE)
def test_no_line_and_no_citation_is_lost(card: Card, article_url: str | None) -> None:
    parts = render(card, article_url)
    in_blocks, in_text = close(shown(parts)), close(html.unescape("\n".join(part.text for part in parts)))
    for number, citation in enumerate(card.citations, 1):
        for all_of_it in (in_blocks, in_text):
            assert close(f"[{number}] “{citation.quote}”") in all_of_it
            assert close(citation.section) in all_of_it
    for line in card.lines:
        assert close(line.text) in in_blocks
        assert close(line.text) in in_text
        assert close("".join(f"[{number}]" for number in line.cites)) in in_blocks


@patiently
@given(cards, urls)
@example(FULL, ARTICLE)
def test_nothing_in_it_is_alive_but_the_links_to_the_article(card: Card, article_url: str | None) -> None:
    for part in render(card, article_url):
        assert "<" not in part.text
        assert ">" not in part.text
        assert html.unescape(part.text).count("&") == part.text.count("&amp;")
        for element in elements(part.blocks):
            assert element.get("type") not in ("mrkdwn", "markdown", "user", "usergroup", "broadcast", "channel")
            if element.get("type") == "link":
                assert element["url"].partition("#")[0] == article_url
            else:
                assert "url" not in element


@patiently
@given(cards, urls)
def test_every_button_and_choice_is_there_under_the_last_message(card: Card, article_url: str | None) -> None:
    *before, last = render(card, article_url)
    assert not [element for part in before for element in elements(part.blocks) if "action_id" in element]
    ids = [element["action_id"] for element in elements(last.blocks) if "action_id" in element]
    menu = [card.menu.press.id] if card.menu else []
    assert ids == [*menu, *(button.press.id for row in card.rows for button in row)]
    values = [element["value"] for element in elements(last.blocks) if "value" in element]
    assert values == [choice for choice, _ in (card.menu.choices if card.menu else ())]


def test_buttons_never_stand_alone() -> None:
    for words in range(2_000, 2_700, 50):
        last = render(Card((Line("word " * words),), rows=rows_of(["yes", "no"])))[-1]
        assert last.text


@pytest.mark.parametrize(
    ("text", "label"), [("yes", "yes"), ("w" * 75, "w" * 75), ("w" * 76, "w" * 74 + "…"), ("", "…")]
)
def test_a_long_label_keeps_its_beginning(text: str, label: str) -> None:
    [part] = render(Card((Line("?"),), rows=((Button(text, Press("answer")),),)))
    assert part.blocks[-1]["elements"][0]["text"]["text"] == label  # type: ignore[index,call-overload]


def test_a_citation_leads_to_its_sentence_in_the_article() -> None:
    cited = Citation("Costs", "Fine-tuning, in short: dear & slow.", "article.md", "costs")
    [part] = render(Card((Line("It is dear."),), (cited,)), ARTICLE)
    [link] = [element for element in elements(part.blocks) if element.get("type") == "link"]
    assert link["url"] == f"{ARTICLE}#:~:text=Fine%2Dtuning%2C%20in%20short%3A%20dear%20%26%20slow."
    assert link["text"] == "Costs"


def test_neighbouring_bullets_are_one_list() -> None:
    bullet = Line("yes", LineKind.ITEM)
    [part] = render(Card((Line("Look"), bullet, bullet, Line("there"), bullet)))
    kinds = [(e["type"], len(e["elements"])) for e in part.blocks[0]["elements"] if e["type"] == "rich_text_list"]  # type: ignore[index,union-attr,call-overload]
    assert kinds == [("rich_text_list", 2), ("rich_text_list", 1)]


@given(some.text())
def test_escaped_text_reads_as_before(text: str) -> None:
    assert escape(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


def test_a_post_that_is_too_long_for_one_message_keeps_its_beginning_its_end_and_its_buttons() -> None:
    long = (Line(f"{number}: {'very ' * 400}long", LineKind.ITEM) for number in range(40))
    card = Card((Line("What is open", LineKind.HEADING), *long), rows=((Button("Claim", Press("claim", 1)),),))
    shown = SlackAdapter(OneWorkspace("xoxb-none", "https://slack.example/api/", None), None).post(card)
    said = str(shown["text"])
    assert said.startswith("What is open\n- 0: very")
    assert "- 39: very" in said
    assert "rt1:claim:1" in str(shown["blocks"])
    assert violations(shown["blocks"], surface="message") == []
