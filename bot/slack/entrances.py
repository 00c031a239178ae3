"""Slack's entrances: Socket Mode, in one workspace and with no public address, and HTTP."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress

from aiohttp import ClientError
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from starlette.routing import Route

from bot.chat.service import Listener, Service
from bot.errors import SettingsError
from bot.process.run import Part
from bot.settings import Settings
from bot.slack.app import is_set_up, make_app, make_client, surfaces
from bot.slack.names import ENDPOINT, INSTALL, REDIRECT
from bot.slack.oauth import InstallPages
from bot.slack.refusals import REMOVED, code_of
from bot.slack.requests import Requests
from bot.slack.wellformed import is_well_formed

WRONG = REMOVED | {"not_authed", "not_allowed_token_type"}  # what Slack says of a token; else it may pass
NO_SOCKETS = "Set SLACK_BOT_TOKEN (xoxb-…) and SLACK_APP_TOKEN (xapp-…); the README's Slack steps say how."
NO_HTTP = (
    "Set SLACK_SIGNING_SECRET and SLACK_BOT_TOKEN (xoxb-…), or for several workspaces SLACK_CLIENT_ID and "
    "SLACK_CLIENT_SECRET in place of the token; the README's Slack steps say how."
)
BY_HALVES = (
    "Slack is set up by halves: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET with either "
    "SLACK_BOT_TOKEN or, for several workspaces, SLACK_CLIENT_ID and SLACK_CLIENT_SECRET; the README's Slack steps "
    "say how."
)


class Handler(AsyncSocketModeHandler):
    """Socket Mode, in which what is malformed is acknowledged and nothing else."""

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override] # as Bolt
        """Has Bolt deal with what an envelope holds."""
        if is_well_formed(req.type, req.payload):
            await super().handle(client, req)
        else:
            await client.send_socket_mode_response(SocketModeResponse(req.envelope_id))


class Sockets:
    """Socket Mode."""

    name = "slack"

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError, saying what to set."""
        if settings.slack_app_token is None or not is_set_up(settings):
            raise SettingsError(NO_SOCKETS)
        self._settings = settings
        self._token = settings.slack_app_token.get_secret_value()
        self._handler: Handler | None = None

    def routes(self, service: Service) -> Sequence[Route]:
        """Nothing."""
        del service
        return ()

    async def listen(self, service: Service, stopped: asyncio.Event) -> None:
        """Keeps a connection, which slack_sdk opens anew when it is lost."""
        app = make_app(self._settings, service)
        await _ask("SLACK_APP_TOKEN", app.client.apps_connections_open(app_token=self._token))
        await _check(app.client)
        self._handler = Handler(app, self._token)
        connecting = asyncio.ensure_future(self._handler.connect_async())  # type: ignore[no-untyped-call] # as Bolt
        try:
            await stopped.wait()
        finally:
            await self._handler.close_async()  # type: ignore[no-untyped-call] # as Bolt
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)

    async def is_up(self) -> bool:
        return self._handler is not None and await self._handler.client.is_connected()


class Endpoint:
    """What Slack asks over HTTP, and the pages of several workspaces."""

    name = "slack"

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError, saying what to set."""
        if settings.slack_signing_secret is None or not is_set_up(settings):
            raise SettingsError(NO_HTTP)
        self._settings = settings
        self._secret = settings.slack_signing_secret.get_secret_value()

    def routes(self, service: Service) -> Sequence[Route]:
        """Slack's endpoint, and the pages."""
        app = make_app(self._settings, service)
        routes = [Route(ENDPOINT, Requests(app, self._secret).handle, methods=["POST"])]
        if app.oauth_flow:
            pages = InstallPages(app)
            routes += [Route(path, pages.handle, methods=["GET"]) for path in (INSTALL, REDIRECT)]
        return routes

    async def listen(self, service: Service, stopped: asyncio.Event) -> None:
        """The HTTP side listens."""
        del service
        await _check(make_client(self._settings))
        await stopped.wait()

    async def is_up(self) -> bool:
        return True


def entrances(settings: Settings) -> list[Listener]:
    """Socket Mode when its token is set, else HTTP; an entry point of `rag_or_tune.entrances`.

    With Socket Mode, several workspaces have the pages for their installation over HTTP besides.
    """
    if not is_set_up(settings) and not settings.slack_app_token and not settings.slack_signing_secret:
        return []
    if not is_set_up(settings) or not (settings.slack_app_token or settings.slack_signing_secret):
        raise SettingsError(BY_HALVES)
    found: list[Listener] = [Sockets(settings)] if settings.slack_app_token else []
    if settings.slack_signing_secret and (settings.slack_client_id or not found):
        found.append(Endpoint(settings))
    return found


async def _check(client: AsyncWebClient) -> None:
    """Raises SettingsError when Slack refuses the token of the one workspace: what it then delivers would be lost."""
    if client.token:
        await _ask("SLACK_BOT_TOKEN", client.auth_test())


async def _ask(name: str, asking: Awaitable[object]) -> None:
    """Raises SettingsError when Slack refuses the token that is set by this name; what fails otherwise may pass."""
    try:
        with suppress(ClientError, OSError):
            await asking
    except SlackApiError as error:
        if code_of(error) in WRONG:
            raise SettingsError(f"{name}: Slack refuses it ({code_of(error)}); copy it again.") from error


SOCKETS = Part(surfaces, lambda settings: [Sockets(settings)])
HTTP = Part(surfaces, lambda settings: [Endpoint(settings)], is_public=True)
