"""Retrying while the database is unavailable."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tenacity import AsyncRetrying, retry_if_exception, wait_exponential_jitter

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

FIRST_PAUSE, MAX_RETRY_PAUSE = 0.05, 5.0  # seconds between two tries
PASSING_IN_SQLITE = frozenset(
    (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN)
)
PASSING_IN_POSTGRES = frozenset(("08", "40", "53", "55", "57", "58"))  # classes of errors, its manual's appendix A


async def persistently(
    call: Callable[Parameters, Awaitable[Result]], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """The result of `call`, a transaction; while the database is away, locked or full, it is tried again."""
    try:
        return await call(*args, **kwargs)
    except Exception as error:
        if not passing(error):
            raise
    await asyncio.sleep(FIRST_PAUSE)
    pauses = wait_exponential_jitter(FIRST_PAUSE, MAX_RETRY_PAUSE, jitter=0.1)
    tries = AsyncRetrying(retry=retry_if_exception(passing), wait=pauses, reraise=True)
    return await tries(call, *args, **kwargs)


def passing(error: BaseException) -> bool:
    """Return True if an error of the database may pass by itself: no connection, locked, no room on the disk."""
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
