"""Discord's gateway, with everything that must be known before it is opened."""

import asyncio
from collections.abc import Collection, Sequence

import discord
from aiohttp import ClientError
from starlette.routing import Route

from bot.chat.listener import Listener, Service
from bot.delivery.ports import RefusedError
from bot.discord.app import article, rest, token
from bot.discord.checks import reads_all
from bot.discord.client import DiscordBot
from bot.errors import BotError, SettingsError
from bot.settings import Settings

BAD_TOKEN = 4004  # https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
DISCORD_UNREACHABLE = "Discord cannot be reached; check the network and DISCORD_API_URL."


class DiscordError(BotError):
    """Discord closed the gateway for good."""


class GatewayListener:
    """Listens to the gateway."""

    name = "discord"

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError, saying what to set."""
        self._settings = settings
        self._token = token(settings)
        self._bot: DiscordBot | None = None

    def routes(self, service: Service) -> Sequence[Route]:
        """Return none."""
        del service
        return ()

    async def listen(self, service: Service, stopped: asyncio.Event) -> None:
        """Keep connections; discord.py reconnects when they are lost."""
        has_content = await self._has_message_content()
        stopping = asyncio.create_task(stopped.wait())
        async with DiscordBot(service, article(self._settings), reads_all=has_content) as self._bot:
            running = asyncio.create_task(self._bot.start(self._token))
            await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        running.cancel()  # it may be about to try again after a while
        (ended,) = await asyncio.gather(running, return_exceptions=True)
        if not stopped.is_set():
            raise DiscordError(_explain(ended)) from ended

    async def is_up(self) -> bool:
        if self._bot is None or not self._bot.is_ready():
            return False
        return not any(shard.is_closed() for shard in self._bot.shards.values())

    async def _has_message_content(self) -> bool:
        """Return True if the message content intent is switched on. Raises SettingsError."""
        client = rest(self._settings)
        try:
            return reads_all(await client.client())
        except RefusedError as error:
            raise SettingsError(str(error)) from error
        except (discord.HTTPException, ClientError, OSError) as error:
            raise SettingsError(DISCORD_UNREACHABLE) from error
        finally:
            await client.close()


def make_listeners(settings: Settings, parts: Collection[str] = ()) -> list[Listener]:
    """Return the gateway's listener, without parts only when the token is set. Raises SettingsError."""
    return [GatewayListener(settings)] if parts or settings.discord_token else []


def _explain(ended: BaseException | None) -> str:
    """Say why the gateway was closed, and what to do."""
    if isinstance(ended, discord.LoginFailure) or getattr(ended, "code", None) == BAD_TOKEN:
        return "Discord rejected the bot token. Set a new DISCORD_TOKEN."
    return f"Discord closed the connection ({type(ended).__name__}: {ended}). Run rag-or-tune doctor."
