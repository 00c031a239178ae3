"""The loopback Discord as tests hold it: settings, the gateway's whims, faults, waiting, and a readable dump."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.peers import ACK
from tests.peers.discord.faults import Fault
from tests.peers.discord.gateway import GREETINGS, Gateway
from tests.peers.discord.interaction import Interaction
from tests.peers.discord.people import People
from tests.peers.discord.server import Server
from tests.peers.discord.sight import Sight
from tests.peers.discord.state import App, Json, Message, User, World
from tests.peers.loopback import Faults


class Discord(People, Sight):
    """A Discord for one app. Safe to use from any thread and from coroutines; only `wait…` and `settle` block."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self.app = app
        self.world = World(app)
        self.faults = Faults[Fault]()
        self.gateway = Gateway(self.world)
        self.server = Server(self.world, self.gateway, self.faults)
        self.world.publish = self.gateway.publish

    @property
    def api_url(self) -> str:
        """What `discord.http.Route.BASE` is set to."""
        return f"{self.world.url}/api/v10"

    @property
    def gateway_url(self) -> str:
        """What `DiscordWebSocket.DEFAULT_GATEWAY` is set to, for sessions that begin anew."""
        return f"{self.world.url.replace('http', 'ws', 1)}/gateway"

    @property
    def token(self) -> str:
        return self.app.token

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def ack_seconds(self) -> float:
        """How long an interaction may wait for its acknowledgement; may be set between tests."""
        return self.world.ack_seconds

    @ack_seconds.setter
    def ack_seconds(self, seconds: float) -> None:
        self.world.ack_seconds = seconds

    def revoke(self) -> None:
        """Gives the app another token, so that the one it has is refused."""
        self.run(lambda: setattr(self.app, "secret", f"{self.app.secret}z"))

    def fail(self, route: str, status: int | None = None, code: int | None = None, **how: Any) -> Fault:
        """Makes the next requests of a route (such as "POST /channels/{}/messages") fail: see `Fault` for how.

        `reset="after"` cuts the connection after the effect took place, `late=2` answers two seconds after it.
        """
        fault = Fault(route, status, code, **how)
        self.run(lambda: self.faults.append(fault))
        return fault

    def expire(self, interaction: Interaction) -> None:
        """Makes an interaction older than 15 minutes: whatever uses its token is refused."""
        self.run(lambda: setattr(interaction, "expired", True))

    def expire_nonces(self) -> None:
        """Forgets which nonces were used."""
        self.run(self.world.nonces.clear)

    def reconnect(self) -> None:
        """Tells every connection to leave and resume (op 7)."""
        self.run(self.gateway.reconnect)

    def invalidate(self) -> None:
        """Tells every connection that its session is invalid (op 9)."""
        self.run(self.gateway.invalidate)

    def drop(self) -> None:
        """Cuts the app's sockets without a word; sessions stay and can be resumed."""
        self.run(self.gateway.drop)

    def close(self, code: int) -> None:
        """Closes the app's sockets with a code."""
        self.run(lambda: self.gateway.close_all(code))

    def forget_sessions(self) -> None:
        """Forgets all sessions, so that a RESUME is answered with op 9."""
        self.run(self.gateway.sessions.clear)

    def rewind(self, events: int) -> None:
        """Lets every RESUME from now on replay this many events that the app already had."""
        self.run(lambda: setattr(self.gateway, "rewind", events))

    def repeat(self, thing: Message | Interaction | int = 1) -> None:
        """Dispatches again what was dispatched already: that of a message, an interaction, or the last few events."""

        def act() -> None:
            for session in self.gateway.sessions.values():
                told = [each for each in session.events if each[0] not in GREETINGS]
                last = told[-thing:] if isinstance(thing, int) else [e for e in told if e[1].get("id") == thing.id]
                for name, body in last:
                    session.tell(name, body)

        self.run(act)

    @contextmanager
    def away(self, *, refuse: bool = False, drop: bool = True) -> Iterator[None]:
        """Cuts the app's sockets and greets no new ones (or refuses them with 503) until the block ends."""
        self.run(lambda: setattr(self.gateway, "refusing", refuse))
        self.run(lambda: None if refuse else self.gateway.greeting.clear())
        if drop:
            self.drop()
        try:
            yield
        finally:
            self.run(lambda: setattr(self.gateway, "refusing", False))
            self.run(self.gateway.greeting.set)

    @property
    def connected(self) -> int:
        """How many connections have a session, without those that are told to leave."""
        return self.run(lambda: self.gateway.ready)

    @property
    def identified(self) -> list[Json]:
        """Every IDENTIFY."""
        return self.run(lambda: list(self.gateway.identified))

    @property
    def resumed(self) -> list[Json]:
        """Every RESUME, with the path at which it came."""
        return self.run(lambda: list(self.gateway.resumed))

    def wait_connected(self, seconds: float = 30.0) -> None:
        """Blocks until every shard of the app has a session."""
        self.wait_for(lambda: self.connected >= self.world.shards, seconds, "the app to connect")

    def dump(self) -> str:
        """What happened, in order, and what there is to see now."""
        lines = self.describe_events([*self.requests, *self.interactions])
        lines += [f"{self.connected} connected, {len(self.identified)} identified, {len(self.resumed)} resumed"]
        for channel in self.run(lambda: list(self.world.channels.values())):
            shown = self.run(lambda place=channel: [*place.messages.values(), *place.ephemerals.values()])
            lines += [f"in {channel.name or 'a DM'} ({channel.id}):"] * bool(shown)
            lines += [_line(message) for message in shown]
        return "\n".join(lines)

    async def close_connections(self) -> None:
        await self.gateway.stop()


def _line(message: Message) -> str:
    whom = f" to {message.ephemeral_to} only" if message.ephemeral_to else ""
    more = f" + {len(message.embeds)} embeds, {len(list(message.walk()))} components" if message.by_app else ""
    state = " (loading)" if message.loading else f" (edited {len(message.versions)} times)" * bool(message.versions)
    return f"  {message.id} {message.author_id}{whom}: {message.text[:200]!r}{more}{state}"


@contextmanager
def discord_server(
    *,
    app: App | None = None,
    shards: int = 1,
    ack_seconds: float = ACK,
    posts: tuple[int, float] | None = None,
) -> Iterator[Discord]:
    """Runs a Discord on a free port of loopback until the block ends.

    `ack_seconds` is the time for an interaction's acknowledgement, `posts` limits the messages that the app creates in
    a channel: (5, 5.0) lets five through within five seconds.
    """
    discord = Discord(app or App())
    discord.world.shards, discord.world.ack_seconds = shards, ack_seconds
    discord.server.posts = posts
    with discord.serving():
        yield discord
