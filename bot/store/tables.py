"""The tables, private to the store: outside of it there are records.

Every row belongs to a tenant, by the base class; sessions see to it that no query forgets it.
"""

import secrets
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from pydantic import JsonValue
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.store.address import Address, Draft
from bot.store.encryption import EncryptedText
from bot.store.post import Content, Notification, content_from_json
from bot.store.records import (
    UNFINISHED,
    Delivery,
    DeliveryState,
    Interview,
    Lead,
    LeadDetails,
    LeadEvent,
    LeadState,
    QueuedNotification,
    Turn,
    TurnState,
    Waiting,
)

Record = TypeVar("Record")

Id = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up by itself on INTEGER keys only

NO_ID_TWICE = {"sqlite_autoincrement": True}  # else SQLite gives a deleted row's id to the next one

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A point in time, in UTC; SQLite keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return value.astimezone(UTC) if value else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class StateColumn(TypeDecorator[StrEnum]):
    """A word of an enumeration."""

    impl = String(20)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        del dialect
        return None if value is None else self.kind(value)


class Row(DeclarativeBase):
    """A row of any table. `tenant` is `<platform>:<workspace or guild>`."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map: ClassVar = {datetime: Moment, dict[str, JsonValue]: JSON(none_as_null=True)}

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    tenant: Mapped[str] = mapped_column(String(200))


def _record(kind: type[Record], row: Row) -> Record:
    """The record of a row, from its attributes of the same names."""
    names: Any = fields(kind)  # type: ignore[arg-type] # every record is a dataclass
    return kind(**{field.name: getattr(row, field.name) for field in names if hasattr(row, field.name)})


class EventRow(Row):
    """An event that a platform has delivered, by each of the keys under which it may come again."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("tenant", "key"),)

    key: Mapped[str] = mapped_column(String(300))
    seen_at: Mapped[datetime] = mapped_column(index=True)


class ConversationRow(Row):
    """A channel's thread, a direct message, a terminal: `place` is its name on the platform.

    `is_quiet`: people talk among themselves there; the bot waits until it is addressed.
    """

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("tenant", "place"),)

    place: Mapped[str] = mapped_column(String(300))
    touched_at: Mapped[datetime]
    is_quiet: Mapped[bool] = mapped_column(default=False, server_default=false())


class TurnRow(Row):
    """The row of a `Turn`; the column `address` also holds its draft. `taken_by` is the process that answers it."""

    __tablename__ = "turns"

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    user: Mapped[str] = mapped_column("user_id", String(100))
    name: Mapped[str | None] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    where: Mapped[dict[str, JsonValue]] = mapped_column("address")
    token: Mapped[str | None] = mapped_column(EncryptedText)
    state: Mapped[TurnState] = mapped_column(StateColumn(TurnState), default=TurnState.ACCEPTED)
    runs: Mapped[int] = mapped_column(default=0)
    taken_by: Mapped[str | None] = mapped_column(String(200))
    reply: Mapped[dict[str, JsonValue] | None]
    error: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(String(20))
    said_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_turns_conversation", "tenant", "conversation_id", "id"),
        Index("ix_turns_user", "tenant", "user_id", "accepted_at"),
        Index("ix_turns_accepted", "tenant", "accepted_at"),
        Index(
            "ix_turns_unfinished",
            "conversation_id",
            "id",
            sqlite_where=state.in_(UNFINISHED),
            postgresql_where=state.in_(UNFINISHED),
        ),
        Index("ix_turns_finished", "state", "finished_at"),
        Index("ix_turns_tenant_name", "tenant", "name"),
        NO_ID_TWICE,
    )

    @property
    def address(self) -> Address:
        return Address.from_json(self.where)

    @property
    def draft(self) -> Draft:
        return Draft.from_json(self.where)

    def record(self) -> Turn:
        return _record(Turn, self)


_OF_LEADS = text("lead_id IS NOT NULL")
IN_LANES = text("lane IS NOT NULL AND state = 'pending'")  # as text, or Postgres would not know its index by it


def _marker() -> str:
    return secrets.token_hex(12)  # fits Discord's nonce, 25 characters


