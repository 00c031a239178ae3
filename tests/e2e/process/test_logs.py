"""The log: a line for people or JSON for machines, never a secret, and found by the reference that a user was told."""

import json
import logging
import re
import sqlite3
from asyncio import CancelledError
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.observing.logs import HIDDEN, log_to_stderr, report
from bot.settings import Settings
from tests.peers.slack import slack_server
from tests.support.running import ANSWERING
from tests.support.slack.bots import QUESTION, Bot

SECRETS = (  # what is told, and what of it must not be written
    ("xoxb-1234567890-abcdefGHIJ", "1234567890-abcdefGHIJ"),
    ("xoxe.xoxp-1-Mi0yLTkxMjM0NTY3", "Mi0yLTkxMjM0NTY3"),
    ("xapp-1-A0123-456-abcdef0123456789", "abcdef0123456789"),
    ("MTE3NDAzODMwMTI4NzgyNTQyOA.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789-_", "MTE3NDAzODMwMTI4NzgyNTQyOA"),
    ("Authorization: Bearer sk-proj-abcdefghijklmnop", "sk-proj-abcdefghijklmnop"),
    ("postgresql://bot:hunter22@db.example/bot", "hunter22"),
    ("my-own-signing-secret", "my-own-signing-secret"),
    ("a-key-of-ours", "a-key-of-ours"),
)
SETTINGS = Settings(slack_signing_secret=SecretStr("my-own-signing-secret"), secret_keys=(SecretStr("a-key-of-ours"),))


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], logging.Logger]:
    """Sets the log up in a format, as if it had not been; returns its root."""

    def set_up(how: str) -> logging.Logger:
        own = logging.getLogger()
        monkeypatch.setattr(own, "handlers", [])
        for each in (own, logging.getLogger("bot")):
            monkeypatch.setattr(each, "level", each.level)
        log_to_stderr(SETTINGS.model_copy(update={"log_format": how}))
        return own

    return set_up


def test_work_that_is_cancelled_is_no_error(
    root: Callable[[str], logging.Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    root("text")
    pool, ours = "sqlalchemy.pool.impl.AsyncAdaptedQueuePool", "bot.delivery.flow"
    for name, problem in ((pool, CancelledError()), (pool, ConnectionError("gone")), (ours, CancelledError())):
        try:
            raise problem
        except (CancelledError, ConnectionError):
            logging.getLogger(name).exception("told")
    said = capsys.readouterr().err
    assert [line for line in said.splitlines() if line.startswith("ERROR")] == [
        f"ERROR {pool}: told",
        f"ERROR {ours}: told",
    ]
    assert "ConnectionError: gone" in said


@pytest.mark.parametrize("how", ["text", "json"])
@pytest.mark.parametrize(("told", "secret"), SECRETS)
def test_no_secret_is_written(
    root: Callable[[str], logging.Logger], capsys: pytest.CaptureFixture[str], how: str, told: str, secret: str
) -> None:
    log = root(how)
    try:
        raise ValueError(f"refused with {told}")
    except ValueError:
        log.exception("told %s", told)
    said = capsys.readouterr().err
    assert secret not in said
    assert said.count(HIDDEN) == 2  # in the message, and in what the error said


def test_what_is_no_secret_is_written_as_it_is(
    root: Callable[[str], logging.Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    root("text").warning("turn 7 at https://slack.com/api/chat.postMessage: not_in_channel, reference 159fcbdc")
    assert capsys.readouterr().err == (
        "WARNING root: turn 7 at https://slack.com/api/chat.postMessage: not_in_channel, reference 159fcbdc\n"
    )


def test_as_json_each_line_is_an_object_with_its_reference(
    root: Callable[[str], logging.Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    log = root("json")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        reference = report(log, "turn %d could not be answered", 7)
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert re.fullmatch(r"[0-9a-f]{8}", reference)
    assert told["reference"] == reference
    assert (told["level"], told["logger"]) == ("ERROR", "root")
    assert told["message"] == f"turn 7 could not be answered, reference {reference}"
    assert "ValueError: two\nlines" in told["exception"]
    assert re.match(r"\d{4}-\d\d-\d\dT", told["time"])


def test_the_reference_in_an_apology_leads_to_the_traceback_and_to_nothing_that_was_said(
    data_dir: Path, tmp_path: Path
) -> None:
    with slack_server() as slack:
        bot = Bot(slack, data_dir, tmp_path, {"LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG"})
        with bot.running():
            ann = slack.user("ann")
            asked = slack.mention(slack.channel("general", ann), ann, QUESTION)
            assert len(bot.answers(asked)) == 1
            with closing(sqlite3.connect(tmp_path / "database.sqlite", timeout=ANSWERING)) as database, database:
                database.execute("UPDATE turns SET text = x'FF'")  # damaged: what was said before cannot be read
            slack.mention(asked.channel, ann, "And of RAG? Our codename is plum jam.", thread=asked)
            _, apology = bot.answers(asked)
            assert len(bot.answers(slack.mention(slack.channel("elsewhere", ann), ann, QUESTION))) == 1
            token = slack.token()
    [reference] = re.findall(r"reference ([0-9a-f]{8})\b", apology.text)
    [line] = [line for line in map(json.loads, bot.log.splitlines()) if line.get("reference") == reference]
    assert line["message"].endswith(f"could not be answered, reference {reference}")
    assert line["exception"].startswith("Traceback (most recent call last):")
    assert "TypeError" in line["exception"]
    assert not any(word in bot.log for word in ("plum", "And of RAG", "cons of", token))
    assert bot.rows("SELECT state, reference FROM turns WHERE error IS NOT NULL") == [("failed", reference)]
