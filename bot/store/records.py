"""The records that the store takes and returns: frozen values. The rows behind them stay inside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, JsonValue

from bot.store.address import NOWHERE, Address, Draft
from bot.store.post import Content, Notification

Json = Mapping[str, JsonValue]


class TurnState(StrEnum):
    """The state of a turn: ACCEPTED is still to be answered, ANSWERED to be delivered; the others are final."""

    ACCEPTED = "accepted"
    ANSWERED = "answered"
    DONE = "done"
    FAILED = "failed"


UNFINISHED = (TurnState.ACCEPTED, TurnState.ANSWERED)


@dataclass(frozen=True)
class Turn:
    """One message of a user and the reply to it. The turns of a conversation are in the order of their ids.

    `name` is the message's on the platform, by which it may be edited or deleted; `said_at` the platform's time of it.
    `runs` counts the processes that died while they were answering it. `reply` is None while it waits, after too many
    questions, or if answering failed: then `error` says why, and `reference` finds it in the log.
    """

    id: int
    tenant: str
    conversation_id: int
    user: str
    text: str
    accepted_at: datetime
    name: str | None = None
    address: Address = NOWHERE
    draft: Draft = Draft()  # noqa: RUF009 it is frozen
    token: str | None = field(default=None, repr=False)
    state: TurnState = TurnState.ACCEPTED
    runs: int = 0
    reply: Json | None = None
    error: str | None = None
    reference: str | None = None
    said_at: datetime | None = None
    finished_at: datetime | None = None


class DeliveryState(StrEnum):
    """The state of a delivery or of a notification."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Delivery:
    """Something to send to a platform. By the `marker` in it the platform can tell whether it was sent already.

    Under a card it begins a thread of the name `thread_name`; it comes after the post `previous` of its lane.
    """

    id: int
    tenant: str
    user: str
    marker: str
    address: Address
    content: Content
    created_at: datetime
    turn_id: int | None = None
    token: str | None = field(default=None, repr=False)
    attempts: int = 0
    retry_at: datetime | None = None
    thread_name: str = ""
    previous: str = ""

    @property
    def platform(self) -> str:
        """The platform that it goes to."""
        return self.tenant.partition(":")[0]


@dataclass(frozen=True)
class QueuedNotification:
    """A notification in its lane; `sent_as` is what the platform calls the post, empty if there was nothing to send."""

    id: int
    tenant: str
    user: str
    marker: str
    notification: Notification
    created_at: datetime
    lead_id: int | None = None
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    error: str | None = None
    sent_as: str | None = None

    @property
    def platform(self) -> str:
        """The platform that it goes to."""
        return self.notification.platform or self.tenant.partition(":")[0]


Waiting = Delivery | QueuedNotification  # what waits in a lane


@dataclass(frozen=True)
class Interview:
    """An interview: `session` is the state machine's, as JSON; `version` rises with each change.

    In that of a team (`is_team`), `user` leads it, and the members' answers are its ballots.
    """

    id: int
    tenant: str
    user: str
    place: str
    session: Json
    is_team: bool
    version: int
    touched_at: datetime


class LeadState(StrEnum):
    """The state of a lead: a DRAFT is a form that was opened and not sent, CLOSED one that the user says is solved."""

    DRAFT = "draft"
    OPEN = "open"
    CLAIMED = "claimed"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Exchange(BaseModel):
    """A message of a user, and what the bot replied."""

    model_config = ConfigDict(frozen=True)

    said: str
    replied: str


class LeadDetails(BaseModel):
    """The fields of a request's form, and what the user agreed to pass on; None if it is not passed on.

    `written` is what was filled in wrongly, `holder` the name of the last consultant who acted on it. As JSON it has
    the fields that were given and no others; those of other versions of the bot are kept.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str | None = None
    need: str | None = None
    urgency: str | None = None
    consent: str | None = None
    email: str | None = None
    place: str | None = None
    is_public: bool | None = None
    summary: tuple[str, ...] | None = None
    transcript: tuple[Exchange, ...] | None = None
    written: Mapping[str, str] | None = None
    holder: str | None = None

    def with_fields(self, other: "LeadDetails") -> "LeadDetails":
        """Return these details with the fields that the others were given."""
        return self.model_copy(update={name: getattr(other, name) for name in other.model_fields_set})

    def to_json(self) -> dict[str, JsonValue]:
        return self.model_dump(mode="json", exclude_unset=True)


@dataclass(frozen=True)
class Lead:
    """A request for a human consultant.

    At `address` the user is reached; it waits to be claimed since `opened_at`, and the consultants were reminded of it
    as often as `reminders` says.
    """

    id: int
    tenant: str
    reference: str
    user: str
    details: LeadDetails
    state: LeadState
    touched_at: datetime
    address: Address = NOWHERE
    holder: str | None = None
    reminders: int = 0
    version: int = 0
    opened_at: datetime | None = None


@dataclass(frozen=True)
class LeadEvent:
    """Something that happened to a lead; `name` is that of the message that said it."""

    id: int
    tenant: str
    lead_id: int
    kind: str
    actor: str
    happened_at: datetime
    text: str = ""
    name: str | None = None
