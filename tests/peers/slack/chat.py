"""The `chat.*` methods: posting, changing, deleting."""

import time
from typing import Any

from tests.peers.slack import events
from tests.peers.slack.calls import TEXT, ApiError, Call, check_content, check_files, method
from tests.peers.slack.rendering import message_json, stored_blocks
from tests.peers.slack.state import Channel, Json, Message, World

UPDATED_TEXT = 4_000
_OPTIONS = ("unfurl_links", "unfurl_media")


def content(call: Call, *, longest: int = TEXT) -> tuple[str, list[Json] | None]:
    """The text and blocks of a call, within Slack's limits; blocks that were not given are None."""
    text, blocks = call.text("text") or "", call.json("blocks", "invalid_blocks_format")
    check_content(text, blocks, longest=longest)
    check_files(call.world, call.team_id, blocks or [], "invalid_blocks")
    if not (text or blocks):
        raise ApiError("no_text")
    return text, blocks


def posted(world: World, channel: Channel, **fields: Any) -> Message:
    """A message of the app's bot, put where people see it."""
    bot = world.bot(channel.team_id)
    fields["blocks"] = stored_blocks(fields.get("blocks") or [])
    message = Message(channel.id, world.ts(), bot.id, bot_id=bot.bot_id, app_id=world.app.id, **fields)
    return world.add(message)


@method("chat.postMessage", "chat:write")
def post_message(call: Call) -> Json:
    channel = call.postable()
    text, blocks = content(call)
    thread = call.thread(channel)
    _respect_rate(call.world, channel)
    fields: Json = {"text": text, "blocks": blocks, "thread_ts": thread}
    fields["metadata"] = call.metadata() or None
    fields["options"] = {name: call.args[name] for name in _OPTIONS if name in call.args}
    message = posted(call.world, channel, **fields)
    call.world.last_post[channel.id] = time.monotonic()
    events.say(call.world, message)
    shown = message_json(call.world, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def _respect_rate(world: World, channel: Channel) -> None:
    last = world.last_post.get(channel.id)
    if world.posts_a_second and last and time.monotonic() - last < 1 / world.posts_a_second:
        raise ApiError("ratelimited")


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(call: Call) -> Json:
    channel = call.postable()
    call.enter(channel)
    user = call.required("user")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    text, blocks = content(call)
    message = posted(call.world, channel, text=text, blocks=blocks, thread_ts=call.thread(channel), ephemeral_to=user)
    return {"message_ts": message.ts}


def own(call: Call, name: str = "ts", refusal: str = "cant_update_message") -> Message:
    """The message of this call, which has to be the app's own and not ephemeral."""
    message = call.channel().messages.get(call.required(name))
    if message is None or message.subtype == "tombstone":
        raise ApiError("message_not_found")
    if message.user != call.install.bot.id:
        raise ApiError(refusal)
    return message


@method("chat.update", "chat:write")
def update(call: Call) -> Json:
    message = own(call)
    if message.streaming:
        raise ApiError("streaming_state_conflict")
    if call.world.channels[message.channel].archived:
        raise ApiError("is_inactive")
    text, blocks = content(call, longest=UPDATED_TEXT)
    metadata = call.metadata()
    change(call.world, message, text=text, blocks=blocks, metadata=metadata)
    shown = message_json(call.world, message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


def change(world: World, message: Message, **fields: Any) -> None:
    """Changes what is given and keeps the rest, as Slack does with blocks and metadata left out."""
    previous = message_json(world, message)
    message.keep()
    for name, value in fields.items():
        if value is not None:
            setattr(message, name, stored_blocks(value) if name == "blocks" else value or type(value)())
    if fields.get("metadata") == {}:
        message.metadata = None
    message.edited = {"user": message.user, "ts": world.ts()}
    if message.ephemeral_to is None:
        events.say_changed(world, message, previous)


@method("chat.delete", "chat:write")
def delete(call: Call) -> Json:
    message = own(call, refusal="cant_delete_message")
    remove(call.world, message)
    return {"channel": message.channel, "ts": message.ts}


def remove(world: World, message: Message) -> list[Any]:
    """Deletes a message; one with replies leaves a tombstone, as in Slack. Returns the deliveries of the event."""
    channel = world.channels[message.channel]
    previous = message_json(world, message)
    if len(channel.thread(message.ts)) > 1:
        message.keep()
        message.subtype, message.text = "tombstone", "This message was deleted."
        message.blocks, message.files, message.metadata = [], [], None
        event = events.changed_event(world, message, previous)
    else:
        del channel.messages[message.ts]
        event = events.deleted_event(world, message, previous)
    heard = message.bot_id is None or world.echoes
    return world.publish(event, channel.team_id) if heard else []
