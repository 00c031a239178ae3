"""One process for both platforms and all tests here; each test has a channel and people of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.discord import READS_ALL, App
from tests.support.everything import Everything, everything
from tests.support.platforms import PLATFORMS, Platform

ARTICLE_URL = "https://example.com/guides/fine-tuning-vs-rag"


@pytest.fixture(scope="session")
def running(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    with everything(data_dir, tmp_path_factory.mktemp("both"), discord_app=App(flags=READS_ALL)) as bot:
        bot.settings["ARTICLE_URL"] = ARTICLE_URL
        with bot.running():
            yield bot


@pytest.fixture(params=["slack", "discord"])
def platform(request: pytest.FixtureRequest, running: Everything) -> Platform:
    """The platform on which a test runs, with the bot's process."""
    if running.process is None:  # a test has ended it
        running.start()
    assert running.is_running, running.log
    return PLATFORMS[request.param](running, getattr(running, request.param))


@pytest.fixture
def ann(platform: Platform) -> Any:
    return platform.user("ann")


@pytest.fixture
def ben(platform: Platform) -> Any:
    return platform.user("ben")


@pytest.fixture
def cat(platform: Platform) -> Any:
    return platform.user("cat")


@pytest.fixture
def general(platform: Platform, ann: Any, ben: Any, cat: Any) -> Any:
    return platform.channel(ann, ben, cat)
