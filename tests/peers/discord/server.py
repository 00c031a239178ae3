"""The sockets of the loopback Discord: the REST API, the files people open, and the gateway."""

import asyncio
import json
import math
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.peers.discord import account, commands, interactions, messages
from tests.peers.discord.calls import Call, lookup
from tests.peers.discord.errors import CODES, ApiError, UnknownRouteError
from tests.peers.discord.faults import Fault, Request
from tests.peers.discord.gateway import Gateway
from tests.peers.discord.state import File, Json, World
from tests.peers.loopback import Faults, LoopbackServer

Answer = tuple[int, Any, dict[str, str]]
MODULES = (account, commands, interactions, messages)
"""Imported so that their routes are registered."""
_BODIES = ("POST", "PUT", "PATCH")


@dataclass
class Body:
    """What a request carries, read."""

    json: Any = None
    files: list[File] = field(default_factory=list)
    error: ApiError | None = None

    @property
    def payload(self) -> Json:
        return self.json if isinstance(self.json, dict) else {}


class Server(LoopbackServer):
    """Answers the app."""

    world: World
    requests: list[Request]

    def __init__(self, world: World, gateway: Gateway, faults: Faults[Fault]) -> None:
        self.faults = faults
        self.posts: tuple[int, float] | None = None
        self._spent: dict[str, list[float]] = {}
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway", gateway.handle)
        app.router.add_get("/resume", gateway.handle)
        app.router.add_get("/attachments/{channel}/{file}/{name}", self._file)
        app.router.add_route("*", "/api/v10/{path:.*}", self._api)
        super().__init__(app, world)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        verb, path = request.method, "/" + request.match_info["path"]
        body = await self._read(request)
        found, _ = lookup(verb, path)
        name = found.name if found else f"{verb} {path}"
        entry = Request(name, path, body.payload or {"": body.json}, dict(request.query))
        entry.files = [file.filename for file in body.files]
        self.requests.append(entry)
        fault = self.faults.take(verb, path, body.payload) or Fault(name)
        entry.fault = str(fault)
        await asyncio.sleep(fault.delay)
        if fault.reset == "before":
            return self.reset(request)
        if fault.takes_effect:
            self._try(request, body)
        if fault.status:
            entry.status, entry.answer, headers = _failure(fault)
        else:
            entry.status, entry.answer, headers = self._try(request, body)
        await asyncio.sleep(fault.late)
        if fault.reset == "after":
            return self.reset(request)
        return _response(entry.status, entry.answer, headers)

    def _try(self, request: web.Request, body: Body) -> Answer:
        try:
            return self._run(request, body)
        except ApiError as error:
            return error.status, error.body, {}
        except Exception as error:
            self.broken.append(error)
            raise

    def _run(self, request: web.Request, body: Body) -> Answer:
        verb, path = request.method, "/" + request.match_info["path"]
        found, ids = lookup(verb, path)
        if found is None:
            raise UnknownRouteError
        if not found.open and request.headers.get("Authorization") != f"Bot {self.world.app.token}":
            raise ApiError(0)
        if body.error:
            raise body.error
        headers, over = self._limit(found.name, ids)
        if over:
            return 429, over, headers
        made = found.run(Call(self.world, ids, body.payload, dict(request.query), body.files, body.json))
        made = json.loads(json.dumps(made))
        return (204 if made is None else 200), made, headers

    def _limit(self, name: str, ids: tuple[str, ...]) -> tuple[dict[str, str], Json | None]:
        """The headers on rate limits, and what is answered above them (only creating messages has any)."""
        most, seconds = (50, 1.0) if self.posts is None or name != "POST /channels/{}/messages" else self.posts
        key, now = f"{name} {ids[:1]}", time.monotonic()
        spent = [at for at in self._spent.get(key, []) if now - at < seconds]
        wait = seconds - (now - spent[0]) if spent else seconds
        headers = _limits(name, most, max(0, most - len(spent) - 1), wait)
        if self.posts is not None and len(spent) >= most:
            return headers | _limited(wait, "user"), _limited_body(wait, everywhere=False)
        self._spent[key] = [*spent, now] if self.posts is not None else []
        return headers, None

    async def _read(self, request: web.Request) -> Body:
        if request.method not in _BODIES or not request.can_read_body:
            return Body()
        if request.content_type == "multipart/form-data":
            return await self._multipart(request)
        raw = await request.read()
        if not raw:
            return Body()
        wrong = request.headers.get("Content-Type") != "application/json"
        try:
            return Body(json.loads(raw), error=ApiError(50035) if wrong else None)
        except ValueError:
            return Body(error=ApiError(50109))

    async def _multipart(self, request: web.Request) -> Body:
        form = await request.post()
        try:
            body = Body(json.loads(str(form.get("payload_json", "{}"))))
        except ValueError:
            return Body(error=ApiError(50109))
        data = body.payload.get("data", body.payload)
        about = {str(each.get("id")): each for each in data.get("attachments") or []}
        for name, part in form.items():
            if isinstance(part, web.FileField):
                more = about.get(name.removeprefix("files[").rstrip("]"), {})
                kind = part.content_type or "application/octet-stream"
                file = File(self.world.id(), part.filename, part.file.read(), kind, more.get("description"))
                body.files.append(file)
        return body

    async def _file(self, request: web.Request) -> web.StreamResponse:
        channel = self.world.channels.get(request.match_info["channel"])
        kept = [*channel.messages.values(), *channel.ephemerals.values()] if channel else []
        files = {file.id: file for message in kept for file in message.files}
        file = files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.content, content_type=file.content_type)


def _limits(name: str, most: int, left: int, seconds: float) -> dict[str, str]:
    shown = {"X-RateLimit-Limit": str(most), "X-RateLimit-Remaining": str(left)}
    shown |= {"X-RateLimit-Reset": f"{time.time() + seconds:.3f}", "X-RateLimit-Reset-After": f"{seconds:.3f}"}
    return shown | {"X-RateLimit-Bucket": f"{abs(hash(name)):x}"}


def _limited(seconds: float, scope: str) -> dict[str, str]:
    return {"Retry-After": str(math.ceil(seconds)), "X-RateLimit-Scope": scope}


def _limited_body(seconds: float, *, everywhere: bool) -> Json:
    return {"message": "You are being rate limited.", "retry_after": seconds, "global": everywhere}


def _failure(fault: Fault) -> Answer:
    status = fault.status or 500
    if status == 429 and fault.banned:
        return status, "error code: 1015", {"Retry-After": str(math.ceil(fault.retry_after))}
    if status == 429:
        headers = _limited(fault.retry_after, "global" if fault.everywhere else "user")
        headers |= {"X-RateLimit-Global": "true"} if fault.everywhere else {}
        return status, _limited_body(fault.retry_after, everywhere=fault.everywhere), headers
    if fault.code is None and status >= 500:
        return status, "upstream connect error", {}
    usual = {401: "401: Unauthorized", 403: "Forbidden", 404: "404: Not Found"}.get(status, "Error")
    words = CODES.get(fault.code or -1, (0, usual))[1]
    return status, {"message": words, "code": fault.code or 0}, {}


def _response(status: int | None, answer: Any, headers: dict[str, str]) -> web.StreamResponse:
    banned = isinstance(answer, str) and status == 429
    headers = headers if banned else headers | {"Via": "1.1 google"}
    if answer is None:
        return web.Response(status=status or 204, headers=headers)
    if isinstance(answer, str):
        return web.Response(status=status or 500, text=answer, headers=headers)
    body = json.dumps(answer).encode()
    return web.Response(status=status or 200, body=body, content_type="application/json", headers=headers)
