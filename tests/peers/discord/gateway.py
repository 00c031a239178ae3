"""The gateway: sessions that are identified, resumed, invalidated and cut, and what is dispatched to them."""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.peers.discord.account import gateway_url
from tests.peers.discord.rendering import CONTENT_GRANTED, MESSAGE_CONTENT, joined_json, user_json
from tests.peers.discord.state import Json, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
INTERVAL = 41_250  # milliseconds between two heartbeats of the app
GUILDS, GUILD_MEMBERS, PRESENCES, GUILD_MESSAGES, DIRECT_MESSAGES = 1, 1 << 1, 1 << 8, 1 << 9, 1 << 12
_ALL_INTENTS = (1 << 26) - 1
_PRIVILEGED = {
    MESSAGE_CONTENT: CONTENT_GRANTED,
    GUILD_MEMBERS: (1 << 14) | (1 << 15),
    PRESENCES: (1 << 12) | (1 << 13),
}
_ENDS_SESSION = (1000, 1001)
GREETINGS = ("READY", "RESUMED", "GUILD_CREATE")

Render = Callable[[Any], Json | None]


@dataclass(eq=False)
class Session:
    """What one shard of the app identified as; it outlives its connection, for RESUME."""

    id: str
    shard: int
    shards: int
    intents: int
    connection: "Connection | None" = None
    events: list[tuple[str, Json]] = field(default_factory=list)

    @property
    def reads_content(self) -> bool:
        return bool(self.intents & MESSAGE_CONTENT)

    def wants(self, name: str, guild_id: str | None) -> bool:
        """Whether an event is for this shard and among its intents."""
        home = 0 if guild_id is None else (int(guild_id) >> 22) % self.shards
        messages = GUILD_MESSAGES if guild_id else DIRECT_MESSAGES
        needed = messages if name.startswith("MESSAGE_") else GUILDS if name.startswith(_GUILD_EVENTS) else 0
        return home == self.shard and (not needed or bool(self.intents & needed))

    def replay(self, number: int, again: int) -> list[tuple[int, tuple[str, Json]]]:
        """The events after a number with theirs, and the last few before it `again`."""
        numbered = list(enumerate(self.events, 1))
        had = [(place, event) for place, event in numbered[:number] if event[0] not in GREETINGS]
        return had[len(had) - min(again, len(had)) :] + numbered[number:]

    def tell(self, name: str, body: Json) -> None:
        """Dispatches an event, or keeps it for the next RESUME."""
        self.events.append((name, body))
        if self.connection:
            self.connection.dispatch(len(self.events), name, body)


_GUILD_EVENTS = ("GUILD_CREATE", "GUILD_DELETE", "GUILD_ROLE", "CHANNEL_", "THREAD_")


class Connection:
    """One socket of the app. What is sent goes out in order."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        self.session: Session | None = None
        self.leaving = False
        self._queue: asyncio.Queue[Json | int] = asyncio.Queue()

    def send(self, frame: Json) -> None:
        self._queue.put_nowait(frame)

    def dispatch(self, number: int, name: str, body: Json) -> None:
        self.send({"op": DISPATCH, "s": number, "t": name, "d": body})

    def close(self, code: int) -> None:
        """Closes with a code, after all that was sent before."""
        self._queue.put_nowait(code)

    def cut(self) -> None:
        """Ends without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def write(self) -> None:
        """Sends what is queued, until the end."""
        while True:
            item = await self._queue.get()
            try:
                if isinstance(item, int):
                    await self.socket.close(code=item)
                    return
                await self.socket.send_str(json.dumps(item))
            except ConnectionError:
                return


