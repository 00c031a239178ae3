"""The inbox: what users said, accepted once, until it is answered and delivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import statements
from bot.store.accepting import Accepted, Accepting, Message, Work, storable
from bot.store.address import Draft
from bot.store.database import Database, add_in_order
from bot.store.deduplication import remember
from bot.store.post import Content
from bot.store.records import UNFINISHED, Delivery, DeliveryState, Turn, TurnState
from bot.store.tables import ConversationRow, DeliveryRow, TurnRow
from bot.threads import MicroBatcher

REDELIVERY_PERIOD = timedelta(hours=24)  # how long a platform may deliver an event again
MAX_EARLIER = 6  # earlier messages of a conversation that a follow-up may refer to


@dataclass(frozen=True)
class Answer:
    """The posts that show a reply on the platform, in their order; `reply` is it as JSON, None if it is no answer."""

    posts: Sequence[Content]
    reply: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True)
class Usage:
    """The questions before a turn's, of its user and of their tenant, without those that were too many."""

    by_user: int
    by_tenant: int


ALL_USED = Usage(10**9, 10**9)


@dataclass(frozen=True)
class TurnContext:
    """A turn with the answered messages before it in its conversation, the oldest first, and the usage until then."""

    turn: Turn
    earlier: Sequence[str]
    usage: Usage


@dataclass(frozen=True)
class Settled:
    """The outcome of a post: it `was_pending`, or settled or deleted before; `following` comes next after its turn."""

    was_pending: bool = True
    following: Work | None = None


class Amendment(Enum):
    """The outcome of an edit: of a message that is UNKNOWN here, to the SAME text, delivered a second time (REPEATED),
    in time (AMENDED), or after the message was answered (LATE): then it is to be accepted as a message of its own."""

    UNKNOWN = auto()
    SAME = auto()
    REPEATED = auto()
    AMENDED = auto()
    LATE = auto()


