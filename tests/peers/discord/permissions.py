"""Who may do what where: permission bits and how they are taken together."""

from tests.peers.discord.errors import ApiError
from tests.peers.discord.state import Channel, World

BITS = {
    "ADMINISTRATOR": 1 << 3,
    "MANAGE_GUILD": 1 << 5,
    "ADD_REACTIONS": 1 << 6,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MENTION_EVERYONE": 1 << 17,
    "USE_APPLICATION_COMMANDS": 1 << 31,
    "MANAGE_THREADS": 1 << 34,
    "CREATE_PUBLIC_THREADS": 1 << 35,
    "CREATE_PRIVATE_THREADS": 1 << 36,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
    "USE_EXTERNAL_APPS": 1 << 50,
}
ALL = (1 << 53) - 1
RARE = ("ADMINISTRATOR", "MANAGE_GUILD", "MANAGE_MESSAGES", "MENTION_EVERYONE", "MANAGE_THREADS")
EVERYONE = sum(bit for name, bit in BITS.items() if name not in RARE)
IN_DM = EVERYONE | BITS["MENTION_EVERYONE"]


def bits(*names: str) -> int:
    return sum(BITS[name] for name in set(names))


def guild_permissions(world: World, guild_id: str, user_id: str) -> int:
    """What this person may do in the guild at large."""
    guild = world.guilds[guild_id]
    if user_id == guild.owner_id:
        return ALL
    if user_id not in guild.members:
        return 0
    held = guild.roles[guild.id].permissions
    for role in guild.members[user_id]:
        held |= guild.roles[role].permissions
    return ALL if held & BITS["ADMINISTRATOR"] else held


def permissions(world: World, channel: Channel, user_id: str) -> int:
    """What this person may do in this channel. A thread follows its parent."""
    if channel.guild_id is None:
        return IN_DM if user_id in channel.recipients else 0
    held = guild_permissions(world, channel.guild_id, user_id)
    if held == ALL:
        return held
    place = world.channels[channel.parent_id] if channel.thread and channel.parent_id else channel
    roles = world.guilds[channel.guild_id].members.get(user_id, [])
    for target in (channel.guild_id, *roles, user_id):
        held = held & ~place.denied.get(target, 0) | place.allowed.get(target, 0)
    return held if held & BITS["VIEW_CHANNEL"] else 0


def may(world: World, channel: Channel, user_id: str, name: str) -> bool:
    return bool(permissions(world, channel, user_id) & BITS[name])


def need(world: World, channel: Channel, *names: str) -> None:
    """Refuses what the bot may not do: 50001 where it sees nothing, 50013 where it lacks a permission."""
    held = permissions(world, channel, world.bot.id)
    if not held & BITS["VIEW_CHANNEL"]:
        raise ApiError(50001)
    if any(not held & BITS[name] for name in names):
        raise ApiError(50013)
