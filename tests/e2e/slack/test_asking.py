"""Asking in Slack: the real process, over sockets, on a Slack that is as strict and as faulty as Slack."""

import html
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot import texts
from tests.conftest import ROOT
from tests.peers.slack import Channel, Message, Slack, User
from tests.support.slack.bots import CASE, QUESTION, SOURCE, Bot, elements, press, well, words

ARTICLE = (ROOT / "corpus" / "fine-tuning-vs-rag.md").read_text()
FOLLOW_UP = "And of RAG?"


def sources(message: Message) -> list[tuple[str, str]]:
    """The quotes and sections under a reply."""
    return SOURCE.findall(html.unescape(message.text))


def into(channel: Channel | str) -> Callable[[dict[str, Any]], bool]:
    """Whether a request is about this channel."""
    wanted = channel if isinstance(channel, str) else channel.id
    return lambda arguments: arguments.get("channel") == wanted


def test_a_mention_is_answered_once_in_its_thread_with_quotes_and_sections(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    asked = slack.mention(general, ann, QUESTION)
    [answer] = bot.answers(asked)
    assert len(asked.deliveries) == 2  # app_mention, and message.channels
    assert answer.thread_ts == asked.ts
    assert len(bot.finished(general.id)) == 1
    assert sources(answer)
    for quote, section in sources(answer):
        assert quote in ARTICLE
        assert section.split(" › ")[-1].split(" > ")[-1] in ARTICLE
        assert quote in words(answer)
        assert section in words(answer)
    assert answer.options["unfurl_links"] in (False, "0", 0, "false")


def test_an_event_that_comes_again_is_not_answered_again(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    asked = slack.mention(general, ann, QUESTION)
    first = bot.answers(asked)
    for delivery in asked.deliveries:
        well(slack.repeat(delivery))
    assert bot.answers(asked) == first


def test_a_use_case_is_advised_on_with_the_buttons_that_go_on(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    [advice] = bot.answers(slack.mention(general, ann, CASE))
    assert advice.text.startswith("Recommendation: ")
    shown = [button["text"]["text"] for button in elements(advice, "button")]
    assert shown == ["Check it step by step", "Get in touch", "Helpful", "Not helpful"]


def test_a_direct_message_is_answered_and_a_follow_up_understood(bot: Bot, slack: Slack, ann: User) -> None:
    slack.dm(ann, QUESTION)
    [first] = bot.direct(ann)
    slack.dm(ann, FOLLOW_UP)
    _, second = bot.direct(ann)
    assert first.thread_ts is None
    assert any("RAG" in section for _, section in sources(second))
    assert sources(second) != sources(first)


def test_a_direct_message_in_a_thread_is_answered_there(bot: Bot, slack: Slack, ann: User) -> None:
    slack.dm(ann, QUESTION)
    [first] = bot.direct(ann)
    asked = slack.dm(ann, FOLLOW_UP, thread=first)
    [_, second] = bot.direct(ann)
    assert second.thread_ts == first.ts == asked.thread_ts


def test_a_private_channel_works_like_a_public_one(bot: Bot, slack: Slack, ann: User) -> None:
    secret = slack.channel("secret", ann, private=True)
    asked = slack.mention(secret, ann, QUESTION)
    bot.answers(asked)
    slack.say(secret, ann, FOLLOW_UP, thread=asked)
    assert len(bot.answers(asked)) == 2


def test_its_asker_goes_on_in_the_thread_without_a_mention(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    asked = slack.mention(general, ann, QUESTION)
    bot.answers(asked)
    slack.say(general, ann, FOLLOW_UP, thread=asked)
    [_, second] = bot.answers(asked)
    assert any("RAG" in section for _, section in sources(second))


def test_a_mention_in_the_middle_of_a_thread_is_answered_there(
    bot: Bot, slack: Slack, ann: User, ben: User, general: Channel
) -> None:
    begun = slack.say(general, ben, "What do we do about the wiki?")
    slack.mention(general, ann, QUESTION, thread=begun)
    [answer] = bot.answers(begun)
    assert answer.thread_ts == begun.ts


def test_it_keeps_out_of_what_is_not_said_to_it(bot: Bot, slack: Slack, ann: User, ben: User, general: Channel) -> None:
    slack.say(general, ann, QUESTION)
    begun = slack.say(general, ann, f"<@{ben.id}> {QUESTION}")
    slack.say(general, ben, QUESTION, thread=begun)
    assert bot.finished(general.id) == []
    assert slack.said(general) == []


@pytest.mark.parametrize("whom", ["<@{ben}>", "<!here>", "<!channel>", "<!subteam^S0TEAM>"])
def test_it_keeps_quiet_once_somebody_else_is_addressed_and_until_it_is_mentioned_again(
    bot: Bot, slack: Slack, ann: User, ben: User, general: Channel, whom: str
) -> None:
    asked = slack.mention(general, ann, QUESTION)
    assert len(bot.answers(asked)) == 1
    slack.say(general, ann, f"{whom.format(ben=ben.id)} what do you think?", thread=asked)
    slack.settle()
    slack.say(general, ann, "What does fine-tuning cost?", thread=asked)
    assert len(bot.answers(asked)) == 1
    slack.mention(general, ann, "What does fine-tuning cost?", thread=asked)
    assert len(bot.answers(asked)) == 2
    slack.say(general, ann, FOLLOW_UP, thread=asked)
    assert len(bot.answers(asked)) == 3


def test_it_keeps_quiet_once_somebody_else_joins_in_and_until_it_is_mentioned_again(
    bot: Bot, slack: Slack, ann: User, ben: User, general: Channel
) -> None:
    asked = slack.mention(general, ann, QUESTION)
    assert len(bot.answers(asked)) == 1
    slack.say(general, ben, "We had that last year.", thread=asked)
    slack.settle()
    slack.say(general, ann, "What does fine-tuning cost?", thread=asked)
    assert len(bot.answers(asked)) == 1
    slack.mention(general, ben, "What does fine-tuning cost?", thread=asked)
    assert len(bot.answers(asked)) == 2
    slack.say(general, ben, FOLLOW_UP, thread=asked)
    assert len(bot.answers(asked)) == 3


def test_bots_joins_and_its_own_words_are_ignored(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    asked = slack.mention(general, ann, QUESTION)
    assert len(bot.answers(asked)) == 1
    slack.say(general, ann, f"<@{slack.bot.id}> has joined", thread=asked, subtype="channel_join")
    slack.mention(general, ann, QUESTION, thread=asked, bot_id="B0OTHER001", subtype="bot_message")
    slack.mention(general, ann, QUESTION, thread=asked, bot_id="B0OTHER001")
    assert len(bot.finished(general.id)) == 1
    assert len([message for message in slack.answers(asked) if message.user == slack.bot.id]) == 1


def test_a_question_with_a_file_is_answered(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    asked = slack.mention(general, ann, QUESTION, subtype="file_share", files=[{"id": "F0FILE0001"}])
    assert sources(bot.answers(asked)[0])


def test_a_mere_mention_is_told_what_to_write(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    [answer] = bot.answers(slack.mention(general, ann, ""))
    assert answer.text == texts.sentence("empty")


def test_nobody_is_pinged_by_what_a_user_writes(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    hostile = "<!channel> <@U0BOSS0001> we have 200 tickets <https://evil.example|docs change weekly>, auditors want it"
    [answer] = bot.answers(slack.mention(general, ann, hostile))
    assert "<" not in answer.text
    assert not any(kind in str(answer.blocks) for kind in ("'mrkdwn'", "'user'", "'broadcast'", "'link'"))


def test_questions_are_answered_in_their_order(bot: Bot, slack: Slack, ann: User) -> None:
    asked = ["What is RAG?", "What is fine-tuning?", "What does fine-tuning cost?", "Can I combine both?"]
    for text in asked:
        slack.dm(ann, text)
    said = [message for message in slack.messages(slack.direct(ann)) if not message.bot_id]
    answers = bot.direct(ann)
    assert [message.text for message in said] == asked
    kept = bot.rows("SELECT sent_as FROM deliveries WHERE user_id = ? ORDER BY id", ann.id)
    assert [answer.ts for answer in answers] == [ts for (ts,) in kept]


def test_the_command_is_answered_privately(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    well(slack.command(ann, general, QUESTION))
    [answer] = bot.private(general, ann)
    assert sources(answer)
    assert slack.said(general) == []
    assert "Share with channel" in [button["text"]["text"] for button in elements(answer, "button")]


@pytest.mark.parametrize("text", ["", "  ", "help"])
def test_the_command_alone_helps(bot: Bot, slack: Slack, ann: User, general: Channel, text: str) -> None:
    well(slack.command(ann, general, text))
    [shown] = bot.private(general, ann)
    assert html.unescape(shown.text) == texts.sentence("slack_help")
    press(slack, shown, "Check it step by step", ann)
    [card] = slack.said(slack.direct(ann))
    assert card.text.startswith("Question 1")


def test_the_shortcut_asks_what_somebody_wrote(bot: Bot, slack: Slack, ann: User, ben: User, general: Channel) -> None:
    said = slack.say(general, ben, QUESTION)
    well(slack.shortcut("ask", ann, said))
    [answer] = bot.private(general, ann)
    assert sources(answer)
    assert slack.said(general) == []


def test_commands_and_shortcuts_work_where_the_bot_is_no_member(bot: Bot, slack: Slack, ann: User) -> None:
    far = slack.channel("far", ann, bot=False)
    said = slack.say(far, ann, QUESTION)
    well(slack.shortcut("ask", ann, said))
    well(slack.command(ann, far, "What is RAG?"))
    assert len(bot.private(far, ann)) == 2


def test_a_private_answer_that_cannot_be_shown_there_comes_directly(bot: Bot, slack: Slack, ann: User) -> None:
    far = slack.channel("far", ann, bot=False)
    slack.fail("response_url", status=404)
    well(slack.command(ann, far, QUESTION))
    bot.finished(far.id)
    [answer] = slack.said(slack.direct(ann))
    assert html.unescape(answer.text).startswith(texts.sentence("slack_no_place"))
    assert "/invite" in answer.text
    assert sources(answer)


def test_a_private_answer_falls_back_on_an_ephemeral_message(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    slack.fail("response_url", status=404)
    well(slack.command(ann, general, QUESTION))
    [answer] = bot.private(general, ann)
    assert sources(answer)


@pytest.mark.parametrize(
    "trouble",
    [
        {"error": "ratelimited", "retry_after": 1},
        {"status": 500},
        {"status": 503, "times": 2},
        {"error": "internal_error"},
        {"reset": "before"},
        {"reset": "after"},
        {"reset": "after", "times": 2},
    ],
    ids=str,
)
def test_trouble_that_passes_neither_loses_nor_doubles_an_answer(
    bot: Bot, slack: Slack, ann: User, general: Channel, trouble: dict[str, Any]
) -> None:
    fault = slack.fail("chat.postMessage", when=into(general), **trouble)
    asked = slack.mention(general, ann, QUESTION)
    [answer] = bot.answers(asked)
    assert sources(answer)
    assert elements(answer, "button")
    assert fault.times == (1 if trouble == {"reset": "after", "times": 2} else 0)
    fault.times = 0


def test_it_waits_as_long_as_slack_asks_it_to(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    slack.fail("chat.postMessage", "ratelimited", retry_after=2, when=into(general))
    bot.answers(slack.mention(general, ann, QUESTION))
    first, second = [call.at for call in slack.calls("chat.postMessage") if call.args["channel"] == general.id]
    assert second - first >= 2


def test_a_cut_connection_does_not_double_in_a_direct_message(bot: Bot, slack: Slack, ann: User) -> None:
    slack.fail("chat.postMessage", reset="after", when=into(slack.direct(ann)))
    slack.dm(ann, QUESTION)
    assert len(bot.direct(ann)) == 1


def test_a_cut_connection_does_not_double_at_the_end_of_a_long_thread(
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
def test_what_slack_refuses_as_blocks_is_said_as_text(
    bot: Bot, slack: Slack, ann: User, general: Channel, code: str
) -> None:
    slack.fail("chat.postMessage", code, when=into(general))
    [answer] = bot.answers(slack.mention(general, ann, QUESTION))
    assert answer.blocks == []
    assert sources(answer)


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived", "thread_not_found"])
def test_where_it_cannot_write_its_asker_is_told_directly_what_to_do(
    bot: Bot, slack: Slack, ann: User, general: Channel, code: str
) -> None:
    slack.fail("chat.postMessage", code, when=into(general))
    asked = slack.mention(general, ann, QUESTION)
    assert bot.answers(asked) == []
    [answer] = slack.said(slack.direct(ann))
    assert html.unescape(answer.text).startswith(texts.sentence("slack_no_place"))
    assert sources(answer)


def test_the_way_round_a_closed_channel_does_not_double_either(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    slack.fail("chat.postMessage", reset="after", when=into(slack.direct(ann)))
    asked = slack.mention(general, ann, QUESTION)
    slack.leave(general, slack.bot)
    bot.answers(asked)
    assert len(slack.said(slack.direct(ann))) == 1


def test_a_revoked_token_is_kept_as_a_failure_and_said_in_the_log_without_the_question(
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


def test_a_connection_that_slack_ends_is_made_anew(bot: Bot, slack: Slack, ann: User, general: Channel) -> None:
    slack.disconnect()
    slack.wait_for(lambda: slack.connected, 30)
    assert len(bot.answers(slack.mention(general, ann, QUESTION))) == 1
