"""What Slack's payloads say, to whom, and what of it is for the bot."""

import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from slack_bolt.context.async_context import AsyncBoltContext

from bot.messages.events import Command, Said
from bot.slack.parsing import (
    MalformedError,
    parse_command,
    parse_edit,
    parse_press,
    parse_said,
    parse_shortcut,
    plain_text,
)
from bot.store.address import Address

BOT = "U0BOT"


def hear(**fields: Any) -> Said | None:
    """A message in a channel, unless the fields say otherwise."""
    event = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": "2.0", **fields}
    body = {"event_id": "Ev1", "event": {name: value for name, value in event.items() if value is not None}}
    return parse_said(body, context())


def heard(**fields: Any) -> Said:
    """A message that somebody wrote."""
    said = hear(**fields)
    assert said
    return said


def context() -> AsyncBoltContext:
    return AsyncBoltContext({"bot_user_id": BOT, "team_id": "T1"})


@pytest.mark.parametrize(
    "fields",
    [
        {"text": f"<@{BOT}> hello", "bot_id": "B1"},
        {"text": f"<@{BOT}> hello", "user": BOT},
        {"text": f"<@{BOT}> hello", "user": "USLACKBOT"},
        {"text": f"<@{BOT}> hello", "user": None},
        {"text": f"<@{BOT}> hello", "subtype": "bot_message"},
        {"text": f"<@{BOT}> hello", "subtype": "channel_join"},
        {"text": f"<@{BOT}> hello", "subtype": "me_message"},
    ],
    ids=str,
)
def test_only_people_are_heard(fields: dict[str, Any]) -> None:
    assert hear(**fields) is None


@pytest.mark.parametrize("fields", [{"text": "hello"}, {"text": f"<@{BOT}2> hello"}], ids=str)
def test_a_message_in_a_channel_is_not_for_the_bot_without_a_mention(fields: dict[str, Any]) -> None:
    said = heard(**fields)
    assert (said.is_addressed, said.is_in_talk) == (False, False)


@pytest.mark.parametrize("subtype", [None, "file_share", "thread_broadcast"])
def test_a_mention_is_answered_in_its_thread(subtype: str | None) -> None:
    said = heard(text=f"<@{BOT}> RAG &amp; roll?", subtype=subtype)
    assert said.is_addressed
    assert (said.person.tenant, said.person.user, said.place, said.text) == ("slack:T1", "U1", "C1/2.0", "RAG & roll?")
    assert said.address == Address("C1", "2.0")
    assert said.token is None


def test_a_mention_and_its_message_share_their_keys() -> None:
    one, other = heard(text=f"<@{BOT}> hello"), heard(text=f"<@{BOT}> hello", type="app_mention", channel_type=None)
    assert set(one.keys) & set(other.keys) == {"event:Ev1", "message:C1/2.0"}


def test_a_mention_in_a_thread_is_answered_there() -> None:
    said = heard(text=f"<@{BOT}> hello", thread_ts="1.0")
    assert (said.place, said.address) == ("C1/1.0", Address("C1", "1.0"))


def test_a_direct_message_is_one_conversation_without_threads() -> None:
    said = heard(text="hello", channel="D1", channel_type="im")
    assert (said.is_addressed, said.place, said.address) == (True, "D1", Address("D1"))


def test_words_in_a_thread_may_go_on_unless_they_are_for_others() -> None:
    alone, others = heard(text="And that?", thread_ts="1.0"), heard(text="And that, <@U2>?", thread_ts="1.0")
    assert (alone.is_addressed, alone.is_in_talk, alone.mentions_others) == (False, True, False)
    assert (others.is_addressed, others.is_in_talk, others.mentions_others) == (False, True, True)


@pytest.mark.parametrize("whom", ["<@U2>", "<@W2|wendy>", "<!here>", "<!channel>", "<!everyone>", "<!subteam^S1|@us>"])
def test_every_way_to_address_others_is_known(whom: str) -> None:
    said = heard(text=f"<@{BOT}> {whom} hello", thread_ts="1.0")
    assert said.mentions_others


@pytest.mark.parametrize("words", ["by <!date^1700000000^{date}|Tuesday> in <#C2|plans>?", f"<@{BOT}> and you?"])
def test_a_date_a_channel_or_the_bot_is_nobody_else(words: str) -> None:
    said = heard(text=words, thread_ts="1.0")
    assert not said.mentions_others


