"""Asked in every way: directly, by mention, by command, from a message's menu."""

from tests.discord.bots import CASE, QUESTION, Bot, cited, plain
from tests.peers.discord import Channel, Discord, User


def test_a_direct_message_is_answered_with_its_sources(bot: Bot, discord: Discord, ann: User) -> None:
    asked = discord.dm(ann, QUESTION)
    [answer] = bot.answers(asked)
    assert cited(answer)
    assert answer.labels == ["Check it step by step", "Get in touch", "Helpful", "Not helpful"]
    assert answer.reference is None


def test_a_mention_is_answered_as_a_reply(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    asked = discord.mention(general, ann, CASE)
    [answer] = bot.answers(asked)
    assert plain(answer.text).startswith("### Recommendation: RAG")
    assert answer.reference and answer.reference["message_id"] == asked.id
    assert not discord.pinged


def test_a_command_in_a_server_is_answered_privately(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    told = discord.command(general, ann, "rag-or-tune", "ask", {"question": QUESTION})
    [answer] = bot.told(told)
    assert answer.ephemeral
    assert cited(answer)
    assert not discord.said(general)
