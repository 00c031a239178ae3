"""The slash commands, and the entry in a message's menu: each defers, then hands on."""

import logging
from typing import Any

import discord
from discord import app_commands

from bot import texts
from bot.chat.dispatch import Dispatcher
from bot.discord.interactions import Stage
from bot.discord.limits import QUESTION
from bot.discord.names import ASK, COMMAND
from bot.discord.parsing import is_with_bot, parse_command
from bot.messages.events import Command
from bot.observing.logs import report
from bot.store.retrying import persistently

log = logging.getLogger(__name__)

INTERVIEWS = 5  # that one person may begin in a minute

everywhere = app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
for_all = app_commands.allowed_installs(guilds=True, users=True)


@everywhere
@for_all
class Commands(app_commands.Group):
    """The group of slash commands."""

    def __init__(self, dispatcher: Dispatcher, article_url: str | None) -> None:
        super().__init__(name=COMMAND, description=texts.sentence("discord_description"))
        self._dispatcher = dispatcher
        self._article_url = article_url

    @app_commands.command(description=texts.sentence("discord_ask"))
    @app_commands.describe(question=texts.sentence("discord_question"))
    async def ask(self, interaction: discord.Interaction, question: app_commands.Range[str, 1, QUESTION]) -> None:
        await self._run(interaction, Command.ASK, question)

    @app_commands.command(description=texts.sentence("discord_interview"))
    @app_commands.checks.cooldown(INTERVIEWS, 60)
    async def interview(self, interaction: discord.Interaction) -> None:
        await self._run(interaction, Command.INTERVIEW)

    @app_commands.command(description=texts.sentence("discord_team"))
    @app_commands.checks.cooldown(INTERVIEWS, 60)
    async def team(self, interaction: discord.Interaction) -> None:
        await self._run(interaction, Command.TEAM)

    @app_commands.command(description=texts.sentence("discord_contact"))
    async def contact(self, interaction: discord.Interaction) -> None:
        await self._run(interaction, Command.CONTACT)

    @app_commands.command(description=texts.sentence("discord_help_hint"))
    async def help(self, interaction: discord.Interaction) -> None:
        await self._run(interaction, Command.HELP)

    @app_commands.command(description=texts.sentence("discord_forget"))
    async def forget(self, interaction: discord.Interaction) -> None:
        await self._run(interaction, Command.FORGET)

    @app_commands.command(description=texts.sentence("discord_status"))
    async def status(self, interaction: discord.Interaction) -> None:
        await self._run(interaction, Command.STATUS)

    async def _run(self, interaction: discord.Interaction, command: Command, text: str = "") -> None:
        await run_command(self._dispatcher, interaction, self._article_url, command, text)


async def run_command(
    dispatcher: Dispatcher, interaction: discord.Interaction, article_url: str | None, command: Command, text: str
) -> None:
    """Defer a command and show what it leads to; in a server only to its caller, unless it is for a team."""
    is_private = command is not Command.TEAM and not is_with_bot(interaction)
    stage = Stage(interaction, article_url, is_private=is_private)
    await stage.think()
    commanded = parse_command(interaction, command, text)
    run = persistently(dispatcher.commanded, commanded) if command is Command.ASK else dispatcher.commanded(commanded)
    if response := await run:
        await stage.show_command(response)


def add_commands(tree: app_commands.CommandTree, dispatcher: Dispatcher, article_url: str | None) -> None:
    """Put all commands into the tree."""
    tree.add_command(Commands(dispatcher, article_url))

    @tree.context_menu(name=ASK)
    @everywhere
    @for_all
    async def ask(interaction: discord.Interaction, message: discord.Message) -> None:
        await run_command(dispatcher, interaction, article_url, Command.ASK, message.content)

    @tree.error
    async def fail(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        if isinstance(error, app_commands.CommandOnCooldown):
            seconds = max(1, round(error.retry_after))
            await interaction.response.send_message(
                texts.sentence("discord_cooldown", seconds=seconds), ephemeral=not is_with_bot(interaction)
            )
            return
        await Stage(interaction, article_url).apologize(report(log, "a command failed", error=error))


async def sync_commands(client: discord.Client, tree: app_commands.CommandTree) -> bool:
    """Tell Discord of the commands unless it knows them as they are; return True if it had to be told."""
    own = [_essential(command.to_dict(tree)) for command in tree.get_commands()]
    known = await client.http.get_global_commands(client.application_id or 0)
    if len(known) == len(own) and all(any(_says(other, command) for other in known) for command in own):
        return False
    await tree.sync()
    return True


def _essential(command: dict[str, Any]) -> dict[str, Any]:
    """A command without its deprecated spelling of the contexts."""
    return {name: value for name, value in command.items() if name != "dm_permission"}


def _says(known: object, own: object) -> bool:
    """True if Discord's version says all that ours says; it adds ids and defaults."""
    if isinstance(own, dict):
        return isinstance(known, dict) and all(_says(known.get(name), value) for name, value in own.items())
    if isinstance(own, list):
        return isinstance(known, list) and len(known) == len(own) and all(map(_says, known, own))
    return known == own or (not known and not own)
