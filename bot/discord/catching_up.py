"""What was said while the bot did not listen, where it has been spoken to before."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import discord

from bot.store.inbox import Inbox

log = logging.getLogger(__name__)

KNOWN = timedelta(days=30)  # since somebody spoke to the bot in a channel
MOST = 100  # messages of a channel
OLDEST = timedelta(days=1)  # of a message that is still answered


async def missed(client: discord.AutoShardedClient, shard: int, inbox: Inbox) -> AsyncIterator[discord.Message]:
    """The messages of the last day that came after the last known one of each channel of a shard, its oldest first."""
    day_ago = discord.utils.time_snowflake(discord.utils.utcnow() - OLDEST)
    for channel, last in (await _last_known(client, shard, inbox)).items():
        after = discord.Object(max(last, day_ago))
        try:
            place = client.get_channel(channel) or await client.fetch_channel(channel)
            if isinstance(place, discord.abc.Messageable):
                async for said in place.history(limit=MOST, after=after):
                    yield said
        except (discord.HTTPException, discord.InvalidData) as error:
            log.info("a channel cannot be read any more: %s", type(error).__name__)


async def _last_known(client: discord.AutoShardedClient, shard: int, inbox: Inbox) -> dict[int, int]:
    """The last message that the bot was told, by channel."""
    last = dict[int, int]()
    for tenant, name in await inbox.names("discord", KNOWN):
        channel, message = map(int, name.split("/"))
        if _shard_of(tenant, client.shard_count or 1) == shard:
            last[channel] = max(last.get(channel, 0), message)
    return last


def _shard_of(tenant: str, shards: int) -> int:
    """The shard that hears of a tenant; of direct messages it is the first."""
    guild = tenant.partition(":")[2]
    return 0 if guild.startswith("@") else (int(guild) >> 22) % shards
