"""`slack`: the bot in one workspace over Socket Mode, with no public address."""

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.errors import SettingsError
from bot.service import serving, stopping
from bot.settings import Settings
from bot.slack.app import is_set_up, make_app, surfaces
from bot.slack.wellformed import is_well_formed


class Sockets(AsyncSocketModeHandler):
    """Socket Mode, in which what is malformed is acknowledged and nothing else."""

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override] # as Bolt
        """Has Bolt deal with what an envelope holds."""
        if is_well_formed(req.type, req.payload):
            await super().handle(client, req)
        else:
            await client.send_socket_mode_response(SocketModeResponse(req.envelope_id))


async def run(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT, then lets what is going on come to its end."""
    token = settings.slack_app_token
    if token is None or not is_set_up(settings):
        raise SettingsError(
            "Set SLACK_BOT_TOKEN (xoxb-…) and SLACK_APP_TOKEN (xapp-…); the README's Slack steps say how."
        )
    stopped = stopping()
    async with serving(settings, surfaces) as service:
        handler = Sockets(make_app(settings, service), token.get_secret_value())
        await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
        try:
            await stopped.wait()
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call] # likewise
