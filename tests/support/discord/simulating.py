"""The fixtures of the simulated tests, a plugin for their modules; conftest.py has those of the others."""

import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter

from bot.advising.bootstrap import make_consultant
from bot.advising.consultant import Consultant
from bot.delivery.engine import migrate_engine
from bot.discord import showing
from bot.settings import Settings
from bot.store.where import Where
from tests.support.discord.simulated import ANSWERING, Process, Simulation


@pytest.fixture(scope="session")
def simulated_consultant(data_dir: Path) -> Consultant:
    return make_consultant(Settings(data_dir=data_dir))


@pytest.fixture(scope="session")
def simulated_database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with our tables and the engine's, to be copied."""
    file = tmp_path_factory.mktemp("simulated") / "database.sqlite"
    shutil.copy(sqlite_template, file)
    migrate_engine(Where.of(f"sqlite:///{file}", file.parent))
    return file


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulated_process(
    simulated_consultant: Consultant, simulated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Process]:
    """The process that a module's tests share."""
    database = tmp_path_factory.mktemp("process") / "database.sqlite"
    shutil.copy(simulated_database, database)
    route, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY  # which our Rest and our bot set
    process = Process(simulated_consultant, database)
    await process.start()
    yield process
    await process.stop()
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = route, gateway


@pytest_asyncio.fixture(loop_scope="module")
async def simulation(
    simulated_process: Process, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Simulation]:
    """A Discord of a test's own, on which nothing may go wrong unseen: what the bot logs as an error fails the test."""
    for name in ("SOON", "FORM_SOON"):
        monkeypatch.setattr(showing, name, ANSWERING)  # however busy the machine is
    simulation = Simulation(simulated_process)
    # The flow works in a context of its own, which the adapter that simcord puts into its context does not reach.
    monkeypatch.setattr(AsyncWebhookAdapter, "request", lambda _, *args, **named: simulation.called(*args, **named))
    await simulation.open()
    yield simulation
    await simulation.close()
    logged = [record for phase in ("setup", "call") for record in caplog.get_records(phase)]
    assert simulation.may_log_errors or [record for record in logged if record.levelno >= logging.ERROR] == []
