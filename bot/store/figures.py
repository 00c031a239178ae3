"""Figures of what is kept, cheap enough to be asked for every few seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from bot.store.database import Database
from bot.store.records import UNFINISHED, LeadState
from bot.store.tables import IN_LANES, DeliveryRow, LeadRow, TurnRow


@dataclass(frozen=True)
class Queue:
    """The length of a queue, and the age of its oldest entry in seconds."""

    depth: int
    oldest: float


@dataclass(frozen=True)
class Figures:
    """The questions that are not finished, the posts of requests that are not sent, and the requests by state."""

    questions: Queue
    posts: Queue
    leads: Mapping[str, int]


async def figures(database: Database) -> Figures:
    """The figures of everybody, as they are now. Each is read from an index."""
    waiting = select(func.count(), func.min(TurnRow.accepted_at)).where(TurnRow.state.in_(UNFINISHED))
    posts = select(func.count(), func.min(DeliveryRow.created_at)).where(IN_LANES, DeliveryRow.kind.is_not(None))
    leads = select(LeadRow.state, func.count()).group_by(LeadRow.state)
    async with database.reading_across_tenants() as session:
        turns_and_oldest = (await session.execute(waiting)).one()
        posts_and_oldest = (await session.execute(posts)).one()
        by_state = dict((await session.execute(leads)).tuples().all())
    now = database.clock()
    return Figures(
        _queue(*turns_and_oldest, now),
        _queue(*posts_and_oldest, now),
        {state: by_state.get(state, 0) for state in LeadState},
    )


def _queue(depth: int, since: datetime | None, now: datetime) -> Queue:
    return Queue(depth, max((now - since).total_seconds(), 0.0) if since else 0.0)
