"""Slack's payloads as events, https://docs.slack.dev/reference/events and …/interaction-payloads.

Slack signs what it sends, so nothing is validated but what is used: whatever is missing or of another sort than Slack's
raises MalformedError, before anything has been done.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncBoltContext

from bot import texts
from bot.messages.card import Press
from bot.messages.events import Command, Commanded, Deleted, Edited, Pressed, Said, Submitted
from bot.messages.person import Person
from bot.store.address import Address

Body = dict[str, Any]  # a payload of Slack's, or a part of one, as JSON

DIRECT = "D"  # the first letter of a direct message's id
MAX_SLACK_ID = 100  # characters; Slack's are far shorter
MAX_URL = 3_000  # characters
TIMESTAMP = re.compile(r"[0-9]{1,10}\.[0-9]{1,12}")  # which names a message: seconds, until the year 2286
SUBTYPES = (None, "file_share", "thread_broadcast")  # of what people say
MENTION = re.compile(r"<(?:@[UW][A-Z0-9]+|!(?:here|channel|everyone|subteam\^[A-Z0-9]+))(?:\|[^>]*)?>")
ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


class MalformedError(Exception):
    """A payload is not one of Slack's."""


@contextmanager
def parsing() -> Iterator[None]:
    """Turn what a malformed payload raises while it is read into MalformedError."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise MalformedError(type(error).__name__) from error


@dataclass(frozen=True)
class Origin:
    """A workspace; where the app is installed in its whole organisation also that one, perhaps without a workspace."""

    team: str | None
    enterprise: str | None

    @property
    def tenant(self) -> str:
        """The tenant whose rows a payload is about."""
        return f"slack:{self.team or self.enterprise}"

    @property
    def address(self) -> Address:
        """The organisation whose token is used, if it is not the workspace's own."""
        return Address(enterprise=self.enterprise)


def parse_origin(body: Body, context: AsyncBoltContext) -> Origin:
    """The workspace of a payload, as Bolt has read it.

    An event's authorization names no workspace when the app is installed in the whole organisation; its envelope does.
    """
    with parsing():
        team = context.team_id or body.get("team_id")
        enterprise = context.enterprise_id if context.is_enterprise_install or not team else None
        if not (team or enterprise):
            raise LookupError("neither a workspace nor an organisation")
        return Origin(team and parse_id(team), enterprise and parse_id(enterprise))


def parse_said(body: Body, context: AsyncBoltContext) -> Said | None:
    """The message of an `app_mention` or `message` event; None for what no person has said."""
    with parsing():
        event = body["event"]
        keys = [f"event:{parse_id(body['event_id'])}", f"message:{parse_id(event['channel'])}/{event['ts']}"]
        return _said(event, event, keys, parse_origin(body, context), context.bot_user_id)


def is_deletion(event: Body) -> bool:
    """True if an event takes a message back; the first of a thread is replaced by a note, a tombstone."""
    is_tombstone = (event.get("message") or {}).get("subtype") == "tombstone"
    return event.get("subtype") == "message_deleted" or is_tombstone


def parse_edit(body: Body, context: AsyncBoltContext) -> Edited | None:
    """The edit of a `message_changed` event; None where no person has changed a text, as when a link is unfurled."""
    with parsing():
        event, before = body["event"], body["event"].get("previous_message") or {}
        message, keys = event["message"], [f"event:{parse_id(body['event_id'])}"]
        now = _said(message, event, keys, parse_origin(body, context), context.bot_user_id)
        if now is None or (message.get("text"), _files(message)) == (before.get("text"), _files(before)):
            return None
        return Edited(now)


def parse_deletion(body: Body, context: AsyncBoltContext) -> Deleted:
    """The deletion of a `message_deleted` event, or of one with a tombstone."""
    with parsing():
        event = body["event"]
        name = name_of(parse_id(event["channel"]), parse_timestamp(event.get("deleted_ts") or event["message"]["ts"]))
        return Deleted(Person(parse_origin(body, context).tenant, ""), name, [f"event:{parse_id(body['event_id'])}"])


