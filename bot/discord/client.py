"""The bot on Discord's gateway: hears, and hands on."""

import asyncio
import logging
from datetime import datetime

import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from yarl import URL

from bot.chat.adapter import Heard
from bot.chat.service import Service
from bot.discord.catching_up import missed, missed_of_requests
from bot.discord.clicking import Pressed
from bot.discord.commands import add_commands, synced
from bot.discord.editing import deleted, edited
from bot.discord.handoff import deletion_was_passed_on, is_passed_on, submitted, was_passed_on
from bot.discord.hearing import heard, tenant_of
from bot.store.retrying import persistently

log = logging.getLogger(__name__)

HEARING = (
    "discord.py: on_message",
    "discord.py: on_raw",
    "discord.py: on_interaction",
    "discord-ui-dynamic-item",
    "CommandTree-invoker",
)
STOPPING = 5.0  # seconds that leaving waits for what is being heard


class DiscordBot(discord.AutoShardedClient):
    """Discord's events, on as many shards as Discord demands. It keeps no messages and no members."""

    def __init__(self, service: Service, article_url: str | None, *, reads_all: bool) -> None:
        """With `reads_all` it also hears what is said in threads without mentioning it, as the app must be allowed."""
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=reads_all)
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )
        self.service = service
        self.article_url = article_url
        self._since = dict[int, datetime]()  # by shard, when its session began
        self.tree = app_commands.CommandTree(self)
        add_commands(self.tree, service, article_url)

    async def setup_hook(self) -> None:
        """Before it connects: what buttons do, and which commands there are."""
        self.add_dynamic_items(Pressed)
        _, gateway, _ = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway)  # where discord.py goes when a session cannot be resumed
        try:
            await synced(self, self.tree)
        except discord.DiscordException as error:  # messages are answered all the same
            log.warning("Discord could not be told of the commands: %s", type(error).__name__)

    async def on_shard_connect(self, shard: int) -> None:
        """A new session begins; what comes from now on is heard anyway."""
        self._since[shard] = self.service.flow.store.database.clock()

    async def close(self) -> None:
        """Lets what is being heard come to its end, then leaves."""
        if busy := [task for task in asyncio.all_tasks() if task.get_name().startswith(HEARING)]:
            await asyncio.wait(busy, timeout=STOPPING)
        await super().close()

    async def on_shard_ready(self, shard: int) -> None:
        """It listens anew. What was said meanwhile is asked for: Discord repeats only what a living session missed."""
        conversations, clock = self.service.flow.store.conversations, self.service.flow.store.database.clock
        async for said in missed(self, shard, conversations, self._since.get(shard, clock())):
            await self._heard_late(said)
        async for said in missed_of_requests(self, shard, self.service.handoff.channels, self.service.flow.store.leads):
            await self._heard_late(said)

    async def _heard_late(self, said: discord.Message) -> None:
        try:
            await self.on_message(said)
        except Exception:
            log.exception("a message that was missed could not be heard")

    async def on_message(self, said: discord.Message) -> None:
        """Somebody said something."""
        if self.user is None or await is_passed_on(said, self.user, self.service):
            return
        if (words := heard(said, self.user)) and (words.is_addressed or await self._follows_up(words)):
            await persistently(self.service.flow.accept, words.message)  # Discord says it once

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """Somebody changed what they said."""
        if self.user is None or event.message.author == self.user:
            return
        if not await was_passed_on(event.message, self.user, self.service):
            await edited(event.message, self.user, self.service.flow)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Somebody took back what they said."""
        await self._deleted(event.guild_id, event.channel_id, event.message_id)

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """A moderator took back what was said."""
        for message in event.message_ids:
            await self._deleted(event.guild_id, event.channel_id, message)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Somebody sent a form; commands and clicks go their own ways."""
        if interaction.type is discord.InteractionType.modal_submit:
            await submitted(interaction, self.service, self.article_url)

    async def _deleted(self, guild: int | None, channel: int, message: int) -> None:
        if not await deletion_was_passed_on(guild, channel, message, self.service):
            await deleted(tenant_of(guild, channel), channel, message, self.service.flow, self)

    async def _follows_up(self, words: Heard) -> bool:
        inbox = self.service.flow.store.inbox
        return await persistently(inbox.follows_up, words.message, is_for_others=words.is_for_others)
