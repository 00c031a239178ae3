"""A store of which every figure is known."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.deciding.outlook import Outlook
from bot.settings import Settings
from bot.store.store import Store
from tests.conftest import KEY
from tests.support.insights.seeding import fill, store_at


@pytest.fixture
def settings(corpus: Path, tmp_path: Path, database_url: str) -> Settings:
    return Settings(corpus_dir=corpus, data_dir=tmp_path, database_url=database_url, secret_keys=KEY)


@pytest.fixture
async def empty(database_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    store = store_at(database_url, tmp_path)
    yield store
    await store.close()


@pytest.fixture
async def seeded(empty: Store, outlook: Outlook) -> Store:
    await fill(empty, outlook)
    return empty