def parse_opener(body: Body, context: AsyncBoltContext) -> tuple[Person, str, str | None]:
    """The person who opened the app, in which channel, and at which tab."""
    with parsing():
        event = body["event"]
        person = Person(parse_origin(body, context).tenant, parse_id(event["user"]))
        return person, parse_id(event["channel"]), event.get("tab")


def parse_command(body: Body, context: AsyncBoltContext) -> Commanded:
    """A slash command; only the person who typed it is to see the answer to a question."""
    with parsing():
        whose, channel, user = parse_origin(body, context), parse_id(body["channel_id"]), parse_id(body["user_id"])
        address = replace(whose.address, is_direct=True)
        team, there = {"domain": body.get("team_domain")}, {"id": channel, "name": body.get("channel_name")}
        person = Person(whose.tenant, user, str(body.get("user_name") or ""), address, place=_place_name(team, there))
        text = str(body.get("text", ""))
        question = _private_question(whose, channel, user, text, body)
        return Commanded(person, Command.parse(text), _place_alone(channel, user), channel, question)


def parse_shortcut(body: Body, context: AsyncBoltContext) -> Commanded:
    """The question that a person makes of somebody's message."""
    with parsing():
        whose, channel, user = (
            parse_origin(body, context),
            parse_id(body["channel"]["id"]),
            parse_id(body["user"]["id"]),
        )
        question = _private_question(whose, channel, user, _text_of(body["message"]), body)
        return Commanded(question.person, Command.ASK, question.place, channel, question)


def parse_press(body: Body, context: AsyncBoltContext) -> Pressed:
    """A press on a button, or a choice in a menu."""
    with parsing():
        action, container = body["actions"][0], body["container"]
        press = Press.of(_text(action["action_id"]))
        if press and action.get("selected_option"):
            press = press.choosing(_text(action["selected_option"]["value"]))
        channel, thread = container.get("channel_id"), container.get("thread_ts") or container.get("message_ts")
        place = place_of(parse_id(channel), thread and parse_timestamp(thread)) if channel else ""
        if "response_url" in body:
            parse_url(body["response_url"])  # by which Bolt responds
        return Pressed(parse_person(body, context), place, press)


def parse_form(body: Body, context: AsyncBoltContext) -> Submitted:
    """A modal that was submitted."""
    with parsing():
        view, values = body["view"], dict[str, str]()
        for fields in ((view.get("state") or {}).get("values") or {}).values():
            for name, entry in fields.items():
                chosen = entry.get("selected_option") or {}
                values[name] = _text(chosen.get("value") or entry.get("value") or "")
        keys = [f"view:{parse_id(view['id'])}:{parse_id(view.get('hash') or '-')}"]
        return Submitted(parse_person(body, context), Press.of(_text(view.get("callback_id") or "")), values, keys)


def parse_person(body: Body, context: AsyncBoltContext) -> Person:
    """The person behind an interaction, answered in the thread, or directly where only they saw the card."""
    whose, user, container = parse_origin(body, context), body["user"], body.get("container") or {}
    channel, place = container.get("channel_id"), _place_name(body.get("team") or {}, body.get("channel") or {})
    person = Person(
        whose.tenant, parse_id(user["id"]), name_in(user), replace(whose.address, is_direct=True), place=place
    )
    if not channel or container.get("is_ephemeral"):
        return person
    is_public = not parse_id(channel).startswith(DIRECT)
    below = container.get("thread_ts") or (container.get("message_ts") if is_public else None)
    address = replace(whose.address, channel=channel, thread=below and parse_timestamp(below))
    return replace(person, address=address, is_public=is_public)


def parse_id(value: object) -> str:
    """An id, a timestamp or another name that Slack gives: printable, without spaces."""
    text = _text(value)
    if not text or len(text) > MAX_SLACK_ID or not text.isprintable() or " " in text:
        raise ValueError("not an id")
    return text


def parse_timestamp(value: object) -> str:
    """A message's timestamp, which is its name in a channel."""
    text = _text(value)
    if not TIMESTAMP.fullmatch(text):
        raise ValueError("not a timestamp")
    return text


