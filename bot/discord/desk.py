"""The consultants' channel on Discord: who may act there, whether the bot can post, threads under cards, and files."""

import asyncio
import io
from collections.abc import Sequence
from typing import Final

import discord
from aiohttp import ClientError

from bot.discord.names import PERMISSIONS
from bot.discord.refusals import NO_PLACE, UNKNOWN_MESSAGE
from bot.discord.rendering import Rendering
from bot.discord.wording import escape
from bot.errors import BotError
from bot.store.post import File
from bot.store.records import Delivery

WEEK: Final = 10_080  # minutes until Discord puts a thread away, the longest that it takes
HAS_THREAD = 160004  # the code for a message that has a thread already


async def may_see(client: discord.Client, channel: int, user: int) -> bool:
    """Whether a person is in a channel's server, and may see the channel."""
    found = await client.fetch_channel(channel)
    if not isinstance(found, discord.abc.GuildChannel):
        return False
    guild = await client.fetch_guild(found.guild.id)
    try:
        member, here = await asyncio.gather(guild.fetch_member(user), guild.fetch_channel(channel))
    except discord.NotFound:
        return False
    return here.permissions_for(member).view_channel  # of the channel as it knows the server's roles


async def checked(client: discord.Client, channel: str) -> str:
    """What is well with the consultants' channel. Raises BotError, saying what to do."""
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


async def post_below(client: discord.Client, delivery: Delivery, content: Rendering | File) -> str:
    """Posts in the thread under a card, which begins with its first post; below the card where there can be none.

    Returns the thread's id with the post's.
    """
    thread, channel = str(delivery.address.thread), str(delivery.address.channel)
    for attempt in range(2):
        try:
            if attempt:
                await _begin_thread(client, int(channel), int(thread), delivery.thread_name)
            return await _post(client, thread, delivery, content)
        except discord.HTTPException as error:
            if error.code not in (UNKNOWN_MESSAGE, *NO_PLACE):
                raise
    return await _post(client, channel, delivery, content)


async def _begin_thread(client: discord.Client, channel: int, card: int, name: str) -> None:
    """Begins the thread under a card, unless it has one."""
    try:
        await client.http.start_thread_with_message(channel, card, name=name, auto_archive_duration=WEEK)
    except discord.HTTPException as error:
        if error.code != HAS_THREAD:
            raise


def with_file(own: Sequence[discord.Message], name: str) -> str | None:
    """Return the name of the post with a file of that name, among messages of the bot's."""
    for message in own:
        if any(file.filename == name for file in message.attachments):
            return str(message.id)
    return None


async def _post(client: discord.Client, channel: str, delivery: Delivery, content: Rendering | File) -> str:
    place = client.get_partial_messageable(int(channel))
    if isinstance(content, File):
        file = discord.File(io.BytesIO(content.text.encode()), content.name)
        sent = await place.send(escape(content.comment), file=file, nonce=delivery.marker)
    else:
        sent = await place.send(**content.options, nonce=delivery.marker)
    return f"{channel}/{sent.id}"
