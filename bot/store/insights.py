"""Records that the insights report counts: messages, interviews and requests, read in one snapshot.

Users, workspaces and guilds are numbers here; a text is read only where the guidance had no answer to it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.records import UNFINISHED, LeadState
from bot.store.tables import FeedbackRow, InterviewRow, LeadEventRow, LeadRow, TurnRow

ROWS_IN_MEMORY = 1_000
Columns = Select[*tuple[Any, ...]]
Found = Row[*tuple[Any, ...]]
ABSTAINED = "abstain"  # the kind of a reply without an answer
NEAR_TOPIC = "near_topic"  # the reason of an abstention from a question on the subject
WORKED_ON = ("claimed", "replied", "resolved")  # what happens to a request that somebody has taken


@dataclass(frozen=True)
class MessageRecord:
    """A message and its reply: `kind` is the reply's, None without one; `text` the message's, only if it is a gap.

    A gap is a question on the subject that the guidance does not answer. `asker` and `home` are numbers that stand for
    the user and for the workspace or guild.
    """

    at: datetime
    platform: str
    home: int
    asker: int
    is_waiting: bool
    kind: str | None
    text: str | None
    citations: Sequence[Mapping[str, str]]
    approach: str | None
    criteria: tuple[str, ...]
    helpful: int
    unhelpful: int


@dataclass(frozen=True)
class InterviewRecord:
    """The state of an interview, and the time of its last step."""

    session: Mapping[str, JsonValue]
    touched_at: datetime


@dataclass(frozen=True)
class RequestRecord:
    """A request for a consultant: sent at, first taken at, last resolved at."""

    state: str
    urgency: str | None
    at: datetime
    taken_at: datetime | None
    resolved_at: datetime | None


@dataclass
class _Numbers:
    """Numbers in place of names, in order of first use."""

    known: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


class Insights:
    """Read-only access for the report."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Snapshot"]:
        """Open a snapshot: all records as they are at this moment."""
        async with self._db.snapshot() as session:
            yield Snapshot(session)

    @property
    def now(self) -> datetime:
        """Time of the store's clock."""
        return self._db.clock()


class Snapshot:
    """One moment of the store, streamed record by record."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._users, self._homes = _Numbers(), _Numbers()

    async def messages(self, since: datetime | None = None) -> AsyncIterator[MessageRecord]:
        """Stream the messages since then, oldest first."""
        turns = _turns().order_by(TurnRow.id)
        if since:
            turns = turns.where(TurnRow.accepted_at >= since)
        async for row in self._rows(turns):
            yield self._message(row)

    async def interviews(self, since: datetime | None = None) -> AsyncIterator[InterviewRecord]:
        """Stream the interviews with a step since then."""
        kept: Columns = select(InterviewRow.session, InterviewRow.touched_at).order_by(InterviewRow.id)
        if since:
            kept = kept.where(InterviewRow.touched_at >= since)
        async for session, touched_at in self._rows(kept):
            yield InterviewRecord(session, touched_at)

    async def requests(self, since: datetime | None = None) -> AsyncIterator[RequestRecord]:
        """Stream the requests sent since then, oldest first."""
        urgency = LeadRow.details_json["urgency"].as_string()
        events: Columns = select(LeadRow.id, LeadRow.state, urgency, LeadEventRow.kind, LeadEventRow.happened_at)
        events = events.join(LeadEventRow, LeadEventRow.lead_id == LeadRow.id).where(LeadRow.state != LeadState.DRAFT)
        rows = [row async for row in self._rows(events.order_by(LeadRow.id, LeadEventRow.id))]
        for _, history in groupby(rows, key=lambda row: row[0]):
            request = _request(list(history))
            if since is None or request.at >= since:
                yield request

    async def _rows(self, statement: Columns) -> AsyncIterator[Found]:
        found = await self._session.stream(statement.execution_options(yield_per=ROWS_IN_MEMORY))
        async for rows in found.partitions():  # row by row, each would switch to the database's thread and back
            for row in rows:
                yield row

    def _message(self, row: Found) -> MessageRecord:
        criteria = dict.fromkeys(str(reason["criterion"]) for reason in row.reasons or ())
        helpful = row.helpful or 0
        return MessageRecord(
            at=row.at,
            platform=row.tenant.partition(":")[0],
            home=self._homes.of(row.tenant),
            asker=self._users.of(f"{row.tenant}/{row.user}"),
            is_waiting=row.state in UNFINISHED and row.kind is None,
            kind=row.kind,
            text=row.text if row.kind == ABSTAINED and _is_gap(row) else None,
            citations=row.citations or (),
            approach=row.approach,
            criteria=tuple(criteria),
            helpful=helpful,
            unhelpful=(row.rated or 0) - helpful,
        )


def _turns() -> Columns:
    """Select every message with its reply and its opinions."""
    kind, found = TurnRow.reply["kind"].as_string(), TurnRow.reply["recommendation"]
    helpful, rated = func.count().filter(FeedbackRow.helpful).label("helpful"), func.count().label("rated")
    opinions = select(FeedbackRow.turn_id, helpful, rated).group_by(FeedbackRow.turn_id).subquery()
    columns = (
        TurnRow.accepted_at.label("at"),
        TurnRow.tenant.label("tenant"),
        TurnRow.user.label("user"),
        TurnRow.state.label("state"),
        kind.label("kind"),
        case((kind == ABSTAINED, TurnRow.text)).label("text"),
        case((kind == ABSTAINED, TurnRow.reply["reason"].as_string())).label("reason"),
        case((kind == ABSTAINED, TurnRow.reply["text"].as_string())).label("reply_text"),
        TurnRow.reply["citations"].label("citations"),
        found["approach"].as_string().label("approach"),
        found["reasons"].label("reasons"),
        opinions.c.helpful.label("helpful"),
        opinions.c.rated.label("rated"),
    )
    return select(*columns).outerjoin(opinions, opinions.c.turn_id == TurnRow.id)


def _is_gap(row: Found) -> bool:
    """Tell from an abstention whether its question was on the subject.

    Replies stored before they kept their reason have several lines exactly if it was.
    """
    return bool(row.reason == NEAR_TOPIC if row.reason else "\n" in row.reply_text)


def _request(history: Sequence[Found]) -> RequestRecord:
    """Build a request from its events in order: state, urgency, kind and time of each."""
    _, state, urgency, _, first = history[0]
    moments = [(kind, moment) for _, _, _, kind, moment in history]
    return RequestRecord(
        state=state,
        urgency=urgency,
        at=next((moment for kind, moment in moments if kind == "requested"), first),
        taken_at=next((moment for kind, moment in moments if kind in WORKED_ON), None),
        resolved_at=next((moment for kind, moment in reversed(moments) if kind == "resolved"), None),
    )
