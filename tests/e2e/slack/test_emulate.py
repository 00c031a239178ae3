"""The real bot against somebody else's Slack, from the installation to the answer."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urljoin

import pytest

from tests.peers.emulate import BOT, STRANGER, VERSION, Emulate, MissingError, emulate_server, package
from tests.support.slack.bots import ANSWERING, QUESTION
from tests.support.slack.installing import Browser, InstallableBot, Page


@pytest.fixture(scope="module")
def bot(
    request: pytest.FixtureRequest, data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InstallableBot]:
    try:
        folder = package(Path(request.config.cache.mkdir(f"emulate-{VERSION}")))
    except MissingError as missing:
        pytest.skip(str(missing))
    with emulate_server(folder) as slack:
        bot = InstallableBot(slack, data_dir, tmp_path_factory.mktemp("emulate"))
        with bot.running():
            yield bot


@pytest.fixture
def slack(bot: InstallableBot) -> Emulate:
    return bot.slack


def install(bot: InstallableBot) -> Page:
    """Goes to Slack's page, chooses the first person there, and comes back."""
    browser = Browser()
    page = browser.open(f"{bot.url}/slack/install")
    [action, *_] = re.findall(r'<form[^>]* action="([^"]+)"', page.source)
    form = page.source.split("</form>")[0]
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    return browser.open(urljoin(page.url, action), urlencode(fields).encode())


def ask(slack: Emulate, **how: str) -> str:
    return slack.say(f"<@{BOT}> {QUESTION}", **how)


def answers(slack: Emulate, asked: str) -> list[str]:
    return [message["text"] for message in slack.thread(asked)[1:]]


def test_it_is_installed_and_answers_in_the_thread_until_it_is_removed(bot: InstallableBot, slack: Emulate) -> None:
    before = ask(slack)
    assert "Installed rag-or-tune is in Emulated now." in install(bot).text
    asked = ask(slack)
    [answer] = slack.wait_for(lambda: answers(slack, asked), ANSWERING)
    assert "Risk of catastrophic forgetting" in answer
    assert answers(slack, before) == []
    assert not any("xoxb" in token for token in bot.tokens())
    assert slack.tell({"type": "app_uninstalled"}) == 200
    assert bot.tokens() == []
    after = ask(slack)
    assert "Installed" in install(bot).text
    again = ask(slack)
    slack.wait_for(lambda: answers(slack, again), ANSWERING)
    assert answers(slack, after) == []


def test_a_workspace_that_has_not_installed_it_is_not_answered(bot: InstallableBot, slack: Emulate) -> None:
    install(bot)
    unknown = ask(slack, token=STRANGER)
    known = ask(slack)
    slack.wait_for(lambda: answers(slack, known), ANSWERING)
    assert answers(slack, unknown) == []


def test_who_does_not_mention_it_is_not_answered(bot: InstallableBot, slack: Emulate) -> None:
    install(bot)
    said = slack.say(QUESTION)
    asked = ask(slack)
    slack.wait_for(lambda: answers(slack, asked), ANSWERING)
    assert answers(slack, said) == []


def test_it_was_told_nothing_that_it_could_not_deal_with(bot: InstallableBot) -> None:
    assert "Traceback" not in bot.log
    assert "malformed" not in bot.log
