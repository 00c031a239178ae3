"""SQLite's file as we need it: private, durable, patient with other processes."""

import errno
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection

BUSY = 30  # seconds that a statement waits for another process to let go of the file
BEGINNING = b"SQLite format 3\0"  # of each of its files
READING = "rag_or_tune_reading"  # marks a connection whose transaction takes no lock


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
        if file.read(len(BEGINNING)) not in (BEGINNING, b""):
            raise OSError(errno.EINVAL, "file is not a database")


def set_up_sqlite(connection: DBAPIConnection, record: object) -> None:
    """Durable at every commit, patient with other processes, and deleted bytes are overwritten."""
    del record
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY * 1000}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def begin(connection: Connection) -> None:
    """Begins a transaction: one that writes takes its lock at once, so that none has to give up in the middle."""
    is_reading = connection.get_execution_options().get(READING)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
