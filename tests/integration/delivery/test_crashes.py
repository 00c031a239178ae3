"""Killed at random points: nothing is lost, nothing comes twice, each conversation keeps its order."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from tests.peers.postgres import Postgres
from tests.support.delivery.crashing import crash, prepare

pytestmark = pytest.mark.takes_long


def test_nothing_is_lost_or_doubled_on_sqlite(tmp_path: Path) -> None:
    outcome = crash(f"sqlite:///{tmp_path}/database.sqlite", tmp_path, rounds=4, deadly=0.25)
    assert outcome.is_perfect


def test_nothing_is_lost_or_doubled_on_postgres_with_two_workers(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.database(uuid4().hex)
    asyncio.run(prepare(url))
    outcome = crash(url, tmp_path, rounds=3, workers=2, deadly=0.25)
    assert outcome.is_perfect
