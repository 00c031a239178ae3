"""A loopback platform without its rules: a loop on a thread of its own, waiting, faults, and the log of requests."""

import asyncio
import random
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, Self, TypeVar

from aiohttp import web

T = TypeVar("T")
POLL_SECONDS = 0.01
STUCK = 60.0  # seconds after which the server's loop hangs, and is not only late on a busy machine
UNASSIGNED = range(20_000, 32_000)  # ports that systems assign to no one who asks for any


class HasId(Protocol):
    id: str


Named = str | HasId


def name_of(thing: Named) -> str:
    return thing if isinstance(thing, str) else thing.id


def refuse_in_coroutines(instead: str) -> None:
    """Raise where blocking would stop an app that runs on the same loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(f"this blocks the event loop: use `{instead}` in coroutines")


def free_port() -> int:
    """Return a port on which nothing listens, and which the system gives to nobody until it is listened on."""
    for port in random.sample(UNASSIGNED, len(UNASSIGNED)):
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def abbreviate(value: Any, length: int = 60) -> str:
    words = value if isinstance(value, str) else repr(value)
    return words if len(words) <= length else f"{words[:length]}… ({len(words)})"


class Faults(list[T]):
    """The faults to come; the first that meets a request is spent on it."""

    def take(self, *request: Any) -> T | None:
        fault: Any = next((fault for fault in self if fault.meets(*request)), None)  # type: ignore[attr-defined]
        if fault:
            fault.times -= 1
        return fault


class LoopbackServer:
    """Answers the app. Lives on the server's loop."""

    def __init__(self, app: web.Application, world: Any) -> None:
        self.world = world
        self.requests: list[Any] = []
        self.broken: list[Exception] = []
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)

    async def start(self) -> None:
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.world.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    def reset(self, request: web.Request) -> web.StreamResponse:
        """Cut the connection instead of answering."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)


class Loopback:
    """A platform on a loop of its own. Safe to use from any thread; only `wait…` and `settle` block."""

    server: LoopbackServer

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop_thread = threading.Thread(target=self.loop.run_forever, name=type(self).__name__, daemon=True)
        self.started = time.monotonic()

    def wait_for(self, predicate: Callable[[], T], seconds: float = 5.0, what: str = "") -> T:
        """Block until the predicate gives something true and return it; fail with a dump of what happened."""
        refuse_in_coroutines("asyncio.to_thread")
        end = time.monotonic() + seconds
        while not (found := predicate()):
            if time.monotonic() > end:
                awaited = what or "what was awaited"
                raise AssertionError(f"{awaited} did not come within {seconds} s; what happened:\n{self.dump()}")
            time.sleep(POLL_SECONDS)
        return found

    def run(self, act: Callable[[], T]) -> T:
        """Run on the server's loop, where the world lives."""
        if threading.current_thread() is self.loop_thread:
            return act()

        async def once() -> T:
            return act()

        return self.await_on_loop(once())

    def await_on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(STUCK)

    def dump(self) -> str:
        """Return what happened, in order, and what there is to see now."""
        raise NotImplementedError

    def describe_events(self, entries: list[Any]) -> list[str]:
        """Return one line for each of these requests, deliveries or interactions, by time."""
        happened = sorted((entry.at, str(entry)) for entry in entries)
        return [f"{at - self.started:8.3f} s  {what}" for at, what in happened]

    async def close_connections(self) -> None:
        """Let go of what the app has open."""
        raise NotImplementedError

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Run it on a free port of loopback until the block ends; then fail if the server itself did."""
        self.loop_thread.start()
        self.await_on_loop(self.server.start())
        try:
            yield self
        finally:
            self.await_on_loop(self.close_connections())
            self.await_on_loop(self.server.runner.cleanup())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.loop_thread.join()
            self.loop.close()
        if self.server.broken:
            raise AssertionError(f"the loopback {type(self).__name__} itself failed") from self.server.broken[0]
