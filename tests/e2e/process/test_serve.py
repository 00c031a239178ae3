"""`rag-or-tune serve`: everything that is set up in one process, and what ends it."""

import html
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import texts
from tests.conftest import KEY, ROOT
from tests.peers.discord import discord_server
from tests.peers.loopback import free_port
from tests.support.discord.bots import plain
from tests.support.everything import Everything, everything
from tests.support.processes import run
from tests.support.running import ANSWERING, status
from tests.support.slack.bots import QUESTION

RECONNECTING = 60.0  # seconds; discord.py waits a while before it tries again
BAD_TOKEN = 4004


@pytest.fixture(scope="module")
def one(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    with everything(data_dir, tmp_path_factory.mktemp("serve")) as bot, bot.running():
        yield bot


def test_one_process_answers_on_both_platforms(one: Everything) -> None:
    ann = one.slack.user("ann")
    asked = one.slack.mention(one.slack.channel("general", ann), ann, QUESTION)
    told = one.discord.dm(one.discord.user("ben"), QUESTION)
    for answers in (one.in_slack.answers(asked), one.in_discord.answers(told)):
        assert len(answers) == 1
        assert "Risk of catastrophic forgetting" in answers[0].text


def test_it_lives_and_over_socket_mode_slack_has_no_endpoint(one: Everything) -> None:
    assert status(f"{one.url}/healthz") == 200
    assert status(f"{one.url}/slack/events") == 404


def test_while_a_connection_is_away_it_lives_and_is_not_ready(one: Everything) -> None:
    with one.discord.away(refuse=True):
        one.slack.wait_for(lambda: not one.is_ready, ANSWERING, "the gateway to be missed")
        assert status(f"{one.url}/healthz") == 200
    one.slack.wait_for(lambda: one.is_ready, RECONNECTING, "the gateway to be back")


def test_when_discord_lets_it_in_no_more_the_process_ends_as_a_whole_and_says_why(one: Everything) -> None:
    ann = one.slack.user("ann")
    asked = one.slack.mention(one.slack.channel("last", ann), ann, QUESTION)
    one.discord.close(BAD_TOKEN)
    code, last = one.ended()
    assert code == 1
    assert last == ("rag-or-tune: Discord rejected the bot token. Set a new DISCORD_TOKEN.")
    one.start()
    assert len(one.in_slack.answers(asked)) == 1


def test_without_socket_mode_slack_comes_over_http(data_dir: Path, tmp_path: Path) -> None:
    with everything(data_dir, tmp_path, sockets=False) as bot:
        bot.start()
        bot.slack.deliver_to(bot.url)
        ann = bot.slack.user("ann")
        assert len(bot.in_slack.answers(bot.slack.mention(bot.slack.channel("general", ann), ann, QUESTION))) == 1
        assert bot.process
        bot.process.send_signal(signal.SIGINT)  # others are stopped by SIGTERM
        assert bot.ended()[0] == 0
        assert "Traceback" not in bot.log


def test_the_questions_of_a_user_and_of_a_workspace_are_limited_as_it_is_set(data_dir: Path, tmp_path: Path) -> None:
    with everything(data_dir, tmp_path) as bot:
        bot.settings |= {"QUESTIONS_PER_USER": "1", "QUESTIONS_PER_TENANT": "2"}
        bot.start()
        ann, ben, cem = (bot.slack.user(name) for name in ("ann", "ben", "cem"))
        for user in (ann, ann, ben, cem):
            bot.slack.dm(user, QUESTION)
            bot.in_slack.direct(user)
        refused = html.escape(texts.sentence("too_many"), quote=False)
        told = [[said.text == refused for said in bot.in_slack.direct(user)] for user in (ann, ben, cem)]
        assert told == [[False, True], [False], [True]]
        dan = bot.discord.user("dan")
        for _ in range(3):
            bot.in_discord.finished(bot.discord.dm(dan, QUESTION))
        told = [plain(said.text) == texts.sentence("too_many") for said in bot.discord.said(dan)]
        assert told == [False, True]  # they are told once
        assert bot.stop() == 0


@pytest.mark.parametrize(
    ("name", "way"), [("SLACK_APP_TOKEN", "sockets"), ("SLACK_BOT_TOKEN", "sockets"), ("SLACK_BOT_TOKEN", "HTTP")]
)
def test_a_token_that_slack_refuses_ends_it(data_dir: Path, tmp_path: Path, name: str, way: str) -> None:
    with everything(data_dir, tmp_path, sockets=way == "sockets") as bot:
        bot.settings[name] = "xoxb-wrong"
        bot.start()
        code, last = bot.ended()
    assert code == 1
    assert last == f"rag-or-tune: {name}: Slack refuses it (invalid_auth); copy it again."


def test_a_port_that_is_taken_is_named(data_dir: Path, tmp_path: Path) -> None:
    with discord_server() as discord, socket.create_server(("0.0.0.0", free_port())) as taken:
        port = str(taken.getsockname()[1])
        given = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url, "PORT": port}
        done = run(data_dir, "serve", DATABASE_URL=f"sqlite:///{tmp_path}/d.sqlite", SECRET_KEYS=KEY, **given)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"rag-or-tune: PORT: nothing can listen on {port} (Address already in use)")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_what_is_not_set_is_said(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, command)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("rag-or-tune: No platform is set up, so there is nothing to answer.")


@pytest.mark.parametrize(
    ("part", "others"), [("slack", "discord bot.discord"), ("discord", "slack_bolt bot.slack"), ("web", "discord")]
)
def test_a_part_does_not_load_the_other_platform(part: str, others: str) -> None:
    code = f"""
import sys
from bot.process import platforms, run
from bot.settings import Settings
settings = Settings(slack_bot_token="xoxb-1", slack_app_token="xapp-1", slack_signing_secret="s", discord_token="t")
platforms.make_listeners(settings, [{part!r}])
assert platforms.make_adapters(settings, None, [{part!r}])
assert not [name for name in {others.split()} if name in sys.modules]
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
