"""A town with consultants in Slack, or in both places."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.store.database import Database, DatabaseUrls
from bot.store.store import Store
from tests.conftest import KEY
from tests.support.town import Clock, Town


@pytest.fixture
async def town(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """Consultants in Slack only."""
    async for town in _town(sqlite_template, tmp_path, Settings(consultant_slack_channel="C1")):
        yield town


@pytest.fixture
async def both(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """Consultants in Slack and in Discord."""
    settings = Settings(consultant_slack_channel="C1", consultant_discord_channel="77")
    async for town in _town(sqlite_template, tmp_path, settings):
        yield town


async def _town(template: Path, folder: Path, settings: Settings) -> AsyncIterator[Town]:
    file = shutil.copy(template, folder / "town.sqlite")
    clock = Clock()
    store = Store(Database(DatabaseUrls.of(f"sqlite:///{file}", folder), [KEY], clock))
    yield Town(store, clock, settings)
    await store.close()
