"""The store of which every figure is known."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.deciding.outlook import Outlook
from bot.settings import Settings
from bot.store.database import Database
from bot.store.store import Store
from bot.store.where import Where
from tests.conftest import KEY
from tests.support.insights.seeding import fill
from tests.support.rooms import Clock


@pytest.fixture
def settings(corpus: Path, tmp_path: Path, database_url: str) -> Settings:
    return Settings(corpus_dir=corpus, data_dir=tmp_path, database_url=database_url, secret_keys=KEY)


@pytest.fixture
async def empty(database_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """A store in which there is nothing; its clock is set by hand."""
    store = Store(Database(Where.of(database_url, tmp_path), [KEY], Clock()))
    yield store
    await store.close()


@pytest.fixture
async def seeded(empty: Store, outlook: Outlook) -> Store:
    clock = empty.database.clock
    assert isinstance(clock, Clock)
    await fill(empty, clock, outlook)
    return empty
