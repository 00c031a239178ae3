"""The `chat.*Stream` methods: a message that grows while it is read."""

from typing import Any

from tests.peers.slack import events
from tests.peers.slack.calls import ApiError, Call, check_content, check_files, method, missing
from tests.peers.slack.chat import MARKDOWN_TEXT, own, posted
from tests.peers.slack.rendering import message_json, stored_blocks
from tests.peers.slack.state import Json, Message

# Slack names no limit for a whole stream; what a markdown block may hold is the safe reading.
STREAMED_TEXT = 12_000
_STATUSES = ("pending", "in_progress", "complete", "error")


def chunks(call: Call) -> list[Json]:
    """What the call adds, as chunks."""
    given = call.json("chunks", "invalid_chunks") or []
    if not isinstance(given, list):
        raise ApiError("invalid_chunks")
    markdown = call.text("markdown_text")
    listed = [{"type": "markdown_text", "text": markdown}] if markdown else []
    for number, chunk in enumerate(given):
        wrong = _wrong(chunk)
        if wrong:
            raise ApiError("invalid_chunks", f"{wrong} [json-pointer:/chunks/{number}]")
    for chunk in listed + given:
        if len(chunk.get("text") or "") > MARKDOWN_TEXT:
            raise ApiError("invalid_arguments", f"must be less than {MARKDOWN_TEXT + 1} characters")
        if chunk["type"] == "blocks":
            check_content("", chunk["blocks"])
    return listed + given


def _wrong(chunk: Any) -> str | None:
    kind = chunk.get("type") if isinstance(chunk, dict) else None
    required = {
        "markdown_text": ("text",),
        "task_update": ("id", "title", "status"),
        "plan_update": ("title",),
        "blocks": ("blocks",),
    }
    if kind not in required:
        return f"unsupported type: {kind}"
    absent = next((name for name in required[kind] if not chunk.get(name)), None)
    if absent:
        return f"missing required field: {absent}"
    if kind == "task_update" and chunk["status"] not in _STATUSES:
        return "must be a valid enum value"
    return None


def grow(message: Message, added: list[Json]) -> None:
    """Appends the chunks to the message."""
    written = "".join(chunk["text"] for chunk in added if chunk["type"] == "markdown_text")
    if len(message.text) + len(written) > STREAMED_TEXT:
        raise ApiError("msg_blocks_too_long")
    message.text += written
    message.chunks += added


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
    added = chunks(call)
    message = posted(call.world, channel, thread_ts=thread, streaming=True)
    grow(message, added)
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
    added = chunks(call)
    if not added:
        raise ApiError("no_text")
    grow(message, added)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", "chat:write")
def stop(call: Call) -> Json:
    message = _streaming(call)
    blocks = call.json("blocks", "invalid_blocks_format")
    check_content("", blocks)
    check_files(call.world, call.team_id, blocks or [], "invalid_blocks")
    metadata, added = call.metadata(), chunks(call)
    previous = message_json(call.world, message)
    grow(message, added)
    if not (message.text or message.chunks or blocks):
        raise ApiError("no_text")
    streamed = [{"type": "markdown", "text": message.text}] if message.text else []
    message.blocks = stored_blocks(streamed + (blocks or []))
    message.metadata = metadata or None
    message.streaming = False
    events.say_changed(call.world, message, previous)
    shown = message_json(call.world, message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": shown}
