"""What a process loads: what it uses to answer, and nothing of what it learns with or does not serve."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from typing import BinaryIO

import pytest

from tests.conftest import KEY, ROOT
from tests.peers.discord import discord_server
from tests.peers.loopback import free_port
from tests.peers.slack import slack_server
from tests.support.everything import of_discord, of_slack
from tests.support.processes import environment
from tests.support.running import STARTING, status

QUESTION = "what are the cons of fine-tuning?"
LEARNING = {"torch", "sentence_transformers", "transformers", "onnx"}
DRAWING, PROVIDERS = {"matplotlib"}, {"langchain", "langchain_openai", "langchain_classic", "langchain_core"}
PLATFORMS = {"slack_bolt", "discord"}
BETWEEN_MACHINES = {"dbos", "psycopg"}


def start(words: Sequence[str], variables: dict[str, str], shown: BinaryIO, imports: BinaryIO) -> Popen[bytes]:
    """A process that lists on standard error what it imports."""
    command = [sys.executable, "-X", "importtime", "-m", "bot", *words]
    return Popen(command, cwd=ROOT, env=variables, stdin=PIPE, stdout=shown, stderr=imports)


def packages(imports: BinaryIO) -> set[str]:
    """The packages in such a list."""
    imports.seek(0)
    return set(re.findall(r"^import time: .*\| +(\w+)", imports.read().decode(), re.MULTILINE))


@pytest.mark.parametrize(
    ("words", "typed"), [(("ask", QUESTION), b""), (("chat",), QUESTION.encode())], ids=["ask", "chat"]
)
def test_a_question_in_the_terminal(data_dir: Path, tmp_path: Path, words: tuple[str, ...], typed: bytes) -> None:
    variables = environment(data_dir, DATABASE_URL=f"sqlite:///{tmp_path}/chat.sqlite")
    with TemporaryFile() as shown, TemporaryFile() as imports, start(words, variables, shown, imports) as asking:
        asking.communicate(typed, STARTING)
        shown.seek(0)
        assert b"catastrophic forgetting" in shown.read()
        assert packages(imports) & (LEARNING | DRAWING | PROVIDERS | PLATFORMS) == set()


@pytest.mark.parametrize("platform", ["slack", "discord"])
def test_a_process_that_serves_one_platform(data_dir: Path, tmp_path: Path, platform: str) -> None:
    port = free_port()
    with slack_server() as slack, discord_server() as discord:
        tokens = of_slack(slack, sockets=True) if platform == "slack" else of_discord(discord)
        own = {"DATABASE_URL": f"sqlite:///{tmp_path}/bot.sqlite", "SECRET_KEYS": KEY, "PORT": str(port)}
        variables = environment(data_dir, **tokens, **own)
        with TemporaryFile() as imports, start(["serve"], variables, imports, imports) as serving:
            slack.wait_for(lambda: status(f"http://127.0.0.1:{port}/readyz") == 200, STARTING, "the bot to be ready")
            serving.terminate()
            serving.wait(STARTING)
            other = PLATFORMS - {"slack_bolt" if platform == "slack" else "discord"}
            assert packages(imports) & (LEARNING | DRAWING | PROVIDERS | BETWEEN_MACHINES | other) == set()
