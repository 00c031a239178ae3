"""The HTTP side while the database is there, and while it is not."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bot.process.web import DATABASE_TIMEOUT, make_application
from bot.store.database import Database, DatabaseUrls
from bot.store.sqlite import BUSY_TIMEOUT
from tests.conftest import KEY
from tests.peers.postgres import Postgres
from tests.support.delivery.crashing import prepare


def values(text: str) -> dict[str, float]:
    """The samples without labels."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name: sample.value for sample in samples if not sample.labels}


def asking(database: Database, timeout: float = DATABASE_TIMEOUT) -> httpx.AsyncClient:
    """Asks the HTTP side of a bot with that database."""
    transport = httpx.ASGITransport(make_application(database, [], [], timeout))
    return httpx.AsyncClient(transport=transport, base_url="http://bot")


async def test_while_the_database_is_away_it_lives_is_not_ready_and_goes_on_counting(
    mortal_postgres: Postgres,
) -> None:
    url = mortal_postgres.database("scraped")
    await prepare(url)
    database = Database(DatabaseUrls.of(url, Path()), [KEY])
    async with asking(database) as client:
        assert (await client.get("/readyz")).status_code == 200
        there = await client.get("/metrics")
        assert values(there.text)["rag_or_tune_database_up"] == 1
        assert 'rag_or_tune_leads{state="open"} 0.0' in there.text
        assert 'rag_or_tune_queue_depth{queue="questions"} 0.0' in there.text
        mortal_postgres.stop()
        try:
            ready = await client.get("/readyz")
            away = await client.get("/metrics")
            lives = await client.get("/healthz")
        finally:
            mortal_postgres.start()
        assert (ready.status_code, ready.text) == (503, "not connected: database")
        assert (away.status_code, values(away.text)["rag_or_tune_database_up"]) == (200, 0)
        assert "rag_or_tune_leads" not in away.text
        assert values(away.text)["rag_or_tune_refused_requests_total"] >= 0
        assert lives.status_code == 200
    await database.close()


async def test_a_database_that_another_process_locks_holds_no_probe_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/database.sqlite"
    await prepare(url)
    database = Database(DatabaseUrls.of(url, tmp_path), [KEY])
    with closing(sqlite3.connect(tmp_path / "database.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with asking(database, timeout=0.2) as client, asyncio.timeout(BUSY_TIMEOUT / 2):
            assert (await client.get("/readyz")).status_code == 503
            assert values((await client.get("/metrics")).text)["rag_or_tune_database_up"] == 1  # it can be read
        other.execute("ROLLBACK")
    await database.close()
