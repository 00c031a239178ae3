"""Accepting: what users said becomes ours, once, however often and under whatever name the platform says it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import statements
from bot.store.address import NOWHERE, Address
from bot.store.database import Database
from bot.store.tables import ConversationRow, EventRow, TurnRow


@dataclass(frozen=True)
class Message:
    """A user's message. `keys` are the names under which the platform may deliver it again, `place` its conversation.

    The answer goes to `address`, perhaps by a secret `token`; by `name` the platform says later that it was edited or
    deleted. `said_at` is the platform's moment.
    """

    tenant: str
    place: str
    user: str
    text: str
    keys: Sequence[str]
    address: Address = NOWHERE
    token: str | None = field(default=None, repr=False)
    name: str | None = None
    said_at: datetime | None = None


@dataclass(frozen=True)
class Work:
    """A turn at the head of its conversation, which is to be answered."""

    tenant: str
    turn: int


@dataclass(frozen=True)
class Accepted:
    """A message that is ours now; `work` is None while an earlier one of its conversation is unfinished."""

    turn: int
    work: Work | None


KNOWN_FOR = timedelta(seconds=10)

Arrival = tuple[Message, str | None]  # a message, and the process that will answer it


class Accepting:
    """Stores messages, many in a transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._known = dict[tuple[str, str], datetime]()
        self._new_keys = database.insert(EventRow).on_conflict_do_nothing().returning(EventRow.key)
        place = database.insert(ConversationRow)
        now = {"touched_at": place.excluded.touched_at, "is_quiet": False}
        touched = place.on_conflict_do_update(index_elements=["tenant", "place"], set_=now)
        self._touched = touched.returning(ConversationRow.place, ConversationRow.id)

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Accepted | None]:
        """Return the outcome for each message; None for duplicates.

        Slack tells of each mention twice, at the same time; the second is known without asking the database.
        """
        new = [number for number, (message, _) in enumerate(arrivals) if not self._is_known(message)]
        accepted: list[Accepted | None] = [None] * len(arrivals)
        if new:
            for number, found in zip(new, await self._accept_all([arrivals[number] for number in new]), strict=True):
                accepted[number] = found
            moment = self._db.clock()
            for number in new:
                message, _ = arrivals[number]
                self._known |= {(message.tenant, key): moment for key in message.keys}
        return accepted

    def _is_known(self, message: Message) -> bool:
        """Return True if this process knows a message from the last seconds."""
        moment = self._db.clock()
        while self._known and not timedelta() <= moment - next(iter(self._known.values())) < KNOWN_FOR:
            del self._known[next(iter(self._known))]  # the oldest
        return any((message.tenant, key) in self._known for key in message.keys)

    async def _accept_all(self, arrivals: Sequence[Arrival]) -> list[Accepted | None]:
        accepted = list[tuple[int, Accepted | None]]()
        for tenant in dict.fromkeys(message.tenant for message, _ in arrivals):
            numbers = [number for number, (message, _) in enumerate(arrivals) if message.tenant == tenant]
            found = await self._accept(tenant, [arrivals[number] for number in numbers])
            accepted += zip(numbers, found, strict=True)
        return [found for _, found in sorted(accepted, key=lambda one: one[0])]

    async def _accept(self, tenant: str, arrivals: Sequence[Arrival]) -> list[Accepted | None]:
        messages = [message for message, _ in arrivals]
        moment = self._db.clock()
        async with self._db.transaction(tenant, is_urgent=True) as session:
            new = await self._new(session, messages, moment)
            if not new:
                return [None] * len(messages)
            places = await self._places(session, {messages[number].place for number in new}, moment)
            waiting = await _waiting(session, places.values())
            turns = {number: _turn(messages[number], places[messages[number].place], moment) for number in new}
            first = set[int]()
            for number, turn in turns.items():
                if turn.conversation_id not in waiting:
                    waiting.add(turn.conversation_id)
                    first.add(number)
                    turn.taken_by = arrivals[number][1]
            session.add_all(turns.values())
            await session.flush()
            accepted: list[Accepted | None] = [None] * len(messages)
            for number, turn in turns.items():
                accepted[number] = Accepted(turn.id, Work(tenant, turn.id) if number in first else None)
            return accepted

    async def _new(self, session: AsyncSession, messages: Sequence[Message], moment: datetime) -> list[int]:
        """Return the numbers of the new messages, and remember their keys. The first statement: it locks SQLite."""
        # In one order, for two processes with the same keys would wait for one another.
        keys = sorted({*chain.from_iterable(message.keys for message in messages)})
        rows = [{"key": key, "seen_at": moment} for key in keys]
        free = {key for (key,) in await self._db.insert_rows(session, self._new_keys, rows)}
        new = list[int]()
        for number, message in enumerate(messages):
            if free.issuperset(message.keys):
                free.difference_update(message.keys)
                new.append(number)
        if free:  # those of messages that are known under another key
            await session.execute(delete(EventRow).where(EventRow.key.in_(free)))
        return new

    async def _places(self, session: AsyncSession, places: Iterable[str], moment: datetime) -> dict[str, int]:
        """The conversations' ids. Their rows are locked from here on, so that accepting is one after the other."""
        rows = [{"place": place, "touched_at": moment} for place in sorted(places)]
        found = await self._db.insert_rows(session, self._touched, rows)
        return {place: int(conversation) for place, conversation in found}


async def _waiting(session: AsyncSession, conversations: Iterable[int]) -> set[int]:
    """Those of the conversations in which something is unfinished."""
    return {*await session.scalars(statements.BUSY, {"conversations": [*conversations]})}


def _turn(message: Message, conversation: int, moment: datetime) -> TurnRow:
    return TurnRow(
        conversation_id=conversation,
        user=message.user,
        name=message.name,
        text=storable(message.text),
        where=message.address.to_json(),
        token=message.token,
        said_at=message.said_at,
        accepted_at=moment,
    )


def storable(text: str) -> str:
    """Text without what a database cannot hold: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
