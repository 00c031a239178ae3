"""Cards as Discord's messages: whatever is on them, Discord takes them, nothing is lost, and nobody is pinged."""

import asyncio
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from bot.discord.limits import BUTTON, CONTENT, EMBED, EMBED_COUNT, EMBEDS, OPTION
from bot.discord.rendering import PICTURE, Rendering, render, render_fewest
from bot.messages.card import Button, Card, Picture, Press
from bot.messages.reply import Citation, Line, LineKind
from tests.peers.discord import violations
from tests.support.cards import LONG, cards_of, full_card, menu_of, patiently, rows_of
from tests.unit.discord.test_markdown import ARTICLE, HOSTILE, undone

cards = cards_of(HOSTILE, 20, 25)  # a menu takes the fifth row
urls = some.sampled_from((None, ARTICLE))
BOTH, ONLY_TEXT = {"with_embeds": True}, {"with_embeds": False}
ways = some.sampled_from((BOTH, ONLY_TEXT))

FULL = full_card("<@1>*_" * 500, "@everyone" * 20, 20, 25)


def payload(part: Rendering) -> dict[str, Any]:
    """What is sent to Discord of a message."""

    async def made() -> dict[str, Any]:
        embeds = [embed.to_dict() for embed in part.shown_embeds()]
        return {"content": part.content, "embeds": embeds, "components": part.view().to_components()}

    return asyncio.run(made())


def shown(parts: list[Rendering]) -> str:
    """All that the messages say, as a reader sees it."""
    return undone("\n".join(text for part in parts for text in (part.content, *part.embeds)))


def close(text: str) -> str:
    """Text without the white space, at which it may be cut, and without the marks that lines are set with."""
    return re.sub(r"[\s\\\u200b#*`-]+", "", text)


@patiently
@given(cards, urls, ways)
@example(FULL, ARTICLE, BOTH)
@example(FULL, None, BOTH)
@example(FULL, ARTICLE, ONLY_TEXT)
@example(Card(()), None, BOTH)
@example(Card(()), None, ONLY_TEXT)
@example(Card((Line(""),) * 500), None, BOTH)
@example(Card((Line("\n" * 9_000),)), None, BOTH)
@example(Card((Line("word " * 30_000),)), None, BOTH)
@example(Card((Line("w" * 90_000),), rows=rows_of(["yes"])), ARTICLE, BOTH)
@example(Card((Line("w" * 1_999 + " " + "w" * 1_999),)), None, ONLY_TEXT)
@example(Card(tuple(Line("word", LineKind.ITEM) for _ in range(2_000))), None, BOTH)
@example(Card((), (Citation("s", "w" * 1_400, "article.md", "s"),)), ARTICLE, ONLY_TEXT)
def test_discord_takes_every_message(card: Card, article_url: str | None, way: dict[str, bool]) -> None:
    for part in render(card, article_url, **way):
        assert violations(payload(part)) == []
        assert len(part.content) <= CONTENT
        assert all(text.strip() and len(text) <= EMBED for text in part.embeds)
        assert sum(map(len, part.embeds)) <= EMBEDS
        assert len(part.embeds) < EMBED_COUNT  # a picture may follow
        assert part.content.strip() or part.embeds
        assert way is BOTH or not part.embeds


@patiently
@given(cards, urls, ways)
@example(FULL, ARTICLE, BOTH)
@example(FULL, ARTICLE, ONLY_TEXT)
def test_no_line_and_no_citation_is_lost_and_their_order_is_kept(
    card: Card, article_url: str | None, way: dict[str, bool]
) -> None:
    rest = close(shown(render(card, article_url, **way)))
    wanted = [text for line in card.lines for text in (line.text, *(f"[{number}]" for number in line.cites))]
    for number, citation in enumerate(card.citations, 1):
        wanted += [f"[{number}] “{citation.quote}”", citation.section]
    for text in map(close, wanted):
        assert text in rest
        rest = rest[rest.index(text) + len(text) :]


@patiently
@given(cards, urls, ways)
@example(FULL, ARTICLE, BOTH)
def test_nothing_in_it_is_alive_but_the_links_to_the_article(
    card: Card, article_url: str | None, way: dict[str, bool]
) -> None:
    for part in render(card, article_url, **way):
        for text in (part.content, *part.embeds):
            pieces = text.split("```")
            assert len(pieces) % 2, "a fence without its end"
            outside = re.sub(r"\\[^0-9A-Za-z\s]", "·", "\n".join(pieces[::2]))
            for url in re.findall(r"\[[^\[\]]*\]\(([^()]*)\)", outside):
                assert url.partition("#")[0] == article_url
            alive = re.sub(r"\[[^\[\]]*\]\([^()]*\)", "", outside)
            assert not re.search(r"<|@everyone|@here|://|[_~|\[\]`]|discord(app)?\.\w", alive, re.IGNORECASE)


