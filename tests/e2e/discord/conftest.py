"""One bot and one Discord for all end-to-end tests; each test has a server, a channel and people of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.discord import Channel, Discord, User, discord_server
from tests.support.discord.bots import Bot


@pytest.fixture(scope="session")
def bot(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    with discord_server() as discord:
        settings = {"ARTICLE_URL": "https://example.com/guides/fine-tuning-vs-rag"}
        bot = Bot(discord, data_dir, tmp_path_factory.mktemp("discord"), settings)
        with bot.running():
            yield bot


@pytest.fixture
def discord(bot: Bot) -> Discord:
    if bot.process is None:  # a test has ended it
        bot.start()
    assert bot.is_running, bot.log
    return bot.discord


@pytest.fixture
def ann(discord: Discord) -> User:
    return discord.user("ann")


@pytest.fixture
def ben(discord: Discord) -> User:
    return discord.user("ben")


@pytest.fixture
def general(discord: Discord, ann: User, ben: User) -> Channel:
    return discord.channel(discord.guild("acme", ann, ben), "general")
