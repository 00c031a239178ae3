"""The bot on Discord's gateway: hears, and hands on."""

import asyncio
import logging
import re
from typing import Any

import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from yarl import URL

from bot.chat.listener import Service
from bot.discord.api_errors import TROUBLE
from bot.discord.catching_up import CatchingUp, missed_replies
from bot.discord.commands import add_commands, sync_commands
from bot.discord.forms import form_again
from bot.discord.interactions import Stage
from bot.discord.markdown import escape
from bot.discord.parsing import parse_deletion, parse_edit, parse_form, parse_press, parse_said
from bot.messages.card import Card
from bot.messages.reply import Line
from bot.observing.logs import report
from bot.store.retrying import persistently

log = logging.getLogger(__name__)

HANDLERS = (
    "discord.py: on_message",
    "discord.py: on_raw",
    "discord.py: on_interaction",
    "discord-ui-dynamic-item",
    "CommandTree-invoker",
)  # how the names of discord.py's tasks begin
DRAIN = 5.0  # seconds that closing waits for handlers
OPEN_FORMS = frozenset(("contact", "note", "solved", "reply"))  # the presses that may open a form
FORWARDED = "\N{INCOMING ENVELOPE}"  # the reaction to a message that went to the consultants

Item = discord.ui.Item[Any]


class DiscordBot(discord.AutoShardedClient):
    """Discord's events, on as many shards as Discord demands. It keeps no messages and no members."""

    def __init__(self, service: Service, article_url: str | None, *, reads_all: bool) -> None:
        """With `reads_all` it also receives what is said in threads without a mention; the app must be allowed to."""
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=reads_all)
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )
        self._service = service
        self._dispatcher = service.dispatcher
        self._article_url = article_url
        self._catching_up = dict[int, CatchingUp]()  # by shard
        self.tree = app_commands.CommandTree(self)
        add_commands(self.tree, service.dispatcher, article_url)

    async def setup_hook(self) -> None:
        """Before connecting: register what buttons do, and which commands there are."""
        self.add_dynamic_items(_button(self))
        _, gateway, _ = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway)  # where discord.py goes when a session cannot be resumed
        try:
            await sync_commands(self, self.tree)
        except discord.DiscordException as error:  # messages are answered all the same
            log.warning("Discord could not be told of the commands: %s", type(error).__name__)

    async def close(self) -> None:
        """Let the handlers finish, then leave; what was missed before is left to the next session."""
        for catching_up in self._catching_up.values():
            catching_up.end()
        if busy := [task for task in asyncio.all_tasks() if task.get_name().startswith(HANDLERS)]:
            await asyncio.wait(busy, timeout=DRAIN)
        await super().close()

    async def on_shard_connect(self, shard: int) -> None:
        """A new session begins; what comes from now on is received anyway."""
        if before := self._catching_up.get(shard):
            before.end()
        store = self._service.flow.store
        self._catching_up[shard] = CatchingUp(
            self, shard, store.conversations, store.database.clock(), self._hear_missed
        )

    async def on_shard_ready(self, shard: int) -> None:
        """Catch up on what was said since the last session: Discord repeats only what a living session missed."""
        await self._catching_up[shard].everywhere()
        leads = self._service.flow.store.leads
        async for message in missed_replies(self, shard, self._service.handoff.channels, leads):
            await self._hear_missed(message)

    async def on_message(self, message: discord.Message) -> None:
        """A message was posted."""
        await self._catch_up(message)
        await self._hear(message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """A message was edited."""
        await self._catch_up(event.message)
        if self.user and (edit := parse_edit(event.message, self.user)):
            await persistently(self._dispatcher.edited, edit)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted."""
        await persistently(self._dispatcher.deleted, parse_deletion(event.guild_id, event.channel_id, event.message_id))

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """A moderator deleted messages."""
        for message in event.message_ids:
            await persistently(self._dispatcher.deleted, parse_deletion(event.guild_id, event.channel_id, message))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A form was submitted; commands and presses go their own ways. Errors end here: discord.py only logs them."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        stage = Stage(interaction, self._article_url)
        try:
            async with stage.deferred():
                await self._submit(interaction, stage)
        except Exception:  # noqa: BLE001 it is logged, with its reference
            await stage.apologize(report(log, "a form failed"))

    async def press(self, interaction: discord.Interaction) -> None:
        """A component was pressed. Errors end here: discord.py only logs them."""
        stage = Stage(interaction, self._article_url)
        try:
            pressed = parse_press(interaction)
            may_open = bool(pressed.press and pressed.press.name in OPEN_FORMS)
            async with stage.deferred(may_open_form=may_open):
                async for response in self._dispatcher.pressed(pressed):
                    await stage.show_response(response)
        except Exception:  # noqa: BLE001 it is logged, with its reference
            await stage.apologize(report(log, "a press failed"))

    async def _submit(self, interaction: discord.Interaction, stage: Stage) -> None:
        form = parse_form(interaction)
        outcome = await persistently(self._dispatcher.submitted, form)
        notice = Card((Line(outcome.notice),))
        if form.press and outcome.errors:
            await stage.show_privately(form_again(form.press, form.values, outcome.errors))
        elif outcome.notice and form.press and form.press.name == "contact":
            await stage.show_instead(notice)  # of what could be passed on
        elif outcome.notice:
            await stage.show_privately(notice)

    async def _catch_up(self, message: discord.Message) -> None:
        """Wait until what was said in its channel before is heard; raise CancelledError if the next session will."""
        if catching_up := self._catching_up.get(message.guild.shard_id if message.guild else 0):
            await catching_up.before(message)

    async def _hear(self, message: discord.Message) -> None:
        said = parse_said(message, self.user) if self.user else None
        passed_on = await persistently(self._dispatcher.said, said) if said else None  # Discord tells of it once
        if passed_on:
            try:
                if passed_on.problem:
                    await message.reply(escape(passed_on.problem), mention_author=False)
                elif passed_on.is_confirmed:
                    await message.add_reaction(FORWARDED)
            except TROUBLE as error:  # it is done all the same
                log.warning("could not confirm to the user that the message was forwarded: %s", type(error).__name__)

    async def _hear_missed(self, message: discord.Message) -> None:
        try:
            await self._hear(message)
        except Exception:
            log.exception("a missed message could not be handled")


def _button(bot: DiscordBot) -> type[discord.ui.DynamicItem[Item]]:
    """Every component of the bot's, of this version or another: their ids say what they do, also after a restart."""

    class Component(discord.ui.DynamicItem[Item], template=r"(?s:.+)"):
        @classmethod
        async def from_custom_id(cls, interaction: discord.Interaction, item: Item, match: re.Match[str], /) -> Any:  # noqa: ANN401 as discord.py types it
            del interaction, match
            return cls(item)

        async def callback(self, interaction: discord.Interaction) -> None:
            await bot.press(interaction)

    return Component
