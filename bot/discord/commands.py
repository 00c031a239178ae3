"""The slash commands, and the entry in a message's menu: each defers, then hands on."""

import logging
from typing import Any

import discord
from discord import app_commands

from bot import texts
from bot.chat.overview import status
from bot.chat.service import Service
from bot.discord.handoff import person_of
from bot.discord.hearing import asked_by_command, is_with_bot, place_of_command
from bot.discord.limits import QUESTION
from bot.discord.names import ASK, COMMAND
from bot.discord.showing import Stage
from bot.messages.card import ASK_FIRST, Button, Card, Press
from bot.messages.reply import Line
from bot.observing.logs import report
from bot.store.retrying import persistently

log = logging.getLogger(__name__)

BEGUN = 5  # interviews that one person may begin in a minute

everywhere = app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
for_all = app_commands.allowed_installs(guilds=True, users=True)


@everywhere
@for_all
class Commands(app_commands.Group):
    """The group of slash commands."""

    def __init__(self, service: Service, article_url: str | None) -> None:
        super().__init__(name=COMMAND, description=texts.sentence("discord_description"))
        self._service = service
        self._article_url = article_url

    @app_commands.command(description=texts.sentence("discord_ask"))
    @app_commands.describe(question=texts.sentence("discord_question"))
    async def ask(self, interaction: discord.Interaction, question: app_commands.Range[str, 1, QUESTION]) -> None:
        """Answers a question."""
        await self._thinking(interaction)
        await persistently(self._service.flow.accept, asked_by_command(interaction, question))

    @app_commands.command(description=texts.sentence("discord_interview"))
    @app_commands.checks.cooldown(BEGUN, 60)
    async def interview(self, interaction: discord.Interaction) -> None:
        """Begins an interview."""
        stage = await self._thinking(interaction)
        person, place = person_of(interaction), place_of_command(interaction)
        await stage.show_instead(await self._service.clicks.interview(person, place))

    @app_commands.command(description=texts.sentence("discord_team"))
    @app_commands.checks.cooldown(BEGUN, 60)
    async def team(self, interaction: discord.Interaction) -> None:
        """Begins the interview of everybody there."""
        stage = Stage(interaction, self._article_url)
        await stage.think()
        response = await self._service.clicks.team(person_of(interaction), str(interaction.channel_id))
        if response.card:
            await stage.show_instead(response.card)

    @app_commands.command(description=texts.sentence("discord_contact"))
    async def contact(self, interaction: discord.Interaction) -> None:
        """Leads to a person."""
        stage = await self._thinking(interaction)
        response = await self._service.clicks.contact(person_of(interaction), place=place_of_command(interaction))
        form, notice = response.form, Card((Line(response.notice),))
        await stage.show_instead((form.in_steps if form else None) or response.card or notice)

    @app_commands.command(description=texts.sentence("discord_help_hint"))
    async def help(self, interaction: discord.Interaction) -> None:
        """Says what the bot does."""
        stage = await self._thinking(interaction)
        buttons = (Button(texts.sentence("do_check"), Press("check"), is_main=True),)
        await stage.show_instead(Card((Line(texts.sentence("discord_help")),), rows=(buttons,)))

    @app_commands.command(description=texts.sentence("discord_forget"))
    async def forget(self, interaction: discord.Interaction) -> None:
        """Deletes what a person said, once they are sure."""
        stage = await self._thinking(interaction)
        ask = Press("forget", choice=ASK_FIRST)
        response = await self._service.clicks.press(person_of(interaction), ask)
        if response.card:
            await stage.show_instead(response.card)

    @app_commands.command(description=texts.sentence("discord_status"))
    async def status(self, interaction: discord.Interaction) -> None:
        """Says where everything stands."""
        stage = await self._thinking(interaction)
        await stage.show_instead(await status(self._service, person_of(interaction)))

    async def _thinking(self, interaction: discord.Interaction) -> Stage:
        return await thinking(interaction, self._article_url)


async def thinking(interaction: discord.Interaction, article_url: str | None) -> Stage:
    """Says that a command is worked on; in a server only the one who called sees what follows."""
    stage = Stage(interaction, article_url, is_private=not is_with_bot(interaction))
    await stage.think()
    return stage


def add_commands(tree: app_commands.CommandTree, service: Service, article_url: str | None) -> None:
    """Puts all commands into the tree."""
    tree.add_command(Commands(service, article_url))

    @tree.context_menu(name=ASK)
    @everywhere
    @for_all
    async def ask(interaction: discord.Interaction, message: discord.Message) -> None:
        await thinking(interaction, article_url)
        await persistently(service.flow.accept, asked_by_command(interaction, message.content))

    @tree.error
    async def failed(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        if isinstance(error, app_commands.CommandOnCooldown):
            seconds = max(1, round(error.retry_after))
            await interaction.response.send_message(
                texts.sentence("discord_cooldown", seconds=seconds), ephemeral=not is_with_bot(interaction)
            )
            return
        await Stage(interaction, article_url).apologize(report(log, "a command failed", error=error))


async def synced(client: discord.Client, tree: app_commands.CommandTree) -> bool:
    """Tells Discord of the commands unless it knows them as they are; whether it had to."""
    own = [_essential(command.to_dict(tree)) for command in tree.get_commands()]
    known = await client.http.get_global_commands(client.application_id or 0)
    if len(known) == len(own) and all(any(_says(other, command) for other in known) for command in own):
        return False
    await tree.sync()
    return True


def _essential(command: dict[str, Any]) -> dict[str, Any]:
    """A command without what says the same in an old way."""
    return {name: value for name, value in command.items() if name != "dm_permission"}


def _says(known: object, own: object) -> bool:
    """Whether what Discord has says all that ours says; it adds ids and defaults."""
    if isinstance(own, dict):
        return isinstance(known, dict) and all(_says(known.get(name), value) for name, value in own.items())
    if isinstance(own, list):
        return isinstance(known, list) and len(known) == len(own) and all(map(_says, known, own))
    return known == own or (not known and not own)