def test_a_message_without_text_is_an_empty_one() -> None:
    said = heard(channel="D1", channel_type="im", subtype="file_share")
    assert said.text == ""


@pytest.mark.parametrize("wrong", [{"ts": "soon"}, {"ts": 5}, {"channel": ["C1"]}, {"user": {"id": "U1"}}, {"text": 5}])
def test_what_is_not_slacks_is_malformed(wrong: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        hear(**{"text": f"<@{BOT}> hello"} | wrong)


@pytest.mark.parametrize(
    ("before", "text"),
    [({"text": "RAG?"}, "RAG?"), ({}, None)],
    ids=["a link was unfurled", "neither an earlier nor a new text"],
)
def test_without_a_new_text_it_is_no_edit(before: dict[str, Any], text: str | None) -> None:
    assert edit(text, before) is None


def test_edit_has_the_new_text_and_its_mention() -> None:
    edited = edit(f"<@{BOT}> RAG?", {"text": "RAG"})
    assert edited
    assert (edited.now.text, edited.now.name, edited.now.mentions_bot) == ("RAG?", "C1/2.0", True)


def edit(text: str | None, before: dict[str, Any]) -> Any:
    message = {"user": "U1", "ts": "2.0"} | ({"text": text} if text else {})
    event = {"type": "message", "subtype": "message_changed", "channel": "C1", "message": message}
    event |= {"previous_message": before} if before else {}
    return parse_edit({"event_id": "Ev1", "event": event}, context())


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("", Command.HELP), ("Help", Command.HELP), (" INTERVIEW ", Command.INTERVIEW), ("status", Command.STATUS),
        ("interview us", Command.ASK), ("RAG?", Command.ASK),
    ],
)  # fmt: skip
def test_commands_are_known_in_any_case(typed: str, command: Command) -> None:
    assert Command.parse(typed) is command


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
    asked = parse_command(body, context()).question
    assert asked
    assert (asked.person.tenant, asked.place, asked.person.user) == ("slack:T1", "C1/private/U1", "U1")
    assert (asked.text, asked.keys) == ("RAG & roll?", ["trigger:1.2.3"])
    assert asked.address == Address("C1", is_private=True)
    assert asked.token == "https://hooks.example/1"
    assert "hooks" not in repr(asked)


def test_a_shortcut_asks_what_the_message_says_in_the_name_of_who_used_it() -> None:
    body = {
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "user": {"id": "U1"},
        "message": {"user": "U2", "ts": "1.0", "text": "<https://example.com|RAG>?"},
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.example/1",
    }
    asked = parse_shortcut(body, context()).question
    assert asked
    assert (asked.person.user, asked.text, asked.place) == ("U1", "RAG?", "C1/private/U1")
    assert asked.address == Address("C1", is_private=True)


@pytest.mark.parametrize("wrong", ["1e17", "-1e17", "1_0.0", "\u0663.0", "9" * 20 + ".0", "not"])
def test_a_timestamp_that_is_none_is_malformed(wrong: str) -> None:
    with pytest.raises(MalformedError):
        hear(text="hello", ts=wrong)
    with pytest.raises(MalformedError):
        hear(text="hello", thread_ts=wrong)


@pytest.mark.parametrize("wrong", [5, {}, [], True, "", "ftp://a", "https://a b\n", "https://" + "a" * 3_000])
def test_a_press_with_an_address_that_is_none_is_malformed(wrong: Any) -> None:
    body = {"user": {"id": "U1"}, "actions": [{"action_id": "rt1:helpful:1:0:yes"}], "container": {"channel_id": "C1"}}
    assert parse_press(body | {"response_url": "https://hooks.example/1"}, context())
    with pytest.raises(MalformedError):
        parse_press(body | {"response_url": wrong}, context())


def test_an_edit_of_attachments_is_an_edit() -> None:
    files = [{"name": "plan.pdf"}]
    message = {"user": "U1", "ts": "2.0", "text": "note: see the file", "files": files}
    event = {"type": "message", "subtype": "message_changed", "channel": "C1", "message": message}
    body = {"event_id": "Ev1", "event": event | {"previous_message": message | {"files": []}}}
    edited = parse_edit(body, context())
    assert edited
    assert edited.now.files == ["plan.pdf"]
