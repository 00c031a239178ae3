"""Several workspaces: each installs the app by OAuth, has a token of its own, and may remove the app again."""

import logging
import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from slack_bolt import BoltResponse
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.authorization.async_authorize import AsyncInstallationStoreAuthorize
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Message

from bot import texts
from bot.observing.logs import report
from bot.settings import Settings
from bot.slack import pages
from bot.slack.bolt import App
from bot.slack.listeners import enter
from bot.slack.names import INSTALL, REDIRECT, SCOPES
from bot.slack.parsing import Body, Origin, parse_id, parse_origin, parsing
from bot.store.installations import STATE_SECONDS, Installations, States

log = logging.getLogger(__name__)

TEAM = re.compile(r"[TE][A-Z0-9]{1,31}")
SAME_SECOND = timedelta(seconds=1)  # Slack tells the time of an event in whole seconds


def app_of_many(settings: Settings, client: AsyncWebClient, installations: Installations, states: States) -> App:
    """Bolt's app for all workspaces that have installed it; `client` has no token."""
    flow = _flow(settings, installations, states)
    flow.authorize = AsyncInstallationStoreAuthorize(
        logger=log,
        installation_store=installations,
        client_id=flow.client_id,
        client_secret=flow.client_secret,
        bot_only=True,
        cache_enabled=True,  # what Slack says of a token; whether it is installed is looked up each time
        client=client,
    )
    return App(
        client=client,
        signing_secret=settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None,
        process_before_response=True,
        oauth_settings=flow,
        user_facing_authorize_error_message=texts.sentence("slack_not_there"),
    )


def listen_to_removal(app: AsyncApp, installations: Installations | None) -> None:
    """Registers what happens when a workspace removes the app: its token is deleted, if it is one of several."""

    @app.event("app_uninstalled", middleware=[enter])
    @app.event("team_access_revoked", middleware=[enter])
    @app.event("tokens_revoked", middleware=[enter])
    async def removed(body: Body, context: AsyncBoltContext) -> None:
        with parsing():
            moment = datetime.fromtimestamp(body.get("event_time") or time.time(), UTC) + SAME_SECOND
            removed_from = _removed_from(body, context)
        for whose in removed_from:
            log.warning("Slack has removed the app from %s", whose.tenant)
            if installations:  # one that was made since then stays: Slack tells things late, and more than once
                await installations.remove(whose.enterprise, None if whose.enterprise else whose.team, moment)


def _removed_from(body: Body, context: AsyncBoltContext) -> list[Origin]:
    """Where the app is not any more: in a workspace, in a whole organisation, or in some workspaces of one."""
    event = body["event"]
    if event["type"] == "team_access_revoked":
        return [Origin(parse_id(team), None) for team in event["team_ids"]]  # the organisation's own token stays
    if event["type"] == "tokens_revoked" and not event["tokens"].get("bot"):
        return []  # those of persons, which we have none of
    return [parse_origin(body, context)]


class InstallPages:
    """The two pages of an installation: the way to Slack, and the way back."""

    def __init__(self, app: AsyncApp) -> None:
        self._handler = AsyncSlackRequestHandler(app)

    async def handle(self, request: Request) -> Response:
        """Has Bolt deal with it; what nobody foresaw is told with a reference."""
        if not TEAM.fullmatch(request.query_params.get("team", "T0")):  # Bolt puts it into Slack's address as it is
            return HTMLResponse(pages.not_installed("team"), 400, pages.HTML)
        try:
            return await self._handler.handle(Request(request.scope, _no_body))  # Bolt would read one of any size
        except Exception:  # noqa: BLE001 it is logged, with its reference
            return HTMLResponse(pages.broken(report(log, "an installation failed")), 500, pages.HTML)


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _flow(settings: Settings, installations: Installations, states: States) -> AsyncOAuthSettings:
    return AsyncOAuthSettings(
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret.get_secret_value() if settings.slack_client_secret else None,
        scopes=SCOPES,
        user_scopes=[],
        authorization_url=urljoin(settings.slack_api_url, "/oauth/v2/authorize"),
        install_path=INSTALL,
        install_page_rendering_enabled=False,
        redirect_uri_path=REDIRECT,
        callback_options=AsyncCallbackOptions(_installed, _not_installed),
        installation_store=installations,
        installation_store_bot_only=True,
        state_store=states,
        state_expiration_seconds=STATE_SECONDS,
    )


async def _installed(args: AsyncSuccessArgs) -> BoltResponse:
    made = args.installation
    where = made.team_name or made.enterprise_name or ""
    log.info("the app is installed in %s", where)
    link = f"https://slack.com/app_redirect?app={made.app_id}" + (f"&team={made.team_id}" if made.team_id else "")
    return _response(200, pages.installed(where, link), args.settings)


async def _not_installed(args: AsyncFailureArgs) -> BoltResponse:
    log.warning("an installation was not made: %s", args.reason[:100])
    return _response(args.suggested_status_code, pages.not_installed(args.reason), args.settings)


def _response(status: int, body: str, settings: AsyncOAuthSettings) -> BoltResponse:
    forget_state = settings.state_utils.build_set_cookie_for_deletion()
    return BoltResponse(status=status, body=body, headers={**pages.HTML, "Set-Cookie": forget_state})
