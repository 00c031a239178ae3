"""Messages of the app: made, edited and deleted within Discord's rules."""

import copy
import time
from typing import Any

from tests.peers.discord import events
from tests.peers.discord.calls import Call, route
from tests.peers.discord.errors import ApiError, Violation
from tests.peers.discord.forms import FILE_BYTES, FILES, is_empty, message_violations
from tests.peers.discord.mentions import pinged
from tests.peers.discord.permissions import may, need
from tests.peers.discord.rendering import CONTENT_GRANTED, message_json
from tests.peers.discord.state import (
    LOADING,
    NONCE_SECONDS,
    Channel,
    File,
    Json,
    Message,
    World,
    walk,
)

OWN_FLAGS = (1 << 2) | (1 << 12)
FIELDS = ("content", "embeds", "components")
REPLY = 19
_GONE = Violation("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")


def check_form(payload: Json, files: list[File]) -> None:
    """Refuses what breaks a limit."""
    found = message_violations(payload)
    for place, file in enumerate(files):
        if len(file.content) > FILE_BYTES:
            words = f"File exceeds {FILE_BYTES} bytes."
            found.append(Violation(f"files.{place}", "FILE_SIZE_EXCEEDED", words))
    if len(files) > FILES:
        found.append(Violation("files", "BASE_TYPE_MAX_LENGTH", f"Must be {FILES} or fewer in length."))
    if found:
        raise ApiError(50035, *found)


def compose(world: World, channel: Channel, payload: Json, files: list[File], **more: Any) -> Message:
    """Stores a message of the app and tells of it. Everything was checked before."""
    mine = {name: copy.deepcopy(payload.get(name)) or ("" if name == "content" else []) for name in FIELDS}
    message = Message(world.id(), channel.id, channel.guild_id, world.bot.id, **mine, by_app=True, **more)
    message.files = list(files)
    message.tts = bool(payload.get("tts"))
    message.flags |= (payload.get("flags") or 0) & OWN_FLAGS
    finish(world, message)
    note_pings(world, message, payload.get("allowed_mentions"))
    world.add(message)
    events.said(world, message)
    return message


def note_pings(world: World, message: Message, allowed: Any) -> None:
    """Works out who is notified. What answers an interaction notifies nobody by being a reply."""
    reference = {} if message.origin else message.reference or {}
    target = world.channels[message.channel_id].messages.get(reference.get("message_id", ""))
    message.pinged = message.mention_ids = pinged(message.content, allowed, target.author_id if target else None)


def finish(world: World, message: Message) -> None:
    """Adds what Discord adds: ids of components, the type of embeds, addresses in place of attachment://."""
    used = {part.get("id") for part in walk(message.components)}
    free = (number for number in range(1, 10_000) if number not in used)
    for part in walk(message.components):
        if not part.get("id"):
            part["id"] = next(free)
    message.embeds = [{"type": "rich"} | embed for embed in message.embeds]
    known = {f"attachment://{file.filename}": file for file in message.files}
    for part in message.embeds:
        _address(world, message, part, known)


def _address(world: World, message: Message, part: Json, known: dict[str, File]) -> None:
    for each in (part.get("image"), part.get("thumbnail")):
        file = known.get(each.get("url", "")) if isinstance(each, dict) else None
        if file:
            url = f"{world.url}/attachments/{message.channel_id}/{file.id}/{file.filename}"
            each |= {"url": url, "proxy_url": url}


def change(world: World, message: Message, payload: Json, files: list[File]) -> Message:
    """Edits a message of the app: fields that are absent stay, null ones go.

    One that is still loading becomes the answer by it, and may notify.
    """
    check_form(payload, files)
    after = {name: copy.deepcopy(payload.get(name, getattr(message, name))) for name in FIELDS}
    kept = _kept(message, payload)
    if is_empty(after) and not kept and not files:
        raise ApiError(50006)
    loading = message.loading
    if not loading:
        message.keep()
        message.edited_at = time.time()
    message.content, message.flags = after["content"] or "", message.flags & ~LOADING
    message.embeds, message.components = after["embeds"] or [], after["components"] or []
    message.files = kept + files
    finish(world, message)
    if loading:
        note_pings(world, message, payload.get("allowed_mentions"))
    events.edited(world, message)
    return message


def _kept(message: Message, payload: Json) -> list[File]:
    listed = payload.get("attachments", [{"id": file.id} for file in message.files])
    ids = {str(each.get("id")) for each in listed or []}
    return [file for file in message.files if file.id in ids]


def remove(world: World, message: Message) -> None:
    """Deletes a message, whosever it is."""
    world.kept(message).pop(message.id, None)
    events.deleted(world, message)


def granted(world: World) -> bool:
    """Whether the app reads all content over REST."""
    return bool(world.app.flags & CONTENT_GRANTED)


@route("POST /channels/{}/messages")
def create(call: Call) -> Json:
    world, channel, payload = call.world, call.channel(), dict(call.payload)
    _check_place(world, channel)
    payload["embeds"] = _allowed_embeds(world, channel, payload)
    if call.files:
        need(world, channel, "ATTACH_FILES")
    check_form(payload, call.files)
    if is_empty(payload) and not call.files:
        raise ApiError(50006)
    earlier = _earlier(world, channel, payload)
    if earlier:
        return message_json(world, earlier)
    reference = _reference(world, channel, payload.get("message_reference"))
    unarchive(world, channel)
    nonce = None if payload.get("nonce") is None else str(payload["nonce"])
    more = {"nonce": nonce, "reference": reference, "kind": REPLY if reference else 0}
    message = compose(world, channel, payload, call.files, **more)
    if nonce:
        world.nonces[channel.id, nonce] = (time.monotonic(), message.id)
    return message_json(world, message)