class Gateway:
    """All connections and sessions. Lives on the server's loop."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sessions: dict[str, Session] = {}
        self.open: list[Connection] = []
        self.rewind = 0
        self.identified: list[Json] = []
        self.resumed: list[Json] = []
        self.refusing = False
        self.greeting = asyncio.Event()
        self.greeting.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def publish(self, name: str, guild_id: str | None, render: Render) -> None:
        """Tells every session that wants to know."""
        for session in self.sessions.values():
            if session.wants(name, guild_id):
                body = render(session)
                if body is not None:
                    session.tell(name, json.loads(json.dumps(body)))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection, from HELLO to its end."""
        if self.refusing:
            return web.Response(status=503, text="upstream connect error")
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.open.append(connection)
        writer = asyncio.create_task(connection.write())
        try:
            await self.greeting.wait()
            connection.send({"op": HELLO, "d": {"heartbeat_interval": INTERVAL, "_trace": []}, "s": None, "t": None})
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._take(connection, message.data)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._forget(connection)
        return socket

    def _forget(self, connection: Connection) -> None:
        if connection not in self.open:
            return
        self.open.remove(connection)
        session = connection.session
        if session and session.connection is connection:
            session.connection = None
            if connection.socket.close_code in _ENDS_SESSION:
                self.sessions.pop(session.id, None)

    def _take(self, connection: Connection, text: str) -> None:
        try:
            frame = json.loads(text)
            code, body = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            connection.close(4002)
            return
        if len(text.encode()) > 4096:
            connection.close(4002)
        elif code == HEARTBEAT:
            connection.send({"op": ACK})
        elif code == IDENTIFY:
            self._identify(connection, body)
        elif code == RESUME:
            self._resume(connection, body)
        elif connection.session is None:
            connection.close(4003)
        elif code not in (3, 4):
            connection.close(4001)

    def _identify(self, connection: Connection, body: Json) -> None:
        shard, shards = body.get("shard") or (0, 1)
        intents = body.get("intents")
        self.identified.append(body)
        wrong = self._refusal(connection, body, shard, shards, intents)
        if wrong:
            connection.close(wrong)
            return
        session = Session(secrets.token_hex(16), shard, shards, intents, connection)
        self.sessions[session.id] = session
        connection.session = session
        mine = [guild for guild in self.world.guilds.values() if self.world.bot.id in guild.members]
        mine = [guild for guild in mine if session.wants("READY", guild.id)]
        ready: Json = {"v": 10, "user": user_json(self.world.bot), "session_id": session.id, "session_type": "normal"}
        ready |= {"guilds": [{"id": guild.id, "unavailable": True} for guild in mine], "shard": [shard, shards]}
        ready |= {"resume_gateway_url": gateway_url(self.world, "resume"), "private_channels": [], "relationships": []}
        session.tell("READY", ready | {"application": {"id": self.world.app.id, "flags": self.world.app.flags}})
        for guild in mine if intents & GUILDS else []:
            session.tell("GUILD_CREATE", joined_json(self.world, guild))

    def _refusal(self, connection: Connection, body: Json, shard: int, shards: int, intents: Any) -> int | None:
        """The code to close with, if IDENTIFY cannot be taken."""
        if connection.session:
            return 4005
        if body.get("token") != self.world.app.token:
            return 4004
        if not isinstance(intents, int) or intents & ~_ALL_INTENTS:
            return 4013
        if not 0 <= shard < shards:
            return 4010
        allowed = all(self.world.app.flags & flags for bit, flags in _PRIVILEGED.items() if intents & bit)
        return None if allowed else 4014

    def _resume(self, connection: Connection, body: Json) -> None:
        session, number = self.sessions.get(body.get("session_id") or ""), body.get("seq") or 0
        self.resumed.append(body | {"path": connection.request.path})
        if body.get("token") != self.world.app.token:
            connection.close(4004)
        elif session is None:
            connection.send({"op": INVALID, "d": False})
        elif number > len(session.events):
            connection.close(4007)
        else:
            if session.connection:
                session.connection.close(4000)
            session.connection, connection.session = connection, session
            for place, (name, event) in session.replay(number, self.rewind):
                connection.dispatch(place, name, event)
            session.tell("RESUMED", {"_trace": []})

    def reconnect(self) -> None:
        for connection in self._dismissed():
            connection.send({"op": RECONNECT, "d": None})

    def invalidate(self) -> None:
        """Op 9; the sessions are forgotten."""
        for connection in self._dismissed():
            if connection.session:
                self.sessions.pop(connection.session.id, None)
            connection.send({"op": INVALID, "d": False})

    def drop(self) -> None:
        for connection in self._dismissed():
            connection.cut()
            self._forget(connection)

    def close_all(self, code: int) -> None:
        for connection in self._dismissed():
            connection.close(code)

    def _dismissed(self) -> list[Connection]:
        """All connections; they count no more from now on."""
        for connection in self.open:
            connection.leaving = True
        return list(self.open)

    @property
    def ready(self) -> int:
        """How many connections have a session and stay."""
        return sum(connection.session is not None and not connection.leaving for connection in self.open)

    async def stop(self) -> None:
        self.greeting.set()
        for connection in list(self.open):
            await connection.socket.close(code=1001)
