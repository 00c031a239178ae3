"""Wire the parts together from the settings."""

import logging
from collections.abc import Callable
from pathlib import Path

from bot import threads
from bot.advising.consultant import Consultant
from bot.cases.casebook import Casebook, has_framework
from bot.cases.reading import CaseReader
from bot.guidance.artifacts import Progress, ignore_progress
from bot.guidance.embedding import PACKAGED_SHA256, Embedder, find_packaged_model
from bot.guidance.index import Index, IndexFolder
from bot.guidance.model_cache import ModelCache
from bot.guidance.tuning import find_tuned_model
from bot.settings import Settings
from bot.writing.fact_finder import FactFinder
from bot.writing.writer import Writer

log = logging.getLogger(__name__)


def make_embedder(settings: Settings) -> Embedder:
    """The configured embedding model; by default the packaged one, in its tuned form if `index --tune` kept one."""
    cache = ModelCache(settings.data_dir, settings.prebuilt_dir)
    if settings.embedding_model:
        return Embedder(settings.embedding_model, cache=cache)
    tuned = find_tuned_model(settings.data_dir, PACKAGED_SHA256)
    return Embedder(tuned, cache=cache) if tuned else Embedder(find_packaged_model(), PACKAGED_SHA256, cache)


def is_current(settings: Settings) -> bool:
    """Return True if all that is learned from the present corpus is cached."""
    corpus, embedder, places = settings.corpus_dir, make_embedder(settings), _places(settings)
    indexed = any(IndexFolder(corpus, place, embedder).is_current() for place in places)
    readable = any(Casebook(corpus, place, embedder).is_current() for place in places)
    return indexed and (readable or not has_framework(corpus))


def load_index(settings: Settings, embedder: Embedder, progress: Progress, *, must_keep: bool = False) -> Index:
    """Load the index from the cache, or build and save it. Raises OSError if `must_keep` and it cannot be saved."""
    folders = [IndexFolder(settings.corpus_dir, place, embedder) for place in _places(settings)]
    index = next(filter(None, (folder.load() for folder in folders)), None)
    if index is None:
        folder = folders[-1]
        index = folder.build(progress)
        _keep(lambda: folder.save(index), must_keep=must_keep)
    return index


def load_case_reader(
    settings: Settings, embedder: Embedder, progress: Progress, *, must_keep: bool = False
) -> CaseReader | None:
    """Load the reader of use cases in the same way; None if the corpus has no decision framework."""
    if not has_framework(settings.corpus_dir):
        return None
    books = [Casebook(settings.corpus_dir, place, embedder) for place in _places(settings)]
    reader = next(filter(None, (book.load() for book in books)), None)
    if reader is None:
        book = books[-1]
        reader = book.build(progress)
        _keep(lambda: book.save(reader), must_keep=must_keep)
    return reader


def make_consultant(settings: Settings, progress: Progress = ignore_progress) -> Consultant:
    """Make all that answers: the index, the loaded embedding model and, if configured, the language model."""
    threads.limit_malloc_arenas()
    writer = Writer(settings.llm_model, settings.llm_timeout) if settings.llm_model else None
    embedder = make_embedder(settings)
    index = load_index(settings, embedder, progress)
    cases = load_case_reader(settings, embedder, progress)
    threads.use_single_compute_thread()
    embedder.embed(["warm up"])
    finder = FactFinder(settings.llm_model, settings.llm_timeout) if settings.llm_model and cases else None
    return Consultant(index, writer, str(settings.article_url) if settings.article_url else None, cases, finder)


def _places(settings: Settings) -> list[Path]:
    """The folders that may hold what was learned; the last one is to be written."""
    return [*filter(None, [settings.prebuilt_dir]), settings.data_dir]


def _keep(save: Callable[[], None], *, must_keep: bool) -> None:
    try:
        save()
    except OSError as error:
        if must_keep:
            raise
        log.warning("the index cannot be kept in DATA_DIR (%s); it is built again at each start", error.strerror)