def _check_place(world: World, channel: Channel) -> None:
    if not channel.direct:
        need(world, channel, "SEND_MESSAGES_IN_THREADS" if channel.thread else "SEND_MESSAGES")
        check_thread(world, channel)
        return
    other = next((world.users[each] for each in channel.recipients if each != world.bot.id), world.bot)
    if other.stranger and not other.installed and not world.shares_guild(other.id):
        raise ApiError(50278)
    if other.closed:
        raise ApiError(50007)


def check_thread(world: World, channel: Channel, *, editing: bool = False) -> None:
    """Refuses what a locked thread does not take, and edits in an archived one."""
    if channel.archived and editing:
        raise ApiError(50083)
    if channel.locked and not may(world, channel, world.bot.id, "MANAGE_THREADS"):
        raise ApiError(50083 if channel.archived else 160005)


def unarchive(world: World, channel: Channel) -> None:
    """Opens an archived thread, since somebody writes in it."""
    if channel.archived:
        channel.archived = False
        events.changed(world, channel, "THREAD_UPDATE")


def _allowed_embeds(world: World, channel: Channel, payload: Json) -> Any:
    embeds = payload.get("embeds") or []
    if not embeds or may(world, channel, world.bot.id, "EMBED_LINKS"):
        return embeds
    if is_empty(payload | {"embeds": []}):
        raise ApiError(50013)
    return []


def _earlier(world: World, channel: Channel, payload: Json) -> Message | None:
    at, message_id = world.nonces.get((channel.id, str(payload.get("nonce"))), (0.0, ""))
    fresh = payload.get("enforce_nonce") and time.monotonic() - at < NONCE_SECONDS
    return channel.messages.get(message_id) if fresh else None


def _reference(world: World, channel: Channel, reference: Any) -> Json | None:
    if not reference:
        return None
    if not channel.direct and not may(world, channel, world.bot.id, "READ_MESSAGE_HISTORY"):
        raise ApiError(160002, status=403)
    target = str(reference.get("message_id"))
    if str(reference.get("channel_id") or channel.id) != channel.id or target not in channel.messages:
        if reference.get("fail_if_not_exists", True):
            raise ApiError(50035, _GONE)
        return None
    known: Json = {"type": 0, "channel_id": channel.id, "message_id": target}
    return known | ({"guild_id": channel.guild_id} if channel.guild_id else {})


def _message(call: Call) -> Message:
    channel = call.channel()
    if not channel.direct:
        need(call.world, channel)
    message = channel.messages.get(call.ids[1])
    if message is None:
        raise ApiError(10008)
    return message


@route("PATCH /channels/{}/messages/{}")
def edit(call: Call) -> Json:
    message = _message(call)
    if message.loading:
        raise ApiError(10008)
    if message.author_id != call.world.bot.id:
        raise ApiError(50005)
    channel = call.world.channels[message.channel_id]
    check_thread(call.world, channel, editing=True)
    payload = dict(call.payload)
    if payload.get("embeds") and not channel.direct and not may(call.world, channel, call.world.bot.id, "EMBED_LINKS"):
        payload["embeds"] = []
    return message_json(call.world, change(call.world, message, payload, call.files))


@route("DELETE /channels/{}/messages/{}")
def delete(call: Call) -> None:
    message = _message(call)
    channel = call.world.channels[message.channel_id]
    own = message.author_id == call.world.bot.id
    if not own and (channel.direct or not may(call.world, channel, call.world.bot.id, "MANAGE_MESSAGES")):
        raise ApiError(50013 if not channel.direct else 50003, status=403)
    remove(call.world, message)


@route("PUT /channels/{}/messages/{}/reactions/{}/@me")
def react(call: Call) -> None:
    message, channel = _message(call), call.channel()
    _check_history(call, channel)
    if not channel.direct:
        need(call.world, channel, "ADD_REACTIONS")
    if call.ids[2] not in message.reactions:
        message.reactions.append(call.ids[2])


@route("GET /channels/{}/messages/{}")
def get(call: Call) -> Json:
    message = _message(call)
    _check_history(call, call.channel())
    return message_json(call.world, message, granted=granted(call.world))


@route("GET /channels/{}/messages")
def history(call: Call) -> list[Json]:
    channel = call.channel()
    _check_history(call, channel)
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise ApiError(50035, Violation("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100."))
    chosen = _slice(list(channel.messages.values()), call.query, limit)
    return [message_json(call.world, message, granted=granted(call.world)) for message in reversed(chosen)]


def _check_history(call: Call, channel: Channel) -> None:
    if not channel.direct:
        need(call.world, channel)
        if not may(call.world, channel, call.world.bot.id, "READ_MESSAGE_HISTORY"):
            raise ApiError(50001)


def _slice(kept: list[Message], query: dict[str, str], limit: int) -> list[Message]:
    if "after" in query:
        return [message for message in kept if int(message.id) > int(query["after"])][:limit]
    if "around" in query:
        middle = int(query["around"])
        before = [message for message in kept if int(message.id) < middle][-(limit // 2) :]
        return before + [message for message in kept if int(message.id) >= middle][: limit - len(before)]
    if "before" in query:
        return [message for message in kept if int(message.id) < int(query["before"])][-limit:]
    return kept[-limit:]