def test_a_card_that_changes_in_place_is_one_message_though_its_links_are_long() -> None:
    cited = tuple(Citation("A section", f"{number} " + "word " * 40, "article.md", "anchor") for number in range(12))
    card = Card((Line("reason " * 310),), cited, rows=rows_of(["Review"]))
    assert len(render(card, ARTICLE)) > 1
    [one] = render_fewest(card, ARTICLE)
    assert all(citation.quote.strip() in "".join(one.embeds) for citation in cited)
    [short] = render_fewest(Card(card.lines, cited[:2]), ARTICLE)
    assert ARTICLE in "".join(short.embeds)


@patiently
@given(cards, urls)
def test_every_button_and_choice_is_there_under_the_last_message(card: Card, article_url: str | None) -> None:
    *before, last = render(card, article_url)
    assert not [part for part in before if part.rows]
    menu = [[card.menu.press.id]] if card.menu else []
    ids = [[component["custom_id"] for component in row["components"]] for row in payload(last)["components"]]
    assert ids == [*menu, *([button.press.id for button in row] for row in card.rows)]
    values = [value for row in last.rows for item in row for value, _ in item.options]
    assert values == [choice for choice, _ in (card.menu.choices if card.menu else ())]


@patiently
@given(cards, urls)
def test_a_message_comes_out_of_the_outbox_as_it_went_in(card: Card, article_url: str | None) -> None:
    for part in render(card, article_url):
        kept = json.loads(json.dumps(part.to_json()))
        assert payload(Rendering.from_json(kept)) == payload(part)


@pytest.mark.parametrize("words", [10, 500, 5_000, 20_000])
def test_the_picture_is_in_the_last_message(words: int) -> None:
    card = Card((Line("word " * words),), (LONG,) * (words // 500), picture=Picture(lambda: b"", "A chart"))
    *before, last = render(card, ARTICLE)
    assert not [part for part in before if part.has_picture]
    assert last.shown_embeds()[-1].image.url == f"attachment://{PICTURE}"
    assert violations(payload(last)) == []


@pytest.mark.parametrize(
    ("button", "label"),
    [
        (Button("yes", Press("answer")), "yes"),
        (Button("yes", Press("answer"), count=3), "yes (3)"),
        (Button("w" * BUTTON, Press("answer")), "w" * BUTTON),
        (Button("w" * (BUTTON + 1), Press("answer")), "w" * (BUTTON - 1) + "…"),
        (Button("w" * BUTTON, Press("answer"), count=12), "w" * (BUTTON - 6) + "… (12)"),
        (Button(" ", Press("answer")), "…"),
        (Button("w" * BUTTON, Press("answer"), is_chosen=True), "✓ " + "w" * (BUTTON - 3) + "…"),
    ],
)
def test_a_long_label_keeps_its_beginning_its_count_and_its_mark(button: Button, label: str) -> None:
    [part] = render(Card((Line("?"),), rows=((button,),)))
    assert part.rows[0][0].label == label


def test_a_long_choice_keeps_its_beginning() -> None:
    [part] = render(Card((Line("?"),), menu=menu_of(["w" * (OPTION + 1)])))
    [item] = part.rows[0]
    assert item.options == (("choice0", "w" * (OPTION - 1) + "…"),)


def test_a_citation_leads_to_its_sentence_in_the_article() -> None:
    cited = Citation("Costs", "Fine-tuning (in short): dear & slow.", "article.md", "costs")
    [part] = render(Card((Line("It is dear."),), (cited,)), ARTICLE)
    url = f"{ARTICLE}#:~:text=Fine%2Dtuning%20%28in%20short%29%3A%20dear%20%26%20slow."
    assert part.embeds == [f"\\[1\\] “Fine-tuning (in short): dear & slow.” [Costs]({url})"]


def test_a_short_answer_is_content_and_a_long_one_an_embed() -> None:
    [short] = render(Card((Line("Yes.", cites=(1,)),), (LONG,)))
    assert short.content == "Yes. \\[1\\]"
    assert len(short.embeds) == 1
    [long] = render(Card((Line("It is so. " * 300),), (LONG,)))
    assert not long.content
    assert len(long.embeds) == 2


def test_a_long_answer_is_cut_between_sentences() -> None:
    parts = render(Card((Line("This sentence stands here whole. " * 400),)), with_embeds=False)
    assert len(parts) > 3
    assert all(part.content.rstrip().endswith("whole.") for part in parts)
