"""Events: what people do, the same on every platform. Platforms parse into these and know nothing of what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot import texts
from bot.messages.card import Press
from bot.messages.person import Person
from bot.store.address import NOWHERE, Address


@dataclass(frozen=True)
class Said:
    """A message of a person.

    `name` is the message's own, `keys` are those under which the platform may deliver it again. An answer belongs to
    the conversation `place` and goes to `address`; `token` is a secret that it takes. `channel` and `thread` are where
    the message stands, `below` is the post of ours that it replies to, `files` are the names of its attachments.
    """

    person: Person
    text: str
    keys: Sequence[str]
    place: str = ""
    address: Address = NOWHERE
    name: str | None = None
    channel: str = ""
    thread: str | None = None
    below: str | None = None
    token: str | None = field(default=None, repr=False)
    said_at: datetime | None = None
    files: Sequence[str] = ()
    is_direct: bool = False
    mentions_bot: bool = False
    pings_bot: bool = False
    mentions_others: bool = False

    @property
    def is_addressed(self) -> bool:
        """True if the message is for the bot: it names or pings the bot, or nobody else is there."""
        return self.is_direct or self.mentions_bot or self.pings_bot

    @property
    def is_in_talk(self) -> bool:
        """True where people go on without a mention: in threads, and alone with the bot."""
        return self.is_direct or self.thread is not None

    @property
    def full_text(self) -> str:
        """The text, then the names of its attachments."""
        attached = texts.sentence("desk_attached", names=", ".join(self.files)) if self.files else ""
        return "\n".join(filter(None, (self.text.strip(), attached)))


@dataclass(frozen=True)
class Edited:
    """A message as its author has changed it."""

    now: Said


@dataclass(frozen=True)
class Deleted:
    """A message that is gone, whoever deleted it; `person` says in which tenant."""

    person: Person
    name: str
    keys: Sequence[str]


@dataclass(frozen=True)
class Pressed:
    """A press on a button or a choice in a menu; `press` is None for one that this version does not know."""

    person: Person
    place: str
    press: Press | None


@dataclass(frozen=True)
class Submitted:
    """A form as it was filled in: `values` by field; `press` is None for one that this version does not know."""

    person: Person
    press: Press | None
    values: Mapping[str, str]
    keys: Sequence[str]


class Command(StrEnum):
    """The commands that every platform offers."""

    ASK = "ask"
    CONTACT = "contact"
    FORGET = "forget"
    HELP = "help"
    INTERVIEW = "interview"
    STATUS = "status"
    TEAM = "team"

    @classmethod
    def parse(cls, text: str) -> "Command":
        """Return the command that a typed line is, in any case; every other text is a question."""
        word = text.strip().casefold() or cls.HELP
        return cls(word) if word in {*cls} else cls.ASK


@dataclass(frozen=True)
class Commanded:
    """A command; for ASK with the `question`. `place` is the conversation of whoever calls commands there."""

    person: Person
    command: Command
    place: str
    channel: str = ""
    question: Said | None = None
