"""What only Discord has when people ask: replies, intents, menus, places that are closed; with the real process."""

import pytest

from bot import texts
from tests.peers.discord import Channel, Discord, User
from tests.support.discord.bots import CASE, QUESTION, Bot, cited, plain
from tests.support.running import ANSWERING

FOLLOW_UP = "And of RAG?"
NAMES = ("ask", "contact", "forget", "help", "interview", "status", "team")
BUTTONS = ["Check it step by step", "Get in touch", "Helpful", "Not helpful"]
LONG = (  # the answer to which does not fit into one message
    "We have 200 support tickets, our docs change weekly, and auditors want sources. Our answers must follow a strict "
    "house style that prompts do not get right, latency must stay below 100 milliseconds, we run everything without "
    "network access, we have 5,000 labelled examples, and millions of requests a day come in. What are the pros and "
    "cons of RAG and fine-tuning?"
)
HOSTILE = (
    "@everyone @here <@{ben}> <@&{role}> <#3> *we* have 200 ```tickets``` [here](https://evil.example) "
    "discord.gg/abc,\n# our docs change weekly, ||auditors|| want `sources`\n> and others want more"
)


def test_dm_is_no_reply_and_mention_is_one_that_pings_nobody(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    [direct] = bot.answers(discord.dm(ann, QUESTION))
    assert direct.reference is None
    asked = discord.mention(general, ann, CASE)
    [answer] = bot.answers(asked)
    assert answer.reference
    assert answer.reference["message_id"] == asked.id
    assert not answer.pinged


def test_reply_to_an_answer_goes_on(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    [answer] = bot.answers(discord.mention(general, ann, QUESTION))
    [answer] = bot.answers(discord.mention(general, ann, FOLLOW_UP, reply_to=answer))
    assert "RAG Explained" in plain(answer.text)


def test_everybody_in_a_channel_has_a_conversation_of_their_own(
    bot: Bot, discord: Discord, general: Channel, ann: User, ben: User
) -> None:
    bot.answers(discord.mention(general, ann, QUESTION))
    [alone] = bot.answers(discord.mention(general, ben, FOLLOW_UP))
    [following] = bot.answers(discord.mention(general, ann, FOLLOW_UP))
    assert "RAG Explained" in plain(following.text)
    assert plain(alone.text) != plain(following.text)


def test_waits_for_its_mention_in_threads_without_message_content(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    thread = discord.thread(general, owner=ann)
    bot.answers(discord.mention(thread, ann, QUESTION))
    discord.say(thread, ann, FOLLOW_UP)
    bot.answers(discord.mention(thread, ann, "What is RAG?"))
    assert len(discord.said(thread)) == len(bot.turns(thread.id)) == 2


def test_ignores_bots_webhooks_system_messages_and_itself(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    discord.mention(general, discord.user("robot", is_bot=True), QUESTION)
    discord.mention(general, discord.bot, QUESTION)
    for strange in ({"kind": 4}, {"kind": 7}, {"webhook_id": "1"}):
        discord.mention(general, ann, QUESTION, **strange)
    bot.answers(discord.mention(general, ann, QUESTION))
    assert len(bot.turns(general.id)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_command_in_dm_is_answered_to_all_there(discord: Discord, bot: Bot, ann: User, name: str) -> None:
    values = [{"question": QUESTION}] if name == "ask" else []
    [answer] = bot.told(discord.command(ann, ann, "rag-or-tune", name, *values))
    assert not answer.ephemeral
    assert len(discord.said(ann)) == 1
    assert name != "ask" or answer.labels == BUTTONS


def test_who_installed_the_bot_for_themselves_is_answered_anywhere(bot: Bot, discord: Discord) -> None:
    ann = discord.user("ann", installed=True)
    elsewhere = discord.channel(discord.guild("elsewhere", ann, bot=False), "general")
    [answer] = bot.told(discord.command(elsewhere, ann, "rag-or-tune", "ask", {"question": QUESTION}))
    assert cited(answer)


def test_long_private_answer_is_private_in_all_its_messages(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    interaction = discord.command(general, ann, "rag-or-tune", "ask", {"question": LONG})
    bot.told(interaction)
    shown = discord.wait_for(lambda: len(interaction.answers) > 1 and interaction.answers, ANSWERING, "the other parts")
    assert all(part.ephemeral for part in shown)
    assert not discord.said(general)


@pytest.mark.parametrize("way", ["dm", "mention", "command"])
def test_hostile_text_is_only_text(
    bot: Bot, discord: Discord, general: Channel, ann: User, ben: User, way: str
) -> None:
    role = discord.role(general.guild_id or "", "boss")
    text = HOSTILE.format(ben=ben.id, role=role.id)
    if way == "command":
        [answer] = bot.told(discord.command(general, ann, "rag-or-tune", "ask", {"question": text}))
        shared = discord.click(answer, "Share with channel", ann)
        [public] = bot.told(shared)
        assert text in plain(public.text)
        assert all(sign not in public.text for sign in ("@everyone", " <@", "[here]", "discord.gg", "\n#", "\n>"))
    else:
        say = discord.dm if way == "dm" else lambda user, words: discord.mention(general, user, words)
        [answer] = bot.answers(say(ann, text))
    assert "Recommendation" in answer.text
    assert ben.id not in discord.pinged
    assert role.id not in discord.pinged
    assert "everyone" not in discord.pinged


def test_very_long_question_is_answered(bot: Bot, discord: Discord, ann: User) -> None:
    assert bot.answers(discord.dm(ann, "x" * 1_990 + " RAG?"))


def test_questions_purged_by_a_moderator_take_their_answers_along(
    bot: Bot, discord: Discord, general: Channel, ann: User
) -> None:
    asked = [discord.mention(general, ann, QUESTION) for _ in range(2)]
    for question in asked:
        bot.finished(question)
    assert len(discord.said(general)) == 2
    discord.purge(*asked)
    discord.wait_for(lambda: not discord.said(general), ANSWERING, "the answers to go")
    discord.wait_for(lambda: not bot.turns(general.id), ANSWERING, "the questions to be forgotten")


@pytest.mark.parametrize("code", [10003, 50001, 50013, 50083, 160005])
def test_falls_back_to_dm_when_channel_is_closed(
    bot: Bot, discord: Discord, general: Channel, ann: User, code: int
) -> None:
    discord.fail(f"POST /channels/{general.id}/messages", status=404 if code == 10003 else 403, code=code)
    bot.finished(discord.mention(general, ann, QUESTION))
    assert not discord.said(general)
    note, answer = discord.said(ann)
    assert plain(note.text) == texts.sentence("discord_no_place")
    assert cited(answer)
    assert not answer.labels  # they belong to the channel


@pytest.mark.parametrize("code", [50007, 50278])
def test_closed_dms_are_reported_as_failure_reason(
    bot: Bot, discord: Discord, general: Channel, ann: User, code: int
) -> None:
    discord.fail(f"POST /channels/{general.id}/messages", status=403, code=50013)
    discord.fail(f"POST /channels/{discord.direct(ann).id}/messages", status=403, code=code)
    assert bot.finished(discord.mention(general, ann, QUESTION)) == "the user takes no direct messages of this bot"
