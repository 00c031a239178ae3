"""A stage for each test, on a new SQLite database; or processes, which are ended after it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.store import schema
from bot.store.database import Database, DatabaseUrls
from bot.store.store import Store
from tests.conftest import KEY
from tests.support.delivery.crashing import Process, Starting
from tests.support.delivery.staging import Clock, Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    clock = Clock()
    store = Store(Database(DatabaseUrls.of(f"sqlite:///{tmp_path}/database.sqlite", tmp_path), [KEY], clock))
    await schema.migrate(store.database)
    yield Stage(store, clock, tmp_path / "record.jsonl")
    await store.close()


@pytest.fixture
def starting() -> Iterator[Starting]:
    with ExitStack() as stack:

        def start(url: str, record: Path, *options: str) -> Process:
            process = Process(url, record, *options)
            stack.callback(process.kill)
            return process

        yield start
