"""The database: a SQLite file, or Postgres by its URL; every session belongs to one tenant."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Executable, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bot.errors import SettingsError
from bot.store.encryption import use_keys
from bot.store.priority_lock import PriorityLock
from bot.store.sqlite import (
    BUSY_TIMEOUT,
    IN_THREAD,
    ThreadedConnection,
    begin_reading,
    begin_writing,
    connect,
    set_up_reading,
    set_up_sqlite,
)
from bot.store.tables import Row
from bot.store.tenancy import ALL, OWN, TENANT, TenantIsolationError, TenantSession

Clock = Callable[[], datetime]

MAX_READERS = 2  # connections to SQLite beside the one that writes


def now() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class DatabaseUrls:
    """The location of the database, as a synchronous URL."""

    own: URL

    @classmethod
    def of(cls, url: str | None, folder: Path) -> "DatabaseUrls":
        """From DATABASE_URL, or a SQLite file in `folder`. Raises SettingsError for another kind of database."""
        try:
            given = make_url(url) if url else URL.create("sqlite", database=str(folder / "rag-or-tune.sqlite"))
        except (ArgumentError, ValueError) as error:
            raise SettingsError("DATABASE_URL: write postgresql://user:password@host/name, or leave it out") from error
        match given.get_backend_name():
            case "sqlite" if given.database and given.database != ":memory:":
                return cls(given.set(drivername="sqlite"))
            case "postgresql" | "postgres":
                return cls(given.set(drivername="postgresql+psycopg"))
        raise SettingsError("DATABASE_URL: the bot works with postgresql://… and with sqlite:///a/file, nothing else")

    @property
    def is_embedded(self) -> bool:
        """True for SQLite, a file without a server."""
        return self.own.get_backend_name() == "sqlite"


class Database:
    """Transactions on our tables."""

    def __init__(self, urls: DatabaseUrls, keys: list[str], clock: Clock = now) -> None:
        """`keys` encrypt the secrets; `clock` tells the time. Raises SettingsError for unusable keys."""
        self.urls = urls
        self.clock = clock
        self.engine = _engine(urls.own)
        self.reader = _reader(urls.own) if urls.is_embedded else self.engine
        use_keys(self.engine.dialect, keys)
        use_keys(self.reader.dialect, keys)
        self._sessions = async_sessionmaker(self.engine, sync_session_class=TenantSession, expire_on_commit=False)
        self._reading = async_sessionmaker(self.reader, sync_session_class=TenantSession, expire_on_commit=False)
        self._insert = sqlite.insert if urls.is_embedded else postgresql.insert
        self._lock = PriorityLock()

    @asynccontextmanager
    async def transaction(self, tenant: str, *, is_urgent: bool = False) -> AsyncIterator[AsyncSession]:
        """A transaction that sees and makes rows of one tenant only; committed at the end, or rolled back.

        When it `is_urgent` it goes before those that wait, where there is only one connection that writes.
        """
        _must_be_one(tenant)
        async with self._writing(tenant, is_urgent=is_urgent) as session:
            yield session

    @asynccontextmanager
    async def reading(self, tenant: str) -> AsyncIterator[AsyncSession]:
        """The rows of one tenant as they are at this moment. It waits for nobody who writes, nor holds them up."""
        _must_be_one(tenant)
        async with self._reading(info={TENANT: tenant}) as session, session.begin():
            yield session

    @asynccontextmanager
    async def across_tenants(self, *, in_thread: bool = False) -> AsyncIterator[AsyncSession]:
        """A transaction on everybody's rows: for upkeep, for the operator and the consultants.

        Never for a user's request, except for what is their own on a platform where they are the same in each tenant.
        What takes long goes `in_thread`, where there is no server.
        """
        async with self._writing(ALL, in_thread=in_thread) as session:
            yield session

    @asynccontextmanager
    async def reading_across_tenants(self) -> AsyncIterator[AsyncSession]:
        """Everybody's rows as they are at this moment, for the same."""
        async with self._reading(info={TENANT: ALL}) as session, session.begin():
            yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """Everybody's rows as they are at this moment, for the operator's reports.

        It takes as long as it likes: whoever writes meanwhile is not held up. Nothing can be changed in it.
        """
        on_postgres = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        async with self._reading(info={TENANT: ALL}) as session, session.begin():
            await session.connection(execution_options={IN_THREAD: True} if self.urls.is_embedded else on_postgres)
            yield session

    @asynccontextmanager
    async def _writing(
        self, tenant: str, *, is_urgent: bool = False, in_thread: bool = False
    ) -> AsyncIterator[AsyncSession]:
        lock = self._lock.acquire(is_urgent=is_urgent) if self.urls.is_embedded else nullcontext()
        async with lock, self._sessions(info={TENANT: tenant}) as session, session.begin():
            if in_thread:
                await session.connection(execution_options={IN_THREAD: True})
            yield session

    def insert(self, table: type[Row]) -> Any:  # noqa: ANN401 the two dialects' inserts share no type
        """An INSERT that can say what to do on a conflict."""
        return self._insert(table)

    async def insert_rows(
        self, session: AsyncSession, statement: Executable, rows: Sequence[Mapping[str, object]]
    ) -> list[tuple[Any, ...]]:
        """Execute an INSERT of `insert` for several rows of the session's tenant; return what it returns."""
        own = [{**row, TENANT: session.info[TENANT]} for row in rows]
        found = await session.execute(statement.execution_options(**{OWN: True}), own)
        return [tuple(row) for row in found.all()]

    async def close(self) -> None:
        """Close the connections."""
        await self.engine.dispose()
        await self.reader.dispose()


async def add_in_order(session: AsyncSession, rows: Iterable[Row]) -> None:
    """Add rows one by one, so that their ids are in their order."""
    for row in rows:
        session.add(row)
        await session.flush()


def _must_be_one(tenant: str) -> None:
    if not tenant or tenant == ALL:
        raise TenantIsolationError("name the tenant")


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=10, max_overflow=0, pool_pre_ping=True, hide_parameters=True)
    engine = _sqlite(url, connect, size=1)
    event.listen(engine.sync_engine, "begin", begin_writing)
    return engine


def _reader(url: URL) -> AsyncEngine:
    """Return connections that read beside the one that writes."""
    engine = _sqlite(url, partial(connect, reads=True), size=MAX_READERS)
    event.listen(engine.sync_engine, "connect", set_up_reading)
    event.listen(engine.sync_engine, "begin", begin_reading)
    return engine


def _sqlite(url: URL, creator: Callable[..., ThreadedConnection], size: int) -> AsyncEngine:
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=size,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT,
        hide_parameters=True,  # what users wrote has no place in error messages
        connect_args={
            "isolation_level": None,  # sqlite3 would begin its transactions late
            "timeout": BUSY_TIMEOUT,  # also while the connection is set up, when another process makes the tables
            "async_creator_fn": creator,
        },
    )
    event.listen(engine.sync_engine, "connect", set_up_sqlite)
    return engine
