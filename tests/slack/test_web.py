"""The same bot over HTTP: signed requests, health, and what is refused."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.peers.slack import slack_server
from tests.running import status
from tests.slack.bots import QUESTION, WebBot


@pytest.fixture(scope="module")
def web(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebBot]:
    with slack_server() as slack:
        bot = WebBot(slack, data_dir, tmp_path_factory.mktemp("web"))
        bot.start()
        try:
            yield bot
            assert bot.stop() == 0
        finally:
            bot.kill()


def test_it_lives_and_is_ready(web: WebBot) -> None:
    assert status(f"{web.url}/readyz") == 200
    assert status(f"{web.url}/nothing") == 404
    assert status(f"{web.url}/slack/events") == 405


def test_a_mention_is_answered_in_its_thread_and_its_button_works(web: WebBot) -> None:
    slack = web.slack
    ann = slack.user("ann")
    general = slack.channel("general", ann, bot=True)
    asked = slack.mention(general, ann, QUESTION)
    slack.wait_for(lambda: slack.answers(asked))
    assert "Risk of catastrophic forgetting" in slack.answers(asked)[0].text
    slack.click(slack.answers(asked)[0], "Check it step by step", ann)
    slack.wait_for(lambda: len(slack.answers(asked)) == 2)
    assert all(delivery.status == 200 for delivery in asked.deliveries)


@pytest.mark.parametrize(
    "forged", [{"secret": "guessed"}, {"age": 600}, {"signature": "v0=00"}], ids=["secret", "too old", "signature"]
)
def test_what_slack_did_not_sign_is_refused(web: WebBot, forged: dict[str, object]) -> None:
    slack = web.slack
    delivery = slack.raw('{"type":"event_callback","event":{"type":"app_mention"}}', "application/json", **forged)
    delivery.wait(10)
    assert delivery.status == 401


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type":1}',
        '{"type":"event_callback"}',
        '{"type":"event_callback","event":[]}',
        "x" * 1_000_100,
    ],
)
def test_what_is_signed_but_malformed_is_no_error_of_ours(web: WebBot, body: str) -> None:
    slack, url = web.slack, web.url
    delivery = slack.raw(body, "application/json")
    delivery.wait(10)
    assert delivery.status is not None
    assert delivery.status < 500
    assert status(f"{url}/readyz") == 200


def test_one_workspace_needs_no_pages_and_hears_of_its_removal(web: WebBot) -> None:
    for page in ("install", "oauth_redirect"):
        assert status(f"{web.url}/slack/{page}") == 404
    told = [web.slack.event({"type": "app_uninstalled"})]
    told.append(web.slack.event({"type": "tokens_revoked", "tokens": {"bot": [web.slack.bot.id]}}))
    assert [delivery.wait(10).status for delivery in told] == [200, 200]


def test_what_nobody_foresaw_is_told_with_a_reference_and_no_more(web: WebBot) -> None:
    slack = web.slack
    ann = slack.user("ann")
    general = slack.channel("general", ann, bot=True)
    asked = slack.mention(general, ann, QUESTION)
    slack.wait_for(lambda: slack.answers(asked))
    with closing(sqlite3.connect(web.folder / "database.sqlite")) as database:
        database.execute("ALTER TABLE feedback RENAME TO elsewhere")
        slack.click(slack.answers(asked)[0], "Helpful", ann)
        slack.wait_for(lambda: slack.ephemerals(general, ann))
        database.execute("ALTER TABLE elsewhere RENAME TO feedback")
    [apology] = slack.ephemerals(general, ann)
    assert "something went wrong here" in apology.text
    assert "reference" in apology.text
    assert "feedback" not in apology.text
