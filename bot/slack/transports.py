"""Slack's two transports: Socket Mode, for one workspace and without a public address, and HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.routing import Route

from bot.chat.listener import Listener, Service
from bot.errors import SettingsError
from bot.settings import Settings
from bot.slack.api_errors import REMOVED, code_of
from bot.slack.app import is_set_up, make_app, make_client
from bot.slack.bolt import SocketHandler
from bot.slack.names import ENDPOINT, INSTALL, REDIRECT
from bot.slack.oauth import InstallPages
from bot.slack.signed_requests import Requests

INVALID_TOKEN = REMOVED | {"not_authed", "not_allowed_token_type"}  # codes after which a retry is useless
NO_SOCKET_MODE = "Set SLACK_BOT_TOKEN (xoxb-…) and SLACK_APP_TOKEN (xapp-…); the README's Slack steps say how."
NO_HTTP = (
    "Set SLACK_SIGNING_SECRET and SLACK_BOT_TOKEN (xoxb-…), or for several workspaces SLACK_CLIENT_ID and "
    "SLACK_CLIENT_SECRET in place of the token; the README's Slack steps say how."
)
INCOMPLETE = (
    "Slack is only partly configured: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET with either "
    "SLACK_BOT_TOKEN or, for several workspaces, SLACK_CLIENT_ID and SLACK_CLIENT_SECRET; the README's Slack steps "
    "say how."
)


class SocketListener:
    """Listens over Socket Mode."""

    name = "slack"

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError, saying what to set."""
        if settings.slack_app_token is None or not is_set_up(settings):
            raise SettingsError(NO_SOCKET_MODE)
        self._settings = settings
        self._token = settings.slack_app_token.get_secret_value()
        self._handler: SocketHandler | None = None

    def routes(self, service: Service) -> Sequence[Route]:
        """Return none."""
        del service
        return ()

    async def listen(self, service: Service, stopped: asyncio.Event) -> None:
        """Keep a connection; slack_sdk reconnects when it is lost."""
        app = make_app(self._settings, service)
        await _check_token("SLACK_APP_TOKEN", app.client.apps_connections_open(app_token=self._token))
        await _check(app.client)
        self._handler = SocketHandler(app, self._token)
        connecting = asyncio.ensure_future(self._handler.connect_async())  # type: ignore[no-untyped-call] # as Bolt
        try:
            await stopped.wait()
        finally:
            await self._handler.close_async()  # type: ignore[no-untyped-call] # as Bolt
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)

    async def is_up(self) -> bool:
        return self._handler is not None and await self._handler.client.is_connected()


class HttpListener:
    """Listens to Slack's HTTP requests, and shows the pages that install the app in several workspaces."""

    name = "slack"

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError, saying what to set."""
        if settings.slack_signing_secret is None or not is_set_up(settings):
            raise SettingsError(NO_HTTP)
        self._settings = settings
        self._secret = settings.slack_signing_secret.get_secret_value()

    def routes(self, service: Service) -> Sequence[Route]:
        """Return Slack's endpoint, and the pages."""
        app = make_app(self._settings, service)
        routes = [Route(ENDPOINT, Requests(app, self._secret).handle, methods=["POST"])]
        if app.oauth_flow:
            pages = InstallPages(app)
            routes += [Route(path, pages.handle, methods=["GET"]) for path in (INSTALL, REDIRECT)]
        return routes

    async def listen(self, service: Service, stopped: asyncio.Event) -> None:
        """Check the token; the HTTP side listens."""
        del service
        await _check(make_client(self._settings))
        await stopped.wait()

    async def is_up(self) -> bool:
        return True


def make_listeners(settings: Settings, parts: Collection[str] = ()) -> list[Listener]:
    """Return the listeners of the parts `slack` (Socket Mode) and `web` (HTTP), or those that the settings set up.

    Without parts that is Socket Mode where its token is set, else HTTP; with Socket Mode, several workspaces have the
    pages for their installation over HTTP besides. Raises SettingsError.
    """
    if parts:
        named: dict[str, Callable[[Settings], Listener]] = {"slack": SocketListener, "web": HttpListener}
        return [make(settings) for part, make in named.items() if part in parts]
    if not is_set_up(settings) and not settings.slack_app_token and not settings.slack_signing_secret:
        return []
    if not is_set_up(settings) or not (settings.slack_app_token or settings.slack_signing_secret):
        raise SettingsError(INCOMPLETE)
    listeners: list[Listener] = [SocketListener(settings)] if settings.slack_app_token else []
    if settings.slack_signing_secret and (settings.slack_client_id or not listeners):
        listeners.append(HttpListener(settings))
    return listeners


async def _check(client: AsyncWebClient) -> None:
    """Raise SettingsError when Slack refuses the token of the one workspace: what it delivers then would be lost."""
    if client.token:
        await _check_token("SLACK_BOT_TOKEN", client.auth_test())


async def _check_token(name: str, request: Awaitable[object]) -> None:
    """Raise SettingsError when Slack refuses the token of this setting; any other failure may be temporary."""
    try:
        with suppress(ClientError, OSError):
            await request
    except SlackApiError as error:
        if code_of(error) in INVALID_TOKEN:
            raise SettingsError(f"{name}: Slack refuses it ({code_of(error)}); copy it again.") from error
