"""What the loopback Discord knows: the app, people, guilds, channels, messages, and what is under way with the app."""

import base64
import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.peers import ACK
from tests.peers.discord.interaction import Interaction

EPOCH = 1_420_070_400_000
TEXT, DM, GROUP, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 3, 11, 12
BUTTON, SELECTS = 2, (3, 5, 6, 7, 8)
EPHEMERAL, LOADING = 1 << 6, 1 << 7
NONCE_SECONDS = 180.0

Json = dict[str, Any]


@dataclass
class User:
    """A person, or the bot. `installed` means that they installed the app for themselves."""

    id: str
    name: str
    is_bot: bool = False
    installed: bool = False
    closed: bool = False
    stranger: bool = False

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass
class Role:
    id: str
    name: str
    permissions: int

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"


@dataclass
class Guild:
    """A server; `members` maps user ids to the ids of their roles."""

    id: str
    name: str
    owner_id: str
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class File:
    """An attachment with its bytes."""

    id: str
    filename: str
    content: bytes
    content_type: str = "application/octet-stream"
    description: str | None = None


@dataclass(frozen=True)
class Button:
    label: str
    custom_id: str | None
    style: int
    disabled: bool
    url: str | None


@dataclass
class Message:
    """A message as it stands now; `versions` holds its text, embeds and components before each edit, oldest first.

    `pinged` names who was notified: ids of users and roles, and "everyone". `reactions` are the app's own.
    """

    id: str
    channel_id: str
    guild_id: str | None
    author_id: str
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    flags: int = 0
    kind: int = 0
    reference: Json | None = None
    nonce: str | None = None
    by_app: bool = False
    origin: Json | None = None
    ephemeral_to: str | None = None
    edited_at: float | None = None
    versions: list[Json] = field(default_factory=list)
    pinged: list[str] = field(default_factory=list)
    tts: bool = False
    webhook_id: str | None = None
    mention_ids: list[str] = field(default_factory=list)
    reactions: list[str] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """It still says that the app is thinking."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """All there is to read in it: content and embeds."""
        return "\n".join(part for part in (self.content, *_embedded(self.embeds)) if part)

    @property
    def buttons(self) -> list[Button]:
        return [_button(item) for item in self.walk() if item["type"] == BUTTON]

    @property
    def labels(self) -> list[str]:
        """What stands on the buttons."""
        return [button.label for button in self.buttons]

    @property
    def selects(self) -> list[Json]:
        return [item for item in self.walk() if item["type"] in SELECTS]

    def walk(self) -> Iterator[Json]:
        """Every component, containers before what is in them."""
        return walk(self.components)

    def keep(self) -> None:
        """Remembers the present version before it changes."""
        kept = {"text": self.text, "content": self.content, "embeds": self.embeds, "components": self.components}
        self.versions.append(copy.deepcopy(kept))


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component in a list of them, containers before what is in them."""
    for item in components:
        yield item
        yield from walk(item.get("components") or [])
        yield from walk([item["component"]] if item.get("component") else [])


def _embedded(embeds: list[Json]) -> Iterator[str]:
    for embed in embeds:
        yield (embed.get("author") or {}).get("name", "")
        yield from (embed.get("title") or "", embed.get("description") or "")
        for each in embed.get("fields") or []:
            yield from (each.get("name", ""), each.get("value", ""))
        yield (embed.get("footer") or {}).get("text", "")


def _button(item: Json) -> Button:
    label = item.get("label") or (item.get("emoji") or {}).get("name") or ""
    return Button(label, item.get("custom_id"), item.get("style", 1), bool(item.get("disabled")), item.get("url"))


@dataclass
class Channel:
    """A text channel, a thread or a DM; `denied` maps ids of roles and members to permission bits taken away."""

    id: str
    kind: int
    name: str = ""
    guild_id: str | None = None
    parent_id: str | None = None
    owner_id: str | None = None
    recipients: list[str] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    denied: dict[str, int] = field(default_factory=dict)
    allowed: dict[str, int] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)

    @property
    def direct(self) -> bool:
        return self.kind in (DM, GROUP)

    @property
    def thread(self) -> bool:
        return self.kind in (PUBLIC_THREAD, PRIVATE_THREAD)

    @property
    def last_message_id(self) -> str | None:
        return next(reversed(self.messages), None)


@dataclass
class App:
    """The application as its developer configured it. `flags` would hold the privileged intents it was granted."""

    id: str = "1100000000000000001"
    bot_id: str = "1100000000000000001"
    name: str = "rag-or-tune"
    secret: str = "x.y"
    flags: int = 0
    public: bool = True

    @property
    def token(self) -> str:
        head = base64.urlsafe_b64encode(self.id.encode()).decode().rstrip("=")
        return f"{head}.{self.secret}"


def nobody_listens(_name: str, _guild: str | None, _render: Callable[[Any], Json | None]) -> None:
    """Where events go before the peer is wired."""


@dataclass
class World:
    """All of it. Touched on the server's own thread only."""

    app: App
    users: dict[str, User] = field(default_factory=dict)
    guilds: dict[str, Guild] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    commands: list[Json] = field(default_factory=list)
    syncs: list[list[Json]] = field(default_factory=list)
    interactions: dict[str, Interaction] = field(default_factory=dict)
    shards: int = 1
    url: str = ""
    ack_seconds: float = ACK
    token_seconds: float = 900.0
    nonces: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)
    publish: Callable[[str, str | None, Callable[[Any], Json | None]], None] = nobody_listens
    _last: int = 0

    def __post_init__(self) -> None:
        self.users[self.app.bot_id] = User(self.app.bot_id, self.app.name, is_bot=True)

    @property
    def bot(self) -> User:
        return self.users[self.app.bot_id]

    def id(self) -> str:
        """A new snowflake, greater than every other."""
        self._last = max(self._last + 1, (int(time.time() * 1000) - EPOCH) << 22)
        return str(self._last)

    def direct(self, *people: str) -> Channel:
        """The DM of these people, made when there is none."""
        for channel in self.channels.values():
            if channel.kind == DM and set(channel.recipients) == set(people):
                return channel
        channel = Channel(self.id(), DM, recipients=list(people))
        self.channels[channel.id] = channel
        return channel

    def guild_of(self, channel: Channel) -> Guild | None:
        return self.guilds.get(channel.guild_id or "")

    def shares_guild(self, user_id: str) -> bool:
        """Whether the bot meets this person in some guild."""
        return any({user_id, self.bot.id} <= set(guild.members) for guild in self.guilds.values())

    def add(self, message: Message) -> Message:
        """Stores a message where its readers find it."""
        self.kept(message)[message.id] = message
        return message

    def kept(self, message: Message) -> dict[str, Message]:
        """Where a message is stored, or would be; nowhere when its channel was deleted."""
        channel = self.channels.get(message.channel_id, Channel(message.channel_id, TEXT))
        return channel.ephemerals if message.ephemeral else channel.messages

    def find(self, message: Message) -> Message | None:
        """The stored message that a copy was made of; None when it is gone."""
        return self.kept(message).get(message.id)
