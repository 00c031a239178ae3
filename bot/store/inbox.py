"""The inbox: what users said, accepted once, until it is answered and delivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.accepting import Accepted, Accepting, Message, Work, storable
from bot.store.address import Draft
from bot.store.database import Database, add_in_order
from bot.store.deduplication import remember
from bot.store.outbox import Sent
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
        """Store a message; None when it came before, under any of its keys, within 24 hours.

        Messages that come at the same time are stored together, which costs little more than one alone.
        """
        return await self._accept_soon(message)

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
            await self._lock(session, turn)
            await session.execute(delete(TurnRow).where(same))
            return await _next(session, turn)

    async def question(self, work: Work, since: datetime, most: int, counted: Usage = ALL_USED) -> TurnContext | None:
        """The turn, the last `most` messages before it, and the usage `since` then; None when it was deleted.

        No more of them are `counted` than that: in a flood there are many.
        """
        async with self._db.reading(work.tenant) as session:
            turn = await session.scalar(select(TurnRow).where(TurnRow.id == work.turn))
            if turn is None:
                return None
            before = select(TurnRow.text).where(
                TurnRow.conversation_id == turn.conversation_id, TurnRow.id < turn.id, TurnRow.reply.is_not(None)
            )
            earlier = list(await session.scalars(before.order_by(TurnRow.id.desc()).limit(most)))[::-1]
            taken = or_(TurnRow.reply.is_not(None), TurnRow.state.in_(UNFINISHED))
            all_then = select(TurnRow.id).where(TurnRow.accepted_at > since, TurnRow.id < turn.id, taken)
            by_user = await _count(session, all_then.where(TurnRow.user == turn.user), counted.by_user)
            usage = Usage(by_user, await _count(session, all_then, counted.by_tenant))
            return TurnContext(await _with_draft(session, turn), earlier, usage)

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
        self, turn: Turn, answer: Answer, error: str | None = None, reference: str | None = None
    ) -> list[Delivery] | None:
        """Store the answer, or the `error` that stands for it; return its posts.

        None if the turn is gone, was answered before (what was stored first is delivered), or its text was edited
        meanwhile (it is to be answered once more).
        """
        values = {"state": TurnState.ANSWERED, "reply": answer.reply, "error": error, "reference": reference}
        own = update(TurnRow).where(
            TurnRow.id == turn.id, TurnRow.state == TurnState.ACCEPTED, TurnRow.text == turn.text
        )
        own = own.values(values).execution_options(synchronize_session=False)
        async with self._db.transaction(turn.tenant) as session:
            if (await session.scalars(own.returning(TurnRow.id))).first() is None:
                return None
            rows = [self._delivery(turn, post) for post in answer.posts]
            await add_in_order(session, rows)
            return [row.record() for row in rows]

    async def finish(self, turn: Turn, error: str | None = None, sent: Sent | None = None) -> Work | None:
        """Finish a turn, as failed when there was an error; return the next one of its conversation.

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
                await session.execute(sent.statement())
            await session.execute(
                update(TurnRow).where(TurnRow.id == turn.id, TurnRow.state.in_(UNFINISHED)).values(done)
            )
            return await _next(session, turn)

    async def restart(self, work: Work) -> Work | None:
        """Count one more run of a turn whose work was lost; None when another process did."""
        own = update(TurnRow).where(TurnRow.id == work.turn, TurnRow.runs == work.runs, TurnRow.state.in_(UNFINISHED))
        async with self._db.transaction(work.tenant) as session:
            runs = await session.scalar(own.values(runs=TurnRow.runs + 1).returning(TurnRow.runs))
            return None if runs is None else Work(work.tenant, work.turn, runs)

    async def heads(self) -> list[Work]:
        """The first unfinished turn of every conversation."""
        first = select(func.min(TurnRow.id)).where(TurnRow.state.in_(UNFINISHED)).group_by(TurnRow.conversation_id)
        async with self._db.reading_across_tenants() as session:
            found = await session.execute(select(TurnRow.tenant, TurnRow.id, TurnRow.runs).where(TurnRow.id.in_(first)))
            return [Work(*row) for row in found]

    async def failures(self) -> list[Turn]:
        """Return the turns that failed for good, the oldest first."""
        failed = select(TurnRow).where(TurnRow.state == TurnState.FAILED).order_by(TurnRow.id)
        async with self._db.reading_across_tenants() as session:
            return [row.record() for row in await session.scalars(failed)]

    async def resend(self, turns: Sequence[int]) -> list[int]:
        """Retry failed turns where they failed, by a running bot; return the ids of those that there were."""
        failed = update(TurnRow).where(TurnRow.id.in_(turns), TurnRow.state == TurnState.FAILED)
        values = {"error": None, "reference": None, "finished_at": None, "runs": TurnRow.runs + 1}
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

    async def _lock(self, session: AsyncSession, turn: Turn) -> None:
        """Lock a turn's conversation, else a message that is accepted meanwhile would be begun by nobody."""
        if not self._db.urls.is_embedded:
            own = select(ConversationRow.id).where(ConversationRow.id == turn.conversation_id)
            await session.execute(own.with_for_update())

    def _delivery(self, turn: Turn, post: Content) -> DeliveryRow:
        return DeliveryRow(
            turn_id=turn.id,
            user=turn.user,
            where=turn.address.to_json(),
            token=turn.token,
            payload=post.to_json(),
            created_at=self._db.clock(),
        )


def _newest(*which: ColumnElement[bool]) -> Select[TurnRow]:
    return select(TurnRow).where(*which).order_by(TurnRow.id.desc()).limit(1)


async def _with_draft(session: AsyncSession, turn: TurnRow) -> Turn:
    """Return the turn; the answer to an edited message replaces the posts of the answer before."""
    if turn.draft.replaces or turn.name is None:
        return turn.record()
    earlier = await session.scalar(_newest(TurnRow.name == turn.name, TurnRow.id < turn.id))
    if earlier is None:
        return turn.record()
    posts = select(DeliveryRow.sent_as).where(DeliveryRow.turn_id == earlier.id, DeliveryRow.sent_as != "")
    sent = tuple(name for name in await session.scalars(posts.order_by(DeliveryRow.id)) if name)
    return replace(turn.record(), draft=Draft(sent or earlier.draft.replaces, turn.draft.is_growing))


async def _count(session: AsyncSession, rows: Select[int], most: int) -> int:
    return await session.scalar(select(func.count()).select_from(rows.limit(most).subquery())) or 0


async def _next(session: AsyncSession, turn: Turn) -> Work | None:
    """Return the next work in a turn's conversation."""
    unfinished = select(TurnRow.id, TurnRow.runs).where(
        TurnRow.conversation_id == turn.conversation_id, TurnRow.state.in_(UNFINISHED)
    )
    head = (await session.execute(unfinished.order_by(TurnRow.id).limit(1))).first()
    return Work(turn.tenant, head.id, head.runs) if head else None
