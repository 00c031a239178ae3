"""What every test may use: the real corpus, the real embedding model, what is learned of the two."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.casebook import Casebook
from bot.deciding.reading import CaseReader
from bot.guidance.embedding import PACKAGED_SHA256, Embedder, packaged_folder
from bot.guidance.index import Index, IndexFolder
from tests.peers.openai import Script, openai_server

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def corpus() -> Path:
    return ROOT / "corpus"


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder(packaged_folder(), PACKAGED_SHA256)


@pytest.fixture(scope="session")
def data_dir(request: pytest.FixtureRequest, corpus: Path, embedder: Embedder) -> Path:
    """A data directory with all that is learned from the corpus, kept from run to run in pytest's cache."""
    folder = Path(request.config.cache.mkdir("data"))
    for learned in (IndexFolder(corpus, folder, embedder), Casebook(corpus, folder, embedder)):
        if not learned.is_current():
            learned.save(learned.build())
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
