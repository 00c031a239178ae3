"""The HTTP side: the routes of the platforms, probes for whoever supervises the process, and metrics for Prometheus."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.chat.listener import Listener, Service
from bot.errors import SettingsError
from bot.observing.metrics import PREFIX
from bot.store.database import Database
from bot.store.figures import Figures, figures

Result = TypeVar("Result")

ALL_INTERFACES = "0.0.0.0"  # noqa: S104 in a container, the proxy comes from outside
SHUTDOWN_TIMEOUT = 5  # seconds that a stop waits for open requests
DATABASE_TIMEOUT = 5.0  # seconds that the database has to answer a probe


async def listen(service: Service, listeners: Sequence[Listener], port: int, stopped: asyncio.Event) -> None:
    """Serve HTTP on `port` until `stopped` is set. Raises SettingsError when the port is taken."""
    routes = [route for listener in listeners for route in listener.routes(service)]
    await _serve(make_application(service.flow.store.database, listeners, routes), port, stopped)


async def answer_probes(port: int, ready: asyncio.Event) -> None:
    """Say that the process lives and is not ready, until it is. Raises SettingsError when the port is taken."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        return PlainTextResponse("learning from the corpus", 503)

    await _serve(Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)]), port, ready)


async def _serve(app: Starlette, port: int, stopped: asyncio.Event) -> None:
    try:
        listening = socket.create_server((ALL_INTERFACES, port))
    except OSError as error:
        raise SettingsError(
            f"PORT: nothing can listen on {port} ({os.strerror(error.errno or 0)}); set another."
        ) from error
    # Its own log of requests would hold the codes of installations.
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=SHUTDOWN_TIMEOUT)
    server = uvicorn.Server(config)
    serve = asyncio.create_task(server.serve([listening]))
    await stopped.wait()
    server.should_exit = True
    await serve


def make_application(
    database: Database, listeners: Sequence[Listener], routes: Sequence[Route], timeout: float = DATABASE_TIMEOUT
) -> Starlette:
    """Return the listeners' routes and our own; probes wait `timeout` seconds for the database."""

    async def healthz(_: Request) -> Response:
        """Liveness probe."""
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        """Readiness probe: the connections and the database are up."""
        missing = [listener.name for listener in listeners if not await listener.is_up()]
        try:
            await _within(timeout, _ping(database))
        except (SQLAlchemyError, OSError):
            missing.append("database")
        return PlainTextResponse(f"not connected: {', '.join(missing)}", 503) if missing else PlainTextResponse("ok")

    async def metrics(_: Request) -> Response:
        """Return what this process has counted, and the database's figures."""
        try:
            current = await _within(timeout, figures(database))
        except (SQLAlchemyError, OSError):
            current = None
        return Response(generate_latest(REGISTRY) + _export(current), media_type=CONTENT_TYPE_LATEST)

    probes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    return Starlette(routes=[*routes, *probes])


def _export(figures: Figures | None) -> bytes:
    """Return the database's figures, the same in each process, in Prometheus' format; None while it is down."""
    registry = CollectorRegistry()
    Gauge(f"{PREFIX}_database_up", "1 while the database answers.", registry=registry).set(figures is not None)
    if figures:
        depth = Gauge(f"{PREFIX}_queue_depth", "Items waiting in a queue.", ["queue"], registry=registry)
        oldest = Gauge(f"{PREFIX}_queue_oldest_seconds", "Age of the oldest item.", ["queue"], registry=registry)
        for name, queue in (("questions", figures.questions), ("posts", figures.posts)):
            depth.labels(name).set(queue.depth)
            oldest.labels(name).set(queue.oldest)
        leads = Gauge(f"{PREFIX}_leads", "Requests for a consultant by state.", ["state"], registry=registry)
        for state, count in figures.leads.items():
            leads.labels(state).set(count)
    return generate_latest(registry)


async def _ping(database: Database) -> None:
    async with database.engine.connect() as connection:
        await connection.execute(select(1))


async def _within(seconds: float, query: Awaitable[Result]) -> Result:
    """Return a query's result. Raises TimeoutError without waiting for the query to end: SQLite takes its time."""
    task = asyncio.ensure_future(query)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
        task.cancel()
        raise TimeoutError
    return task.result()
