"""Several workspaces: each installs the app by OAuth, has a token of its own, and may remove the app again."""

import logging
import re
import time
from datetime import UTC, datetime, timedelta
from html import escape
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
from bot.slack.bolt import App
from bot.slack.listeners import enter
from bot.slack.names import INSTALL, REDIRECT, SCOPES
from bot.slack.parsing import Body, Origin, parse_id, parse_origin, parsing
from bot.store.installations import STATE_SECONDS, Installations, States

log = logging.getLogger(__name__)

TEAM = re.compile(r"[TE][A-Z0-9]{1,31}")
SAME_SECOND = timedelta(seconds=1)  # Slack tells the time of an event in whole seconds


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>rag-or-tune</title>
<style>body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem }}</style>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="{link}">{goes_to}</a></p>
</html>
"""
HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
AGAIN = INSTALL.rpartition("/")[2]  # both pages are beside it, whatever the address has before them
REASONS = {
    "access_denied": "slack_declined",
    "invalid_browser": "slack_expired",
    "invalid_state": "slack_expired",
}


def make_oauth_app(settings: Settings, client: AsyncWebClient, installations: Installations, states: States) -> App:
    """Make Bolt's app for all workspaces that install it; `client` has no token."""
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
    """Register the listener for removals: the token of a workspace that removes the app is deleted."""

    @app.event("app_uninstalled", middleware=[enter])
    @app.event("team_access_revoked", middleware=[enter])
    @app.event("tokens_revoked", middleware=[enter])
    async def remove(body: Body, context: AsyncBoltContext) -> None:
        with parsing():
            moment = datetime.fromtimestamp(min(body.get("event_time") or time.time(), time.time()), UTC) + SAME_SECOND
            removals = _removals(body, context)
        for whose in removals:
            log.warning("Slack has removed the app from %s", whose.tenant)
            if installations:  # one that was made since then stays: Slack tells things late, and more than once
                await installations.remove(whose.enterprise, None if whose.enterprise else whose.team, moment)


def _removals(body: Body, context: AsyncBoltContext) -> list[Origin]:
    """The places that have removed the app: a workspace, a whole organisation, or some workspaces of one."""
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
        """Have Bolt handle a visit; an error shows its reference."""
        if not TEAM.fullmatch(request.query_params.get("team", "T0")):  # Bolt puts it into Slack's address as it is
            return HTMLResponse(_not_installed_page("team"), 400, HTML)
        try:
            return await self._handler.handle(Request(request.scope, _no_body))  # Bolt would read one of any size
        except Exception:  # noqa: BLE001 it is logged, with its reference
            return HTMLResponse(_error_page(report(log, "an installation failed")), 500, HTML)


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
    return _response(200, _installed_page(where, link), args.settings)


async def _not_installed(args: AsyncFailureArgs) -> BoltResponse:
    log.warning("an installation was not made: %s", args.reason[:100])
    return _response(args.suggested_status_code, _not_installed_page(args.reason), args.settings)


def _response(status: int, body: str, settings: AsyncOAuthSettings) -> BoltResponse:
    forget_state = settings.state_utils.build_set_cookie_for_deletion()
    return BoltResponse(status=status, body=body, headers={**HTML, "Set-Cookie": forget_state})


def _installed_page(workspace: str, link: str) -> str:
    """The app is installed in a workspace; `link` opens it there."""
    return _page("slack_installed_title", texts.sentence("slack_installed", workspace=workspace), link, "slack_open")


def _not_installed_page(reason: str) -> str:
    """The app is not installed, for a reason that Slack or Bolt names."""
    return _page("slack_failed_title", texts.sentence(REASONS.get(reason, "slack_failed")), AGAIN, "slack_try_again")


def _error_page(reference: str) -> str:
    """The app is not installed, because of an error that is logged under a reference."""
    return _page("slack_failed_title", texts.sentence("unforeseen", reference=reference), AGAIN, "slack_try_again")


def _page(title: str, text: str, link: str, goes_to: str) -> str:
    values = {"title": texts.sentence(title), "text": text, "link": link, "goes_to": texts.sentence(goes_to)}
    return PAGE.format(**{name: escape(value) for name, value in values.items()})
