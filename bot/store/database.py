"""The database: a SQLite file, or Postgres by its URL; every session belongs to one tenant."""

import errno
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from sqlalchemy import URL, Executable, Insert, Update, event, inspect, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from tenacity import AsyncRetrying, retry_if_exception, wait_exponential_jitter

from bot.errors import SettingsError
from bot.store.encryption import use_keys
from bot.store.gate import Gate
from bot.store.tables import Row

Clock = Callable[[], datetime]
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

BUSY = 30  # seconds that a statement waits for another process to let go of SQLite's file
LONGEST_PAUSE = 5.0  # seconds between two tries of what the database refused for a while
PASSING_IN_SQLITE = frozenset(
    (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN)
)
PASSING_IN_POSTGRES = frozenset(("08", "40", "53", "55", "57", "58"))  # classes of errors, its manual's appendix A
SQLITE = b"SQLite format 3\0"  # the first bytes of its files
TENANT, ALL = "tenant", "*"
OWN = "rag_or_tune_own_rows"  # marks statements of which `Database.inserts` has set the tenant
READING = "rag_or_tune_reading"  # marks a connection to SQLite whose transaction takes no lock


def now() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Where:
    """Where the database is: `own` for our tables, `engine` for the durable engine's, as synchronous URLs."""

    own: URL
    engine: URL

    @classmethod
    def of(cls, url: str | None, folder: Path) -> "Where":
        """From DATABASE_URL, or SQLite files in `folder`. Raises SettingsError for another kind of database."""
        try:
            given = make_url(url) if url else URL.create("sqlite", database=str(folder / "rag-or-tune.sqlite"))
        except (ArgumentError, ValueError) as error:
            raise SettingsError("DATABASE_URL: write postgresql://user:password@host/name, or leave it out") from error
        match given.get_backend_name():
            case "sqlite" if given.database and given.database != ":memory:":
                path = Path(given.database)
                engine = path.with_name(f"{path.stem}-engine{path.suffix}")
                return cls(given.set(drivername="sqlite"), URL.create("sqlite", database=str(engine)))
            case "postgresql" | "postgres":
                own = given.set(drivername="postgresql+psycopg")
                return cls(own, own)
        raise SettingsError("DATABASE_URL: the bot works with postgresql://… and with sqlite:///a/file, nothing else")

    @property
    def embedded(self) -> bool:
        """Whether it is a file of ours, with no server."""
        return self.own.get_backend_name() == "sqlite"


class UnguardedError(Exception):
    """A statement that could reach another tenant's rows. Always a mistake in our code."""


class _Guarded(Session):
    """Adds the session's tenant to every statement and every new row, and refuses what it cannot add it to."""


@event.listens_for(_Guarded, "do_orm_execute")
def _only_of_tenant(state: ORMExecuteState) -> None:
    tenant = state.session.info[TENANT]
    if not state.is_orm_statement or state.is_from_statement:
        raise UnguardedError("only statements on the mapped tables carry a tenant")
    if tenant == ALL:
        return
    if state.is_insert and state.execution_options.get(OWN):
        return
    if isinstance(state.parameters, list):
        raise UnguardedError("rows that are given beside a statement carry no tenant")
    if state.is_insert or state.is_update:
        state.statement = cast(Insert | Update, state.statement).values(tenant=tenant)
    if not state.is_insert:
        only = with_loader_criteria(Row, lambda cls: cls.tenant == tenant, include_aliases=True)
        state.statement = state.statement.options(only)


@event.listens_for(_Guarded, "before_flush")
def _mark(session: Session, context: UOWTransaction, instances: object) -> None:
    del context, instances
    tenant = session.info[TENANT]
    for row in session.new:
        if tenant == ALL:
            raise UnguardedError("a new row needs a tenant")
        row.tenant = tenant
    for row in (*session.dirty, *session.deleted):
        if tenant != ALL and (row.tenant != tenant or inspect(row).attrs.tenant.history.has_changes()):
            raise UnguardedError("a row of another tenant")


