"""Conversations: the turns as people see them, and whether users found the replies helpful."""

from datetime import datetime

from sqlalchemy import func, select

from bot.store.database import Database
from bot.store.records import UNFINISHED, Turn
from bot.store.tables import ConversationRow, FeedbackRow, TurnRow


class Conversations:
    """Turns as people see them. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def recent(self, tenant: str, place: str, most: int) -> list[str]:
        """The last answered messages of a conversation, at most `most`, the oldest first."""
        said = select(TurnRow.text).join(ConversationRow, TurnRow.conversation_id == ConversationRow.id)
        said = (
            said.where(ConversationRow.place == place, TurnRow.reply.is_not(None))
            .order_by(TurnRow.id.desc())
            .limit(most)
        )
        async with self._db.reading(tenant) as session:
            return list(await session.scalars(said))[::-1]

    async def said(self, tenant: str, user: str, most: int, turn: int | None, place: str) -> list[Turn]:
        """A user's answered messages in the conversation of a turn, else in a place: the last `most`, oldest first."""
        mine = select(TurnRow).where(TurnRow.user == user, TurnRow.reply.is_not(None))
        where = select(ConversationRow.id).where(ConversationRow.place == place)
        if turn is not None:
            where = select(TurnRow.conversation_id).where(TurnRow.user == user, TurnRow.id == turn)
        async with self._db.reading(tenant) as session:
            conversation = await session.scalar(where)
            said = mine.where(TurnRow.conversation_id == conversation).order_by(TurnRow.id.desc()).limit(most)
            return [row.record() for row in await session.scalars(said)][::-1]

    async def place_of(self, tenant: str, user: str, turn: int) -> str | None:
        """The conversation in which a user said something, by the number of its turn."""
        its = select(ConversationRow.place).join(TurnRow, TurnRow.conversation_id == ConversationRow.id)
        async with self._db.reading(tenant) as session:
            return await session.scalar(its.where(TurnRow.id == turn, TurnRow.user == user))

    async def unanswered(self, tenant: str, place: str) -> list[Turn]:
        """The unfinished turns of a conversation, the oldest first."""
        waiting = select(TurnRow).join(ConversationRow, TurnRow.conversation_id == ConversationRow.id)
        waiting = waiting.where(ConversationRow.place == place, TurnRow.state.in_(UNFINISHED)).order_by(TurnRow.id)
        async with self._db.reading(tenant) as session:
            return [row.record() for row in await session.scalars(waiting)]

    async def waiting(self, tenant: str, user: str) -> int:
        """Return how many messages of a user are not finished."""
        theirs = select(func.count()).select_from(TurnRow).where(TurnRow.user == user, TurnRow.state.in_(UNFINISHED))
        async with self._db.reading(tenant) as session:
            return await session.scalar(theirs) or 0

    async def last_place(self, tenant: str, user: str) -> str | None:
        """The conversation in which a user spoke last."""
        mine = (
            select(ConversationRow.place)
            .join(TurnRow, TurnRow.conversation_id == ConversationRow.id)
            .where(TurnRow.user == user)
        )
        async with self._db.reading(tenant) as session:
            return await session.scalar(mine.order_by(TurnRow.id.desc()).limit(1))

    async def last_names(self, platform: str, since: datetime, until: datetime) -> list[tuple[str, str]]:
        """The tenant and the name of the last message of each conversation on a platform, between two moments."""
        is_there = TurnRow.tenant.startswith(f"{platform}:", autoescape=True)
        accepted = TurnRow.accepted_at.between(since, until), TurnRow.name.is_not(None)
        last = select(func.max(TurnRow.id)).where(is_there, *accepted).group_by(TurnRow.conversation_id)
        named = select(TurnRow.tenant, TurnRow.name).where(TurnRow.id.in_(last))
        async with self._db.reading_across_tenants() as session:
            return [(tenant, str(name)) for tenant, name in await session.execute(named)]

    async def kinds(self) -> list[tuple[str, datetime, str]]:
        """Tenant, moment and kind of reply of every turn; `failed` where there is none."""
        async with self._db.reading_across_tenants() as session:
            found = await session.execute(
                select(TurnRow.tenant, TurnRow.accepted_at, TurnRow.reply["kind"].as_string())
            )
            return [(tenant, moment, kind or "failed") for tenant, moment, kind in found]


class Feedbacks:
    """One word a user and reply. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def all(self) -> list[tuple[str, datetime, bool]]:
        """Tenant, moment and opinion of everybody's, without who it was."""
        async with self._db.reading_across_tenants() as session:
            found = await session.execute(select(FeedbackRow.tenant, FeedbackRow.given_at, FeedbackRow.helpful))
            return [(tenant, moment, helpful) for tenant, moment, helpful in found]

    async def give(self, tenant: str, turn: int, user: str, *, helpful: bool) -> None:
        """Keep what a user thinks of a reply, in place of what they thought before; nothing when it was deleted."""
        known = select(TurnRow.id).where(TurnRow.id == turn).with_for_update(read=True)
        row = self._db.insert(FeedbackRow).values(turn_id=turn, user=user, helpful=helpful, given_at=self._db.clock())
        row = row.on_conflict_do_update(
            index_elements=["turn_id", "user_id"],
            set_={"helpful": row.excluded.helpful, "given_at": row.excluded.given_at},
        )
        async with self._db.transaction(tenant) as transaction:
            if await transaction.scalar(known) is not None:
                await transaction.execute(row)
