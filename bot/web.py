"""The HTTP side: Slack's endpoint, and whether the process lives and is ready."""

import asyncio

import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.errors import SettingsError
from bot.service import Service, serving, stopping
from bot.settings import Settings
from bot.slack.app import make_app, surface
from bot.slack.wellformed import is_well_formed

EVERYWHERE = "0.0.0.0"  # noqa: S104 in a container, the proxy comes from outside
LARGEST = 1_000_000  # bytes of a request; Slack's are far smaller


async def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then lets what is going on come to its end."""
    slack = surface(settings)
    if slack is None or settings.slack_signing_secret is None:
        raise SettingsError("Set SLACK_BOT_TOKEN (xoxb-…) and SLACK_SIGNING_SECRET; the README's Slack steps say how.")
    stopped = stopping()
    async with serving(settings, {"slack": slack}) as service:
        routes = application(make_app(settings, service), service)
        server = uvicorn.Server(uvicorn.Config(routes, EVERYWHERE, settings.port, log_config=None))
        serve = asyncio.create_task(server.serve())
        await stopped.wait()
        server.should_exit = True
        await serve


def application(slack: AsyncApp, service: Service) -> Starlette:
    """The routes."""
    handler = AsyncSlackRequestHandler(slack)

    async def events(request: Request) -> Response:
        if int(request.headers.get("content-length", LARGEST + 1)) > LARGEST:
            return PlainTextResponse("too large", 413)
        if not is_well_formed(await request.body(), request.headers.get("content-type", "")):
            return PlainTextResponse("not a request of Slack's", 400)
        return await handler.handle(request)

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
            Route("/slack/events", events, methods=["POST"]),
            Route("/healthz", lives),
            Route("/readyz", ready),
        ]
    )
