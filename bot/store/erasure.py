"""Erasure: what is older than it may be kept, and everything of a person who wants to be forgotten."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, timedelta

from sqlalchemy import JSON, ColumnElement, Delete, String, Text, cast, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.store.database import Database
from bot.store.inbox import REDELIVERY_PERIOD
from bot.store.installations import INSTALLATIONS, STATES
from bot.store.outbox import ON_DISPLAY, row_of, take_back
from bot.store.records import UNFINISHED, DeliveryState, LeadState
from bot.store.sqlite import pragma
from bot.store.tables import (
    BallotRow,
    ConversationRow,
    DeliveryRow,
    EventRow,
    FeedbackRow,
    InterviewRow,
    LeadRow,
    Row,
    TurnRow,
)

FORGOTTEN = "[forgotten]"
CLOSED = (LeadState.RESOLVED, LeadState.CLOSED, LeadState.WITHDRAWN)
MAX_DRAFT_AGE = timedelta(days=1)  # a form that was opened and not sent by then never will be


class Erasure:
    """Deletes across all tenants."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def expire(self, days: int) -> None:
        """Delete what nobody has touched for `days`; what is still to be answered or followed up stays."""
        moment = self._db.clock()
        before = moment - timedelta(days=days)
        finished = TurnRow.state.not_in(UNFINISHED)
        over = LeadRow.state.in_(CLOSED) & (LeadRow.touched_at < before)
        await self._delete(
            over,
            delete(TurnRow).where(finished, TurnRow.finished_at < before),
            delete(DeliveryRow).where(
                DeliveryRow.turn_id.is_(None),
                DeliveryRow.lead_id.is_(None),
                DeliveryRow.state != DeliveryState.PENDING,
                DeliveryRow.created_at < before,
            ),
            delete(InterviewRow).where(InterviewRow.touched_at < before),
            delete(LeadRow).where(over),
            delete(LeadRow).where(LeadRow.state == LeadState.DRAFT, LeadRow.touched_at < moment - MAX_DRAFT_AGE),
            delete(DeliveryRow).where(DeliveryRow.lead_id.is_not(None), _WITHOUT_LEAD),
            delete(EventRow).where(EventRow.seen_at < moment - 2 * REDELIVERY_PERIOD),
            delete(ConversationRow).where(_EMPTY, ConversationRow.touched_at < before),
        )
        async with self._db.engine.begin() as connection:
            naive = moment.astimezone(UTC).replace(tzinfo=None)  # as slack_sdk keeps it
            await connection.execute(delete(STATES).where(STATES.c.expire_at < naive))

    async def forget(self, user: str) -> int:
        """Delete what a user said and was told, and take their id out of everybody else's rows.

        Return how many rows were theirs.
        """
        moment = self._db.clock()
        theirs = await self._delete(
            LeadRow.user == user,
            delete(BallotRow).where(BallotRow.member == user),
            *(
                delete(table).where(table.user == user)
                for table in (FeedbackRow, InterviewRow, LeadRow, DeliveryRow, TurnRow)
            ),
            delete(DeliveryRow).where(DeliveryRow.lead_id.is_not(None), _WITHOUT_LEAD),
            delete(ConversationRow).where(_EMPTY, ConversationRow.touched_at < moment),
        )
        for mapper in Row.registry.mappers:
            async with self._db.across_tenants(in_thread=True) as session:
                await _redact(session, mapper.class_, user)
        async with self._db.engine.begin() as connection:
            installed = update(INSTALLATIONS).where(INSTALLATIONS.c.user_id == user)
            await connection.execute(installed.values(user_id=FORGOTTEN, user_token=None, user_refresh_token=None))
        await self._shred()
        return theirs

    async def _delete(self, leads: ColumnElement[bool], *statements: Delete) -> int:
        """Delete rows; `leads` are among them, and what the consultants see of them is to be taken back."""
        deleted = 0
        async with self._db.across_tenants(in_thread=True) as session:
            await self._take_back(session, leads)
            for statement in statements:
                silently = statement.execution_options(synchronize_session=False)
                table = statement.entity_description["entity"]
                deleted += len((await session.scalars(silently.returning(table.id))).all())
        return deleted

    async def _take_back(self, session: AsyncSession, leads: ColumnElement[bool]) -> None:
        """Keep posts by which the consultants' platform forgets what it was sent of these leads.

        Locked on Postgres, since one that is just being sent is known to be seen a moment later.
        """
        posts = select(DeliveryRow, LeadRow.reference).join(LeadRow, LeadRow.id == DeliveryRow.lead_id)
        posts = (
            posts.where(leads, DeliveryRow.kind.in_(ON_DISPLAY))
            .order_by(DeliveryRow.id)
            .with_for_update(of=DeliveryRow)
        )
        for post, reference in (await session.execute(posts)).all():
            if post.state != DeliveryState.SENT or not post.sent_as:
                continue
            queued = post.queued()
            taking_back = take_back(queued, queued.platform, post.sent_as, reference)
            row = row_of(taking_back, "", self._db.clock(), None)
            names = ("user", "where", "payload", "created_at", "kind", "lane")
            values = {name: getattr(row, name) for name in names}
            await session.execute(self._db.insert(DeliveryRow).values(tenant=post.tenant, **values))

    async def _shred(self) -> None:
        """Take the deleted rows out of SQLite's write-ahead log, too."""
        async with self._db.engine.connect() as connection:
            await pragma(connection, "wal_checkpoint(TRUNCATE)")


_WITHOUT_LEAD = ~select(LeadRow.id).where(LeadRow.id == DeliveryRow.lead_id).exists()
_EMPTY = ~select(TurnRow.id).where(TurnRow.conversation_id == ConversationRow.id).exists()


async def _redact(session: AsyncSession, table: type[Row], user: str) -> None:
    columns = list(_with_words(table))
    if not columns:
        return
    spellings = {user, json.dumps(user)[1:-1]}  # the second is how JSON is stored
    mentions = (cast(column, Text).contains(said, autoescape=True) for column in columns for said in spellings)
    name = re.compile(rf"(?<![A-Za-z0-9]){re.escape(user)}(?![A-Za-z0-9])")
    for row in await session.scalars(select(table).where(or_(*mentions)).with_for_update()):
        for column in columns:
            before = getattr(row, column.key)
            after = _without(name, before)
            if after == before:
                continue
            if isinstance(row, EventRow):
                await session.delete(row)  # without the id it is no key any more, and might be like another one
            else:
                setattr(row, column.key, after)


def _without(name: re.Pattern[str], value: object) -> object:
    """Text or JSON without a person's id; on some platforms ids are numbers."""
    match value:
        case str():
            return name.sub(FORGOTTEN, value)
        case dict():
            return {_without(name, key): _without(name, inner) for key, inner in value.items()}
        case list():
            return [_without(name, inner) for inner in value]
        case int() | float() if name.fullmatch(json.dumps(value)):
            return FORGOTTEN
    return value


def _with_words(table: type[Row]) -> Iterator[InstrumentedAttribute[object]]:
    """The columns that may hold what people wrote: text and JSON, not secrets."""
    for column in table.__mapper__.column_attrs:
        kind = column.columns[0].type
        if isinstance(kind, String | JSON) and column.key != "tenant":
            yield getattr(table, column.key)
