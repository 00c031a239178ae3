"""The loopback Slack as tests hold it: settings, what is there to see, faults, waiting, and a readable dump."""

import copy
import json
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from tests.peers.loopback import Faults, Named
from tests.peers.slack import answers
from tests.peers.slack.delivery import INTERACTION, Courier, Delivery, Pace, Signing
from tests.peers.slack.faults import Fault, Request
from tests.peers.slack.people import People
from tests.peers.slack.server import Server
from tests.peers.slack.sight import Sight
from tests.peers.slack.sockets import Sockets
from tests.peers.slack.state import App, Install, Json, Message, Team, User, World


class Slack(People, Sight):
    """A Slack for one app. Safe to use from any thread and from coroutines; only `wait…` and `settle` block."""

    def __init__(self, app: App, pace: Pace, *, installed: bool) -> None:
        super().__init__()
        self.app = app
        self.pace = pace
        self.world = World(app)
        self.faults = Faults[Fault]()
        self.sockets = Sockets(self.world)
        self.courier = Courier(app, pace, self.sockets)
        self.server = Server(self.world, self.sockets, self.faults)
        self.world.publish = self.publish
        self.courier.after = self._after
        home = Team("T0TEAM0001", "Home", "home")
        self.world.teams[home.id] = home
        self.world.install(home).revoked = not installed

    @property
    def url(self) -> str:
        return self.world.url

    @property
    def api_url(self) -> str:
        """The `base_url` for slack_sdk's clients."""
        return f"{self.world.url}/api/"

    @property
    def authorize_url(self) -> str:
        """The page where people install the app; `&team=…` chooses the team."""
        return f"{self.world.url}/oauth/v2/authorize"

    @property
    def home(self) -> Team:
        """The first team."""
        return next(iter(self.world.teams.values()))

    @property
    def bot(self) -> User:
        """The app's bot in the first team."""
        return self.world.bot(self.home.id)

    def token(self, team: Named | None = None) -> str:
        """The app's bot token of a team."""
        install = self.run(lambda: self.world.installed(self._team(team)))
        assert install, "the app is not installed there"
        return install.token

    def install(self, team: Named | None = None) -> Install:
        """Installs the app in a team without the OAuth pages."""
        return self.run(lambda: self.world.install(self.world.teams[self._team(team)]))

    def code(self, team: Named | None = None, redirect_uri: str | None = None) -> str:
        """A code for `oauth.v2.access`."""
        return self.run(lambda: self.server.code(self._team(team), [], redirect_uri))

    def revoke(self, team: Named | None = None) -> None:
        """Revokes the team's tokens without a word to the app."""

        def act() -> None:
            for install in self.world.installs.values():
                install.revoked = install.revoked or install.team_id == self._team(team)

        self.run(act)

    def deliver_to(self, base_url: str | None) -> None:
        """Tells the app over HTTP, at `base_url`/slack/events; None goes back to Socket Mode."""
        self.courier.target = base_url.rstrip("/") if base_url else None

    def fail(self, method: str, error: str | None = None, **how: Any) -> Fault:
        """Makes the next request of a method (a pattern such as "chat.*") fail: see `Fault` for how.

        `reset="after"` cuts the connection after the effect took place, `late=2` answers two seconds after it.
        """
        fault = Fault(method, error, **how)
        self.run(lambda: self.faults.append(fault))
        return fault

    def expire_triggers(self) -> None:
        """Makes every trigger_id too old."""

        def act() -> None:
            for trigger in self.world.triggers.values():
                trigger.issued -= self.world.trigger_seconds + 1

        self.run(act)

    def expire_streams(self) -> None:
        """Ends every stream, as Slack does when nothing was appended for a while."""

        def act() -> None:
            for channel in self.world.channels.values():
                for message in channel.messages.values():
                    message.streaming = False

        self.run(act)

    def raw(
        self,
        body: bytes | str | Json,
        content_type: str = "application/json",
        *,
        secret: str | None = None,
        age: float = 0.0,
        signature: str | None = None,
        path: str = "/slack/events",
    ) -> Delivery:
        """Posts any body over HTTP, signed rightly unless told otherwise, and never again."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body.encode() if isinstance(body, str) else body
        signing = Signing(secret or self.app.signing_secret, age, signature)
        delivery = Delivery(INTERACTION, {}, signing, data, content_type, path)
        return self.run(lambda: self.courier.send(delivery))

    def envelope(self, kind: str, payload: Any) -> Any:
        """Sends an envelope with any payload over the app's socket, and returns what the ack says."""
        return self.await_on_loop(self.sockets.push(kind, payload, 0, ""))

    def frame(self, text: str) -> None:
        """Sends any text over the app's socket, which Slack itself would not."""
        self.await_on_loop(self.sockets.frame(text))

    def url_verification(self) -> Delivery:
        """Asks the app to prove that it listens there; the challenge comes back in `body`."""
        return self.raw({"token": "verification-token", "challenge": "a-challenge", "type": "url_verification"})

    def repeat(self, delivery: Delivery) -> Delivery:
        """Tells the app the very same thing again, as Slack does now and then even after an ack."""
        again = Delivery(delivery.kind, copy.deepcopy(delivery.payload), subject=delivery.subject)
        return self.run(lambda: self.courier.send(again))

    def redeliver(self) -> list[Delivery]:
        """Takes up again every event that was given up without an ack."""

        def act() -> list[Delivery]:
            lost = [d for d in self.courier.carried if d.done and not d.acked and d.kind == "events_api"]
            for delivery in lost:
                delivery._done = Future()
                self.courier.send(delivery, again=True)
            return lost

        return self.run(act)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tells the app's sockets to leave and connect anew."""
        self.await_on_loop(self.sockets.disconnect(reason))

    def drop_sockets(self) -> None:
        """Cuts the app's sockets without a word."""
        self.run(self.sockets.drop)

    @property
    def connected(self) -> int:
        """How many sockets the app has open."""
        return self.run(lambda: len(self.sockets.open))

    def settle(self, seconds: float = 10.0) -> None:
        """Blocks until every delivery is over."""
        self.wait_for(lambda: all(delivery.done for delivery in self.deliveries), seconds, "every delivery to be over")

    def dump(self) -> str:
        """What happened, in order, and what there is to see now."""
        entries: list[Request | Delivery] = [*self.requests, *self.deliveries]
        lines = self.describe_events(entries)
        for channel in self.run(lambda: list(self.world.channels.values())):
            shown = [*self.messages(channel), *self.ephemerals(channel)]
            lines += [f"in {channel.name} ({channel.id}):"] * bool(shown)
            lines += [_line(message) for message in shown]
        return "\n".join(lines + [f"modal {view.callback_id!r} of {view.user}: {view.title}" for view in self.views])

    async def close_connections(self) -> None:
        await self.courier.close()
        await self.sockets.close()

    def _after(self, delivery: Delivery) -> None:
        try:
            answers.take(self.world, delivery)
        except Exception as error:
            self.server.broken.append(error)
            raise


def _line(message: Message) -> str:
    where = f" in {message.thread_ts}" if message.thread_ts else ""
    whom = f" to {message.ephemeral_to} only" if message.ephemeral_to else ""
    blocks = f" + {len(message.blocks)} blocks" if message.bot_id and message.blocks else ""
    return f"  {message.ts}{where} {message.user}{whom}: {message.text[:200]!r}{blocks}"


@contextmanager
def slack_server(
    *,
    app: App | None = None,
    pace: Pace | None = None,
    installed: bool = True,
    echoes: bool = True,
    posts_a_second: float | None = None,
) -> Iterator[Slack]:
    """Runs a Slack on a free port of loopback until the block ends.

    `echoes` tells the app of its own messages, as Slack does; `posts_a_second` limits chat.postMessage a channel.
    """
    slack = Slack(app or App(), pace or Pace(), installed=installed)
    slack.world.echoes, slack.world.posts_a_second = echoes, posts_a_second
    with slack.serving():
        yield slack
