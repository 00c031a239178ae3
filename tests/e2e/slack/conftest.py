"""One bot and one Slack for all tests; each test has a channel and people of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.slack import Channel, Slack, User, slack_server
from tests.support.slack.bots import Bot, WebBot


@pytest.fixture(scope="session")
def bot(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    with slack_server() as slack:
        bot = Bot(slack, data_dir, tmp_path_factory.mktemp("slack"))
        with bot.running():
            yield bot


@pytest.fixture(scope="module")
def web(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebBot]:
    with slack_server() as slack, WebBot(slack, data_dir, tmp_path_factory.mktemp("web")).running() as bot:
        yield bot


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
