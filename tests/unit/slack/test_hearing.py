"""What Slack's payloads say, to whom, and what of it is for the bot."""

import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.hearing import Heard, asked_by_command, asked_by_message, heard, plain_text
from bot.slack.origin import Origin
from bot.store.address import Address

BOT = "U0BOT"


def hear(**fields: Any) -> Heard | None:
    """A message in a channel's thread, unless the fields say otherwise."""
    event = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": "2.0", **fields}
    body = {"event_id": "Ev1", "event": {name: value for name, value in event.items() if value is not None}}
    return heard(body, AsyncBoltContext({"bot_user_id": BOT, "team_id": "T1"}))


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "hello"},  # in a channel, to nobody
        {"text": f"<@{BOT}> hello", "bot_id": "B1"},
        {"text": f"<@{BOT}> hello", "user": BOT},
        {"text": f"<@{BOT}> hello", "user": "USLACKBOT"},
        {"text": f"<@{BOT}> hello", "user": None},
        {"text": f"<@{BOT}> hello", "subtype": "bot_message"},
        {"text": f"<@{BOT}> hello", "subtype": "channel_join"},
        {"text": f"<@{BOT}> hello", "subtype": "me_message"},
        {"subtype": "message_changed", "message": {"text": f"<@{BOT}> hello", "user": "U1"}, "user": None},
        {"subtype": "message_deleted", "user": None},
        {"text": f"<@{BOT}2> hello"},  # somebody else, whose id begins like the bot's
    ],
    ids=str,
)
def test_what_is_not_for_the_bot_is_not_heard(fields: dict[str, Any]) -> None:
    assert hear(**fields) is None


@pytest.mark.parametrize("subtype", [None, "file_share", "thread_broadcast"])
def test_a_mention_is_heard_and_answered_in_its_thread(subtype: str | None) -> None:
    said = hear(text=f"<@{BOT}> RAG &amp; roll?", subtype=subtype)
    assert said
    assert said.is_addressed
    assert said.message.tenant == "slack:T1"
    assert said.message.place == "C1/2.0"
    assert said.message.user == "U1"
    assert said.message.text == "RAG & roll?"
    assert said.message.address == Address("C1", "2.0")
    assert said.message.token is None


def test_a_mention_and_its_message_have_a_key_in_common() -> None:
    one, other = hear(text=f"<@{BOT}> hello"), hear(text=f"<@{BOT}> hello", type="app_mention", channel_type=None)
    assert one
    assert other
    assert set(one.message.keys) & set(other.message.keys) == {"event:Ev1", "message:C1/2.0"}


def test_a_mention_in_a_thread_is_answered_there() -> None:
    said = hear(text=f"<@{BOT}> hello", thread_ts="1.0")
    assert said
    assert said.message.place == "C1/1.0"
    assert said.message.address == Address("C1", "1.0")


def test_a_direct_message_is_one_conversation_without_threads() -> None:
    said = hear(text="hello", channel="D1", channel_type="im")
    assert said
    assert said.is_addressed
    assert said.message.place == "D1"
    assert said.message.address.thread is None


def test_words_in_a_thread_may_go_on_unless_they_are_for_others() -> None:
    alone, others = hear(text="And that?", thread_ts="1.0"), hear(text="And that, <@U2>?", thread_ts="1.0")
    assert alone
    assert others
    assert (alone.is_addressed, alone.is_for_others) == (False, False)
    assert (others.is_addressed, others.is_for_others) == (False, True)


@pytest.mark.parametrize("whom", ["<@U2>", "<@W2|wendy>", "<!here>", "<!channel>", "<!everyone>", "<!subteam^S1|@us>"])
def test_every_way_to_address_others_is_known(whom: str) -> None:
    said = hear(text=f"{whom} hello", thread_ts="1.0")
    assert said
    assert said.is_for_others


def test_a_date_or_a_channel_addresses_nobody() -> None:
    said = hear(text="by <!date^1700000000^{date}|Tuesday> in <#C2|plans>?", thread_ts="1.0")
    assert said
    assert not said.is_for_others


def test_a_message_without_text_is_heard_as_an_empty_one() -> None:
    said = hear(channel="D1", channel_type="im", subtype="file_share")
    assert said
    assert said.message.text == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (f"<@{BOT}> hello", "hello"),
        (f"hello <@{BOT}|rag-or-tune>", "hello"),
        (f"<@{BOT}2> hello", f"<@{BOT}2> hello"),
        ("see <https://example.com/a?b=1&amp;c=2>", "see https://example.com/a?b=1&c=2"),
        ("see <https://example.com|the wiki>", "see the wiki"),
        ("write to <mailto:ann@example.com|ann@example.com>", "write to ann@example.com"),
        ("in <#C1|general>", "in general"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("  \n ", ""),
    ],
)
def test_words_are_read_as_they_were_typed(written: str, meant: str) -> None:
    assert plain_text(written, BOT) == meant


@given(some.text())
def test_any_words_come_through_slacks_escapes(text: str) -> None:
    escaped = html.escape(text, quote=False)
    assert plain_text(escaped, BOT) == text.strip()


def test_a_command_is_private_and_keeps_the_address_to_answer_at() -> None:
    body = {
        "team_id": "T1",
        "channel_id": "C1",
        "user_id": "U1",
        "text": "RAG &amp; roll?",
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.example/1",
    }
    asked = asked_by_command(body, Origin("T1", None))
    assert (asked.tenant, asked.place, asked.user, asked.text) == ("slack:T1", "C1/private/U1", "U1", "RAG & roll?")
    assert asked.keys == ["trigger:1.2.3"]
    assert asked.address == Address("C1", is_private=True)
    assert asked.token == "https://hooks.example/1"
    assert "hooks" not in repr(asked)


def test_a_shortcut_asks_what_the_message_says_in_the_name_of_who_used_it() -> None:
    body = {
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "user": {"id": "U1"},
        "message": {"user": "U2", "text": "<https://example.com|RAG>?"},
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.example/1",
    }
    asked = asked_by_message(body, Origin("T1", "E1"))
    assert (asked.tenant, asked.user, asked.text) == ("slack:T1", "U1", "RAG?")
    assert asked.place == "C1/private/U1"
    assert asked.address == Address("C1", enterprise="E1", is_private=True)
