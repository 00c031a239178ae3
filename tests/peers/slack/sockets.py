"""Slack's side of Socket Mode: envelopes out, acks in, connections that drop or are told to leave."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from tests.peers.slack.state import Json, World


class Sockets:
    """The app's open connections. Lives on the server's loop."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open: list[web.WebSocketResponse] = []
        self.leaving: list[web.WebSocketResponse] = []
        self.late_acks: list[Json] = []
        self.greeted = 0
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[Any]]] = {}
        self._arrival = asyncio.Event()
        self._turn = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection, from hello to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self.world.tickets:
            return web.Response(status=403, text="the ticket is used or unknown")
        self.world.tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open.append(socket)
        try:
            await self._greet(socket)
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._acked(message.data)
        finally:
            self._forget(socket)
        return socket

    async def push(self, kind: str, payload: Json, number: int, reason: str) -> Any:
        """Sends an envelope over one of the connections, waiting for one if need be; returns the ack's payload."""
        while not self.open:
            self._arrival.clear()
            await self._arrival.wait()
        self._turn += 1
        socket = self.open[self._turn % len(self.open)]
        envelope: Json = {"envelope_id": str(uuid4()), "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            envelope |= {"retry_attempt": number, "retry_reason": reason}
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = (socket, ack)
        try:
            await socket.send_str(json.dumps(envelope))
            return await ack
        finally:
            self._waiting.pop(envelope["envelope_id"], None)

    async def frame(self, text: str) -> None:
        """Sends any text over one of the connections, which Slack would not."""
        await self.open[0].send_str(text)

    async def disconnect(self, reason: str) -> None:
        """Tells every connection to leave; nothing more is sent over it."""
        for socket in list(self.open):
            self.open.remove(socket)
            self.leaving.append(socket)
            body = {"type": "disconnect", "reason": reason, "debug_info": {"host": "loopback"}}
            await socket.send_str(json.dumps(body))

    def drop(self) -> None:
        """Cuts every connection without a word."""
        for socket in [*self.open, *self.leaving]:
            transport = socket._req.transport if socket._req is not None else None
            self._forget(socket)
            if transport is not None:
                transport.abort()

    async def close(self) -> None:
        for socket in [*self.open, *self.leaving]:
            await socket.close(code=1001)

    async def _greet(self, socket: web.WebSocketResponse) -> None:
        debug = {"host": "loopback", "build_number": 1, "approximate_connection_time": 18060}
        about = {"num_connections": len(self.open), "debug_info": debug}
        about["connection_info"] = {"app_id": self.world.app.id}
        await socket.send_str(json.dumps({"type": "hello", **about}))
        self.greeted += 1
        self._arrival.set()

    def _acked(self, text: str) -> None:
        body = json.loads(text)
        waiting = self._waiting.get(body.get("envelope_id", ""))
        if waiting is None or waiting[1].done():
            self.late_acks.append(body)
        else:
            waiting[1].set_result(body.get("payload"))

    def _forget(self, socket: web.WebSocketResponse) -> None:
        for sockets in (self.open, self.leaving):
            if socket in sockets:
                sockets.remove(socket)
        for owner, ack in list(self._waiting.values()):
            if owner is socket and not ack.done():
                ack.set_exception(ConnectionError("the socket closed before the ack"))
