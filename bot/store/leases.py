"""Leases: which process has which turns and posts in hand, until it is done with them or dies."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Update, select, update

from bot.store.database import Database
from bot.store.records import UNFINISHED
from bot.store.tables import IN_LANES, DeliveryRow, TurnRow


class Leases:
    """The leases of all processes. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def holders(self) -> set[str]:
        """Return the processes that hold a lease, dead ones among them."""
        turns = select(TurnRow.taken_by).where(TurnRow.state.in_(UNFINISHED), TurnRow.taken_by.is_not(None)).distinct()
        posts = select(DeliveryRow.taken_by).where(IN_LANES, DeliveryRow.taken_by.is_not(None)).distinct()
        async with self._db.reading_across_tenants() as session:
            return {name for own in (turns, posts) for name in await session.scalars(own) if name}

    async def free(self, dead: Collection[str]) -> None:
        """End the leases of dead processes. A turn counts one more run; a post may have been sent, so it counts too."""
        async with self._db.across_tenants() as session:
            await session.execute(_turns(TurnRow.taken_by.in_(dead), runs=TurnRow.runs + 1))
            await session.execute(_posts(DeliveryRow.taken_by.in_(dead)))

    async def release(self, process: str, interrupted: Collection[int]) -> None:
        """End the leases of a process that stops, but for those of turns whose answering it has interrupted."""
        async with self._db.across_tenants() as session:
            own = TurnRow.taken_by == process
            await session.execute(_turns(own & TurnRow.id.not_in(interrupted)))
            await session.execute(_posts(DeliveryRow.taken_by == process))


def _turns(which: ColumnElement[bool], **values: Any) -> Update:  # noqa: ANN401 values of columns
    own = update(TurnRow).where(TurnRow.state.in_(UNFINISHED), which).values(taken_by=None, **values)
    return own.execution_options(synchronize_session=False)


def _posts(which: ColumnElement[bool]) -> Update:
    own = update(DeliveryRow).where(IN_LANES, which).values(taken_by=None, attempts=DeliveryRow.attempts + 1)
    return own.execution_options(synchronize_session=False)