class Database:
    """Transactions on our tables."""

    def __init__(self, where: Where, keys: list[str], clock: Clock = now) -> None:
        """`keys` encrypt the secrets; `clock` tells the time. Raises SettingsError for unusable keys."""
        self.where = where
        self.clock = clock
        self.engine = _engine(where.own)
        use_keys(self.engine.dialect, keys)
        self._sessions = async_sessionmaker(self.engine, sync_session_class=_Guarded, expire_on_commit=False)
        self._insert = sqlite.insert if where.embedded else postgresql.insert
        self._gate = Gate()

    @asynccontextmanager
    async def transaction(self, tenant: str, *, is_urgent: bool = False) -> AsyncIterator[AsyncSession]:
        """A transaction that sees and makes rows of one tenant only; committed at the end, or rolled back.

        When it `is_urgent` it goes before those that wait, where there is only one connection.
        """
        if not tenant or tenant == ALL:
            raise UnguardedError("name the tenant")
        async with self._session(tenant, is_urgent=is_urgent) as session:
            yield session

    @asynccontextmanager
    async def across_tenants(self) -> AsyncIterator[AsyncSession]:
        """A transaction on everybody's rows: for upkeep, for the operator and the consultants.

        Never for a user's request, except for what is their own on a platform where they are the same in each tenant.
        """
        async with self._session(ALL, is_urgent=False) as session:
            yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """Everybody's rows as they are at this moment, for the operator's reports.

        It takes as long as it likes: whoever writes meanwhile is not held up. Nothing can be changed in it.
        """
        if not self.where.embedded:
            async with self._sessions(info={TENANT: ALL}) as session, session.begin():
                options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
                await session.connection(execution_options=options)
                yield session
            return
        gate = self._gate.passing(is_urgent=False)
        async with gate, self._sessions(info={TENANT: ALL}) as session, session.begin():
            connection = await session.connection(execution_options={READING: True})
            await connection.exec_driver_sql("PRAGMA query_only=ON")
            try:
                yield session
            finally:
                await connection.exec_driver_sql("PRAGMA query_only=OFF")

    @asynccontextmanager
    async def _session(self, tenant: str, *, is_urgent: bool) -> AsyncIterator[AsyncSession]:
        gate = self._gate.passing(is_urgent=is_urgent) if self.where.embedded else nullcontext()
        async with gate, self._sessions(info={TENANT: tenant}) as session, session.begin():
            yield session

    def insert(self, table: type[Row]) -> Any:  # noqa: ANN401 the two dialects' inserts share no type
        """An INSERT that can say what to do on a conflict."""
        return self._insert(table)

    async def insert_rows(
        self, session: AsyncSession, statement: Executable, rows: Sequence[Mapping[str, object]]
    ) -> list[tuple[Any, ...]]:
        """What an INSERT of `insert` returns for several rows, which become the session's tenant's."""
        own = [{**row, TENANT: session.info[TENANT]} for row in rows]
        found = await session.execute(statement.execution_options(**{OWN: True}), own)
        return [tuple(row) for row in found.all()]

    async def close(self) -> None:
        """Closes the connections."""
        await self.engine.dispose()


async def add_in_order(session: AsyncSession, rows: Iterable[Row]) -> None:
    """Adds rows one by one, so that their ids are in their order."""
    for row in rows:
        session.add(row)
        await session.flush()


async def persistently(
    call: Callable[Parameters, Awaitable[Result]], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """The result of `call`, a transaction; while the database is away, locked or full, it is tried again."""
    tries = AsyncRetrying(
        retry=retry_if_exception(passing), wait=wait_exponential_jitter(0.05, LONGEST_PAUSE, jitter=0.1), reraise=True
    )
    return await tries(call, *args, **kwargs)


def passing(error: BaseException) -> bool:
    """Whether an error of the database may pass by itself: no connection, locked, no room on the disk."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in PASSING_IN_SQLITE
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (
        isinstance(error, OperationalError | InterfaceError) and (state is None or state[:2] in PASSING_IN_POSTGRES)
    )


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=10, max_overflow=0, pool_pre_ping=True, hide_parameters=True)
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=1,
        max_overflow=0,
        pool_timeout=BUSY,
        hide_parameters=True,  # what users wrote has no place in error messages
        connect_args={"isolation_level": None},  # sqlite3 would begin its transactions late
    )
    event.listen(engine.sync_engine, "connect", set_up_sqlite)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


async def pragma(connection: AsyncConnection, command: str) -> None:
    """Gives SQLite a command that it takes outside of transactions only; nothing on Postgres."""
    if connection.dialect.name == "sqlite":
        driver: Any = (await connection.get_raw_connection()).driver_connection  # with no transaction of ours
        await (await driver.execute(f"PRAGMA {command}")).close()


def make_private(url: URL) -> None:
    """Makes SQLite's file before SQLite does, so that nobody else can read it. Raises OSError when that cannot be."""
    path = Path(url.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("rb") as file:
        if file.read(len(SQLITE)) not in (SQLITE, b""):
            raise OSError(errno.EINVAL, "file is not a database")


def set_up_sqlite(connection: DBAPIConnection, record: object) -> None:
    """Durable at every commit, patient with other processes, and deleted bytes are overwritten."""
    del record
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY * 1000}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    is_reading = connection.get_execution_options().get(READING)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
