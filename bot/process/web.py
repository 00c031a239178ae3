"""The HTTP side: what platforms ask of us, whether the process lives and is ready, and what it has counted."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import uvicorn
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.chat.service import Listener, Service
from bot.errors import SettingsError
from bot.process.scraping import scraped
from bot.store.figures import figures

Result = TypeVar("Result")

EVERYWHERE = "0.0.0.0"  # noqa: S104 in a container, the proxy comes from outside
STOPPING = 5  # seconds that a stop waits for requests that are going on
ASKING = 5.0  # seconds that the database has to show that it is there


async def listen(service: Service, entrances: Sequence[Listener], port: int, stopped: asyncio.Event) -> None:
    """Listens on `port` until it is to stop. Raises SettingsError when something else does."""
    try:
        listener = socket.create_server((EVERYWHERE, port))
    except OSError as error:
        raise SettingsError(
            f"PORT: nothing can listen on {port} ({os.strerror(error.errno or 0)}); set another."
        ) from error
    app = application(service, entrances)
    # Its own log of requests would hold the codes of installations.
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=STOPPING)
    server = uvicorn.Server(config)
    serve = asyncio.create_task(server.serve([listener]))
    await stopped.wait()
    server.should_exit = True
    await serve


def application(service: Service, entrances: Sequence[Listener]) -> Starlette:
    """The routes of the entrances, and our own."""

    async def lives(request: Request) -> Response:
        del request
        return PlainTextResponse("ok")

    async def ready(request: Request) -> Response:
        del request
        missing = [entrance.name for entrance in entrances if not await entrance.is_up()]
        if not await _is_there(service):
            missing.append("database")
        return PlainTextResponse(f"not connected: {', '.join(missing)}", 503) if missing else PlainTextResponse("ok")

    async def metrics(request: Request) -> Response:
        del request
        try:
            return scraped(await _soon(figures(service.flow.store.database)))
        except (SQLAlchemyError, OSError):
            return scraped(None)

    return Starlette(
        routes=[
            *(route for entrance in entrances for route in entrance.routes(service)),
            Route("/healthz", lives),
            Route("/readyz", ready),
            Route("/metrics", metrics),
        ]
    )


async def _is_there(service: Service) -> bool:
    """Whether the database answers."""

    async def ask() -> None:
        async with service.flow.store.database.engine.connect() as connection:
            await connection.execute(select(1))

    try:
        await _soon(ask())
    except (SQLAlchemyError, OSError):
        return False
    return True


async def _soon(asking: Awaitable[Result]) -> Result:
    """What is asked, within some seconds. Raises TimeoutError, and does not wait for the end: SQLite takes its time."""
    task = asyncio.ensure_future(asking)
    done, _ = await asyncio.wait({task}, timeout=ASKING)
    if not done:
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
        task.cancel()
        raise TimeoutError
    return task.result()
