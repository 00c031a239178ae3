"""A second process on the same database, and a clock that is set by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.database import Database, DatabaseUrls
from bot.store.store import Store
from tests.conftest import KEY
from tests.support.rooms import Clock


@pytest.fixture
async def other(store: Store, database_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """The same database as `store`, as another process sees it."""
    other = Store(Database(DatabaseUrls.of(database_url, tmp_path), [KEY]))
    yield other
    await other.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def timed(database_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """A store that lives by `clock`."""
    timed = Store(Database(DatabaseUrls.of(database_url, tmp_path), [KEY], clock))
    yield timed
    await timed.close()
