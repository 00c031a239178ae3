"""The inbox: what users said, accepted once, until it is answered and delivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from pydantic import JsonValue
from sqlalchemy import Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.accepting import Accepted, Accepting, Message, Work, storable
from bot.store.address import Draft
from bot.store.database import Database, add_in_order
from bot.store.events import remember
from bot.store.outbox import Sent
from bot.store.tables import UNFINISHED, Conversation, Delivery, DeliveryState, Turn, TurnState
from bot.threads import MicroBatcher

REPEATS = timedelta(hours=24)  # how long a platform may deliver an event again
REMEMBERED = 6  # earlier messages of a conversation that a follow-up may refer to


@dataclass(frozen=True)
class Answer:
    """The posts that show a reply on the platform, in their order; `reply` is how it is kept, None when it is none."""

    posts: Sequence[Mapping[str, JsonValue]]
    reply: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True)
class Usage:
    """The questions before a turn's, of its user and of their tenant, without those that were too many."""

    by_user: int
    by_tenant: int


ALL_USED = Usage(10**9, 10**9)


@dataclass(frozen=True)
class Question:
    """A turn that is worked on, with the answered messages before it in its conversation, the oldest first."""

    turn: Turn
    earlier: Sequence[str]
    usage: Usage


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

    async def accept(self, message: Message) -> Accepted | None:
        """Stores a message; None when it came before, under any of its keys, within 24 hours.

        Messages that come at the same time are stored together, which costs little more than one alone.
        """
        return await self._accept_soon(message)

    async def follows_up(self, message: Message, *, is_for_others: bool) -> bool:
        """Whether words that are not addressed to us go on with our conversation.

        They do when their author talked with us there before, until somebody else joins in or somebody else is
        addressed: then people are talking among themselves, and we are quiet until we are addressed again.
        """
        before = select(Turn.id).where(Turn.conversation_id == Conversation.id)
        if message.said_at:  # a platform may deliver what was said before we were asked after that
            before = before.where(or_(Turn.said_at.is_(None), Turn.said_at <= message.said_at))
        here = and_(Conversation.place == message.place, before.exists())
        spoke = before.where(Turn.user == message.user).exists()
        async with self._db.transaction(message.tenant, is_urgent=True) as session:
            if not is_for_others and await session.scalar(select(Conversation.id).where(here, spoke)) is not None:
                return await session.scalar(select(Conversation.is_quiet).where(here)) is False
            await session.execute(update(Conversation).where(here).values(is_quiet=True))
            return False

    async def turn(self, work: Work) -> Turn | None:
        """The turn, unless it was deleted."""
        async with self._db.transaction(work.tenant) as session:
            return await session.scalar(select(Turn).where(Turn.id == work.turn))

    async def named(self, tenant: str, name: str) -> Turn | None:
        """The last turn of a message."""
        async with self._db.transaction(tenant) as session:
            return await session.scalar(select(Turn).where(Turn.name == name).order_by(Turn.id.desc()).limit(1))

    async def amend(self, tenant: str, name: str, text: str, keys: Sequence[str]) -> Amendment:
        """Replace the text of a message by its edited one, unless it is answered; `keys` are those of the edit.

        An answer to the old text that is being made is not stored any more: `answered` refuses it.
        """
        text = storable(text)
        newest = select(Turn).where(Turn.name == name).order_by(Turn.id.desc()).limit(1).with_for_update()
        async with self._db.transaction(tenant, is_urgent=True) as session:
            turn = await session.scalar(newest)
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
        """Deletes a turn and the others of the same message, with their posts.

        Returns the next one of its conversation, which may have waited for it.
        """
        same = or_(Turn.id == turn.id, Turn.name == turn.name) if turn.name else Turn.id == turn.id
        async with self._db.transaction(turn.tenant) as session:
            await self._lock(session, turn)
            await session.execute(delete(Turn).where(same))
            return await _next(session, turn)

    async def question(self, work: Work, since: datetime, most: int, counted: Usage = ALL_USED) -> Question | None:
        """The turn, the last `most` messages before it, and the usage `since` then; None when it was deleted.

        No more of them are `counted` than that: in a flood there are many.
        """
        async with self._db.transaction(work.tenant) as session:
            turn = await session.scalar(select(Turn).where(Turn.id == work.turn))
            if turn is None:
                return None
            before = select(Turn.text).where(
                Turn.conversation_id == turn.conversation_id, Turn.id < turn.id, Turn.reply.is_not(None)
            )
            earlier = list(await session.scalars(before.order_by(Turn.id.desc()).limit(most)))[::-1]
            taken = or_(Turn.reply.is_not(None), Turn.state.in_(UNFINISHED))
            all_then = select(Turn.id).where(Turn.accepted_at > since, Turn.id < turn.id, taken)
            by_user = await _count(session, all_then.where(Turn.user == turn.user), counted.by_user)
            return Question(turn, earlier, Usage(by_user, await _count(session, all_then, counted.by_tenant)))

    async def was_told(self, turn: Turn, since: datetime) -> bool:
        """Whether the user was told in this conversation, since then, that their questions are too many."""
        told = select(Turn.id).where(
            Turn.conversation_id == turn.conversation_id,
            Turn.user == turn.user,
            Turn.accepted_at > since,
            Turn.state == TurnState.DONE,
            Turn.reply.is_(None),
        )
        async with self._db.transaction(turn.tenant) as session:
            return await session.scalar(told.limit(1)) is not None

    async def keep_draft(self, turn: Turn, draft: Draft) -> None:
        """Keep what of the answer is on the platform already, unless the turn is answered."""
        where = turn.address.to_json() | draft.to_json()
        own = update(Turn).where(Turn.id == turn.id, Turn.state == TurnState.ACCEPTED).values(where=where)
        async with self._db.transaction(turn.tenant) as session:
            await session.execute(own)

    async def answered(
        self, turn: Turn, answer: Answer, error: str | None = None, reference: str | None = None
    ) -> list[Delivery] | None:
        """Store the answer, or the `error` that stands for it; return its posts.

        None if the turn is gone, was answered before (what was stored first is delivered), or its text was edited
        meanwhile (it is to be answered once more).
        """
        values = {"state": TurnState.ANSWERED, "reply": answer.reply, "error": error, "reference": reference}
        own = update(Turn).where(Turn.id == turn.id, Turn.state == TurnState.ACCEPTED, Turn.text == turn.text)
        own = own.values(values).execution_options(synchronize_session=False)
        async with self._db.transaction(turn.tenant) as session:
            if (await session.scalars(own.returning(Turn.id))).first() is None:
                return None
            posts = [self._delivery(turn, post) for post in answer.posts]
            await add_in_order(session, posts)
            return posts

    async def finish(self, turn: Turn, error: str | None = None, sent: Sent | None = None) -> Work | None:
        """Finishes a turn, as failed when there was an error; returns the next one of its conversation.

        `sent` is its last post, whose confirmation is kept along with it.
        """
        error = error or turn.error
        state = TurnState.FAILED if error else TurnState.DONE
        done = {"state": state, "error": error, "finished_at": self._db.clock()}
        if not error:
            done["token"] = None
        async with self._db.transaction(turn.tenant) as session:
            await self._lock(session, turn)
            if sent:
                await session.execute(sent.kept())
            await session.execute(update(Turn).where(Turn.id == turn.id, Turn.state.in_(UNFINISHED)).values(done))
            return await _next(session, turn)

    async def begin_anew(self, work: Work) -> Work | None:
        """Counts one more run of a turn whose work was lost; None when another process did."""
        own = update(Turn).where(Turn.id == work.turn, Turn.runs == work.runs, Turn.state.in_(UNFINISHED))
        async with self._db.transaction(work.tenant) as session:
            runs = await session.scalar(own.values(runs=Turn.runs + 1).returning(Turn.runs))
            return None if runs is None else Work(work.tenant, work.turn, runs)

    async def heads(self) -> list[Work]:
        """The first unfinished turn of every conversation."""
        first = select(func.min(Turn.id)).where(Turn.state.in_(UNFINISHED)).group_by(Turn.conversation_id)
        async with self._db.across_tenants() as session:
            found = await session.execute(select(Turn.tenant, Turn.id, Turn.runs).where(Turn.id.in_(first)))
            return [Work(*row) for row in found]

    async def failures(self) -> list[Turn]:
        """What failed for good, the oldest first."""
        async with self._db.across_tenants() as session:
            return list(await session.scalars(select(Turn).where(Turn.state == TurnState.FAILED).order_by(Turn.id)))

    async def resend(self, turns: Sequence[int]) -> list[int]:
        """Takes failed turns up again where they failed; a running bot goes on with them. Returns which there were."""
        failed = update(Turn).where(Turn.id.in_(turns), Turn.state == TurnState.FAILED)
        values = {"error": None, "reference": None, "finished_at": None, "runs": Turn.runs + 1}
        found = list[int]()
        async with self._db.across_tenants() as session:
            for state, having in (
                (TurnState.ANSWERED, Turn.reply.is_not(None)),
                (TurnState.ACCEPTED, Turn.reply.is_(None)),
            ):
                again = failed.where(having).values(values | {"state": state}).returning(Turn.id)
                found += await session.scalars(again.execution_options(synchronize_session=False))
            answered = select(Turn.id).where(Turn.id.in_(found), Turn.state == TurnState.ANSWERED)
            unsent = DeliveryState.FAILED, DeliveryState.PENDING  # what stands behind the one that failed
            posts = update(Delivery).where(Delivery.turn_id.in_(answered), Delivery.state.in_(unsent))
            anew = posts.values(state=DeliveryState.PENDING, attempts=0, retry_at=None, created_at=self._db.clock())
            await session.execute(anew.execution_options(synchronize_session=False))
        return sorted(found)

    async def _lock(self, session: AsyncSession, turn: Turn) -> None:
        """Locks a turn's conversation, else a message that is accepted meanwhile would be begun by nobody."""
        if not self._db.where.embedded:
            own = select(Conversation.id).where(Conversation.id == turn.conversation_id)
            await session.execute(own.with_for_update())

    def _delivery(self, turn: Turn, post: Mapping[str, JsonValue]) -> Delivery:
        return Delivery(
            turn_id=turn.id,
            user=turn.user,
            where=turn.where,
            token=turn.token,
            payload=dict(post),
            created_at=self._db.clock(),
        )


async def _count(session: AsyncSession, rows: Select[int], most: int) -> int:
    return await session.scalar(select(func.count()).select_from(rows.limit(most).subquery())) or 0


async def _next(session: AsyncSession, turn: Turn) -> Work | None:
    """What is to be done next in a turn's conversation."""
    unfinished = select(Turn.id, Turn.runs).where(
        Turn.conversation_id == turn.conversation_id, Turn.state.in_(UNFINISHED)
    )
    head = (await session.execute(unfinished.order_by(Turn.id).limit(1))).first()
    return Work(turn.tenant, head.id, head.runs) if head else None
