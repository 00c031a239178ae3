"""Asked in every way: directly, by mention, by command, from a message's menu; and what is not for the bot."""

import pytest

from tests.peers.discord import Channel, Discord, Message, User
from tests.support.discord.bots import CASE, QUESTION, Bot, cited, plain
from tests.support.running import ANSWERING

ALWAYS = ["Check it step by step", "Get in touch"]
OPINIONS = ["Helpful", "Not helpful"]
HOSTILE = "@everyone <@&1> [free](http://evil.example) https://discord.gg/abc ```x``` # big || what about RAG || ?"


def test_a_direct_message_is_answered_with_its_sources(bot: Bot, discord: Discord, ann: User) -> None:
    asked = discord.dm(ann, QUESTION)
    [answer] = bot.answers(asked)
    assert cited(answer)
    assert answer.labels == [*ALWAYS, *OPINIONS]
    assert answer.reference is None


def test_a_direct_message_goes_on_with_the_conversation(bot: Bot, discord: Discord, ann: User) -> None:
    bot.answers(discord.dm(ann, QUESTION))
    [answer] = bot.answers(discord.dm(ann, "And of RAG?"))
    assert "(RAG" in plain(answer.text) or "RAG Explained" in plain(answer.text)


def test_a_mention_is_answered_as_a_reply(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    asked = discord.mention(general, ann, CASE)
    [answer] = bot.answers(asked)
    assert plain(answer.text).startswith("### Recommendation: RAG")
    assert answer.reference
    assert answer.reference["message_id"] == asked.id
    assert not answer.pinged


def test_a_reply_to_an_answer_goes_on(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    [answer] = bot.answers(discord.mention(general, ann, QUESTION))
    further = discord.mention(general, ann, "And of RAG?", reply_to=answer)
    [answer] = bot.answers(further)
    assert "RAG Explained" in plain(answer.text)


def test_in_a_thread_it_answers_there(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    thread = discord.thread(general, owner=ann)
    [answer] = bot.answers(discord.mention(thread, ann, QUESTION))
    assert answer.channel_id == thread.id


def test_what_does_not_mention_it_is_left_alone(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    discord.say(general, ann, QUESTION)
    bot.answers(discord.mention(general, ann, QUESTION))
    assert len(discord.said(general)) == 1


@pytest.mark.parametrize("strange", [{"kind": 7}, {"webhook_id": "1"}])
def test_neither_the_system_nor_apps_are_answered(
    bot: Bot, discord: Discord, general: Channel, ann: User, strange: dict[str, object]
) -> None:
    robot = discord.user("robot", is_bot=True)
    discord.mention(general, robot, QUESTION)
    discord.mention(general, ann, QUESTION, **strange)
    bot.answers(discord.mention(general, ann, QUESTION))
    assert len(discord.said(general)) <= 2
    assert len(bot.turns(general.id)) == 1


def test_a_command_in_a_server_is_answered_privately_and_can_be_shared(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    told = discord.command(general, ann, "rag-or-tune", "ask", {"question": QUESTION})
    [answer] = bot.told(told)
    assert answer.ephemeral
    assert cited(answer)
    assert not discord.said(general)
    assert answer.labels == [*ALWAYS, "Share with channel", *OPINIONS]
    shared = discord.click(answer, "Share with channel", ann).wait()
    [public] = discord.wait_for(lambda: shared.answers, ANSWERING)
    assert not public.ephemeral
    assert f"Asked: “{QUESTION}”" in plain(public.text)
    assert cited(public) == cited(answer)


def test_a_command_in_a_direct_message_is_answered_there(bot: Bot, discord: Discord, ann: User) -> None:
    [answer] = bot.told(discord.command(ann, ann, "rag-or-tune", "ask", {"question": QUESTION}))
    assert not answer.ephemeral
    assert answer.labels == [*ALWAYS, *OPINIONS]


def test_anybodys_message_can_be_asked_of_its_menu(
    bot: Bot, discord: Discord, general: Channel, ann: User, ben: User
) -> None:
    said = discord.say(general, ben, CASE)
    [answer] = bot.told(discord.menu(said, ann, "Ask rag-or-tune"))
    assert answer.ephemeral
    assert plain(answer.text).startswith("### Recommendation: RAG")


def test_who_added_it_to_their_account_is_answered_where_it_is_not(bot: Bot, discord: Discord) -> None:
    ann = discord.user("ann", installed=True)
    elsewhere = discord.channel(discord.guild("elsewhere", ann, bot=False), "general")
    [answer] = bot.told(discord.command(elsewhere, ann, "rag-or-tune", "ask", {"question": QUESTION}))
    assert cited(answer)


def test_a_question_that_is_edited_is_answered_anew_in_place(bot: Bot, discord: Discord, ann: User) -> None:
    asked = discord.dm(ann, QUESTION)
    [before] = bot.answers(asked)
    asked = discord.edit(asked, CASE)
    bot.finished(asked, times=2)
    [after] = discord.answers(asked)
    assert after.id == before.id
    assert plain(after.text).startswith("### Recommendation: RAG")


def test_a_question_that_is_deleted_takes_its_answer_along(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    asked = discord.mention(general, ann, QUESTION)
    bot.answers(asked)
    discord.edit(asked, f"{discord.bot.mention} {CASE}")
    bot.finished(asked, times=2)
    discord.delete(asked)
    discord.wait_for(lambda: not discord.said(general), ANSWERING, "the answer to go")
    discord.wait_for(lambda: not bot.turns(general.id), ANSWERING, "the question to be forgotten")


def test_hostile_words_come_back_as_words(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    told = discord.command(general, ann, "rag-or-tune", "ask", {"question": HOSTILE})
    [answer] = bot.told(told)
    shares = [label for label in answer.labels if label == "Share with channel"]
    shown = [answer]
    if shares:
        shared = discord.click(answer, "Share with channel", ann).wait()
        shown += discord.wait_for(lambda: shared.answers, ANSWERING)
    for message in shown:
        assert not message.pinged
        assert "@everyone" not in message.text
        assert "[free](" not in message.text


def test_a_very_long_question_is_answered(bot: Bot, discord: Discord, ann: User) -> None:
    asked = discord.dm(ann, "x" * 1_990 + " RAG?")
    assert bot.answers(asked)


def test_opinions_are_noted(bot: Bot, discord: Discord, ann: User) -> None:
    [answer] = bot.answers(discord.dm(ann, QUESTION))
    told = discord.click(answer, "Not helpful", ann).wait()
    [thanks] = discord.wait_for(lambda: told.answers, ANSWERING)
    assert "in other words" in thanks.text
    assert (0,) in bot.rows("SELECT helpful FROM feedback WHERE user_id = ?", ann.id)


def _text(messages: list[Message]) -> str:
    return plain("\n".join(message.text for message in messages))


def test_help_and_status_and_contact_are_private(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    for name, words in (("help", "/rag-or-tune interview"), ("status", "Where things stand"), ("contact", "touch")):
        told = discord.command(general, ann, "rag-or-tune", name).wait()
        [answer] = discord.wait_for(lambda told=told: told.answers, ANSWERING)
        assert answer.ephemeral
        assert words in _text([answer])


def test_forgetting_is_asked_first(bot: Bot, discord: Discord, ann: User) -> None:
    bot.answers(discord.dm(ann, QUESTION))
    told = discord.command(ann, ann, "rag-or-tune", "forget").wait()
    [sure] = discord.wait_for(lambda: told.answers, ANSWERING)
    assert bot.turns(sure.channel_id)
    discord.click(sure, sure.labels[0], ann).wait()
    discord.wait_for(lambda: not bot.turns(sure.channel_id), ANSWERING, "all to be forgotten")


def test_who_begins_interviews_without_end_is_asked_to_wait(discord: Discord, ann: User) -> None:
    told = [discord.command(ann, ann, "rag-or-tune", "interview").wait() for _ in range(6)]
    [answer] = discord.wait_for(lambda: told[-1].answers, ANSWERING)
    assert "Please try again in" in answer.text


def test_commands_are_told_to_discord_once(bot: Bot, discord: Discord) -> None:
    assert len(discord.syncs) == 1
    if bot.process:
        assert bot.stop() == 0
    bot.start()
    assert len(discord.syncs) == 1
