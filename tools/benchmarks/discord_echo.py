"""A bare discord.py client that says what it hears, and changes the card that is clicked; to compare with."""

import os

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


class Echo(discord.Client):
    """Echoes direct messages with a button under them."""

    async def setup_hook(self) -> None:
        _, gateway, _ = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)

    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            await message.channel.send(message.content, view=_again())

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content="again", view=_again())


def _again() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Again", custom_id="again"))
    view.stop()
    return view


if __name__ == "__main__":
    Route.BASE = os.environ["DISCORD_API_URL"]
    Echo(intents=discord.Intents(dm_messages=True, guilds=True)).run(os.environ["DISCORD_TOKEN"], log_handler=None)
