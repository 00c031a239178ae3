"""Which processes live."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from bot.delivery.liveness import Liveness, liveness_of
from bot.store.database import Database, DatabaseUrls
from tests.conftest import KEY
from tests.peers.postgres import Postgres
from tests.support.delivery.staging import PATIENCE, until


@pytest.fixture
async def databases(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Database, Database]]:
    """Two that belong to two processes."""
    ours, theirs = (Database(DatabaseUrls.of(database_url, tmp_path), [KEY]) for _ in range(2))
    yield ours, theirs
    await ours.close()
    await theirs.close()


async def test_a_process_lives_while_it_holds_its_lock(databases: tuple[Database, Database]) -> None:
    one, other = (liveness_of(database, grace=0) for database in databases)
    await one.hold("one")
    await other.hold("other")
    await one.hold("one")
    assert await other.dead(["one"]) == await one.dead(["other"]) == set()
    await one.close()
    await _until_dead(other, "one")
    assert await other.dead(["never seen"]) == {"never seen"}
    await other.close()


async def test_locks_of_the_dead_do_not_pile_up(tmp_path: Path) -> None:
    database = Database(DatabaseUrls.of(f"sqlite:///{tmp_path}/database.sqlite", tmp_path), [KEY])
    for name in ("one", "two"):
        held = liveness_of(database)
        await held.hold(name)
        await held.close()
    held = liveness_of(database)
    await held.hold("three")
    assert [path.name for path in (tmp_path / "database.locks").iterdir()] == ["three"]
    await held.close()
    await database.close()


@pytest.fixture
async def pair(postgres: Postgres, tmp_path: Path) -> AsyncIterator[tuple[Liveness, Liveness, str]]:
    """Two processes on Postgres, and how to reach it otherwise."""
    url = postgres.database(uuid4().hex)
    databases = [Database(DatabaseUrls.of(url, tmp_path), [KEY]) for _ in range(2)]
    one, other = (liveness_of(database, grace=0.5) for database in databases)
    yield one, other, url
    for held, database in zip((one, other), databases, strict=True):
        await held.close()
        await database.close()


async def test_a_lock_that_is_free_for_a_moment_means_nothing(pair: tuple[Liveness, Liveness, str]) -> None:
    one, other, url = pair
    await one.hold("one")
    await _disconnect_all(url)
    assert not await other.dead(["one"])
    await one.hold("one")
    await asyncio.sleep(0.6)
    assert not await other.dead(["one"])
    await one.close()
    started = time.monotonic()
    await _until_dead(other, "one")
    assert time.monotonic() - started >= 0.5


async def test_two_moments_in_which_a_lock_was_free_are_not_one_long_one(pair: tuple[Liveness, Liveness, str]) -> None:
    one, other, url = pair
    await one.hold("one")
    for _ in range(2):
        await _disconnect_all(url)
        assert not await other.dead(["one"])
        await one.hold("one")
        assert not await other.dead(["another"])
        await asyncio.sleep(0.6)


async def test_a_lock_that_the_server_has_not_let_go_yet_holds_nobody_up(pair: tuple[Liveness, Liveness, str]) -> None:
    one, other, url = pair
    with psycopg.connect(url) as left:
        left.execute("SELECT pg_advisory_lock(hashtextextended('one', 0))")
        async with asyncio.timeout(PATIENCE):
            await one.hold("one")
        left.execute("SELECT pg_advisory_unlock_all()")
        await _until_dead(other, "one")
        await one.hold("one")
        assert not await other.dead(["one"])


async def _until_dead(held: Liveness, process: str) -> None:
    """Waits for the server to notice that a connection was closed, and for the doubt to pass."""

    async def is_dead() -> bool:
        return bool(await held.dead([process]))

    await until(is_dead)


async def _disconnect_all(url: str) -> None:
    """As a restart of the server does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
