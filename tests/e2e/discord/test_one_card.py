"""The interview as one message that changes in place; a team's with one vote a member."""

import pytest

from tests.peers.discord import Channel, Discord, Message, User
from tests.support.discord.bots import CASE, QUESTION, Bot, Screen, plain
from tests.support.running import ANSWERING

MOST = 12  # questions


def begun(discord: Discord, where: Channel | User, user: User, how: str = "interview") -> Screen:
    """A new interview's card."""
    told = discord.command(where, user, "rag-or-tune", how).wait()
    [card] = discord.wait_for(lambda: told.answers, ANSWERING, "the card")
    return Screen(discord, card, user)


@pytest.fixture
def card(discord: Discord, ann: User) -> Screen:
    return begun(discord, ann, ann)


def test_it_leads_to_a_summary_on_one_card(discord: Discord, ann: User, card: Screen) -> None:
    for number in range(MOST):
        if not card.answers:
            break
        assert card.text.startswith(f"Question {number + 1}")
        card.press(card.answers[0])
    assert card.text.startswith("### Recommendation")
    assert len(discord.said(ann)) == 1
    [chart] = card.now.files
    assert chart.content.startswith(b"\x89PNG")
    assert chart.description
    assert {"Get in touch", "Share with channel", "Copy as Markdown"} <= set(card.buttons)


def test_it_goes_back_and_says_why_and_skips(card: Screen) -> None:
    card.press(card.answers[0])
    card.press("Back")
    assert card.answers[0].startswith("✓ ")
    before = card.text
    card.press("Why this matters")
    assert len(card.text) > len(before)
    card.press("Skip")
    assert card.text.startswith("Question 2")


def test_any_answer_can_be_edited_from_the_review(discord: Discord, ann: User, card: Screen) -> None:
    card.press(card.answers[0])
    card.press("Review and edit")
    [menu] = card.now.selects
    told = discord.choose(card.now, menu["custom_id"], menu["options"][0]["value"], ann).wait()
    discord.wait_for(lambda: "Change this answer" in card.text, ANSWERING)
    assert told.acked


def test_markdown_comes_as_code(discord: Discord, ann: User, card: Screen) -> None:
    card.press("Recommend now")
    told = discord.click(card.now, "Copy as Markdown", ann).wait()
    copied = discord.wait_for(lambda: told.answers, ANSWERING)
    assert copied[0].text.startswith("```\n")


def test_the_picture_goes_when_the_summary_goes(card: Screen) -> None:
    card.press("Recommend now")
    assert card.now.files
    card.press("Review and edit")
    assert not card.now.files


def test_an_answer_leads_to_an_interview_below_it(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    [advice] = bot.answers(discord.mention(general, ann, CASE))
    told = discord.click(advice, "Check it step by step", ann).wait()
    [card] = discord.wait_for(lambda: told.answers, ANSWERING)
    assert not card.ephemeral
    assert "read in “our docs change weekly”" in plain(card.text)
    again = discord.click(advice, "Check it step by step", ann).wait()
    [notice] = discord.wait_for(lambda: again.answers, ANSWERING)
    assert notice.ephemeral
    assert "has begun already" in notice.text


def test_a_strangers_click_is_refused_privately(discord: Discord, general: Channel, ann: User, ben: User) -> None:
    answered = discord.command(general, ann, "rag-or-tune", "ask", {"question": CASE}).wait()
    [advice] = discord.wait_for(lambda: answered.answers, ANSWERING)
    told = discord.click(advice, "Check it step by step", ann).wait()
    [own] = discord.wait_for(lambda: told.answers, ANSWERING)
    assert own.ephemeral  # below what only she sees
    card = _public(discord, general, ann)
    before = card.text
    click = discord.click(card.now, card.answers[0], ben).wait()
    [notice] = discord.wait_for(lambda: click.answers, ANSWERING)
    assert notice.ephemeral
    assert "somebody else's" in notice.text
    assert card.text == before


def _public(discord: Discord, general: Channel, user: User) -> Screen:
    asked = discord.mention(general, user, QUESTION)
    [answer] = discord.wait_for(lambda: discord.answers(asked), ANSWERING)
    told = discord.click(answer, "Check it step by step", user).wait()
    [card] = discord.wait_for(lambda: told.answers, ANSWERING)
    return Screen(discord, card, user)


def test_a_double_click_counts_once(discord: Discord, ann: User, card: Screen) -> None:
    shown = card.now
    clicks = [discord.click(shown, card.answers[0], ann) for _ in range(2)]
    assert all(click.wait().acked for click in clicks)
    discord.wait_for(lambda: card.text.startswith("Question 2"), ANSWERING)
    assert card.text.startswith("Question 2")


def test_what_is_too_old_says_so(discord: Discord, ann: User, card: Screen) -> None:
    _forge(discord, card.now, "rt0:answer:1:1:yes")
    told = discord.click(card.now, "rt0:answer:1:1:yes", ann).wait()
    [notice] = discord.wait_for(lambda: told.answers, ANSWERING)
    assert "another version of me" in notice.text


def _forge(discord: Discord, message: Message, custom_id: str) -> None:
    """Gives the first button of a message another id, as an earlier version may have given it."""

    def act() -> None:
        stored = discord.world.channels[message.channel_id].messages[message.id]
        stored.components[0]["components"][0]["custom_id"] = custom_id

    discord.run(act)


def test_a_team_votes_on_one_card(discord: Discord, general: Channel, ann: User, ben: User) -> None:
    card = begun(discord, general, ann, "team")
    assert not card.now.ephemeral
    first, second = card.answers[:2]
    card.press(first)
    card.press(second, ben)
    discord.wait_for(lambda: sum(label.endswith("(1)") for label in card.buttons) == 2, ANSWERING, "both votes")
    moved = next(label for label in card.buttons if label.startswith(first.partition(" (")[0].removeprefix("✓ ")))
    card.press(moved, ben)
    discord.wait_for(lambda: any(label.endswith("(2)") for label in card.buttons), ANSWERING, "the moved vote")
    told = discord.click(card.now, "Go on", ben).wait()
    [notice] = discord.wait_for(lambda: told.answers, ANSWERING)
    assert notice.ephemeral
    card.press("Go on")
    discord.wait_for(lambda: card.text.startswith("Question 2"), ANSWERING)


def test_ten_votes_at_once_all_count(discord: Discord, general: Channel, ann: User) -> None:
    card = begun(discord, general, ann, "team")
    guild = general.guild_id
    assert guild
    members = [discord.user(f"m{number}") for number in range(10)]
    for member in members:
        discord.join(guild, member)
    shown, answer = card.now, card.answers[0]
    clicks = [discord.click(shown, answer, member) for member in members]
    assert all(click.wait(ANSWERING).acked for click in clicks)
    discord.wait_for(lambda: any(label.endswith("(10)") for label in card.buttons), ANSWERING, "ten votes")
