"""What runs on Slack and on Discord alike: a desk with a bot of its own for each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.discord.desk import discord_desk
from tests.support.slack.bots import CASE
from tests.support.slack.desk import slack_desk

SECRET = "Our codename is plum jam."
DESKS = {"slack": slack_desk, "discord": discord_desk}


@pytest.fixture(scope="module", params=DESKS)
def desk(request: pytest.FixtureRequest, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A bot with consultants, on either platform."""
    with DESKS[request.param](data_dir, tmp_path_factory.mktemp("desk")) as desk, desk.running():
        yield desk


@pytest.fixture
def ann(desk: Any) -> Any:
    if not desk.is_running:  # a test has killed it
        desk.start()
    return desk.person("ann")


@pytest.fixture
def general(desk: Any, ann: Any) -> Any:
    """A channel that ann shares with the bot."""
    return desk.place(ann)


@pytest.fixture
def advice(desk: Any, ann: Any, general: Any) -> Any:
    """The bot's advice to ann in that channel."""
    return desk.ask(ann, f"{CASE} {SECRET}", general)


@pytest.fixture
def talk(desk: Any, ann: Any, general: Any) -> Any:
    """The bot's advice to ann where it hears what she says without a mention."""
    return desk.ask_at_ease(ann, f"{CASE} {SECRET}", general)
