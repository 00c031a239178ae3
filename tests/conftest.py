"""What every test may use: the real corpus, the real embedding model, what is learned of the two."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

import psycopg
import pytest
from filelock import FileLock

from bot.cases.casebook import Casebook, load_framework
from bot.cases.reading import CaseReader
from bot.deciding.framework import Framework
from bot.deciding.outlook import Outlook
from bot.guidance.embedding import PACKAGED_SHA256, Embedder, find_packaged_model
from bot.guidance.index import Index, IndexFolder
from bot.guidance.model_cache import ModelCache
from bot.guidance.vector_store import VectorStore
from bot.store import schema
from bot.store.database import Database, DatabaseUrls
from bot.store.installations import TABLES
from bot.store.store import Store
from bot.store.tables import Row
from tests.peers.openai import Script, openai_server
from tests.peers.postgres import Postgres, binaries, postgres_server

ROOT = Path(__file__).parents[1]
PREBUILT = ROOT / ".pytest_cache" / "d" / "prebuilt"  # the exported embedding model, for all processes
KEY = "YSBrZXkgZm9yIHRlc3RzLCB3aGljaCBpcyBwdWJsaWM="


def pytest_configure() -> None:
    """One thread for each process, as many of them share the cores: two that wait for each other waste both."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # is read when torch is imported, here and in the bot's processes


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests come first, what needs what is learned last, but for one file that learns it meanwhile.

    Among equals, files that take long begin.
    """
    learning = dict.fromkeys(item.path for item in items if "data_dir" in getattr(item, "fixturenames", ()))
    first = next(iter(learning), None)

    def order(item: pytest.Item) -> tuple[bool, ...]:
        is_unit = item.path.is_relative_to(ROOT / "tests" / "unit")
        is_short = item.get_closest_marker("takes_long") is None
        return not is_unit, item.path != first, item.path in learning, is_short

    items.sort(key=order)


@pytest.fixture(scope="session")
def corpus() -> Path:
    return ROOT / "corpus"


@pytest.fixture(scope="session")
def framework(corpus: Path) -> Framework:
    """The shipped decision framework."""
    return load_framework(corpus)


@pytest.fixture(scope="session")
def outlook(framework: Framework) -> Outlook:
    """Its outlook, which keeps what it has counted."""
    return Outlook(framework)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The packaged model; its export is kept from run to run."""
    return Embedder(find_packaged_model(), PACKAGED_SHA256, ModelCache(PREBUILT))


@pytest.fixture(scope="session")
def data_dir(request: pytest.FixtureRequest, corpus: Path, embedder: Embedder) -> Path:
    """A data directory with all that is learned from the corpus, kept from run to run in pytest's cache."""
    folder = Path(request.config.cache.mkdir("data"))
    with FileLock(folder.with_suffix(".lock")):  # of several processes of pytest one learns
        embedder.embed(["warm up"])
        for learned in (IndexFolder(corpus, folder, embedder), Casebook(corpus, folder, embedder)):
            if not learned.is_current():
                learned.learn(VectorStore(folder, embedder))
    return folder


@pytest.fixture(scope="session")
def index(corpus: Path, data_dir: Path, embedder: Embedder) -> Index:
    loaded = IndexFolder(corpus, data_dir, embedder).load()
    assert loaded is not None
    return loaded


@pytest.fixture(scope="session")
def cases(corpus: Path, data_dir: Path, embedder: Embedder) -> CaseReader:
    loaded = Casebook(corpus, data_dir, embedder).load()
    assert loaded is not None
    return loaded


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """A scripted language model that `openai:…` reaches."""
    with openai_server() as script:
        monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
        monkeypatch.setenv("OPENAI_API_BASE", script.url)
        yield script


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server, shared by the tests that do not stop it."""
    yield from _postgres()


@pytest.fixture
def mortal_postgres() -> Iterator[Postgres]:
    """A server that a test may stop."""
    yield from _postgres()


def _postgres() -> Iterator[Postgres]:
    if binaries() is None:
        pytest.skip("Postgres is not installed (Debian: apt-get install postgresql)")
    with tempfile.TemporaryDirectory() as folder, postgres_server(Path(folder)) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of either kind, without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/database.sqlite"
    return request.getfixturevalue("postgres").database(uuid4().hex)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with our tables, to be copied."""
    file = tmp_path_factory.mktemp("template") / "template.sqlite"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_tables(postgres: Postgres) -> str:
    """A database with our tables, to be emptied again and again."""
    url = postgres.database(uuid4().hex)
    _migrate(url)
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of either kind, with our tables and nothing in them."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "database.sqlite")
        return f"sqlite:///{tmp_path}/database.sqlite"
    url: str = request.getfixturevalue("postgres_tables")
    tables = ", ".join((*Row.metadata.tables, *TABLES.tables))
    with psycopg.connect(url) as connection:
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY; DROP SCHEMA IF EXISTS dbos CASCADE".encode())
    return url


def _migrate(url: str) -> None:
    async def migrate() -> None:
        database = Database(DatabaseUrls.of(url, Path()), [KEY])
        await schema.migrate(database)
        await database.close()

    thread = Thread(target=asyncio.run, args=(migrate(),))  # the test may have a loop of its own
    thread.start()
    thread.join()


@pytest.fixture
async def store(database_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """A store in a new database of either kind."""
    store = Store(Database(DatabaseUrls.of(database_url, tmp_path), [KEY]))
    yield store
    await store.close()
