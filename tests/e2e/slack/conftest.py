"""One bot and one Slack for all tests; each test has a channel and people of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.slack import Channel, Slack, User, slack_server
from tests.support.slack.bots import Bot


@pytest.fixture(scope="session")
def bot(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    with slack_server() as slack:
        bot = Bot(slack, data_dir, tmp_path_factory.mktemp("slack"))
        bot.start()
        try:
            yield bot
            assert bot.process is None or bot.stop() == 0
        finally:
            bot.kill()


@pytest.fixture
def slack(bot: Bot) -> Slack:
    if bot.process is None:  # a test has ended it
        bot.start()
    assert bot.is_running, bot.log
    return bot.slack


@pytest.fixture
def ann(slack: Slack) -> User:
    return slack.user("ann")


@pytest.fixture
def ben(slack: Slack) -> User:
    return slack.user("ben")


@pytest.fixture
def general(slack: Slack, ann: User, ben: User) -> Channel:
    return slack.channel("general", ann, ben)
