"""What every test may use: the real corpus, the real embedding model, one index of the two."""

from pathlib import Path

import pytest

from bot.guidance.embedding import PACKAGED_SHA256, Embedder, packaged_folder
from bot.guidance.index import Index, IndexFolder

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def corpus() -> Path:
    return ROOT / "corpus"


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder(packaged_folder(), PACKAGED_SHA256)


@pytest.fixture(scope="session")
def data_dir(request: pytest.FixtureRequest, corpus: Path, embedder: Embedder) -> Path:
    """A data directory with a current index, kept from run to run in pytest's cache."""
    folder = Path(request.config.cache.mkdir("data"))
    index_folder = IndexFolder(corpus, folder, embedder)
    if not index_folder.is_current():
        index_folder.save(index_folder.build())
    return folder


@pytest.fixture(scope="session")
def index(corpus: Path, data_dir: Path, embedder: Embedder) -> Index:
    loaded = IndexFolder(corpus, data_dir, embedder).load()
    assert loaded is not None
    return loaded
