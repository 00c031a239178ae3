"""What the app is told over the gateway when something changes."""

from tests.peers.discord.permissions import may
from tests.peers.discord.rendering import channel_json, in_guild, joined_json, message_json
from tests.peers.discord.state import Channel, Guild, Json, Message, World


def heard(world: World, channel: Channel) -> bool:
    """Whether the bot sees what happens in a channel."""
    return world.bot.id in channel.recipients if channel.direct else may(world, channel, world.bot.id, "VIEW_CHANNEL")


def said(world: World, message: Message, name: str = "MESSAGE_CREATE") -> None:
    """Tells of a message, new or changed (MESSAGE_UPDATE), to those who may read it."""
    if message.ephemeral or not heard(world, world.channels[message.channel_id]):
        return
    extra = in_guild(world, message) | {"channel_type": world.channels[message.channel_id].kind}
    world.publish(name, message.guild_id, lambda s: message_json(world, message, granted=s.reads_content) | extra)


def edited(world: World, message: Message) -> None:
    said(world, message, "MESSAGE_UPDATE")


def deleted(world: World, message: Message) -> None:
    if message.ephemeral or not heard(world, world.channels[message.channel_id]):
        return
    body: Json = {"id": message.id, "channel_id": message.channel_id}
    body |= {"guild_id": message.guild_id} if message.guild_id else {}
    world.publish("MESSAGE_DELETE", message.guild_id, lambda _session: body)


def purged(world: World, channel: Channel, ids: list[str]) -> None:
    """Messages were deleted at once."""
    if heard(world, channel):
        body: Json = {"ids": ids, "channel_id": channel.id} | (
            {"guild_id": channel.guild_id} if channel.guild_id else {}
        )
        world.publish("MESSAGE_DELETE_BULK", channel.guild_id, lambda _session: body)


def changed(world: World, channel: Channel, name: str) -> None:
    """Tells of a channel or thread: CHANNEL_CREATE, CHANNEL_UPDATE, THREAD_CREATE, …"""
    guild = world.guild_of(channel)
    if guild and world.bot.id in guild.members:
        body = channel_json(world, channel) | ({"newly_created": True} if name == "THREAD_CREATE" else {})
        world.publish(name, channel.guild_id, lambda _session: body)


def joined(world: World, guild: Guild) -> None:
    if world.bot.id in guild.members:
        world.publish("GUILD_CREATE", guild.id, lambda _session: joined_json(world, guild))
