"""What a dead process had in hand is taken over; what a living one has is not."""

import asyncio
import os
import signal
import time
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from bot.delivery.flow import DEFAULT_POLICY
from bot.delivery.liveness import GRACE
from tests.peers.postgres import Postgres
from tests.peers.recorder import posts
from tests.support.delivery.crashing import PATIENCE, Process, Starting, prepare, some_messages, when_finished

pytestmark = pytest.mark.takes_long


def test_on_postgres_a_stopped_process_keeps_its_work_and_a_dead_one_loses_it(
    postgres: Postgres, tmp_path: Path, starting: Starting
) -> None:
    url, record = postgres.database(uuid4().hex), tmp_path / "record.jsonl"
    asyncio.run(prepare(url))
    first, second = starting(url, record, "--slowness", "0.5"), starting(url, record)
    first.started(), second.started()
    _accept(first, "a")
    _wait_until_begun(url)
    os.kill(first.pid, signal.SIGSTOP)
    before = posts(record)
    time.sleep(GRACE + DEFAULT_POLICY.janitor_interval)
    assert posts(record) == before
    os.kill(first.pid, signal.SIGCONT)
    _accept(first, "b")
    first.kill()
    assert len(posts(record)) < 80
    started = time.monotonic()
    outcome = when_finished(url, record, 40)
    assert time.monotonic() - started < 30
    assert outcome.is_perfect


def test_on_sqlite_the_next_process_goes_on_at_once(tmp_path: Path, starting: Starting) -> None:
    url, record = f"sqlite:///{tmp_path}/database.sqlite", tmp_path / "record.jsonl"
    first = starting(url, record, "--slowness", "0.5").started()
    _accept(first, "a")
    first.kill()
    before = len(posts(record))
    assert before < 40
    starting(url, record).started()
    end = time.monotonic() + GRACE + DEFAULT_POLICY.janitor_interval
    while len(posts(record)) == before:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert when_finished(url, record, 20).is_perfect


def test_a_post_that_was_sent_right_before_the_death_is_not_sent_again(tmp_path: Path, starting: Starting) -> None:
    url, record = f"sqlite:///{tmp_path}/database.sqlite", tmp_path / "record.jsonl"
    dying = starting(url, record, "--deadly", "1").started()
    dying.say(*some_messages("a", 1))
    end = time.monotonic() + PATIENCE
    while not dying.is_dead:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert len(posts(record)) == 1
    starting(url, record).started()
    assert when_finished(url, record, 1).is_perfect


def _accept(process: Process, name: str) -> None:
    assert len(process.ask(some_messages(name, 20))) == 20


def _wait_until_begun(url: str) -> None:
    """Waits until some process has begun the first message of each conversation."""
    waiting = "SELECT count(DISTINCT conversation_id) FROM turns WHERE state IN ('accepted', 'answered')"
    begun = "SELECT count(*) FROM turns WHERE taken_by IS NOT NULL"
    end = time.monotonic() + 10
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(f"SELECT ({waiting}) > ({begun})").fetchone() == (True,):
            assert time.monotonic() < end
            time.sleep(0.01)
