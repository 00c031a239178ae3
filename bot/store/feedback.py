"""Feedback: whether users found replies helpful."""

from datetime import datetime

from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import FeedbackRow, TurnRow


class Feedbacks:
    """One word a user and reply. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def all(self) -> list[tuple[str, datetime, bool]]:
        """Tenant, moment and opinion of everybody's, without who it was."""
        async with self._db.across_tenants() as session:
            found = await session.execute(select(FeedbackRow.tenant, FeedbackRow.given_at, FeedbackRow.helpful))
            return [(tenant, moment, helpful) for tenant, moment, helpful in found]

    async def give(self, tenant: str, turn: int, user: str, *, helpful: bool) -> None:
        """Keeps what a user thinks of a reply, in place of what they thought before; nothing when it was deleted."""
        known = select(TurnRow.id).where(TurnRow.id == turn).with_for_update(read=True)
        row = self._db.insert(FeedbackRow).values(turn_id=turn, user=user, helpful=helpful, given_at=self._db.clock())
        row = row.on_conflict_do_update(
            index_elements=["turn_id", "user_id"],
            set_={"helpful": row.excluded.helpful, "given_at": row.excluded.given_at},
        )
        async with self._db.transaction(tenant) as transaction:
            if await transaction.scalar(known) is not None:
                await transaction.execute(row)
