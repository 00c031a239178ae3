"""The HTTP side: Slack's endpoint, and whether the process lives and is ready."""

import asyncio

import uvicorn
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.errors import SettingsError
from bot.service import Service, serving, stopping
from bot.settings import Settings
from bot.slack.app import is_set_up, make_app, surfaces
from bot.slack.names import ENDPOINT, INSTALL, REDIRECT
from bot.slack.oauth import InstallPages
from bot.slack.requests import Requests

EVERYWHERE = "0.0.0.0"  # noqa: S104 in a container, the proxy comes from outside


async def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then lets what is going on come to its end."""
    if settings.slack_signing_secret is None or not is_set_up(settings):
        raise SettingsError(
            "Set SLACK_SIGNING_SECRET and SLACK_BOT_TOKEN (xoxb-…), or for several workspaces SLACK_CLIENT_ID and "
            "SLACK_CLIENT_SECRET in place of the token; the README's Slack steps say how."
        )
    stopped = stopping()
    async with serving(settings, surfaces) as service:
        app = make_app(settings, service)
        requests = Requests(app, settings.slack_signing_secret.get_secret_value())
        routes = application(requests, service, InstallPages(app) if app.oauth_flow else None)
        server = uvicorn.Server(uvicorn.Config(routes, EVERYWHERE, settings.port, log_config=None))
        serve = asyncio.create_task(server.serve())
        await stopped.wait()
        server.should_exit = True
        await serve


def application(slack: Requests, service: Service, pages: InstallPages | None) -> Starlette:
    """The routes; `pages` are those of several workspaces."""

    async def lives(request: Request) -> Response:
        del request
        return PlainTextResponse("ok")

    async def ready(request: Request) -> Response:
        del request
        try:
            async with service.flow.store.database.engine.connect() as connection:
                await connection.execute(select(1))
        except SQLAlchemyError:
            return PlainTextResponse("the database is not there", 503)
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route(ENDPOINT, slack.handle, methods=["POST"]),
            *(Route(path, pages.handle, methods=["GET"]) for path in (INSTALL, REDIRECT) if pages),
            Route("/healthz", lives),
            Route("/readyz", ready),
        ]
    )
