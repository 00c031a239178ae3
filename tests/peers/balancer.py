"""A load balancer on loopback: requests go in turn to those of several servers that take them."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

import aiohttp
from aiohttp import web


class Balancer:
    """Tries each server in turn, until one takes a request; `taken` counts by server."""

    def __init__(self) -> None:
        self.servers: Sequence[str] = ()
        self.taken = dict[str, int]()
        self.url = ""
        self._next = 0

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        servers, start = self.servers, self._next
        self._next += 1
        for number in range(len(servers)):
            server = servers[(start + number) % len(servers)]
            try:
                return await self._passed_on(server, request, body)
            except aiohttp.ClientConnectorError:  # it has not taken it
                continue
            except (aiohttp.ClientError, OSError):
                break
        return web.Response(status=502)

    async def _passed_on(self, server: str, request: web.Request, body: bytes) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        connector = aiohttp.TCPConnector(force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(request.method, f"{server}{request.path_qs}", data=body, headers=headers) as answer,
        ):
            read = await answer.read()
            self.taken[server] = self.taken.get(server, 0) + 1
            return web.Response(status=answer.status, body=read, content_type=answer.content_type)


@contextmanager
def balancer() -> Iterator[Balancer]:
    """Runs one on a free port of loopback until the block ends."""
    balanced, loop = Balancer(), asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    async def start() -> web.AppRunner:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", balanced.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        balanced.url = "http://{}:{}".format(*runner.addresses[0][:2])
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield balanced
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
