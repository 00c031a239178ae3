"""What the tests of the store say and look up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue
from sqlalchemy import MetaData, event, inspect, select

from bot.store.accepting import Accepted, Message, Work
from bot.store.address import Address
from bot.store.database import Database
from bot.store.deduplication import KnownError
from bot.store.inbox import Answer
from bot.store.post import Post
from bot.store.records import Delivery, DeliveryState, Lead, LeadDetails, LeadState, Turn
from bot.store.store import Store
from bot.store.tables import DeliveryRow

ONE, TWO = "test:one", "test:two"
REPLY = Answer([Post({"text": "a post"})], {"text": "a reply"})

Result = TypeVar("Result")


class Clock:
    """A clock that is set by hand."""

    def __init__(self, time: datetime = datetime(2026, 6, 1, 12, tzinfo=UTC)) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **how_far: float) -> None:
        self.time += timedelta(**how_far)


def said(
    text: str,
    *keys: str,
    place: str = "here",
    tenant: str = ONE,
    user: str = "U1",
    token: str | None = None,
    address: Address | None = None,
    name: str | None = None,
) -> Message:
    return Message(tenant, place, user, text, keys or (text,), address or Address(place), token, name)


def draft(number: int, details: Mapping[str, JsonValue]) -> Lead:
    """A request that is not sent yet."""
    return Lead(
        number,
        ONE,
        "ABCD2345",
        "U1",
        LeadDetails.model_validate(details),
        LeadState.DRAFT,
        datetime(2026, 6, 1, 12, tzinfo=UTC),
    )


async def accepted(store: Store, message: Message) -> Turn:
    """The turn of a message that is accepted now."""
    taken = await store.inbox.accept(message)
    assert taken
    return await turn_of(store, message.tenant, taken)


async def is_new(store: Store, key: str, tenant: str = ONE) -> bool:
    """Whether a press with that key starts an interview: it does once."""
    try:
        await store.interviews.start(tenant, "here", "U1", {}, key=key)
    except KnownError:
        return False
    return True


async def turn_of(store: Store, tenant: str, taken: Accepted) -> Turn:
    turn = await store.inbox.turn(Work(tenant, taken.turn))
    assert turn
    return turn


async def done(store: Store, message: Message, answer: Answer = REPLY, error: str | None = None) -> Turn:
    """A turn that is answered and finished."""
    turn = await accepted(store, message)
    posts = await store.inbox.answered(turn, answer)
    for post in posts or ():
        await store.inbox.delivered(post, None if error else "", error)
    await store.inbox.finish(turn, error)
    return turn


async def pending(store: Store, turn: Turn) -> list[Delivery]:
    """What is still to be sent of a turn, in its order."""
    own = select(DeliveryRow).where(DeliveryRow.turn_id == turn.id, DeliveryRow.state == DeliveryState.PENDING)
    async with store.database.reading(turn.tenant) as session:
        return [row.record() for row in await session.scalars(own.order_by(DeliveryRow.id))]


async def fail(store: Store, post: Delivery, error: str) -> None:
    """Have a post refused."""
    await store.inbox.delivered(post, None, error)


async def at_once(calls: Iterable[Awaitable[Result]]) -> list[Result | BaseException]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every column of every row of every table that is really there, as the database keeps them."""
    found = dict[str, list[tuple[object, ...]]]()
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        for name in names:
            rows = await connection.exec_driver_sql(f'SELECT * FROM "{name}"')
            found[name] = [tuple(row) for row in rows]
    return found


async def tables(database: Database) -> MetaData:
    """The schema that is really there."""
    metadata = MetaData()
    async with database.engine.connect() as connection:
        await connection.run_sync(metadata.reflect)
    return metadata


def raw_bytes(folder: Path) -> bytes:
    """All that is written in a folder's files."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def impatient(database: Database) -> None:
    """From now on, connections to SQLite wait for a lock for a moment only."""

    def hurry(connection, record) -> None:
        connection.cursor().execute("PRAGMA busy_timeout=50")

    if database.urls.is_embedded:
        event.listen(database.engine.sync_engine, "connect", hurry)


@asynccontextmanager
async def held(database: Database) -> AsyncIterator[None]:
    """Another process in the middle of a transaction, which locks all of SQLite."""
    async with database.engine.begin():
        yield
