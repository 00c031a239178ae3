"""Discord's entrance: the gateway, with everything that it needs to know before it is opened."""

import asyncio
from collections.abc import Sequence

import discord
from aiohttp import ClientError
from starlette.routing import Route

from bot.chat.service import Listener, Service
from bot.delivery.platform import RefusedError
from bot.discord.app import article, rest, surfaces, token
from bot.discord.checking import reads_all
from bot.discord.client import DiscordBot
from bot.errors import BotError, SettingsError
from bot.process.run import Part
from bot.settings import Settings

BAD_TOKEN = 4004  # https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
UNREACHABLE = "Discord cannot be reached; check the network and DISCORD_API_URL."


class DiscordError(BotError):
    """Discord does not let the bot in any more."""


class Gateway:
    """The gateway."""

    name = "discord"

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError, saying what to set."""
        self._settings = settings
        self._token = token(settings)
        self._bot: DiscordBot | None = None

    def routes(self, service: Service) -> Sequence[Route]:
        """Nothing."""
        del service
        return ()

    async def listen(self, service: Service, stopped: asyncio.Event) -> None:
        """Keeps connections, which discord.py opens anew when they are lost."""
        hears_all = await self._hears_all()
        stopping = asyncio.create_task(stopped.wait())
        async with DiscordBot(service, article(self._settings), reads_all=hears_all) as self._bot:
            running = asyncio.create_task(self._bot.start(self._token))
            await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        running.cancel()  # it may be about to try again after a while
        (ended,) = await asyncio.gather(running, return_exceptions=True)
        if not stopped.is_set():
            raise DiscordError(f"Discord does not let the bot in any more: {_said(ended)}") from ended

    async def is_up(self) -> bool:
        if self._bot is None or not self._bot.is_ready():
            return False
        return not any(shard.is_closed() for shard in self._bot.shards.values())

    async def _hears_all(self) -> bool:
        """Whether the application is allowed to hear what does not mention it. Raises SettingsError."""
        asked = rest(self._settings)
        try:
            return reads_all(await asked.client())
        except RefusedError as error:
            raise SettingsError(str(error)) from error
        except (discord.HTTPException, ClientError, OSError) as error:
            raise SettingsError(UNREACHABLE) from error
        finally:
            await asked.close()


def entrances(settings: Settings) -> list[Listener]:
    """The gateway when the token is set; an entry point of `rag_or_tune.entrances`."""
    return [Gateway(settings)] if settings.discord_token else []


def _said(ended: BaseException | None) -> str:
    """Why, and what to do."""
    if isinstance(ended, discord.LoginFailure) or getattr(ended, "code", None) == BAD_TOKEN:
        return "it does not know the token; set DISCORD_TOKEN anew."
    return f"{type(ended).__name__}, {ended}; ask rag-or-tune doctor."


GATEWAY = Part(surfaces, lambda settings: [Gateway(settings)])
