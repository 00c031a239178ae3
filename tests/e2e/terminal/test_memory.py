"""The terminal's conversation and interview outlive the process, in whatever way it ends."""

import contextlib
import itertools
import json
import sqlite3
import time
from datetime import date
from pathlib import Path
from subprocess import PIPE

import pytest

from bot.terminal.dialogs import prune_history
from tests.peers.openai import Script
from tests.support.forking import Forked
from tests.support.processes import SECONDS, environment, run


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/kept.sqlite"


def test_a_chat_goes_on_where_it_was_left_unless_it_is_to_be_new(data_dir: Path, url: str, tmp_path: Path) -> None:
    run(data_dir, "chat", typed=b"what are the cons of tuning?\n", DATABASE_URL=url)
    again = run(data_dir, "chat", typed=b"and the other one?\n", DATABASE_URL=url).stdout.decode()
    assert "your last question was “what are the cons of tuning?”" in " ".join(again.split())
    assert "Adds latency from search step" in again
    fresh = run(data_dir, "chat", "--new", typed=b"hi\n", DATABASE_URL=url).stdout.decode()
    assert "your last question" not in fresh
    assert said(tmp_path) == [["what are the cons of tuning?", "and the other one?"], ["hi"]]


def test_a_question_that_a_kill_left_unanswered_is_answered_at_the_next_start(
    data_dir: Path, url: str, script: Script, tmp_path: Path
) -> None:
    script.delay = 30
    script.say(("Never said.", [1]))
    model = {"LLM_MODEL": "openai:tiny", "OPENAI_API_KEY": "key", "OPENAI_API_BASE": script.url, "LLM_TIMEOUT": "60"}
    process = Forked("bot", ["chat"], environment(data_dir, DATABASE_URL=url, **model), stdin=PIPE, stdout=PIPE)
    assert process.stdin
    process.stdin.write(b"what are the cons of tuning?\n")
    process.stdin.flush()
    deadline = time.monotonic() + SECONDS
    while not script.requests:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.kill()
    process.wait()
    process.close()
    again = run(data_dir, "chat", DATABASE_URL=url).stdout.decode()
    assert "You had asked “what are the cons of tuning?” when I was interrupted" in " ".join(again.split())
    assert "Risk of catastrophic forgetting" in again
    with contextlib.closing(sqlite3.connect(tmp_path / "kept.sqlite")) as database:
        assert database.execute("SELECT state FROM turns").fetchall() == [("done",)]


def test_what_was_said_and_typed_longer_ago_than_its_days_is_deleted(data_dir: Path, url: str, tmp_path: Path) -> None:
    run(data_dir, "chat", typed=b"what are the cons of tuning?\n", DATABASE_URL=url)
    with contextlib.closing(sqlite3.connect(tmp_path / "kept.sqlite")) as database, database:
        database.execute("UPDATE turns SET finished_at = '2020-01-01 00:00:00'")
    run(data_dir, "chat", typed=b"hi\n", DATABASE_URL=url)
    assert said(tmp_path) == [["hi"]]
    typed = "\n# 2026-08-01 09:00:00.1\n+our secret\n+# 2026-12-01\n", "\n# 2026-08-02 10:00:00.1\n+hi\n"
    assert prune_history("".join(typed), date(2026, 8, 2)) == typed[1]


def test_a_chat_whose_words_cannot_be_kept_says_so_and_answers(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    chat = run(data_dir, "chat", typed=b"hi\n", DATABASE_URL=f"sqlite:///{tmp_path}/file/x.sqlite")
    assert "is not kept" in chat.stdout.decode()
    assert "Hello!" in chat.stdout.decode()


def said(folder: Path) -> list[list[str]]:
    """What was said, by conversation."""
    with contextlib.closing(sqlite3.connect(folder / "kept.sqlite")) as database:
        turns = database.execute("SELECT conversation_id, text FROM turns ORDER BY id").fetchall()
    return [[text for _, text in turns] for _, turns in itertools.groupby(turns, key=lambda turn: turn[0])]


def test_of_two_windows_on_one_interview_none_overwrites_the_other(tmp_path: Path) -> None:
    slow = Forked("bot", ["interview"], environment(tmp_path), stdin=PIPE, stdout=PIPE)
    assert slow.stdin and slow.stdout
    shown = b""
    while b"Stop for" not in shown:
        read = slow.stdout.read1()
        assert read
        shown += read
    run(tmp_path, "interview", typed=b"1\nq\n")
    slow.stdin.write(b"2\nq\n")
    slow.stdin.close()
    assert "Another window went on with this interview" in " ".join(slow.stdout.read().decode().split())
    assert slow.wait(SECONDS) == 0
    slow.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "rag-or-tune.sqlite")) as database:
        (kept,) = database.execute("SELECT session FROM interviews").fetchone()
    assert json.loads(kept)["answers"] == {"training_data": "thousands"}
