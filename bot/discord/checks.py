"""Checks for the doctor: the token, what the bot may do in its servers, and the consultants' channel."""

import asyncio

import discord
from aiohttp import ClientError

from bot.delivery.ports import RefusedError
from bot.discord.names import PERMISSIONS
from bot.discord.rest import Rest
from bot.errors import BotError

MAX_SERVERS = 200  # that are looked at


async def check_token(rest: Rest) -> str:
    """Asks Discord whether it knows the token, and what the bot may do in its servers.

    Raises BotError, saying what to do.
    """
    try:
        client = await rest.client()
        guilds = await client.http.get_guilds(MAX_SERVERS, with_counts=False)
    except RefusedError as error:
        raise BotError(str(error)) from error
    except (discord.HTTPException, ClientError, OSError) as error:
        raise BotError("Discord cannot be reached; check the network and DISCORD_API_URL") from error
    lacking = [f"{guild['name']}: {missing}" for guild in guilds if (missing := _missing(guild["permissions"]))]
    if lacking:
        raise BotError(
            f"permissions are missing in {'; '.join(lacking)}; invite the bot again: rag-or-tune discord invite"
        )
    threads = "also" if reads_all(client) else "not"
    return f"{client.user} in {len(guilds)} server(s); in threads it does {threads} hear what does not mention it"


def reads_all(client: discord.Client) -> bool:
    """Return True if the message content intent is on; nothing needs it."""
    flags = client.application_flags
    return flags.gateway_message_content or flags.gateway_message_content_limited


def _missing(permissions: str) -> str:
    """The names of what a guild does not let the bot do."""
    granted = discord.Permissions(int(permissions))
    if granted.administrator:
        return ""
    wanted = (name for name, is_wanted in PERMISSIONS if is_wanted)
    return ", ".join(name.replace("_", " ") for name in wanted if not getattr(granted, name))


async def may_see(client: discord.Client, channel: int, user: int) -> bool:
    """Return True if a person is in a channel's server, and may see the channel."""
    found = await client.fetch_channel(channel)
    if not isinstance(found, discord.abc.GuildChannel):
        return False
    guild = await client.fetch_guild(found.guild.id)
    try:
        member, here = await asyncio.gather(guild.fetch_member(user), guild.fetch_channel(channel))
    except discord.NotFound:
        return False
    return here.permissions_for(member).view_channel  # of the channel as it knows the server's roles


async def check_channel(client: discord.Client, channel: str) -> str:
    """Describe the consultants' channel if the bot can work there. Raises BotError, saying what to do."""
    named = f"CONSULTANT_DISCORD_CHANNEL {channel}"
    try:
        found = await client.fetch_channel(int(channel))
        if not isinstance(found, discord.TextChannel) or client.user is None:
            raise BotError(f"{named} is no text channel of a server; copy the id of one")
        guild = await client.fetch_guild(found.guild.id)
        here = await guild.fetch_channel(found.id)  # with the server's roles
        lacking = PERMISSIONS.value & ~here.permissions_for(await guild.fetch_member(client.user.id)).value
    except (discord.NotFound, discord.Forbidden) as error:
        raise BotError(f"{named} cannot be seen; copy its id, and let the bot's role into the channel") from error
    except (discord.HTTPException, ClientError, OSError) as error:
        raise BotError(f"{named} could not be asked for; try again") from error
    if lacking:
        names = ", ".join(name.replace("_", " ") for name, is_lacking in discord.Permissions(lacking) if is_lacking)
        raise BotError(f"in {named} the bot's role lacks: {names}")
    if here.permissions_for(guild.default_role).view_channel:
        raise BotError(
            f"{named} is open to everybody in {guild.name}, and who sees it is a consultant: make it private"
        )
    return f"consultants in #{found.name}"
