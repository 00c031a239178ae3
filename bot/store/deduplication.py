"""Deduplication: the keys of events that platforms delivered, so that each counts once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.tables import EventRow


class KnownError(Exception):
    """An event that the platform delivered was handled before."""


async def remember(database: Database, session: AsyncSession, keys: Sequence[str], moment: datetime) -> bool:
    """Remember the keys of an event; False when one of them is known, then the transaction is to be given up.

    As the first statement of a transaction it locks SQLite.
    """
    for key in sorted(keys):  # in one order, for two events with the same keys would wait for one another
        seen = database.insert(EventRow).values(key=key, seen_at=moment).on_conflict_do_nothing()
        if (await session.scalars(seen.returning(EventRow.id))).first() is None:
            return False
    return True
