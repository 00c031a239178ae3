"""Posts that stand in place of earlier ones, or take them away: after an edit, and when something is taken back."""

import discord

from bot.discord.refusals import GONE, NO_PLACE
from bot.discord.rendering import Rendering
from bot.discord.rest import channel_of
from bot.store.address import Address
from bot.store.tables import Delivery


async def replace(client: discord.Client, delivery: Delivery) -> str | None:
    """Puts a post in place of an earlier one, which may be done again and again; None when that one is gone."""
    earlier = str(delivery.payload["replaces"])
    try:
        message = channel_of(client, delivery.address).get_partial_message(int(earlier))
        await message.edit(**Rendering.of(delivery.payload).options)
    except discord.HTTPException as error:
        if not _is_gone(error, delivery.address):
            raise
        if delivery.address.is_desk:
            return earlier  # whoever is there has taken it away
        return None
    return earlier


async def remove(client: discord.Client, address: Address, gone: str) -> str:
    """Takes an earlier post away; nothing is left that has a name. What is in a thread is called with its thread."""
    thread, _, message = gone.rpartition("/")
    place = client.get_partial_messageable(int(thread or str(address.channel)))
    try:
        await place.get_partial_message(int(message)).delete()
    except discord.HTTPException as error:
        if not _is_gone(error, address):
            raise
    return ""


def _is_gone(error: discord.HTTPException, address: Address) -> bool:
    """Whether there is nothing to change any more; among consultants not while the bot is only kept out."""
    return error.code in GONE or (error.code in NO_PLACE and not address.is_desk)
