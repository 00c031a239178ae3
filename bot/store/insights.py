"""What reports count: everything that was asked, interviewed and requested, as one moment has it.

Users leave this room as numbers, workspaces and guilds too, and a text only where the guidance had no answer to it.
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
from bot.store.tables import UNFINISHED, Feedback, Interview, Lead, LeadEvent, LeadState, Turn

BATCH = 1_000  # rows that are in memory at once
Columns = Select[*tuple[Any, ...]]
Found = Row[*tuple[Any, ...]]
ABSTAINED = "abstain"  # the kind of a reply that says that there is none
WORKED_ON = ("claimed", "replied", "resolved")  # what happens to a request that somebody has taken


@dataclass(frozen=True)
class Asked:
    """A message and what came of it. `kind` is the reply's, None when there is none; `text` what an abstained one said.

    `asker` and `home` are numbers that stand for its user and for their workspace or guild.
    """

    at: datetime
    platform: str
    home: int
    asker: int
    is_waiting: bool
    kind: str | None
    text: str | None
    told: str | None
    citations: Sequence[Mapping[str, str]]
    approach: str | None
    criteria: tuple[str, ...]
    helpful: int
    unhelpful: int


@dataclass(frozen=True)
class Interviewed:
    """An interview as it stands."""

    session: Mapping[str, JsonValue]
    touched_at: datetime


@dataclass(frozen=True)
class Requested:
    """A request for a consultant: since when, when somebody took it first, and when it was resolved last."""

    state: str
    urgency: str | None
    at: datetime
    taken_at: datetime | None
    resolved_at: datetime | None


@dataclass
class _Numbers:
    """Numbers in place of names, in the order in which the names come."""

    known: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


class Insights:
    """Reads and changes nothing."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Snapshot"]:
        """All of it as it is at this moment."""
        async with self._db.snapshot() as session:
            yield Snapshot(session)

    @property
    def now(self) -> datetime:
        """The time by the store's clock."""
        return self._db.clock()


class Snapshot:
    """One moment of the store; what it gives comes row by row."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._users, self._homes = _Numbers(), _Numbers()

    async def asked(self, since: datetime | None = None) -> AsyncIterator[Asked]:
        """Every message since then, the oldest first."""
        turns = _turns().order_by(Turn.id)
        if since:
            turns = turns.where(Turn.accepted_at >= since)
        async for row in self._rows(turns):
            yield self._asked(row)

    async def interviews(self, since: datetime | None = None) -> AsyncIterator[Interviewed]:
        """Every interview that was touched since then."""
        kept: Columns = select(Interview.session, Interview.touched_at).order_by(Interview.id)
        if since:
            kept = kept.where(Interview.touched_at >= since)
        async for session, touched_at in self._rows(kept):
            yield Interviewed(session, touched_at)

    async def requests(self, since: datetime | None = None) -> AsyncIterator[Requested]:
        """Every request that was sent since then, the oldest first."""
        urgency = Lead.details["urgency"].as_string()
        events: Columns = select(Lead.id, Lead.state, urgency, LeadEvent.kind, LeadEvent.happened_at)
        events = events.join(LeadEvent, LeadEvent.lead_id == Lead.id).where(Lead.state != LeadState.DRAFT)
        rows = [row async for row in self._rows(events.order_by(Lead.id, LeadEvent.id))]
        for _, history in groupby(rows, key=lambda row: row[0]):
            request = _requested(list(history))
            if since is None or request.at >= since:
                yield request

    async def _rows(self, statement: Columns) -> AsyncIterator[Found]:
        found = await self._session.stream(statement.execution_options(yield_per=BATCH))
        async for rows in found.partitions():  # row by row, each would switch to the database's thread and back
            for row in rows:
                yield row

    def _asked(self, row: Found) -> Asked:
        criteria = dict.fromkeys(str(reason["criterion"]) for reason in row.reasons or ())
        helpful = row.helpful or 0
        return Asked(
            at=row.at,
            platform=row.tenant.partition(":")[0],
            home=self._homes.of(row.tenant),
            asker=self._users.of(f"{row.tenant}/{row.user}"),
            is_waiting=row.state in UNFINISHED and row.kind is None,
            kind=row.kind,
            text=row.text,
            told=row.told,
            citations=row.citations or (),
            approach=row.approach,
            criteria=tuple(criteria),
            helpful=helpful,
            unhelpful=(row.rated or 0) - helpful,
        )


def _turns() -> Columns:
    """Every message with what came of it, and how many found that helpful of how many who said so."""
    kind, found = Turn.reply["kind"].as_string(), Turn.reply["recommendation"]
    helpful, rated = func.count().filter(Feedback.helpful).label("helpful"), func.count().label("rated")
    opinions = select(Feedback.turn_id, helpful, rated).group_by(Feedback.turn_id).subquery()
    columns = (
        Turn.accepted_at.label("at"),
        Turn.tenant.label("tenant"),
        Turn.user.label("user"),
        Turn.state.label("state"),
        kind.label("kind"),
        case((kind == ABSTAINED, Turn.text)).label("text"),
        case((kind == ABSTAINED, Turn.reply["text"].as_string())).label("told"),
        Turn.reply["citations"].label("citations"),
        found["approach"].as_string().label("approach"),
        found["reasons"].label("reasons"),
        opinions.c.helpful.label("helpful"),
        opinions.c.rated.label("rated"),
    )
    return select(*columns).outerjoin(opinions, opinions.c.turn_id == Turn.id)


def _requested(history: Sequence[Found]) -> Requested:
    """A request from its events, in their order: state, urgency, kind and moment of each."""
    _, state, urgency, _, first = history[0]
    moments = [(kind, moment) for _, _, _, kind, moment in history]
    return Requested(
        state=state,
        urgency=urgency,
        at=next((moment for kind, moment in moments if kind == "requested"), first),
        taken_at=next((moment for kind, moment in moments if kind in WORKED_ON), None),
        resolved_at=next((moment for kind, moment in reversed(moments) if kind == "resolved"), None),
    )
