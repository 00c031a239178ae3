"""The database goes away, is locked, or has no room: what was acknowledged is delivered, once and in order."""

import asyncio
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.peers.postgres import Postgres
from tests.support.delivery.crashing import Process, Starting, prepare, some_messages, when_finished
from tests.support.delivery.staging import Stage, said, until

ENDING = 60.0  # seconds; the machine may be busy
TIMES = 5  # that a platform tries


def test_postgres_restarts_while_messages_come_in(
    mortal_postgres: Postgres, tmp_path: Path, starting: Starting
) -> None:
    url, record = mortal_postgres.database("bot"), tmp_path / "record.jsonl"
    asyncio.run(prepare(url))
    front, worker = starting(url, record, "--no-work"), starting(url, record, "--slowness", "0.2")
    front.started()
    worker.started()
    messages = list[dict[str, str]]()
    accepted = set[str]()
    for number in range(2):
        new = some_messages(f"{number}", 30)
        messages += new
        front.say(*new[:20])
        accepted.update(front.read(0.3))
        mortal_postgres.stop()
        accepted |= front.ask(new[20:], 3)
        mortal_postgres.start()
    _insist(front, messages, accepted)
    outcome = when_finished(url, record, len(messages))
    assert outcome.is_perfect
    assert not worker.is_dead


def test_a_process_that_is_stopped_while_postgres_is_away_ends(
    mortal_postgres: Postgres, tmp_path: Path, starting: Starting
) -> None:
    url, record = mortal_postgres.database("bot"), tmp_path / "record.jsonl"
    asyncio.run(prepare(url))
    worker = starting(url, record).started()
    mortal_postgres.stop()
    worker.close()
    end = time.monotonic() + ENDING
    while not worker.is_dead:
        assert time.monotonic() < end
        time.sleep(0.1)
    mortal_postgres.start()


Room = Callable[[Process], None]


@contextmanager
def limited_files(folder: Path) -> Iterator[tuple[Path, Room, Room]]:
    """Takes room away by a limit for the size of the process's files."""

    def limit(process: Process, most: int) -> None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    yield folder, lambda process: limit(process, 400_000), lambda process: limit(process, resource.RLIM_INFINITY)


@contextmanager
def small_disk(folder: Path) -> Iterator[tuple[Path, Room, Room]]:
    """A disk of its own, which is filled up."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a disk")

    def fill(process: Process) -> None:
        del process
        with (disk / "filler").open("wb", buffering=0) as filler:
            filler.write(b"." * (shutil.disk_usage(disk).free - 200_000))

    try:
        yield disk, fill, lambda process: (disk / "filler").unlink()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("kind", [limited_files, small_disk])
def test_a_full_disk_is_not_acknowledged_on_and_loses_nothing(
    kind: Callable[..., contextmanager], tmp_path: Path, starting: Starting
) -> None:
    record = tmp_path / "record.jsonl"
    with kind(tmp_path) as (folder, take_room, give_room):
        url = f"sqlite:///{folder}/database.sqlite"
        bot = starting(url, record).started()
        take_room(bot)
        messages, accepted = list[dict[str, str]](), set[str]()
        while len(accepted) == len(messages):
            new = [
                {**message, "text": message["text"] + "." * 2000} for message in some_messages(f"{len(messages)}", 20)
            ]
            messages += new
            accepted |= bot.ask(new, 10)
            assert len(messages) < 2000
        time.sleep(1)
        give_room(bot)
        _insist(bot, messages, accepted)
        outcome = when_finished(url, record, len(messages))
        assert outcome.is_perfect
        assert not bot.is_dead
        bot.kill()


def test_a_database_that_another_process_locks_is_waited_for(tmp_path: Path, starting: Starting) -> None:
    url, record = f"sqlite:///{tmp_path}/database.sqlite", tmp_path / "record.jsonl"
    bot = starting(url, record, "--slowness", "0.2").started()
    assert len(bot.ask(some_messages("before", 20))) == 20
    with _locked(tmp_path / "database.sqlite"):
        assert bot.ask(some_messages("during", 10), 3) == set()
    outcome = when_finished(url, record, 30)
    assert outcome.is_perfect


async def test_a_database_that_is_locked_for_longer_than_can_be_waited_is_tried_again(
    stage: Stage, tmp_path: Path
) -> None:
    stage.responder.until["slow"] = asyncio.Event()
    async with stage.store.database.engine.connect() as connection:
        await connection.execute(text("PRAGMA busy_timeout=100"))
    async with stage.flow() as flow:
        await flow.accept(said("slow"))
        await until(lambda: stage.responder.heard == ["slow"])
        with closing(_connected(tmp_path / "database.sqlite")) as other:
            await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")  # not on the loop, which has to let go first
            with pytest.raises(OperationalError, match="locked"):
                await flow.accept(said("refused", "there"))
            stage.responder.until["slow"].set()
            await asyncio.sleep(1)
            assert stage.sent == []
            other.execute("ROLLBACK")
        await stage.finished()
    assert stage.sent == ["slow"]
    assert stage.responder.heard == ["slow"]


def _insist(process: Process, messages: list[dict[str, str]], accepted: set[str]) -> None:
    """Says what was not accepted again, as a platform does."""
    for _ in range(TIMES):
        if missing := [message for message in messages if message["key"] not in accepted]:
            accepted |= process.ask(missing)
    assert accepted >= {message["key"] for message in messages}


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with closing(_connected(file)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def _connected(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)
