"""Discord, wired: the surface for every process, the invitation, and the gateway of one process."""

import asyncio
import base64
import binascii

import discord
from aiohttp import ClientError
from discord.utils import oauth_url

from bot.delivery.platform import RefusedError
from bot.discord.checking import reads_all
from bot.discord.client import DiscordBot
from bot.discord.names import PERMISSIONS
from bot.discord.rest import Rest
from bot.discord.surface import DiscordSurface
from bot.errors import SettingsError
from bot.handoff.channel import desk_channels
from bot.service import serving, stopping
from bot.settings import Settings
from bot.store.store import Store

UNREACHABLE = "Discord cannot be reached; check the network and DISCORD_API_URL."
UNSET = "Set DISCORD_TOKEN; the README's Discord steps say how."


def surface(settings: Settings, store: Store) -> DiscordSurface | None:
    """The surface of Discord when it is set up; an entry point of `rag_or_tune.platforms`."""
    del store
    if settings.discord_token is None:
        return None
    return _surface(settings, _rest(settings))


async def run(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT, then lets what is going on come to its end."""
    stopped = asyncio.create_task(stopping().wait())
    rest = _rest(settings)
    surfaces = {"discord": _surface(settings, rest)}
    async with serving(settings, lambda *_: surfaces) as service:
        try:
            hears_all = reads_all(await rest.client())
        except RefusedError as error:
            raise SettingsError(str(error)) from error
        except (discord.HTTPException, ClientError, OSError) as error:
            raise SettingsError(UNREACHABLE) from error
        async with DiscordBot(service, _article(settings), reads_all=hears_all) as client:
            running = asyncio.create_task(client.start(_token(settings)))
            await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()  # raises why it ended
        running.cancel()  # it may be about to try again after a while
        await asyncio.gather(running, return_exceptions=True)


def invitations(settings: Settings) -> tuple[str, str]:
    """The addresses at which the bot is invited to a server, and added to an account."""
    application = _application(_token(settings))
    to_server = oauth_url(application, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))
    to_account = oauth_url(application, scopes=("applications.commands",))
    return to_server, f"{to_account}&integration_type=1"


def _application(token: str) -> int:
    """The application's id, which is the first part of its bot's token."""
    head = token.partition(".")[0]
    try:
        return int(base64.b64decode(head + "=" * (-len(head) % 4), validate=True))
    except (ValueError, binascii.Error) as error:
        raise SettingsError(
            "DISCORD_TOKEN: is no bot's token; copy it from the page Bot of your application."
        ) from error


def _surface(settings: Settings, rest: Rest) -> DiscordSurface:
    desk = next((channel for channel in desk_channels(settings) if channel.platform == "discord"), None)
    return DiscordSurface(rest, _article(settings), desk)


def _rest(settings: Settings) -> Rest:
    return Rest(_token(settings), settings.discord_api_url)


def _token(settings: Settings) -> str:
    if settings.discord_token is None:
        raise SettingsError(UNSET)
    return settings.discord_token.get_secret_value()


def _article(settings: Settings) -> str | None:
    return str(settings.article_url) if settings.article_url else None
