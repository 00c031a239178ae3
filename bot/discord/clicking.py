"""Buttons and menus. Their ids say what they do, so that they work after any restart."""

import logging
import re
from typing import TYPE_CHECKING, Any, cast

import discord

from bot.discord.handoff import person_of
from bot.discord.showing import Stage
from bot.messages.card import Press
from bot.observing.logs import report

if TYPE_CHECKING:
    from bot.discord.client import DiscordBot

log = logging.getLogger(__name__)

FORMS = frozenset(("contact", "note", "solved", "reply"))  # what may open a form

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
            press = _press_of(interaction)
            async with stage.deferred(may_open_form=bool(press and press.name in FORMS)):
                await _press(client, interaction, stage, press)
        except Exception:  # noqa: BLE001 it is logged, with its reference
            await stage.apologize(report(log, "a click failed"))


def _press_of(interaction: discord.Interaction) -> Press | None:
    data = cast(dict[str, Any], interaction.data)
    press = Press.of(data["custom_id"])
    return press.choosing(data["values"][0]) if press and data.get("values") else press


async def _press(client: "DiscordBot", interaction: discord.Interaction, stage: Stage, press: Press | None) -> None:
    place = str(interaction.channel_id)
    async for response in client.service.clicks.press_and_follow(person_of(interaction), press, place):
        await stage.show_response(response)
