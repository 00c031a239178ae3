"""What only Slack has when people ask: threads, its events, faults and refusals; the real process, over sockets."""

import html
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot import texts
from tests.peers.slack import Channel, Message, Slack, User
from tests.support.slack.bots import QUESTION, SOURCE, Bot, well, words

FOLLOW_UP = "And of RAG?"


def sources(message: Message) -> list[tuple[str, str]]:
    """The quotes and sections under a reply."""
    return SOURCE.findall(html.unescape(message.text))


def into(channel: Channel | str) -> Callable[[dict[str, Any]], bool]:
    """Whether a request is about this channel."""
    wanted = channel if isinstance(channel, str) else channel.id
    return lambda arguments: arguments.get("channel") == wanted


def test_mention_that_slack_tells_twice_is_answered_once_in_its_thread(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    asked = slack.mention(general, ann, QUESTION)
    [answer] = bot.answers(asked)
    assert len(asked.deliveries) == 2  # app_mention, and message.channels
    assert answer.thread_ts == asked.ts
    assert len(bot.finished(general.id)) == 1
    assert sources(answer)
    for quote, section in sources(answer):
        assert quote in words(answer)
        assert section in words(answer)
    assert answer.options["unfurl_links"] in (False, "0", 0, "false")


def test_dm_in_thread_is_answered_there(bot: Bot, slack: Slack, ann: User) -> None:
    slack.dm(ann, QUESTION)
    [first] = bot.direct(ann)
    asked = slack.dm(ann, FOLLOW_UP, thread=first)
    [_, second] = bot.direct(ann)
    assert second.thread_ts == first.ts == asked.thread_ts


def test_private_channel_works_like_a_public_one(bot: Bot, slack: Slack, ann: User) -> None:
    secret = slack.channel("secret", ann, private=True)
    asked = slack.mention(secret, ann, QUESTION)
    bot.answers(asked)
    slack.say(secret, ann, FOLLOW_UP, thread=asked)
    assert len(bot.answers(asked)) == 2


@pytest.mark.parametrize("whom", ["<!here>", "<!channel>", "<!subteam^S0TEAM>"])
def test_keeps_quiet_in_thread_once_a_group_is_addressed(
    bot: Bot, slack: Slack, ann: User, general: Channel, whom: str
) -> None:
    asked = slack.mention(general, ann, QUESTION)
    assert len(bot.answers(asked)) == 1
    slack.say(general, ann, f"{whom} what do you think?", thread=asked)
    slack.settle()
    slack.say(general, ann, "What does fine-tuning cost?", thread=asked)
    assert len(bot.answers(asked)) == 1


def test_ignores_bots_system_messages_and_itself(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    asked = slack.mention(general, ann, QUESTION)
    assert len(bot.answers(asked)) == 1
    slack.say(general, ann, f"<@{slack.bot.id}> has joined", thread=asked, subtype="channel_join")
    slack.mention(general, ann, QUESTION, thread=asked, bot_id="B0OTHER001", subtype="bot_message")
    slack.mention(general, ann, QUESTION, thread=asked, bot_id="B0OTHER001")
    assert len(bot.finished(general.id)) == 1
    assert len([message for message in slack.answers(asked) if message.user == slack.bot.id]) == 1


def test_question_with_file_is_answered(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    asked = slack.mention(general, ann, QUESTION, subtype="file_share", files=[{"id": "F0FILE0001"}])
    assert sources(bot.answers(asked)[0])


def test_nobody_is_pinged_by_what_a_user_writes(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    hostile = "<!channel> <@U0BOSS0001> we have 200 tickets <https://evil.example|docs change weekly>, auditors want it"
    [answer] = bot.answers(slack.mention(general, ann, hostile))
    assert "<" not in answer.text
    assert not any(kind in str(answer.blocks) for kind in ("'mrkdwn'", "'user'", "'broadcast'", "'link'"))


@pytest.mark.parametrize("text", ["", "  "])
def test_command_without_words_helps(bot: Bot, slack: Slack, ann: User, general: Channel, text: str) -> None:
    well(slack.command(ann, general, text))
    [shown] = bot.private(general, ann)
    assert html.unescape(shown.text) == texts.sentence("slack_help")
    assert "team" in texts.sentence("slack_usage")


def test_commands_and_shortcuts_work_where_bot_is_no_member(bot: Bot, slack: Slack, ann: User) -> None:
    far = slack.channel("far", ann, bot=False)
    said = slack.say(far, ann, QUESTION)
    well(slack.shortcut("ask", ann, said))
    well(slack.command(ann, far, "What is RAG?"))
    assert len(bot.private(far, ann)) == 2


def test_private_answer_falls_back_to_dm(bot: Bot, slack: Slack, ann: User) -> None:
    far = slack.channel("far", ann, bot=False)
    slack.fail("response_url", status=404)
    well(slack.command(ann, far, QUESTION))
    bot.finished(far.id)
    [answer] = slack.said(slack.direct(ann))
    assert html.unescape(answer.text).startswith(texts.sentence("slack_no_place"))
    assert "/invite" in answer.text
    assert sources(answer)


def test_private_answer_falls_back_to_ephemeral_message(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    slack.fail("response_url", status=404)
    well(slack.command(ann, general, QUESTION))
    [answer] = bot.private(general, ann)
    assert sources(answer)


def test_internal_error_of_slack_neither_loses_nor_doubles_an_answer(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    slack.fail("chat.postMessage", "internal_error", when=into(general))
    [answer] = bot.answers(slack.mention(general, ann, QUESTION))
    assert sources(answer)


def test_waits_as_long_as_slack_asks(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    slack.fail("chat.postMessage", "ratelimited", retry_after=2, when=into(general))
    bot.answers(slack.mention(general, ann, QUESTION))
    first, second = [call.at for call in slack.calls("chat.postMessage") if call.args["channel"] == general.id]
    assert second - first >= 2


def test_cut_connection_does_not_double_an_answer_in_a_long_thread(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    yesterday = int(time.time()) - 86_400
    begun = slack.say(general, ann, "What do we do about the wiki?", ts=f"{yesterday}.000000")
    for number in range(60):
        slack.say(general, ann, f"Idea {number}", thread=begun, ts=f"{yesterday}.{number + 1:06d}")
    slack.fail("chat.postMessage", reset="after", when=into(general))
    slack.mention(general, ann, QUESTION, thread=begun)
    assert len(bot.answers(begun)) == 1


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long"])
def test_falls_back_to_text_when_slack_refuses_blocks(
    bot: Bot, slack: Slack, ann: User, general: Channel, code: str
) -> None:
    slack.fail("chat.postMessage", code, when=into(general))
    [answer] = bot.answers(slack.mention(general, ann, QUESTION))
    assert answer.blocks == []
    assert sources(answer)


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived", "thread_not_found"])
def test_falls_back_to_dm_when_channel_cannot_be_written_to(
    bot: Bot, slack: Slack, ann: User, general: Channel, code: str
) -> None:
    slack.fail("chat.postMessage", code, when=into(general))
    asked = slack.mention(general, ann, QUESTION)
    assert bot.answers(asked) == []
    [answer] = slack.said(slack.direct(ann))
    assert html.unescape(answer.text).startswith(texts.sentence("slack_no_place"))
    assert sources(answer)


def test_fallback_to_dm_does_not_double_an_answer(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    slack.fail("chat.postMessage", reset="after", when=into(slack.direct(ann)))
    asked = slack.mention(general, ann, QUESTION)
    slack.leave(general, slack.bot)
    bot.answers(asked)
    assert len(slack.said(slack.direct(ann))) == 1


def test_revoked_token_is_recorded_and_logged_without_the_question(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    slack.fail("chat.postMessage", "token_revoked", when=into(general))
    asked = slack.mention(general, ann, QUESTION)
    assert bot.answers(asked) == []
    [(state, error)] = bot.finished(general.id)
    assert state == "failed"
    assert "token_revoked" in (error or "")
    assert "token_revoked" in bot.log
    assert QUESTION not in bot.log
    assert slack.token() not in bot.log


def test_reconnects_when_slack_ends_the_connection(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    slack.disconnect()
    slack.wait_for(lambda: slack.connected, 30)
    assert len(bot.answers(slack.mention(general, ann, QUESTION))) == 1


def test_question_comes_again_when_slack_cannot_tell_whose_the_token_is(bot: Bot, slack: Slack, ann: User) -> None:
    if bot.process:
        assert bot.stop() == 0
    slack.fail("auth.test", "internal_error", times=2)  # at the start, and for the question
    bot.start()
    slack.dm(ann, QUESTION)
    assert len(bot.direct(ann)) == 1
