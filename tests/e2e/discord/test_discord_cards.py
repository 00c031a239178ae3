"""What only Discord has of cards: acknowledgements in time, ephemeral messages, menus; with the real process."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from bot import texts
from bot.discord.rendering import PICTURE
from tests.peers.discord import Channel, Discord, Interaction, Message, User
from tests.support.discord.bots import CASE, QUESTION, Bot, plain
from tests.support.posts import DiscordPost
from tests.support.running import ANSWERING

CALLBACK = "POST /interactions/{}/{}/callback"
DEFERRED_UPDATE = 6


@pytest.fixture
def begun(bot: Bot, discord: Discord, general: Channel, ann: User) -> Interaction:
    """The command that began ann's interview, in a channel."""
    interaction = discord.command(general, ann, "rag-or-tune", "interview")
    bot.told(interaction)
    return interaction


@pytest.fixture
def card(discord: Discord, ann: User, begun: Interaction) -> DiscordPost:
    return DiscordPost(discord, begun.answers[0], ann)


def test_summary_has_its_picture_as_a_file_with_alt_text(card: DiscordPost) -> None:
    card.press("Recommend now")
    [chart] = card.now.files
    assert chart.filename == PICTURE
    assert chart.content.startswith(b"\x89PNG")
    assert chart.description
    assert [embed for embed in card.now.embeds if embed.get("image")]
    card.press("Review and edit")
    assert not card.now.files
    assert not card.now.embeds


def test_markdown_comes_as_code(bot: Bot, discord: Discord, ann: User, card: DiscordPost) -> None:
    card.press("Recommend now")
    copies = bot.told(discord.click(card.now, "Copy as Markdown", ann))
    assert copies[0].text.startswith("```\n## ")


def test_interview_below_private_answer_is_ephemeral(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    [answer] = bot.told(discord.command(general, ann, "rag-or-tune", "ask", {"question": CASE}))
    [card] = bot.told(discord.click(answer, "Check it step by step", ann))
    assert card.ephemeral
    [status] = bot.told(discord.command(general, ann, "rag-or-tune", "status"))
    [resumed] = bot.told(discord.click(status, "Go on with 1", ann))
    assert resumed.ephemeral


def test_notice_in_dm_is_not_ephemeral(bot: Bot, discord: Discord, ann: User) -> None:
    [answer] = bot.answers(discord.dm(ann, QUESTION))
    [thanks] = bot.told(discord.click(answer, "Helpful", ann))
    assert plain(thanks.text) == texts.sentence("feedback_thanks")
    assert not thanks.ephemeral


def test_card_goes_on_after_its_commands_token_ran_out(discord: Discord, begun: Interaction, card: DiscordPost) -> None:
    discord.expire(begun)
    card.press(card.answers[0])
    assert card.text.startswith("Question 2")


def test_forged_menu_choice_does_no_harm(bot: Bot, discord: Discord, ann: User, card: DiscordPost) -> None:
    card.press(card.answers[0])
    card.press("Review and edit")
    before = card.text
    name, forged = card.now.selects[0]["custom_id"], "no such question"

    def choose() -> Interaction:
        [menu] = discord.world.find(card.message).selects
        menu["options"].append({"label": forged, "value": forged})
        try:
            return discord.choose(card.message, name, forged, ann)
        finally:
            menu["options"].pop()

    [notice] = bot.told(discord.run(choose))
    assert plain(notice.text) == texts.sentence("interview_stale")
    assert card.text == before


def test_next_click_shows_a_card_that_discord_did_not_take(discord: Discord, ann: User, card: DiscordPost) -> None:
    discord.fail(CALLBACK, status=400, code=50035)
    before, answer = card.text, card.answers[0]
    [apology] = card.press(answer, posts=1)
    assert "went wrong" in apology.text
    assert card.text == before
    card.press(answer)
    assert card.text.startswith("Question 2")


def test_next_click_makes_up_for_one_that_discord_gave_up_on(discord: Discord, ann: User, card: DiscordPost) -> None:
    fault = discord.fail(CALLBACK, status=404, code=10062, times=2)
    before = card.text
    assert not discord.click(card.now, "Skip", ann).wait(ANSWERING).acked
    discord.wait_for(lambda: not fault.times, ANSWERING)
    assert card.text == before
    card.press("Skip")
    assert card.text.startswith("Question 2")


def test_click_that_discord_takes_but_answers_with_an_error_counts_once(discord: Discord, card: DiscordPost) -> None:
    discord.fail(CALLBACK, status=503, takes_effect=True)
    card.press("Skip")
    assert card.text.startswith("Question 2")


@contextmanager
def database_locked(bot: Bot) -> Iterator[None]:
    """Nothing can be read or written, so that every click takes long."""
    with closing(sqlite3.connect(bot.folder / "database.sqlite", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield
        database.execute("ROLLBACK")


def click_slowly(bot: Bot, discord: Discord, message: Message, which: str, user: User) -> Interaction:
    """Clicks on what is to be stored, and lets the bot come to it after it has been deferred."""
    with database_locked(bot):
        interaction = discord.click(message, which, user).wait(ANSWERING)
        assert interaction.type == DEFERRED_UPDATE
    return interaction


def test_slow_click_is_deferred_and_ends_in_the_same(
    bot: Bot, discord: Discord, general: Channel, ann: User, ben: User
) -> None:
    [advice] = bot.answers(discord.mention(general, ann, CASE))
    [begun] = bot.told(discord.click(advice, "Check it step by step", ann))
    card = DiscordPost(discord, begun, ann)
    card.press("Start over")
    click_slowly(bot, discord, card.now, "Skip", ann)
    discord.wait_for(lambda: card.text.startswith("Question 2"), ANSWERING)
    [notice] = bot.told(discord.click(card.now, "Skip", ben))
    assert notice.ephemeral
    assert plain(notice.text) == texts.sentence("interview_foreign")
    [thanks] = bot.told(click_slowly(bot, discord, advice, "Helpful", ann))
    assert thanks.ephemeral
    click_slowly(bot, discord, card.now, "Recommend now", ann)
    discord.wait_for(lambda: card.now.files, ANSWERING, "the summary with its picture")
    [shared] = bot.told(discord.click(card.now, "Share with channel", ann))
    assert not shared.ephemeral


def test_slow_click_changes_the_card_after_its_token_ran_out(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    [advice] = bot.answers(discord.mention(general, ann, CASE))
    [begun] = bot.told(discord.click(advice, "Check it step by step", ann))
    card = DiscordPost(discord, begun, ann)
    with database_locked(bot):
        interaction = discord.click(card.now, "Start over", ann).wait(ANSWERING)
        assert interaction.type == DEFERRED_UPDATE
        discord.expire(interaction)
    discord.wait_for(lambda: card.text.startswith("Question 1"), ANSWERING)
