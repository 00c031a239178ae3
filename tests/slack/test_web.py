"""The same bot over HTTP: signed requests, health, and what is refused."""

import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import KEY, ROOT
from tests.peers.slack import Slack, slack_server
from tests.slack.bots import QUESTION, STARTING, STOPPING
from tests.terminal.processes import environment


@dataclass(frozen=True)
class Web:
    """A Slack that delivers over HTTP, the address of the bot, and its database."""

    slack: Slack
    url: str
    database: Path


@pytest.fixture(scope="module")
def web(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with slack_server() as slack, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        free.close()
        database = tmp_path_factory.mktemp("web") / "web.sqlite"
        variables = environment(
            data_dir,
            DATABASE_URL=f"sqlite:///{database}",
            SECRET_KEYS=KEY,
            SLACK_BOT_TOKEN=slack.token(),
            SLACK_SIGNING_SECRET=slack.app.signing_secret,
            SLACK_API_URL=slack.api_url,
            PORT=url.rpartition(":")[2],
        )
        process = subprocess.Popen([sys.executable, "-m", "bot", "web"], cwd=ROOT, env=variables)
        deadline = time.monotonic() + STARTING
        while status(f"{url}/healthz") != 200:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        slack.deliver_to(url)
        yield Web(slack, url, database)
        process.terminate()
        assert process.wait(STOPPING) == 0


def status(url: str) -> int | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return None


def test_it_lives_and_is_ready(web: Web) -> None:
    assert status(f"{web.url}/readyz") == 200
    assert status(f"{web.url}/nothing") == 404
    assert status(f"{web.url}/slack/events") == 405


def test_a_mention_is_answered_in_its_thread_and_its_button_works(web: Web) -> None:
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
def test_what_slack_did_not_sign_is_refused(web: Web, forged: dict[str, object]) -> None:
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
def test_what_is_signed_but_malformed_is_no_error_of_ours(web: Web, body: str) -> None:
    slack, url = web.slack, web.url
    delivery = slack.raw(body, "application/json")
    delivery.wait(10)
    assert delivery.status is not None
    assert delivery.status < 500
    assert status(f"{url}/readyz") == 200


def test_one_workspace_needs_no_pages_and_hears_of_its_removal(web: Web) -> None:
    for page in ("install", "oauth_redirect"):
        assert status(f"{web.url}/slack/{page}") == 404
    told = [web.slack.event({"type": "app_uninstalled"})]
    told.append(web.slack.event({"type": "tokens_revoked", "tokens": {"bot": [web.slack.bot.id]}}))
    assert [delivery.wait(10).status for delivery in told] == [200, 200]


def test_what_nobody_foresaw_is_told_with_a_reference_and_no_more(web: Web) -> None:
    slack = web.slack
    ann = slack.user("ann")
    general = slack.channel("general", ann, bot=True)
    asked = slack.mention(general, ann, QUESTION)
    slack.wait_for(lambda: slack.answers(asked))
    with closing(sqlite3.connect(web.database)) as database:
        database.execute("ALTER TABLE feedback RENAME TO elsewhere")
        slack.click(slack.answers(asked)[0], "Helpful", ann)
        slack.wait_for(lambda: slack.ephemerals(general, ann))
        database.execute("ALTER TABLE elsewhere RENAME TO feedback")
    [apology] = slack.ephemerals(general, ann)
    assert "something went wrong here" in apology.text
    assert "reference" in apology.text
    assert "feedback" not in apology.text
