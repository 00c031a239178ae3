"""What the loopback Slack knows: teams, people, channels, messages, views, and what its app was given for them."""

import copy
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.peers import ACK

SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "users:read",
)
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "team_access_revoked",
    "tokens_revoked",
)
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_POSTS = 5

Json = dict[str, Any]


@dataclass
class Team:
    id: str
    name: str
    domain: str
    enterprise_id: str | None = None

    @property
    def url(self) -> str:
        return f"https://{self.domain}.slack.com/"


@dataclass
class User:
    id: str
    team_id: str
    name: str
    is_bot: bool = False
    bot_id: str | None = None


@dataclass
class Install:
    """The app in a team, or in all those of an organisation: its token, its scopes, its bot user."""

    team_id: str
    token: str
    bot: User
    scopes: list[str]
    revoked: bool = False
    enterprise_id: str | None = None


@dataclass
class Message:
    """A message as it stands now; `versions` holds what it was before, oldest first."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    bot_id: str | None = None
    app_id: str | None = None
    subtype: str | None = None
    ephemeral_to: str | None = None
    edited: Json | None = None
    files: list[Json] = field(default_factory=list)
    options: Json = field(default_factory=dict)
    state: Json = field(default_factory=dict)
    streaming: bool = False
    versions: list[Json] = field(default_factory=list)
    deliveries: list[Any] = field(default_factory=list)

    @property
    def root(self) -> str:
        """The ts of the thread it is in, or its own."""
        return self.thread_ts or self.ts

    def keep(self) -> None:
        """Remembers the present version before it changes."""
        self.versions.append(copy.deepcopy({"text": self.text, "blocks": self.blocks, "metadata": self.metadata}))


@dataclass
class Channel:
    """A conversation; `kind` is "channel", "group", "im" or "mpim"."""

    id: str
    team_id: str
    name: str
    kind: str = "channel"
    members: list[str] = field(default_factory=list)
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)

    @property
    def direct(self) -> bool:
        return self.kind in ("im", "mpim")

    def thread(self, ts: str) -> list[Message]:
        """The message and its replies, in order."""
        return [message for message in self.messages.values() if ts in (message.ts, message.thread_ts)]


@dataclass
class View:
    """A modal or Home tab as it stands now, `open` until it is submitted or closed."""

    id: str
    team_id: str
    user: str
    spec: Json
    hash: str
    root: str
    open: bool = True
    state: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    versions: list[Json] = field(default_factory=list)

    @property
    def blocks(self) -> list[Json]:
        return self.spec.get("blocks", [])

    @property
    def callback_id(self) -> str:
        return self.spec.get("callback_id", "")

    @property
    def title(self) -> str:
        return (self.spec.get("title") or {}).get("text", "")


@dataclass
class File:
    id: str
    team_id: str
    name: str
    length: int
    alt_text: str = ""
    title: str = ""
    content: bytes | None = None
    channel: str | None = None
    thread_ts: str | None = None
    comment: str = ""
    ready: float | None = None


@dataclass
class Trigger:
    team_id: str
    user: str
    issued: float
    view: str | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    team_id: str
    channel: str
    user: str
    issued: float
    origin: Message | None = None
    used: int = 0


@dataclass
class App:
    """The app as its developer configured it."""

    id: str = "A0APP0001"
    client_id: str = "111.222"
    client_secret: str = "client-secret"
    signing_secret: str = "signing-secret"
    redirect_uri: str = ""
    app_token: str = "xapp-1-A0APP0001-333-secret"
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    events: list[str] = field(default_factory=lambda: list(EVENTS))
    agent: bool = True
    home: bool = True


def nobody_listens(_event: Json, _team: str) -> list[Any]:
    """Where events go before the peer is wired."""
    return []


@dataclass
class World:
    """All of it. Touched on the server's own thread only."""

    app: App
    teams: dict[str, Team] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    installs: dict[str, Install] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[tuple[str, str], View] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    codes: dict[str, Json] = field(default_factory=dict)
    file_seconds: float = 0.0
    statuses: list[Json] = field(default_factory=list)
    prompts: list[Json] = field(default_factory=list)
    tickets: set[str] = field(default_factory=set)
    url: str = ""
    echoes: bool = True
    posts_a_second: float | None = None
    last_post: dict[str, float] = field(default_factory=dict)
    trigger_seconds: float = ACK
    response_url_seconds: float = RESPONSE_URL_SECONDS
    publish: Callable[[Json, str], list[Any]] = nobody_listens
    _count: int = 0
    _last_ts: int = 0

    def id(self, prefix: str) -> str:
        """A new id, as Slack's look."""
        self._count += 1
        return f"{prefix}{self._count:010d}"

    def ts(self) -> str:
        """A new timestamp, later than every other."""
        self._last_ts = max(self._last_ts + 1, int(time.time() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def install(self, team: Team) -> Install:
        """Gives the app a token for this team, and its bot user when it has none yet."""
        old = next((i for i in self.installs.values() if i.team_id == team.id), None)
        bot = old.bot if old else self._bot(team)
        return self._keep(Install(team.id, f"xoxb-{team.id}-{secrets.token_hex(8)}", bot, list(self.app.scopes)))

    def install_everywhere(self, enterprise_id: str) -> Install:
        """Gives the app one token for all teams of an organisation, and one bot user."""
        teams = [team for team in self.teams.values() if team.enterprise_id == enterprise_id]
        bot = self.bot(teams[0].id) if self._of(teams[0].id) else self._bot(teams[0])
        token = f"xoxb-{enterprise_id}-{secrets.token_hex(8)}"
        return self._keep(Install(enterprise_id, token, bot, list(self.app.scopes), enterprise_id=enterprise_id))

    def _keep(self, install: Install) -> Install:
        self.installs[install.token] = install
        return install

    def _of(self, team_id: str) -> list[Install]:
        """The installs of a team, the latest first."""
        organisation = self.teams[team_id].enterprise_id if team_id in self.teams else None
        found = [i for i in self.installs.values() if i.team_id in (team_id, organisation)]
        return found[::-1]

    def _bot(self, team: Team) -> User:
        bot = User(self.id("U"), team.id, "rag-or-tune", is_bot=True, bot_id=self.id("B"))
        self.users[bot.id] = bot
        return bot

    def installed(self, team_id: str) -> Install | None:
        """The install of a team that is in force."""
        return next((install for install in self._of(team_id) if not install.revoked), None)

    def bot(self, team_id: str) -> User:
        return self._of(team_id)[0].bot

    def direct(self, team_id: str, user: str) -> Channel:
        """The DM of a person and the app's bot."""
        bot = self.bot(team_id)
        for channel in self.channels.values():
            if channel.kind == "im" and set(channel.members) == {user, bot.id}:
                return channel
        channel = Channel(self.id("D"), team_id, "directmessage", "im", [user, bot.id])
        self.channels[channel.id] = channel
        return channel

    def trigger(self, team_id: str, user: str, view: str | None = None) -> str:
        """A trigger_id for what this person just did."""
        name = f"{self._count}.{time.time_ns() % 10**9}.{secrets.token_hex(16)}"
        self.triggers[name] = Trigger(team_id, user, time.monotonic(), view)
        return name

    def response_url(self, kind: str, channel: Channel, user: str, origin: Message | None = None) -> str:
        """A response_url for what this person just did in this channel."""
        path = f"/{kind}/{channel.team_id}/{self.id('')}/{secrets.token_hex(12)}"
        self.response_urls[path] = ResponseUrl(channel.team_id, channel.id, user, time.monotonic(), origin)
        return self.url + path

    def add(self, message: Message) -> Message:
        """Stores a message where its readers find it."""
        channel = self.channels[message.channel]
        kept = channel.ephemerals if message.ephemeral_to else channel.messages
        kept[message.ts] = message
        return message
