"""Discord's REST side: a client without a gateway, which delivers from any process, and is there when it is needed."""

import asyncio
import logging

import discord
from discord.http import Route

from bot.delivery.ports import RefusedError
from bot.store.address import Address

log = logging.getLogger("discord")

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # what would be missing for voices

LONGEST_WAIT = 30.0  # seconds that discord.py waits by itself when Discord asks it to; the flow waits longer


class Rest:
    """Calls Discord as one bot. It belongs to the event loop that first uses it."""

    def __init__(self, token: str, api_url: str) -> None:
        self._token = token
        self._lock = asyncio.Lock()
        self._client: discord.Client | None = None
        Route.BASE = api_url.rstrip("/")
        if log.isEnabledFor(logging.DEBUG):
            log.setLevel(logging.INFO)  # below, discord.py writes down what people say

    async def client(self) -> discord.Client:
        """The client, logged in. Raises RefusedError when Discord does not know the token."""
        async with self._lock:
            if self._client is None:
                client = discord.Client(
                    intents=discord.Intents(guilds=True),  # it never asks for any; without, discord.py warns
                    allowed_mentions=discord.AllowedMentions.none(),
                    max_messages=None,
                    max_ratelimit_timeout=LONGEST_WAIT,
                )
                try:
                    await client.login(self._token)
                except BaseException as error:
                    await client.close()
                    if isinstance(error, discord.LoginFailure):
                        raise RefusedError("Discord rejected the bot token; set a new DISCORD_TOKEN") from error
                    raise
                self._client = client
            return self._client

    async def close(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.close()


def channel_of(client: discord.Client, address: Address) -> discord.PartialMessageable:
    """The channel of an address, without asking Discord for it."""
    return client.get_partial_messageable(int(str(address.channel)))
