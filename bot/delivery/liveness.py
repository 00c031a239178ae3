"""Liveness of processes: each holds a lock, which the operating system or Postgres releases when it dies."""

import contextlib
import time
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout
from sqlalchemy import URL, NullPool, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.sql import func
from sqlalchemy.sql.functions import Function

from bot.store.database import Database

GRACE = 6.0  # seconds a lock on Postgres may be free before its process is presumed dead (it may be reconnecting)


class Liveness(Protocol):
    """The locks of the processes that share one database."""

    async def hold(self, process: str) -> None:
        """Hold the lock of this process; called repeatedly, for a connection may be lost."""

    async def dead(self, processes: Collection[str]) -> set[str]:
        """Return the processes whose lock nobody holds; called repeatedly, with all that matter."""

    async def close(self) -> None:
        """Release the lock."""


def liveness_of(database: Database, grace: float = GRACE) -> Liveness:
    """Return file locks beside SQLite's file, or advisory locks on Postgres."""
    if database.urls.is_embedded:
        return _FileLocks(Path(database.urls.own.database or "").with_suffix(".locks"))
    return _AdvisoryLocks(database.urls.own, grace)


class _FileLocks:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: FileLock | None = None

    async def hold(self, process: str) -> None:
        if self._mine is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            await self.dead([left.name for left in self._folder.iterdir()])
            self._mine = FileLock(self._path(process))
            self._mine.acquire(timeout=0)

    async def dead(self, processes: Collection[str]) -> set[str]:
        return {process for process in processes if self._is_dead(process)}

    def _is_dead(self, process: str) -> bool:
        if not self._path(process).exists():
            return True
        lock = FileLock(self._path(process))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        self._path(process).unlink(missing_ok=True)  # names of processes are never used again
        lock.release()
        return True

    async def close(self) -> None:
        if self._mine:
            self._mine.release()

    def _path(self, process: str) -> Path:
        return self._folder / process


class _AdvisoryLocks:
    """Advisory locks on connections of their own: in the pool they would have to queue with everybody's work."""

    def __init__(self, url: URL, grace: float) -> None:
        self._grace = grace
        self._engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection: AsyncConnection | None = None
        self._free_since = dict[str, float]()

    async def hold(self, process: str) -> None:
        if self._connection is not None:
            try:
                await self._connection.execute(select(1))
            except SQLAlchemyError:
                await self.close()
            else:
                return
        connection = await self._engine.connect()
        is_ours = False
        try:
            is_ours = bool(await connection.scalar(select(func.pg_try_advisory_lock(_number(process)))))
        finally:  # it is not ours while the server still takes a lost connection of ours for a good one
            if not is_ours:
                await connection.close()
        self._connection = connection if is_ours else None

    async def dead(self, processes: Collection[str]) -> set[str]:
        free = [process for process in processes if await self._is_free(process)]
        moment = time.monotonic()
        self._free_since = {process: self._free_since.get(process, moment) for process in free}
        return {process for process, since in self._free_since.items() if moment - since >= self._grace}

    async def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                await self._connection.close()
            self._connection = None

    async def _is_free(self, process: str) -> bool:
        async with self._engine.connect() as connection:
            return bool(await connection.scalar(select(func.pg_try_advisory_xact_lock(_number(process)))))


def _number(process: str) -> Function[int]:
    return func.hashtextextended(process, 0)
