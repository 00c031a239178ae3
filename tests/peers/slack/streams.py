"""The `chat.*Stream` methods: a message that grows while it is read."""

from tests.peers.slack import events
from tests.peers.slack.calls import ApiError, Call, check_content, check_files, method, missing
from tests.peers.slack.chat import own, posted
from tests.peers.slack.rendering import message_json, stored_blocks
from tests.peers.slack.state import Json, Message

# Slack names no limit for a whole stream; what a markdown block may hold is the safe reading.
STREAMED_TEXT = 12_000


def grow(call: Call, message: Message) -> bool:
    """Appends the text of the call to the message; returns whether there was any."""
    chunks = call.json("chunks", "invalid_chunks") or []
    if not all(isinstance(chunk, dict) and chunk.get("type") == "markdown_text" for chunk in chunks):
        raise ApiError("invalid_chunks")
    written = (call.text("markdown_text") or "") + "".join(chunk["text"] for chunk in chunks)
    if len(message.text) + len(written) > STREAMED_TEXT:
        raise ApiError("msg_blocks_too_long")
    message.text += written
    return bool(written)


@method("chat.startStream", "chat:write")
def start(call: Call) -> Json:
    channel = call.channel()
    call.enter(channel)
    thread = call.thread(channel)
    if channel.direct and not thread:
        raise missing("thread_ts")
    if not channel.direct:
        for name in ("recipient_team_id", "recipient_user_id"):
            if not call.text(name):
                raise ApiError(f"missing_{name}")
        call.user("recipient_user_id")
    message = posted(call.world, channel, thread_ts=thread, streaming=True)
    grow(call, message)
    events.say(call.world, message)
    return {"channel": channel.id, "ts": message.ts}


def _streaming(call: Call) -> Message:
    message = own(call, refusal="message_not_owned_by_app")
    if not message.streaming:
        raise ApiError("message_not_in_streaming_state")
    return message


@method("chat.appendStream", "chat:write")
def append(call: Call) -> Json:
    message = _streaming(call)
    if not grow(call, message):
        raise ApiError("no_text")
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", "chat:write")
def stop(call: Call) -> Json:
    message = _streaming(call)
    blocks = call.json("blocks", "invalid_blocks_format")
    check_content("", blocks)
    check_files(call.world, call.team_id, blocks or [], "invalid_blocks")
    metadata = call.metadata()
    previous = message_json(call.world, message)
    grow(call, message)
    if not (message.text or blocks):
        raise ApiError("no_text")
    streamed = [{"type": "markdown", "text": message.text}] if message.text else []
    message.blocks = stored_blocks(streamed + (blocks or []))
    message.metadata = metadata or None
    message.streaming = False
    events.say_changed(call.world, message, previous)
    shown = message_json(call.world, message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": shown}