class Inbox:
    """Turns, from accepted to finished. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._accept_soon = MicroBatcher(Accepting(database).accept)

    async def accept(self, message: Message, process: str | None = None) -> Accepted | None:
        """Store a message; None when it came before, under any of its keys, within 24 hours.

        It is taken by `process`, unless an earlier one of its conversation is unfinished. Messages that come at the
        same time are stored together, which costs little more than one alone.
        """
        return await self._accept_soon((message, process))

    async def follows_up(self, message: Message, *, is_for_others: bool) -> bool:
        """Return True if a message that is not addressed to the bot continues its conversation.

        They do when their author talked with us there before, until somebody else joins in or somebody else is
        addressed: then people are talking among themselves, and we are quiet until we are addressed again.
        """
        before = select(TurnRow.id).where(TurnRow.conversation_id == ConversationRow.id)
        if message.said_at:  # a platform may deliver what was said before we were asked after that
            before = before.where(or_(TurnRow.said_at.is_(None), TurnRow.said_at <= message.said_at))
        here = and_(ConversationRow.place == message.place, before.exists())
        spoke = before.where(TurnRow.user == message.user).exists()
        async with self._db.reading(message.tenant) as session:
            known = (await session.execute(select(ConversationRow.is_quiet, spoke).where(here))).first()
        if known is None or known.is_quiet:
            return False
        if known[1] and not is_for_others:
            return True
        async with self._db.transaction(message.tenant, is_urgent=True) as session:
            await session.execute(update(ConversationRow).where(here).values(is_quiet=True))
            return False

    async def turn(self, work: Work) -> Turn | None:
        """Return the turn, unless it was deleted."""
        async with self._db.reading(work.tenant) as session:
            row = await session.scalar(select(TurnRow).where(TurnRow.id == work.turn))
            return await _with_draft(session, row) if row else None

    async def named(self, tenant: str, name: str) -> Turn | None:
        """Return the newest turn of a message."""
        async with self._db.reading(tenant) as session:
            row = await session.scalar(_newest(TurnRow.name == name))
            return await _with_draft(session, row) if row else None

    async def amend(self, tenant: str, name: str, text: str, keys: Sequence[str]) -> Amendment:
        """Replace the text of a message by its edited one, unless it is answered; `keys` are those of the edit.

        An answer to the old text that is being made is not stored any more: `answered` refuses it.
        """
        text = storable(text)
        async with self._db.transaction(tenant, is_urgent=True) as session:
            turn = await session.scalar(_newest(TurnRow.name == name).with_for_update())
            if turn is None:
                return Amendment.UNKNOWN
            if turn.text == text:
                return Amendment.SAME
            if turn.state != TurnState.ACCEPTED:
                return Amendment.LATE
            if not await remember(self._db, session, keys, self._db.clock()):
                await session.rollback()
                return Amendment.REPEATED
            turn.text = text
            return Amendment.AMENDED

    async def remove(self, turn: Turn) -> Work | None:
        """Delete a turn and the others of the same message, with their posts.

        Return the next one of its conversation, which may have waited for it.
        """
        same = or_(TurnRow.id == turn.id, TurnRow.name == turn.name) if turn.name else TurnRow.id == turn.id
        async with self._db.transaction(turn.tenant) as session:
            await self._lock(session, turn.id)
            await session.execute(delete(TurnRow).where(same))
            return await _next(session, turn.tenant, turn.conversation_id, None)

    async def question(self, work: Work, since: datetime, most: int, counted: Usage = ALL_USED) -> TurnContext | None:
        """The turn, the last `most` messages before it, and the usage `since` then; None when it was deleted.

        No more of them are `counted` than that: in a flood there are many.
        """
        async with self._db.reading(work.tenant) as session:
            counted_up_to = {"most_by_user": counted.by_user, "most_by_tenant": counted.by_tenant}
            found = await session.execute(statements.WITH_USAGE, {"turn": work.turn, "since": since, **counted_up_to})
            if (row := found.first()) is None:
                return None
            turn, *used = row
            before = {"conversation": turn.conversation_id, "turn": turn.id, "most": most}
            earlier = list(await session.scalars(statements.EARLIER, before))[::-1]
            return TurnContext(await _with_draft(session, turn), earlier, Usage(*used))

    async def was_notified(self, turn: Turn, since: datetime) -> bool:
        """Return True if the user was told in this conversation, since then, that their questions are too many."""
        told = select(TurnRow.id).where(
            TurnRow.conversation_id == turn.conversation_id,
            TurnRow.user == turn.user,
            TurnRow.accepted_at > since,
            TurnRow.state == TurnState.DONE,
            TurnRow.reply.is_(None),
        )
        async with self._db.reading(turn.tenant) as session:
            return await session.scalar(told.limit(1)) is not None

    async def keep_draft(self, turn: Turn, draft: Draft) -> None:
        """Keep what of the answer is on the platform already, unless the turn is answered."""
        where = turn.address.to_json() | draft.to_json()
        own = update(TurnRow).where(TurnRow.id == turn.id, TurnRow.state == TurnState.ACCEPTED).values(where=where)
        async with self._db.transaction(turn.tenant) as session:
            await session.execute(own)

    async def answered(
        self,
        turn: Turn,
        answer: Answer,
        error: str | None = None,
        reference: str | None = None,
        process: str | None = None,
    ) -> list[Delivery] | None:
        """Store the answer, or the `error` that stands for it; return its posts, which `process` has taken.

        None if the turn is gone, was answered before (what was stored first is delivered), or its text was edited
        meanwhile (it is to be answered once more).
        """
        values = {"turn": turn.id, "said": turn.text, "replied": answer.reply, "problem": error, "found_by": reference}
        async with self._db.transaction(turn.tenant) as session:
            if (await session.scalars(statements.ANSWERED, values)).first() is None:
                return None
            rows = [self._delivery(turn, post, process) for post in answer.posts]
            await add_in_order(session, rows)
            return [row.record() for row in rows]

    async def delivered(
        self, post: Delivery, sent_as: str | None, error: str | None = None, process: str | None = None
    ) -> Settled:
        """Store that the platform has a post, under the name `sent_as`, or never will (`error`).

        With its last post the turn is finished, and so it is with one that fails; `process` takes what follows.
        """
        async with self._db.transaction(post.tenant) as session:
            await self._lock(session, post.turn_id)
            if sent_as is None:
                settled = await session.scalars(statements.FAILED, {"post": post.id, "problem": error})
            else:
                settled = await session.scalars(statements.SENT, {"post": post.id, "named": sent_as})
            if settled.first() is None or post.turn_id is None:
                return Settled(was_pending=False)
            if sent_as is None:
                await session.execute(statements.FAIL_REST, {"turn": post.turn_id})
            return Settled(following=await self._finish(session, post.tenant, post.turn_id, error, process))

    async def finish(self, turn: Turn, error: str | None = None, process: str | None = None) -> Work | None:
        """Finish a turn of which nothing is to be sent, as failed when there was an error.

        Return the next one of its conversation, which `process` takes.
        """
        async with self._db.transaction(turn.tenant) as session:
            await self._lock(session, turn.id)
            return await self._finish(session, turn.tenant, turn.id, error, process)

    async def take(self, works: Sequence[Work], process: str) -> list[Work]:
        """Take turns that no process has, or this one; return those that it has now."""
        free = or_(TurnRow.taken_by.is_(None), TurnRow.taken_by == process)
        own = update(TurnRow).where(TurnRow.id.in_([work.turn for work in works]), free)
        own = own.where(TurnRow.state.in_(UNFINISHED)).values(taken_by=process).returning(TurnRow.id)
        async with self._db.across_tenants() as session:
            taken = {*await session.scalars(own.execution_options(synchronize_session=False))}
        return [work for work in works if work.turn in taken]

    async def heads(self, process: str | None = None) -> list[Work]:
        """Return the first unfinished turn of every conversation, if no other process has it, and no post is unsent."""
        first = select(func.min(TurnRow.id)).where(TurnRow.state.in_(UNFINISHED)).group_by(TurnRow.conversation_id)
        free = or_(TurnRow.taken_by.is_(None), TurnRow.taken_by == process)
        heads = select(TurnRow.tenant, TurnRow.id).where(TurnRow.id.in_(first), free)
        unsent = (
            select(DeliveryRow.id)
            .where(DeliveryRow.turn_id == TurnRow.id, DeliveryRow.state == DeliveryState.PENDING)
            .exists()
        )
        heads = heads.where(or_(TurnRow.state == TurnState.ACCEPTED, ~unsent)).order_by(TurnRow.id)
        async with self._db.reading_across_tenants() as session:
            return [Work(*row) for row in await session.execute(heads)]

    async def failures(self) -> list[Turn]:
        """Return the turns that failed for good, the oldest first."""
        failed = select(TurnRow).where(TurnRow.state == TurnState.FAILED).order_by(TurnRow.id)
        async with self._db.reading_across_tenants() as session:
            return [row.record() for row in await session.scalars(failed)]

    async def resend(self, turns: Sequence[int]) -> list[int]:
        """Retry failed turns where they failed, by a running bot; return the ids of those that there were."""
        failed = update(TurnRow).where(TurnRow.id.in_(turns), TurnRow.state == TurnState.FAILED)
        values = {"error": None, "reference": None, "finished_at": None, "runs": 0}
        found = list[int]()
        async with self._db.across_tenants() as session:
            for state, having in (
                (TurnState.ANSWERED, TurnRow.reply.is_not(None)),
                (TurnState.ACCEPTED, TurnRow.reply.is_(None)),
            ):
                again = failed.where(having).values(values | {"state": state}).returning(TurnRow.id)
                found += await session.scalars(again.execution_options(synchronize_session=False))
            answered = select(TurnRow.id).where(TurnRow.id.in_(found), TurnRow.state == TurnState.ANSWERED)
            unsent = DeliveryState.FAILED, DeliveryState.PENDING  # what stands behind the one that failed
            posts = update(DeliveryRow).where(DeliveryRow.turn_id.in_(answered), DeliveryRow.state.in_(unsent))
            retry = posts.values(state=DeliveryState.PENDING, attempts=0, retry_at=None, created_at=self._db.clock())
            await session.execute(retry.execution_options(synchronize_session=False))
        return sorted(found)

    async def _lock(self, session: AsyncSession, turn: int | None) -> None:
        """Lock a turn's conversation, else a message that is accepted meanwhile would be begun by nobody."""
        if not self._db.urls.is_embedded:
            its = select(TurnRow.conversation_id).where(TurnRow.id == turn).scalar_subquery()
            await session.execute(select(ConversationRow.id).where(ConversationRow.id == its).with_for_update())

    async def _finish(
        self, session: AsyncSession, tenant: str, turn: int, error: str | None, process: str | None
    ) -> Work | None:
        """Finish a turn unless something of it is unsent; return the next one of its conversation."""
        values = {"turn": turn, "problem": error, "moment": self._db.clock()}
        conversation = (await session.scalars(statements.FINISH, values)).first()
        return None if conversation is None else await _next(session, tenant, conversation, process)

    def _delivery(self, turn: Turn, post: Content, process: str | None) -> DeliveryRow:
        return DeliveryRow(
            turn_id=turn.id,
            user=turn.user,
            where=turn.address.to_json(),
            token=turn.token,
            payload=post.to_json(),
            created_at=self._db.clock(),
            lane=f"turn/{turn.conversation_id}",
            taken_by=process,
        )


def _newest(*which: ColumnElement[bool]) -> Select[TurnRow]:
    return select(TurnRow).where(*which).order_by(TurnRow.id.desc()).limit(1)


async def _with_draft(session: AsyncSession, turn: TurnRow) -> Turn:
    """Return the turn; the answer to an edited message replaces the posts of the answer before."""
    if turn.draft.replaces or turn.name is None:
        return turn.record()
    earlier = await session.scalar(statements.SAID_BEFORE, {"message": turn.name, "turn": turn.id})
    if earlier is None:
        return turn.record()
    posts = select(DeliveryRow.sent_as).where(DeliveryRow.turn_id == earlier.id, DeliveryRow.sent_as != "")
    sent = tuple(name for name in await session.scalars(posts.order_by(DeliveryRow.id)) if name)
    return replace(turn.record(), draft=Draft(sent or earlier.draft.replaces, turn.draft.is_growing))


async def _next(session: AsyncSession, tenant: str, conversation: int, process: str | None) -> Work | None:
    """Return the next work in a conversation, which `process` takes."""
    head = (await session.scalars(statements.TAKE_NEXT, {"conversation": conversation, "taker": process})).first()
    return None if head is None else Work(tenant, head)
