"""Discord, wired: its adapter, its REST client, and the invitations."""

import base64
import binascii

from discord.utils import oauth_url

from bot.discord.adapter import DiscordAdapter
from bot.discord.names import PERMISSIONS
from bot.discord.rest import Rest
from bot.errors import SettingsError
from bot.handoff.channel import desk_channel
from bot.settings import Settings
from bot.store.store import Store

UNSET = "Set DISCORD_TOKEN; the README's Discord steps say how."


def make_adapter(settings: Settings, store: Store) -> DiscordAdapter | None:
    """Return the adapter for Discord, or None when it is not set up."""
    del store
    if settings.discord_token is None:
        return None
    return DiscordAdapter(rest(settings), article(settings), desk_channel(settings, "discord"))


def invitations(settings: Settings) -> tuple[str, str]:
    """The addresses at which the bot is invited to a server, and added to an account."""
    application = _application(token(settings))
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


def rest(settings: Settings) -> Rest:
    """Discord's REST side. Raises SettingsError when the token is not set."""
    return Rest(token(settings), settings.discord_api_url)


def token(settings: Settings) -> str:
    """The bot's token. Raises SettingsError when it is not set."""
    if settings.discord_token is None:
        raise SettingsError(UNSET)
    return settings.discord_token.get_secret_value()


def article(settings: Settings) -> str | None:
    """Return the address at which the article is published."""
    return str(settings.article_url) if settings.article_url else None
