"""How the app is told: one delivery with its attempts, as a signed HTTP request or over the app's web socket."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.peers import ACK
from tests.peers.loopback import refuse_in_coroutines
from tests.peers.slack.sockets import Sockets
from tests.peers.slack.state import App, Json

EVENT, COMMAND, INTERACTION = "events_api", "slash_commands", "interactive"
AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


@dataclass
class Pace:
    """How long Slack waits for an ack, and the pauses before it tries an event again (Slack: 0, 60, 300 s)."""

    ack: float = ACK
    retries: tuple[float, ...] = (0.0, 0.1, 0.2)


@dataclass(frozen=True)
class Signing:
    """How a request is signed; `signature` replaces the right one, `age` in seconds makes the timestamp old."""

    secret: str
    age: float = 0.0
    signature: str | None = None

    def headers(self, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time() - self.age))
        digest = hmac.new(self.secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": self.signature or f"v0={digest}"}


@dataclass
class Attempt:
    """One try: the HTTP status (200 for an ack over a socket, None without any answer) and the time it took."""

    number: int
    status: int | None
    body: bytes
    seconds: float
    reason: str = ""
    no_retry: bool = False

    @property
    def acked(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(eq=False)
class Delivery:
    """Something the app is told. `wait()` blocks until it is acked or given up, `await` does so in a coroutine."""

    kind: str
    payload: Json
    signing: Signing | None = None
    raw: bytes | None = None
    content_type: str = ""
    path: str = "/slack/events"
    at: float = field(default_factory=time.monotonic)
    attempts: list[Attempt] = field(default_factory=list)
    error: str | None = None
    subject: Any = None
    _done: "Future[Delivery]" = field(default_factory=Future)

    def wait(self, seconds: float = 10.0) -> "Delivery":
        """Blocks until the delivery is over."""
        refuse_in_coroutines("await")
        return self._done.result(seconds)

    def __await__(self) -> "Generator[Any, None, Delivery]":
        return asyncio.wrap_future(self._done).__await__()

    def __deepcopy__(self, _memo: object) -> "Delivery":
        return self

    def finish(self) -> None:
        if not self._done.done():
            self._done.set_result(self)

    @property
    def done(self) -> bool:
        return self._done.done()

    @property
    def acked(self) -> bool:
        return any(attempt.acked for attempt in self.attempts)

    @property
    def status(self) -> int | None:
        """The status of the last attempt."""
        return self.attempts[-1].status if self.attempts else None

    @property
    def body(self) -> bytes:
        return self.attempts[-1].body if self.attempts else b""

    @property
    def seconds(self) -> float:
        """How long the last attempt waited for its ack."""
        return self.attempts[-1].seconds if self.attempts else 0.0

    @property
    def json(self) -> Any:
        """What the ack said, if it said anything in JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def name(self) -> str:
        event = self.payload.get("event") or {}
        kinds = (event.get("type"), event.get("subtype"), self.payload.get("command"), self.payload.get("type"))
        said = repr(event["text"][:60]) if event.get("text") else ""
        return " ".join(str(kind) for kind in (*kinds, said) if kind) or "raw"

    def __str__(self) -> str:
        tries = [f"{a.reason or a.status} in {a.seconds * 1000:.0f} ms" for a in self.attempts] or ["under way"]
        return f"app told {self.name}: {', then '.join(tries)}{f' ({self.error})' if self.error else ''}"

    def encoded(self) -> tuple[bytes, str]:
        """The body of the HTTP request and its type."""
        if self.raw is not None:
            return self.raw, self.content_type
        if self.kind == EVENT:
            return json.dumps(self.payload).encode(), "application/json"
        form = self.payload if self.kind == COMMAND else {"payload": json.dumps(self.payload)}
        return urlencode(form).encode(), "application/x-www-form-urlencoded"


class Courier:
    """Carries deliveries to the app, with retries for events. Lives on the server's loop."""

    def __init__(self, app: App, pace: Pace, sockets: Sockets) -> None:
        self.app = app
        self.pace = pace
        self.sockets = sockets
        self.target: str | None = None
        self.carried: list[Delivery] = []
        self.after: Callable[[Delivery], None] = lambda _delivery: None
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, delivery: Delivery, *, again: bool = False) -> Delivery:
        """Starts to carry it; `again` counts on from the attempts it already had."""
        if not again:
            self.carried.append(delivery)
        task = asyncio.get_running_loop().create_task(self._carry(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return delivery

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()
            await asyncio.sleep(0)

    async def _carry(self, delivery: Delivery) -> None:
        retried = delivery.kind == EVENT and delivery.raw is None
        try:
            for pause in (0.0, *(self.pace.retries if retried else ())):
                await asyncio.sleep(pause)
                attempt = await self._attempt(delivery)
                delivery.attempts.append(attempt)
                if attempt.acked or attempt.no_retry:
                    break
            self.after(delivery)
        finally:
            delivery.finish()

    async def _attempt(self, delivery: Delivery) -> Attempt:
        number = len(delivery.attempts)
        start = time.monotonic()
        over_http = self.target is not None or delivery.raw is not None
        try:
            found = await asyncio.wait_for(
                self._post(delivery, number) if over_http else self._push(delivery, number), self.pace.ack
            )
        except TimeoutError:
            found = Attempt(number, None, b"", 0.0, "http_timeout" if over_http else "timeout")
        except (aiohttp.ClientError, ConnectionError, OSError) as error:
            found = Attempt(number, None, str(error).encode(), 0.0, "connection_failed")
        found.seconds = time.monotonic() - start
        return found

    async def _post(self, delivery: Delivery, number: int) -> Attempt:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        body, kind = delivery.encoded()
        headers = {"Content-Type": kind, "User-Agent": AGENT}
        headers |= (delivery.signing or Signing(self.app.signing_secret)).headers(body)
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": delivery.attempts[-1].reason}
        url = f"{self.target}{delivery.path}"
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            read = await answer.read()
            reason = "" if 200 <= answer.status < 300 else "http_error"
            no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
            return Attempt(number, answer.status, read, 0.0, reason, no_retry)

    async def _push(self, delivery: Delivery, number: int) -> Attempt:
        reason = delivery.attempts[-1].reason if number else ""
        payload = await self.sockets.push(delivery.kind, delivery.payload, number, reason)
        body = b"" if payload is None else json.dumps(payload).encode()
        return Attempt(number, 200, body, 0.0)