class DeliveryRow(Row):
    """The row of a `Delivery` to a turn, in the `lane` of its conversation, or of a `QueuedNotification`.

    `taken_by` is the process that is sending it.
    """

    __tablename__ = "deliveries"

    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), index=True)
    user: Mapped[str] = mapped_column("user_id", String(100))
    marker: Mapped[str] = mapped_column(String(40), unique=True, default=_marker)
    where: Mapped[dict[str, JsonValue]] = mapped_column("address")
    token: Mapped[str | None] = mapped_column(EncryptedText)
    payload: Mapped[dict[str, JsonValue]]
    state: Mapped[DeliveryState] = mapped_column(StateColumn(DeliveryState), default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    sent_as: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    lead_id: Mapped[int | None] = mapped_column(Id, index=True)  # no foreign key: SQLite could not add one
    kind: Mapped[str | None] = mapped_column(String(20))
    lane: Mapped[str | None] = mapped_column(String(200))
    taken_by: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (
        Index("ix_deliveries_sent_of_leads", "sent_as", sqlite_where=_OF_LEADS, postgresql_where=_OF_LEADS),
        Index("ix_deliveries_waiting", "lane", "id", sqlite_where=IN_LANES, postgresql_where=IN_LANES),
        NO_ID_TWICE,
    )

    @property
    def address(self) -> Address:
        return Address.from_json(self.where)

    @property
    def content(self) -> Content:
        return content_from_json(self.payload)

    @property
    def notification(self) -> Notification:
        return Notification.from_json(self.kind, self.lane, self.payload)

    def record(self) -> Delivery:
        return _record(Delivery, self)

    def queued(self) -> QueuedNotification:
        return _record(QueuedNotification, self)

    def waiting(self) -> Waiting:
        return self.queued() if self.kind else self.record()


class InterviewRow(Row):
    """The row of an `Interview`."""

    __tablename__ = "interviews"
    __table_args__ = (Index("ix_interviews_user", "tenant", "user_id", "touched_at"), NO_ID_TWICE)

    user: Mapped[str] = mapped_column("user_id", String(100))
    place: Mapped[str] = mapped_column(String(300))
    session: Mapped[dict[str, JsonValue]]
    is_team: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(default=0)
    touched_at: Mapped[datetime]

    def record(self) -> Interview:
        return _record(Interview, self)


class BallotRow(Row):
    """The answers of one member of a team in an interview."""

    __tablename__ = "ballots"
    __table_args__ = (UniqueConstraint("interview_id", "member"),)

    interview_id: Mapped[int] = mapped_column(ForeignKey("interviews.id", ondelete="CASCADE"))
    member: Mapped[str] = mapped_column(String(100))
    answers: Mapped[dict[str, JsonValue]]


class LeadRow(Row):
    """The row of a `Lead`."""

    __tablename__ = "leads"
    __table_args__ = (Index("ix_leads_user", "tenant", "user_id"), NO_ID_TWICE)

    reference: Mapped[str] = mapped_column(String(20), unique=True)
    user: Mapped[str] = mapped_column("user_id", String(100))
    details_json: Mapped[dict[str, JsonValue]] = mapped_column("details")
    where: Mapped[dict[str, JsonValue] | None] = mapped_column("address")
    state: Mapped[LeadState] = mapped_column(StateColumn(LeadState), default=LeadState.OPEN, index=True)
    holder: Mapped[str | None] = mapped_column(String(100))
    reminders: Mapped[int] = mapped_column(default=0, server_default="0")
    version: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]
    touched_at: Mapped[datetime]

    @property
    def address(self) -> Address:
        return Address.from_json(self.where or {})

    @property
    def details(self) -> LeadDetails:
        return LeadDetails.model_validate(self.details_json)

    def record(self) -> Lead:
        return _record(Lead, self)


class LeadEventRow(Row):
    """The row of a `LeadEvent`; they are only ever added."""

    __tablename__ = "lead_events"

    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str | None] = mapped_column(String(300), index=True)
    happened_at: Mapped[datetime]

    def record(self) -> LeadEvent:
        return _record(LeadEvent, self)


class TallyRow(Row):
    """A number that stays when the rows that it counts are deleted."""

    __tablename__ = "tallies"
    __table_args__ = (UniqueConstraint("tenant", "name"),)

    name: Mapped[str] = mapped_column(String(100))
    count: Mapped[int] = mapped_column(default=0)


class FeedbackRow(Row):
    """A user's opinion of a reply; their last word counts."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("turn_id", "user_id"),)

    turn_id: Mapped[int] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    user: Mapped[str] = mapped_column("user_id", String(100))
    helpful: Mapped[bool]
    given_at: Mapped[datetime]
