"""How Slack writes what it holds: messages, views, users and channels as the JSON of its answers and events."""

import secrets
from typing import Any

from tests.peers.slack.state import Channel, Json, Message, User, View, World


def message_json(world: World, message: Message, *, metadata: bool = False) -> Json:
    """A message as `conversations.*`, `chat.*` and events show it."""
    optional: Json = {
        "subtype": message.subtype,
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "thread_ts": message.thread_ts,
        "edited": message.edited,
        "blocks": message.blocks or None,
        "files": message.files or None,
        "metadata": message.metadata if metadata else None,
    }
    channel = world.channels[message.channel]
    body: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    body |= {"team": channel.team_id} | {name: value for name, value in optional.items() if value is not None}
    return body | _thread_fields(channel, message)


def _thread_fields(channel: Channel, message: Message) -> Json:
    replies = [reply for reply in channel.thread(message.ts) if reply.ts != message.ts]
    if replies:
        people = list(dict.fromkeys(reply.user for reply in replies))
        counts = {"reply_count": len(replies), "reply_users_count": len(people), "latest_reply": replies[-1].ts}
        return {"thread_ts": message.ts, "reply_users": people, "is_locked": False, "subscribed": False, **counts}
    if message.thread_ts and message.thread_ts in channel.messages:
        return {"parent_user_id": channel.messages[message.thread_ts].user}
    return {}


def view_json(world: World, view: View) -> Json:
    """A view as `views.*` and interactions show it."""
    defaults = {"private_metadata": "", "callback_id": "", "external_id": "", "close": None, "submit": None}
    return {
        "id": view.id,
        "team_id": view.team_id,
        **defaults,
        "clear_on_close": False,
        "notify_on_close": False,
        **view.spec,
        "state": {"values": view.state},
        "hash": view.hash,
        "root_view_id": view.root,
        "app_id": world.app.id,
        "app_installed_team_id": view.team_id,
        "bot_id": world.bot(view.team_id).bot_id,
    }


def user_json(user: User) -> Json:
    """A user as `users.info` shows it."""
    profile = {"display_name": user.name, "real_name": user.name.title(), "email": f"{user.name}@example.com"}
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.name.title(),
        "deleted": False,
        "tz": "Europe/Berlin",
        "is_bot": user.is_bot,
        "is_app_user": False,
        "profile": profile | ({"bot_id": user.bot_id} if user.is_bot else {}),
    }


def channel_json(channel: Channel, bot: str) -> Json:
    """A channel as `conversations.info` shows it."""
    flags = {f"is_{kind}": channel.kind == kind for kind in ("channel", "group", "im", "mpim")}
    common = {"id": channel.id, "is_archived": channel.archived, "context_team_id": channel.team_id, **flags}
    if channel.kind == "im":
        return common | {"user": next(member for member in channel.members if member != bot), "is_open": True}
    is_member = bot in channel.members
    return common | {"name": channel.name, "is_private": channel.kind != "channel", "is_member": is_member}


def stored_blocks(blocks: list[Json]) -> list[Json]:
    """The blocks as Slack keeps them: with ids where the app gave none."""
    return [_stored_block(block) for block in blocks]


def _stored_block(block: Json) -> Json:
    kept: Json = {"block_id": secrets.token_urlsafe(4)} | block
    for name in ("accessory", "element"):
        if isinstance(kept.get(name), dict):
            kept[name] = _stored_element(kept[name])
    if kept["type"] in ("actions", "context_actions"):
        kept["elements"] = [_stored_element(element) for element in kept["elements"]]
    return kept


def _stored_element(element: Json) -> Json:
    return element if element.get("type") == "image" else {"action_id": secrets.token_urlsafe(4)} | element


def rich_text(text: str) -> list[Json]:
    """What a person's words look like in `blocks`."""
    inner: list[Any] = [{"type": "text", "text": text}]
    section = {"type": "rich_text_section", "elements": inner}
    return [{"type": "rich_text", "block_id": secrets.token_urlsafe(4), "elements": [section]}]
