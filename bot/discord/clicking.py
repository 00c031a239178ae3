"""Buttons and menus. Their ids say what they do, so that they work after any restart."""

import logging
import re
import secrets
from typing import TYPE_CHECKING, Any, cast

import discord

from bot.cards import Press
from bot.clicks import Clicked
from bot.discord.hearing import tenant
from bot.discord.showing import Stage

if TYPE_CHECKING:
    from bot.discord.client import DiscordBot

log = logging.getLogger(__name__)

SHOWS = 4  # of a card that others go on changing

Item = discord.ui.Item[Any]


class Pressed(discord.ui.DynamicItem[Item], template=r"(?s:.+)"):
    """Any component of ours, of this version or another."""

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction, item: Item, match: re.Match[str], /) -> "Pressed":
        del interaction, match
        return cls(item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Does what the click asks for; errors end here, for discord.py would only log them."""
        client = cast("DiscordBot", interaction.client)
        stage = Stage(interaction, client.article_url)
        try:
            async with stage.deferred():
                await _press(client, interaction, stage)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("a click failed, reference %s", reference)
            await stage.apologize(reference)


async def _press(client: "DiscordBot", interaction: discord.Interaction, stage: Stage) -> None:
    data = cast(dict[str, Any], interaction.data)
    press = Press.of(data["custom_id"])
    if press and data.get("values"):
        press = press.choosing(data["values"][0])
    clicks, whose, user = client.service.clicks, tenant(interaction), str(interaction.user.id)
    clicked: Clicked | None = await clicks.press(whose, str(interaction.channel_id), user, press)
    for _ in range(SHOWS):
        if clicked:
            await stage.show_clicked(clicked)
            clicked = await clicks.newer(whose, clicked)
