"""SQLite's file as we need it: private, durable, patient with other processes."""

import asyncio
import errno
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import URL
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection

BUSY_TIMEOUT = 30  # seconds that a statement waits for another process to release the file
FILE_HEADER = b"SQLite format 3\0"  # of each of its files
READ_ONLY = "rag_or_tune_reading"  # marks a connection whose transaction takes no lock


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


class Stoppable(aiosqlite.Connection):
    """A connection that may be told to stop twice, as happens when what waits for a locked file is cancelled twice.

    Its thread ends at the first time; at the second, aiosqlite would wait for ever for the thread to say that it ended.
    """

    _ended: asyncio.Future[None] | None = None

    def stop(self) -> asyncio.Future[None] | None:
        """Return the future of the thread's end, the same one each time; None without an event loop."""
        if self._running:
            self._ended = super().stop()
        return self._ended


def connect(database: str, **options: Any) -> Stoppable:  # noqa: ANN401 passed on as they are
    """A connection that is still to be awaited; `options` are those of `sqlite3.connect`."""
    connection = Stoppable(partial(sqlite3.connect, database, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # noqa: SLF001 as SQLAlchemy does with connections that it makes itself
    return connection


def set_up_sqlite(connection: DBAPIConnection, record: object) -> None:
    """Durable at every commit, patient with other processes, and deleted bytes are overwritten."""
    del record
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT * 1000}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def begin(connection: Connection) -> None:
    """Begin a transaction: one that writes takes its lock at once, so that none has to give up in the middle."""
    is_reading = connection.get_execution_options().get(READ_ONLY)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
