"""A town with consultants in Slack, or in both places."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.support.town import Town, a_town


@pytest.fixture
async def town(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """Consultants in Slack only."""
    async with a_town(sqlite_template, tmp_path, Settings(consultant_slack_channel="C1")) as town:
        yield town


@pytest.fixture
async def both(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """Consultants in Slack and in Discord."""
    settings = Settings(consultant_slack_channel="C1", consultant_discord_channel="77")
    async with a_town(sqlite_template, tmp_path, settings) as town:
        yield town