def parse_url(value: object) -> str:
    """The address for responses."""
    text = _text(value)
    if not text.startswith(("http://", "https://")) or len(text) > MAX_URL or not text.isprintable():
        raise ValueError("not an address")
    return text


def place_of(channel: str, thread: str | None) -> str:
    """The name of a conversation: a thread, or a direct message as a whole."""
    return f"{channel}/{thread}" if thread else channel


def name_of(channel: str, ts: str) -> str:
    """The name of a message."""
    return f"{channel}/{ts}"


def name_in(user: Body) -> str:
    """A person's name, as far as a payload tells it."""
    return str(user.get("name") or user.get("username") or "")


def plain_text(text: str, bot: str | None = None) -> str:
    """The words as they were typed: without the mention of the bot, links as their text, escapes undone."""
    text = re.sub(_mention_of(bot), "", text)
    text = re.sub(r"<(?:[^>|]*)\|([^>]*)>", r"\1", text)
    text = re.sub(r"<((?:https?|mailto):[^>]*)>", r"\1", text)
    for escape, character in ESCAPES.items():
        text = text.replace(escape, character)
    return text.strip()


def _said(message: Body, event: Body, keys: list[str], whose: Origin, bot: str | None) -> Said | None:
    """The message in the channel of an event; None where no person wrote it."""
    user = message.get("user")
    if not user or message.get("bot_id") or user in (bot, "USLACKBOT") or message.get("subtype") not in SUBTYPES:
        return None
    channel, ts, text = parse_id(event["channel"]), parse_timestamp(message["ts"]), _text(message.get("text") or "")
    thread = parse_timestamp(message["thread_ts"]) if message.get("thread_ts") else None
    is_direct = event.get("channel_type") == "im" or channel.startswith(DIRECT)
    answer_in = thread if is_direct else thread or ts
    return Said(
        Person(whose.tenant, parse_id(user)),
        plain_text(text, bot),
        keys,
        place_of(channel, answer_in),
        replace(whose.address, channel=channel, thread=answer_in),
        name_of(channel, ts),
        channel,
        thread,
        thread if is_direct else None,
        said_at=datetime.fromtimestamp(float(ts), UTC),
        files=_files(message),
        is_direct=is_direct,
        mentions_bot=bool(re.search(_mention_of(bot), text)),
        mentions_others=not is_direct and bool(MENTION.search(re.sub(_mention_of(bot), "", text))),
    )


def _files(message: Body) -> list[str]:
    return [str(file.get("name") or "") for file in message.get("files") or [] if isinstance(file, dict)]


def _private_question(whose: Origin, channel: str, user: str, text: str, body: Body) -> Said:
    """A question whose answer only its asker is to see, by the address that came with the payload."""
    address = replace(whose.address, channel=channel, is_private=True)
    keys, token = [f"trigger:{parse_id(body['trigger_id'])}"], parse_url(body["response_url"])
    place = _place_alone(channel, user)
    return Said(Person(whose.tenant, user), plain_text(_text(text)), keys, place, address, token=token)


def _place_alone(channel: str, user: str) -> str:
    """The name of the conversation of whoever types commands in a channel; of a direct message as a whole."""
    return channel if channel.startswith(DIRECT) else f"{channel}/private/{user}"


def _place_name(team: Body, channel: Body) -> str:
    """The place of an interaction, in words for consultants."""
    if not channel or str(channel.get("id")).startswith(DIRECT):
        return texts.sentence("place_direct", platform=f"Slack, {team.get('domain') or team.get('id')}")
    home, name = team.get("domain") or team.get("id"), channel.get("name") or channel.get("id")
    return texts.sentence("place_channel", channel=name, home=home, platform="Slack")


def _text_of(message: Body) -> str:
    """The text of a message inside of something else; one that says nothing has a timestamp all the same."""
    parse_timestamp(message["ts"])
    return _text(message.get("text") or "")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _mention_of(bot: str | None) -> str:
    return rf"<@{bot}(?:\|[^>]*)?>"
