"""The real process on a Discord that is slow, absent, full or gone; killed, stopped and started again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.discord import READS_ALL, App, Channel, Discord, User, discord_server
from tests.support.discord.bots import CASE, QUESTION, Bot, cited, plain
from tests.support.running import ANSWERING

POST = "POST /channels/{}/messages"
RECONNECTING = 60.0  # seconds; discord.py waits a while before it tries again


def test_messages_while_the_socket_was_gone_are_answered(bot: Bot, discord: Discord, ann: User) -> None:
    before = len(discord.resumed)
    with discord.away():
        discord.wait_for(lambda: not discord.connected, RECONNECTING, "the socket to be gone")
        asked = discord.dm(ann, QUESTION)
    discord.wait_for(lambda: len(discord.resumed) > before and discord.connected, RECONNECTING, "a resume")
    assert len(bot.answers(asked)) == 1


def test_replay_that_repeats_itself_is_answered_once(bot: Bot, discord: Discord, ann: User) -> None:
    asked = discord.dm(ann, QUESTION)
    bot.answers(asked)
    discord.rewind(3)
    before = len(discord.resumed)
    try:
        discord.reconnect()
        discord.wait_for(lambda: len(discord.resumed) > before and discord.connected, RECONNECTING, "a resume")
        bot.answers(discord.dm(ann, "And of RAG?"))
    finally:
        discord.rewind(0)
    assert len(discord.said(ann)) == 2


def test_begins_a_new_session_when_its_own_is_invalid(bot: Bot, discord: Discord, ann: User) -> None:
    before = len(discord.identified)
    discord.invalidate()
    discord.wait_for(lambda: len(discord.identified) > before and discord.connected, RECONNECTING, "a new session")
    assert bot.answers(discord.dm(ann, QUESTION))


def test_asks_for_messages_that_a_lost_session_missed(
    bot: Bot, discord: Discord, general: Channel, ann: User, ben: User
) -> None:
    for known in (discord.dm(ann, QUESTION), discord.mention(general, ben, QUESTION)):
        bot.answers(known)
    before = len(discord.identified)
    with discord.away(refuse=True):
        discord.wait_for(lambda: not discord.connected, RECONNECTING, "the socket to be gone")
        missed = discord.dm(ann, "And of RAG?"), discord.mention(general, ben, CASE)
        for number in range(3):
            discord.say(general, ann, f"chatter {number}")
        discord.forget_sessions()
    discord.wait_for(lambda: len(discord.identified) > before and discord.connected, RECONNECTING, "a new session")
    for asked in missed:
        discord.wait_for(lambda asked=asked: discord.answers(asked), RECONNECTING, "an answer")
        assert len(bot.answers(asked)) == 1


def test_stopped_before_it_has_caught_up_it_does_so_the_next_time(bot: Bot, discord: Discord, ann: User) -> None:
    bot.answers(discord.dm(ann, QUESTION))
    assert bot.stop() == 0
    missed, logged = discord.dm(ann, "And of RAG?"), len(bot.log)
    fault = discord.fail("GET /channels/{}/messages", delay=600.0, times=1_000)
    bot.start()
    discord.wait_for(lambda: fault.times < 1_000, ANSWERING, "the catching up")
    newer = discord.dm(ann, QUESTION)
    bot.answers(discord.dm(discord.user("cat"), QUESTION))  # so the newer one has been received
    assert bot.stop() == 0
    fault.times = 0
    bot.start()
    assert [bot.finished(asked) for asked in (missed, newer)] == [None, None]
    assert len(discord.said(ann)) == 3
    assert "Traceback" not in bot.log[logged:]


def test_falls_back_to_dm_when_command_token_ran_out(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    fault = discord.fail("PATCH /webhooks/{}/{}/messages/@original", status=503, times=1_000)
    told = discord.command(general, ann, "rag-or-tune", "ask", {"question": QUESTION}).wait()
    discord.wait_for(lambda: fault.times < 1_000, ANSWERING, "the first attempt")
    discord.expire(told)
    fault.times = 0
    note, answer = discord.wait_for(lambda: len(discord.said(ann)) == 2 and discord.said(ann), 60.0, "the reply")
    assert "took longer" in note.text
    assert cited(answer)


def test_commands_are_acknowledged_before_the_work(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    told = discord.command(general, ann, "rag-or-tune", "ask", {"question": CASE}).wait()
    assert told.type == 5  # deferred
    bot.told(told)
    assert not told.failed


def test_falls_back_to_text_where_it_may_not_embed(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    discord.deny(general, "EMBED_LINKS")
    [answer] = bot.answers(discord.mention(general, ann, QUESTION))
    assert not answer.embeds
    assert "-# [1] “" in plain(answer.text)


def test_answers_below_where_it_may_not_reply(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    discord.fail(POST, status=400, code=160002)
    asked = discord.mention(general, ann, QUESTION)
    bot.finished(asked)
    [answer] = discord.said(general)
    assert answer.reference is None
    assert cited(answer)


def test_falls_back_to_text_when_discord_refuses_all_else(bot: Bot, discord: Discord, ann: User) -> None:
    discord.fail(POST, status=400, code=50035)
    [answer] = bot.answers(discord.dm(ann, QUESTION))
    assert not answer.embeds
    assert not answer.labels
    assert cited(answer)


def test_closed_dms_are_reported_where_the_command_was_called(bot: Bot, discord: Discord, general: Channel) -> None:
    cat = discord.user("cat", closed=True)
    assert general.guild_id
    discord.join(general.guild_id, cat)
    fault = discord.fail("PATCH /webhooks/{}/{}/messages/@original", status=503, times=1_000)
    told = discord.command(general, cat, "rag-or-tune", "ask", {"question": QUESTION}).wait()
    discord.wait_for(lambda: fault.times < 1_000, ANSWERING, "the first attempt")
    discord.expire(told)
    fault.times = 0
    [note] = discord.wait_for(lambda: discord.said(general), 60.0, "what to do")
    assert "Allow direct messages" in note.text
    assert not note.pinged
    failed = [("failed", "the user takes no direct messages of this bot")]
    discord.wait_for(lambda: bot.turns(general.id) == failed, ANSWERING, "the failure to be noted")


def test_falls_back_to_dm_when_channel_is_gone(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    fault = discord.fail(POST, status=503, times=1_000)
    asked = discord.mention(general, ann, QUESTION)
    discord.wait_for(lambda: fault.times < 1_000, ANSWERING)
    discord.remove_channel(general)
    fault.times = 0
    discord.wait_for(lambda: len(discord.said(ann)) == 2, 60.0, "the reply as a direct message")
    assert asked


def test_killed_after_the_post_it_does_not_post_again(bot: Bot, discord: Discord, general: Channel, ann: User) -> None:
    discord.fail(POST, late=60.0)  # the post is there, but nobody says so
    asked = discord.mention(general, ann, QUESTION)
    discord.wait_for(lambda: discord.answers(asked), ANSWERING)
    bot.kill()
    discord.expire_nonces()
    bot.start()
    assert len(bot.answers(asked)) == 1


@pytest.fixture
def other(data_dir: Path, tmp_path: Path) -> Iterator[Bot]:
    with discord_server() as discord:
        bot = Bot(discord, data_dir, tmp_path)
        try:
            yield bot
        finally:
            bot.kill()


def test_wrong_token_is_named_in_a_sentence(other: Bot) -> None:
    other.run("discord", DISCORD_TOKEN="MTIz.x.y", DISCORD_API_URL=other.discord.api_url)
    assert other.process
    assert other.process.wait(60) == 1
    assert other.log.strip().endswith("Discord rejected the bot token; set a new DISCORD_TOKEN")
    assert "Traceback" not in other.log


def test_thread_goes_on_with_message_content_on_two_shards(data_dir: Path, tmp_path: Path) -> None:
    with discord_server(app=App(flags=READS_ALL), shards=2) as discord:
        bot = Bot(discord, data_dir, tmp_path)
        with bot.running():
            discord.wait_for(lambda: discord.connected == 2, ANSWERING, "both shards")
            ann = discord.user("ann")
            thread = discord.thread(discord.channel(discord.guild("acme", ann), "general"), owner=ann)
            bot.answers(discord.mention(thread, ann, QUESTION))
            discord.say(thread, ann, "And of RAG?")
            discord.wait_for(lambda: len(discord.said(thread)) == 2, ANSWERING, "the follow-up's answer")
