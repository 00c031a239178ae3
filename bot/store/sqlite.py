"""SQLite's file as we need it: private, durable, patient with other processes.

One connection writes, others read. What may wait for the disk or for another process has a thread: to begin a
transaction that writes, and to commit it. All else takes microseconds, less than it would take to hand it to a thread.
"""

import asyncio
import errno
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import URL
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection

BUSY_TIMEOUT = 30  # seconds that a statement waits for another process to release the file
READ_TIMEOUT = 1  # seconds, the same for what reads: nothing that writes holds it up, and the event loop waits for it
FILE_HEADER = b"SQLite format 3\0"  # of each of its files
IN_THREAD = "rag_or_tune_in_thread"  # marks a connection on which statements take long
BEGIN_WRITING = "BEGIN IMMEDIATE"
WAITING = (BEGIN_WRITING, "PRAGMA wal_checkpoint")  # how the statements begin that wait


async def pragma(connection: AsyncConnection, command: str) -> None:
    """Give SQLite a command that it takes outside of transactions only; nothing on Postgres."""
    if connection.dialect.name == "sqlite":
        driver: Any = (await connection.get_raw_connection()).driver_connection  # with no transaction of ours
        await (await driver.execute(f"PRAGMA {command}")).close()


def make_private(url: URL) -> None:
    """Make SQLite's file before SQLite does, so that nobody else can read it. Raises OSError when that cannot be."""
    path = Path(url.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("rb") as file:
        if file.read(len(FILE_HEADER)) not in (FILE_HEADER, b""):
            raise OSError(errno.EINVAL, "file is not a database")


class ThreadedConnection(aiosqlite.Connection):
    """A connection of which only what may wait runs in a thread: beginning to write, commits, and what `is_slow`.

    It may be told to stop twice, as happens when what waits for a locked file is cancelled twice: its thread ends at
    the first time; at the second, aiosqlite would wait for ever for the thread to say that it ended.
    """

    is_slow = False
    _ended: asyncio.Future[None] | None = None
    _waiting = 0  # calls that the thread has not finished

    def __init__(self, connector: Callable[[], sqlite3.Connection], *, reads: bool) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._reads = reads
        self._thread.daemon = True  # as SQLAlchemy does with connections that it makes itself

    def stop(self) -> asyncio.Future[None] | None:
        """Return the future of the thread's end, the same one each time; None without an event loop."""
        if self._running:
            self._ended = super().stop()
        return self._ended

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 as aiosqlite
        """Call a function of sqlite3's, after those that the thread has not finished."""
        if not self._waiting and not self._may_wait(fn.__qualname__, *args):
            return fn(*args, **kwargs)
        self._waiting += 1

        def call() -> Any:  # noqa: ANN401 whatever it returns
            try:
                return fn(*args, **kwargs)
            finally:
                self._waiting -= 1  # also when nobody waits for it any more

        return await super()._execute(call)  # type: ignore[no-untyped-call] # aiosqlite leaves it untyped

    def _may_wait(self, name: str, *args: Any) -> bool:  # noqa: ANN401 sqlite3's
        if self.is_slow or name == "Connection.close":
            return True
        return not self._reads and (name == "Connection.commit" or (bool(args) and str(args[0]).startswith(WAITING)))


def connect(database: str, *, reads: bool = False, **options: Any) -> ThreadedConnection:  # noqa: ANN401 passed on
    """A connection still to be awaited, for reading or for writing; `options` are those of `sqlite3.connect`."""
    connector = partial(sqlite3.connect, database, **{**options, "check_same_thread": False})
    return ThreadedConnection(connector, reads=reads)


def set_up_sqlite(connection: DBAPIConnection, record: object) -> None:
    """Durable at every commit, patient with other processes, and deleted bytes are overwritten."""
    del record
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT * 1000}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def set_up_reading(connection: DBAPIConnection, record: object) -> None:
    """Refuse whatever writes, and wait for nobody."""
    del record
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.execute(f"PRAGMA busy_timeout={READ_TIMEOUT * 1000}")
    cursor.close()


def begin_writing(connection: Connection) -> None:
    """Begin a transaction that takes its lock at once, so that none has to give up in the middle."""
    _set_pace(connection)
    connection.exec_driver_sql(BEGIN_WRITING)


def begin_reading(connection: Connection) -> None:
    """Begin a transaction that sees one moment, and takes no lock."""
    _set_pace(connection)
    connection.exec_driver_sql("BEGIN")


def _set_pace(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.is_slow = connection.get_execution_options().get(IN_THREAD, False)
