"""The `conversations.*`, `users.*` and `bots.*` methods: who and what there is, and what was said."""

import base64

from tests.peers.slack.calls import ApiError, Call, method
from tests.peers.slack.events import KINDS
from tests.peers.slack.rendering import channel_json, message_json, user_json
from tests.peers.slack.state import Channel, Json, Message

PAGE = 100
LARGEST_PAGE = 999


def page(call: Call, found: list[Json], name: str) -> Json:
    """One page of what was found, and the cursor to the next."""
    size = min(call.number("limit", PAGE), LARGEST_PAGE)
    start = _offset(call)
    more = start + size < len(found)
    cursor = base64.b64encode(f"offset:{start + size}".encode()).decode() if more else ""
    return {name: found[start : start + size], "has_more": more, "response_metadata": {"next_cursor": cursor}}


def _offset(call: Call) -> int:
    cursor = call.text("cursor")
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("offset:"))
    except ValueError as error:
        raise ApiError("invalid_cursor") from error


def _within(call: Call, message: Message) -> bool:
    oldest, latest = call.text("oldest"), call.text("latest")
    ts = float(message.ts)
    if call.flag("inclusive"):
        return float(oldest or 0) <= ts <= float(latest or "inf")
    return float(oldest or 0) < ts < float(latest or "inf")


def _readable(call: Call) -> Channel:
    channel = call.channel()
    call.need(f"{KINDS[channel.kind]}:history")
    if call.install.bot.id not in channel.members:
        raise ApiError("not_in_channel")
    return channel


@method("conversations.history")
def history(call: Call) -> Json:
    channel = _readable(call)
    shown = [
        message_json(call.world, message, metadata=call.flag("include_all_metadata"))
        for message in reversed(channel.messages.values())
        if message.thread_ts in (None, message.ts)
        if _within(call, message)
    ]
    return page(call, shown, "messages") | {"pin_count": 0}


@method("conversations.replies")
def replies(call: Call) -> Json:
    channel = _readable(call)
    first = channel.messages.get(call.required("ts"))
    if first is None:
        raise ApiError("thread_not_found")
    found = [m for m in channel.thread(first.ts) if m.ts == first.ts or _within(call, m)]
    flag = call.flag("include_all_metadata")
    return page(call, [message_json(call.world, message, metadata=flag) for message in found], "messages")


@method("conversations.info")
def info(call: Call) -> Json:
    channel = call.channel()
    call.need(f"{KINDS[channel.kind]}:read")
    shown = channel_json(channel, call.install.bot.id)
    return {"channel": shown | ({"num_members": len(channel.members)} if call.flag("include_num_members") else {})}


@method("conversations.members")
def members(call: Call) -> Json:
    channel = call.channel()
    call.need(f"{KINDS[channel.kind]}:read")
    listed = page(call, [{"id": member} for member in channel.members], "members")
    return listed | {"members": [member["id"] for member in listed["members"]]}


@method("conversations.open", "im:write")
def open_conversation(call: Call) -> Json:
    users = (call.text("users") or "").split(",")
    if call.text("channel"):
        channel = call.channel()
        if not channel.direct:
            raise ApiError("method_not_supported_for_channel_type")
    elif users == [""]:
        raise ApiError("users_list_not_supplied")
    else:
        channel = _conversation_with(call, users)
    body = channel_json(channel, call.install.bot.id) if call.flag("return_im") else {"id": channel.id}
    return {"channel": body}


def _conversation_with(call: Call, users: list[str]) -> Channel:
    known = call.world.users
    if any(user not in known or known[user].team_id != call.team_id for user in users):
        raise ApiError("user_not_found")
    if len(users) > 1:
        raise ApiError("missing_scope", needed="mpim:write", provided=",".join(call.install.scopes))
    if known[users[0]].is_bot:
        raise ApiError("cannot_dm_bot")
    return call.world.direct(call.team_id, users[0])


@method("users.info", "users:read")
def user_info(call: Call) -> Json:
    return {"user": user_json(call.user("user"))}
