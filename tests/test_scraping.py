"""The HTTP side while the database is there, and while it is not."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bot.service import Service
from bot.store.database import Database
from bot.store.store import Store
from bot.store.where import Where
from bot.web import application
from tests.conftest import KEY
from tests.delivery.crashing import prepare
from tests.peers.postgres import Postgres


def values(text: str) -> dict[str, float]:
    """The samples without labels."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name: sample.value for sample in samples if not sample.labels}


async def test_while_the_database_is_away_it_lives_is_not_ready_and_goes_on_counting(
    mortal_postgres: Postgres,
) -> None:
    url = mortal_postgres.database("scraped")
    await prepare(url)
    store = Store(Database(Where.of(url, Path()), [KEY]))
    service = cast(Service, SimpleNamespace(flow=SimpleNamespace(store=store)))
    transport = httpx.ASGITransport(application(service, []))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
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
    await store.close()
