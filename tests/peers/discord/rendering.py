"""What people, guilds, channels and messages are on the wire."""

from datetime import UTC, datetime
from typing import Any

from tests.peers.discord.mentions import named
from tests.peers.discord.permissions import permissions
from tests.peers.discord.state import DM, Channel, File, Guild, Json, Message, User, World

MESSAGE_CONTENT = 1 << 15
READS_ALL = 1 << 19  # the flag of an app that may read what does not mention it
CONTENT_GRANTED = (1 << 18) | READS_ALL
JOINED = "2026-01-01T00:00:00.000000+00:00"


def stamp(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def created(snowflake: str) -> float:
    """When an id was made, in seconds since 1970."""
    return ((int(snowflake) >> 22) + 1_420_070_400_000) / 1000


def user_json(user: User) -> Json:
    shown: Json = {"id": user.id, "username": user.name, "global_name": user.name, "discriminator": "0"}
    shown |= {"avatar": None, "public_flags": 0, "clan": None, "avatar_decoration_data": None}
    return shown | ({"bot": True} if user.is_bot else {})


def member_json(world: World, guild: Guild, user_id: str, *, user: bool = True) -> Json:
    """A person as a member of a guild; with the person unless that stands beside it."""
    shown: Json = {"roles": guild.members.get(user_id, []), "joined_at": JOINED, "deaf": False, "mute": False}
    shown |= {"flags": 0, "nick": None, "avatar": None, "pending": False, "premium_since": None}
    shown |= {"communication_disabled_until": None, "banner": None}
    return shown | ({"user": user_json(world.users[user_id])} if user else {})


def role_json(guild: Guild) -> list[Json]:
    extra = {"color": 0, "hoist": False, "position": 0, "managed": False, "mentionable": False, "flags": 0}
    roles = guild.roles.values()
    return [{"id": role.id, "name": role.name, "permissions": str(role.permissions), **extra} for role in roles]


def guild_json(world: World, guild: Guild) -> Json:
    shown: Json = {"id": guild.id, "name": guild.name, "icon": None, "owner_id": guild.owner_id, "features": []}
    shown |= {"roles": role_json(guild), "emojis": [], "stickers": [], "preferred_locale": "en-US"}
    shown |= {"verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0}
    shown |= {"mfa_level": 0, "nsfw_level": 0, "premium_tier": 0, "system_channel_flags": 0, "afk_timeout": 300}
    return shown | {"approximate_member_count": len(guild.members), "max_members": 500_000, "description": None}


def joined_json(world: World, guild: Guild) -> Json:
    """A guild as GUILD_CREATE brings it to an app without the intent for members."""
    here = [channel for channel in world.channels.values() if channel.guild_id == guild.id]
    shown = guild_json(world, guild) | {"joined_at": JOINED, "large": False, "unavailable": False}
    shown |= {"member_count": len(guild.members), "members": [member_json(world, guild, world.bot.id)]}
    shown["channels"] = [channel_json(world, channel) for channel in here if not channel.thread]
    shown["threads"] = [channel_json(world, channel) for channel in here if channel.thread and not channel.archived]
    empty = ("voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds")
    return shown | {name: [] for name in empty}


def channel_json(world: World, channel: Channel, *, recipients: bool = True) -> Json:
    """A channel; the recipients of a DM stay away in interactions, as Discord has it."""
    shown: Json = {"id": channel.id, "type": channel.kind, "flags": 0, "last_message_id": channel.last_message_id}
    if channel.direct:
        others = [user_json(world.users[each]) for each in channel.recipients if each != world.bot.id]
        return shown | ({"recipients": others} if recipients else {})
    shown |= {"guild_id": channel.guild_id, "name": channel.name, "parent_id": channel.parent_id}
    shown |= {"rate_limit_per_user": 0, "nsfw": False}
    if channel.thread:
        return shown | _thread(channel)
    guild = world.guilds[channel.guild_id or ""]
    over = [
        {
            "id": target,
            "type": 0 if target in guild.roles else 1,
            "allow": str(channel.allowed.get(target, 0)),
            "deny": str(channel.denied.get(target, 0)),
        }
        for target in {**channel.denied, **channel.allowed}
    ]
    return shown | {"position": 0, "topic": None, "permission_overwrites": over}


def _thread(channel: Channel) -> Json:
    meta: Json = {"archived": channel.archived, "locked": channel.locked, "auto_archive_duration": 1440}
    meta |= {"archive_timestamp": stamp(created(channel.id)), "create_timestamp": stamp(created(channel.id))}
    count = len(channel.messages)
    shown: Json = {"owner_id": channel.owner_id, "thread_metadata": meta, "message_count": count}
    return shown | {"member_count": 1, "total_message_sent": count, "applied_tags": []}


def placed_json(world: World, channel: Channel, user_id: str) -> Json:
    """A channel as an interaction brings it, with what the person may do there."""
    shown = channel_json(world, channel, recipients=channel.kind != DM)
    return shown | {"permissions": str(permissions(world, channel, user_id))}


def file_json(world: World, channel_id: str, file: File) -> Json:
    url = f"{world.url}/attachments/{channel_id}/{file.id}/{file.filename}"
    shown: Json = {"id": file.id, "filename": file.filename, "size": len(file.content), "url": url, "proxy_url": url}
    shown |= {"content_type": file.content_type, "flags": 0}
    return shown | ({"description": file.description} if file.description else {})


def readable(world: World, message: Message, *, granted: bool) -> bool:
    """Whether the app may read a message's content: its own, a DM's, one that mentions it, or all once granted."""
    own = world.bot.id
    return granted or message.guild_id is None or message.author_id == own or own in message.mention_ids


def message_json(world: World, message: Message, *, granted: bool = True, nested: bool = False) -> Json:
    """A message; without its content where the app may not read it. `nested` leaves out what it answers to."""
    shows = readable(world, message, granted=granted)
    files = [file_json(world, message.channel_id, file) for file in message.files]
    shown: Json = {"id": message.id, "channel_id": message.channel_id, "type": message.kind, "tts": message.tts}
    shown |= {"author": user_json(world.users[message.author_id]), "flags": message.flags, "pinned": False}
    shown |= {"timestamp": stamp(created(message.id)), "edited_timestamp": stamp(message.edited_at)}
    shown |= {"content": message.content if shows else "", "attachments": files if shows else []}
    shown |= {"embeds": message.embeds if shows else [], "components": message.components if shows else []}
    shown |= {"mention_roles": [], "mention_everyone": "everyone" in message.mention_ids}
    shown["mentions"] = [user_json(world.users[each]) for each in message.mention_ids if each in world.users]
    shown["mention_roles"] = [role for role in named(message.content)["roles"] if role in message.mention_ids]
    if message.nonce is not None:
        shown["nonce"] = message.nonce
    if message.by_app:
        shown["application_id"] = world.app.id
    if message.webhook_id:
        shown["webhook_id"] = message.webhook_id
    return shown | _origin(world, message) | ({} if nested else _reference(world, message, granted=granted))


def _origin(world: World, message: Message) -> Json:
    if not message.origin:
        return {}
    return {"webhook_id": world.app.id, **message.origin}


def _reference(world: World, message: Message, *, granted: bool) -> Json:
    if not message.reference:
        return {}
    kept = world.channels[message.channel_id]
    target = message.reference["message_id"]
    found = kept.messages.get(target) or kept.ephemerals.get(target)
    resolved: Any = message_json(world, found, granted=granted, nested=True) if found else None
    return {"message_reference": message.reference, "referenced_message": resolved}


def in_guild(world: World, message: Message) -> Json:
    """What a message's event has beside the message in a guild."""
    guild = world.guilds.get(message.guild_id or "")
    if guild is None:
        return {}
    known = message.author_id in guild.members
    return {"guild_id": guild.id} | (
        {"member": member_json(world, guild, message.author_id, user=False)} if known else {}
    )
