"""Messages that were missed while the bot was away, where it has been spoken to before."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import discord

from bot.delivery.ports import platform_of
from bot.discord.api_errors import TROUBLE
from bot.handoff.channel import DeskChannel
from bot.handoff.ticket import REACHABLE
from bot.store.conversations import Conversations
from bot.store.leads import Leads
from bot.store.records import Lead
from bot.store.retrying import persistently

log = logging.getLogger(__name__)

KNOWN = timedelta(days=7)  # since somebody spoke to the bot in a channel
MOST = 100  # messages of a channel, the newest
OLDEST = timedelta(days=1)  # of a message that is still answered


class CatchingUp:
    """What a shard's new session has to catch up on: in each channel before anything newer is heard there.

    So the last message that is known of a channel has none before it that was missed, even if this session ends
    before it has caught up: the next one goes on there.
    """

    def __init__(
        self,
        client: discord.AutoShardedClient,
        shard: int,
        conversations: Conversations,
        until: datetime,
        hear: Callable[[discord.Message], Awaitable[None]],
    ) -> None:
        """`until` is the session's begin; `hear` takes a message that was missed, and raises nothing."""
        self._client = client
        self._hear = hear
        self._known = asyncio.create_task(_last_known(client, shard, conversations, until))
        self._channels = dict[int, asyncio.Task[None]]()
        self._is_over = False

    async def everywhere(self) -> None:
        """Catch up in all channels, one after the other."""
        for channel, last in (await asyncio.shield(self._known)).items():
            await self._in_channel(channel, last)

    async def before(self, message: discord.Message) -> None:
        """Catch up in a message's channel, unless it has been done; raise CancelledError if the next session will."""
        last = (await asyncio.shield(self._known)).get(message.channel.id)
        if last is not None and message.id > last:
            await self._in_channel(message.channel.id, last)

    def end(self) -> None:
        """Leave the rest to the next session, and with it what waits to be heard in the same channels."""
        self._is_over = True
        for task in (self._known, *self._channels.values()):
            task.cancel()

    async def _in_channel(self, channel: int, last: int) -> None:
        if channel not in self._channels:
            if self._is_over:
                raise asyncio.CancelledError
            self._channels[channel] = asyncio.create_task(self._hear_missed(channel, last))
        await asyncio.shield(self._channels[channel])

    async def _hear_missed(self, channel: int, last: int) -> None:
        """Hear a channel's messages after the last known one: of the last day, the newest MOST, the oldest first."""
        day_ago = discord.utils.time_snowflake(discord.utils.utcnow() - OLDEST)
        try:
            for said in await _since(self._client, channel, discord.Object(max(last, day_ago))):
                await self._hear(said)
        except Exception:
            log.exception("what was said in a channel meanwhile could not be heard")  # what is said now still can


async def missed_replies(
    client: discord.AutoShardedClient, shard: int, channels: Sequence[DeskChannel], leads: Leads
) -> AsyncIterator[discord.Message]:
    """Yield the messages of the last day between users and consultants in the channels of a shard.

    What was heard before is among it; its keys tell.
    """
    day_ago = discord.Object(discord.utils.time_snowflake(discord.utils.utcnow() - OLDEST))
    desk = next((int(each.channel) for each in channels if each.platform == "discord"), 0)
    place = client.get_channel(desk)
    has_desk = isinstance(place, discord.abc.GuildChannel) and place.guild.shard_id == shard
    for lead in await persistently(leads.all, sorted(REACHABLE)):
        card = await persistently(leads.card, lead)
        if has_desk and card and card.sent_as and card.platform == "discord":
            for said in await _since(client, int(card.sent_as), day_ago):
                yield said
        if channel := await _told_in(client, lead, shard):
            for said in await _since(client, channel, day_ago):
                yield said


async def _told_in(client: discord.AutoShardedClient, lead: Lead, shard: int) -> int:
    """Return the channel in which a user of this shard hears of their request; 0 for others."""
    if platform_of(lead.tenant) != "discord":
        return 0
    if lead.address.channel:
        return int(lead.address.channel) if _shard_of(lead.tenant, client.shard_count or 1) == shard else 0
    if shard:
        return 0  # direct messages are of the first
    try:
        return (await client.create_dm(discord.Object(int(lead.user)))).id
    except TROUBLE as error:
        log.warning("a user's direct messages cannot be opened: %s", type(error).__name__)
        return 0


async def _since(client: discord.Client, channel: int, after: discord.Object) -> list[discord.Message]:
    try:
        place = client.get_channel(channel) or await client.fetch_channel(channel)
        if not isinstance(place, discord.abc.Messageable):
            return []
        newest = [said async for said in place.history(limit=MOST, after=after, oldest_first=False)]
    except TROUBLE as error:
        log.warning("what was said in a channel meanwhile cannot be read: %s", type(error).__name__)
        return []
    return newest[::-1]


async def _last_known(
    client: discord.AutoShardedClient, shard: int, conversations: Conversations, until: datetime
) -> dict[int, int]:
    """Return the last message that was heard before `until`, by channel."""
    last = dict[int, int]()
    for tenant, name in await persistently(conversations.last_names, "discord", until - KNOWN, until):
        channel, message = map(int, name.split("/"))
        if _shard_of(tenant, client.shard_count or 1) == shard:
            last[channel] = max(last.get(channel, 0), message)
    return last


def _shard_of(tenant: str, shards: int) -> int:
    """The shard that hears of a tenant; of direct messages it is the first."""
    guild = tenant.partition(":")[2]
    return 0 if guild.startswith("@") else (int(guild) >> 22) % shards
