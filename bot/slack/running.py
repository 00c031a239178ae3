"""`slack`: the bot in one workspace over Socket Mode, with no public address."""

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler

from bot.errors import SettingsError
from bot.service import serving, stopping
from bot.settings import Settings
from bot.slack.app import make_app, surface


async def run(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT, then lets what is going on come to its end."""
    slack, token = surface(settings), settings.slack_app_token
    if slack is None or token is None:
        raise SettingsError(
            "Set SLACK_BOT_TOKEN (xoxb-…) and SLACK_APP_TOKEN (xapp-…); the README's Slack steps say how."
        )
    stopped = stopping()
    async with serving(settings, {"slack": slack}) as service:
        handler = AsyncSocketModeHandler(make_app(settings, service), token.get_secret_value())
        await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
        try:
            await stopped.wait()
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call] # likewise
