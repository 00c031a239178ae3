"""How an interaction reaches the app."""

import json
import secrets
from typing import Any

from tests.peers.discord.interaction import Interaction
from tests.peers.discord.permissions import bits, permissions
from tests.peers.discord.rendering import member_json, message_json, placed_json, user_json
from tests.peers.discord.state import DM, Channel, Json, Message, User, World

IN_GUILD, IN_BOT_DM, IN_PRIVATE = 0, 1, 2
AS_GUEST = bits("ATTACH_FILES", "EMBED_LINKS", "MENTION_EVERYONE")
ATTACHMENTS = 10 * 1024 * 1024


def owners(world: World, channel: Channel, user: User) -> dict[str, str]:
    """For whom the app is installed there: "0" the guild ("0" again in its DM), "1" the person."""
    guild = world.guild_of(channel)
    found = {"1": user.id} if user.installed else {}
    if guild and world.bot.id in guild.members:
        found["0"] = guild.id
    if world.bot.id in channel.recipients:
        found["0"] = "0"
    assert found, f"the app is not installed there, nor for {user.name}"
    return found


def context(world: World, channel: Channel) -> int:
    if channel.guild_id:
        return IN_GUILD
    return IN_BOT_DM if channel.kind == DM and world.bot.id in channel.recipients else IN_PRIVATE


def interaction(
    world: World,
    kind: int,
    channel: Channel,
    user: User,
    data: Json,
    source: Message | None = None,
) -> Interaction:
    """A new interaction with its payload, not yet told."""
    about = (channel.guild_id, owners(world, channel, user), context(world, channel), data, source)
    made = Interaction(world.id(), f"aW50ZXJhY3Rpb24.{secrets.token_urlsafe(48)}", kind, user.id, channel.id, *about)
    made.payload = json.loads(json.dumps(_payload(world, made, channel, user)))
    world.interactions[made.token] = made
    return made


def _payload(world: World, made: Interaction, channel: Channel, user: User) -> Json:
    shown: Json = {"id": made.id, "application_id": world.app.id, "type": made.kind, "token": made.token, "version": 1}
    shown |= {"data": made.data, "context": made.context, "authorizing_integration_owners": made.owners}
    shown |= {"channel_id": channel.id, "channel": placed_json(world, channel, user.id), "locale": "en-US"}
    shown |= {"entitlements": [], "entitlement_sku_ids": [], "attachment_size_limit": ATTACHMENTS}
    shown["app_permissions"] = str(AS_GUEST if made.guest else permissions(world, channel, world.bot.id))
    if made.source is not None:
        shown["message"] = message_json(world, made.source)
    return shown | _person(world, channel, user)


def _person(world: World, channel: Channel, user: User) -> Json:
    guild = world.guild_of(channel)
    if guild is None:
        return {"user": user_json(user)}
    held = str(permissions(world, channel, user.id))
    about: Any = {"id": guild.id, "locale": "en-US", "features": []}
    member = member_json(world, guild, user.id) | {"permissions": held}
    return {"guild_id": guild.id, "guild": about, "guild_locale": "en-US", "member": member}
