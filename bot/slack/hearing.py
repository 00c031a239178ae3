"""Slack's payloads as messages: what is said to the bot, and by whom."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from slack_bolt.async_app import AsyncBoltContext

from bot.chat.adapter import Heard
from bot.slack.origin import Body, Origin, origin
from bot.store.accepting import Message

ANSWERED = (None, "file_share", "thread_broadcast")  # the subtypes of what people say
MENTION = re.compile(r"<(?:@[UW][A-Z0-9]+|!(?:here|channel|everyone|subteam\^[A-Z0-9]+))(?:\|[^>]*)?>")
ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def heard(body: Body, context: AsyncBoltContext) -> Heard | None:
    """What an event of the kinds `app_mention` and `message` says; None for what is not for the bot to answer."""
    event, bot = body["event"], context.bot_user_id
    if not is_of_a_person(event, bot):
        return None
    text, channel, thread = str(event.get("text") or ""), event["channel"], event.get("thread_ts")
    is_direct, is_mentioned = event.get("channel_type") == "im", bool(re.search(_mention_of(bot), text))
    if not (is_direct or is_mentioned or thread):
        return None
    answer_in, whose = thread if is_direct else thread or event["ts"], origin(body, context)
    message = Message(
        tenant=whose.tenant,
        place=place_of(channel, answer_in),
        user=event["user"],
        text=plain_text(text, bot),
        keys=[f"event:{body['event_id']}", f"message:{channel}/{event['ts']}"],
        address=replace(whose.address, channel=channel, thread=answer_in),
        name=name_of(channel, event["ts"]),
        said_at=moment_of(event["ts"]),
    )
    return Heard(message, is_direct or is_mentioned, bool(MENTION.search(text)))


def is_of_a_person(event: Body, bot: str | None) -> bool:
    """Whether a person has said something, rather than a bot or Slack itself."""
    user = event.get("user")
    is_a_bots = bool(event.get("bot_id")) or user in (bot, "USLACKBOT")
    return bool(user) and not is_a_bots and event.get("subtype") in ANSWERED


def place_of(channel: str, thread: str | None) -> str:
    """The name of a conversation: a thread, or a direct message as a whole."""
    return f"{channel}/{thread}" if thread else channel


def name_of(channel: str, ts: str) -> str:
    """The name of a message."""
    return f"{channel}/{ts}"


def moment_of(ts: str) -> datetime:
    """When a message was said."""
    return datetime.fromtimestamp(float(ts), UTC)


def asked_by_command(body: Body, whose: Origin) -> Message:
    """The question of `/rag-or-tune …`; only its asker is to see the answer."""
    return _private(whose, body["channel_id"], body["user_id"], body["text"], body)


def asked_by_message(body: Body, whose: Origin) -> Message:
    """The question that a person makes of somebody's message."""
    return _private(whose, body["channel"]["id"], body["user"]["id"], body["message"].get("text") or "", body)


def place_of_command(body: Body) -> str:
    """The name of the conversation of whoever types commands in a channel; of a direct message as a whole."""
    return _place_alone(str(body["channel_id"]), body["user_id"])


def _place_alone(channel: str, user: str) -> str:
    return channel if channel.startswith("D") else f"{channel}/private/{user}"


def _private(whose: Origin, channel: str, user: str, text: str, body: Body) -> Message:
    address = replace(whose.address, channel=channel, is_private=True)
    key, place = f"trigger:{body['trigger_id']}", _place_alone(channel, user)
    return Message(whose.tenant, place, user, plain_text(text), [key], address, body["response_url"])


def plain_text(text: str, bot: str | None = None) -> str:
    """The words as they were typed: without the mention of the bot, links as their text, escapes undone."""
    text = re.sub(_mention_of(bot), "", text)
    text = re.sub(r"<(?:[^>|]*)\|([^>]*)>", r"\1", text)
    text = re.sub(r"<((?:https?|mailto):[^>]*)>", r"\1", text)
    for escape, character in ESCAPES.items():
        text = text.replace(escape, character)
    return text.strip()


def _mention_of(bot: str | None) -> str:
    return rf"<@{bot}(?:\|[^>]*)?>"
