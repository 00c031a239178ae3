"""Wire the parts together from the settings."""

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot import threads
from bot.advising.consultant import Consultant
from bot.advising.learning import Learning, LearningRequest
from bot.cases.casebook import Casebook, has_framework
from bot.cases.reading import CaseReader
from bot.errors import BotError
from bot.guidance.embedding import PACKAGED_SHA256, Embedder, find_packaged_model
from bot.guidance.index import Index, IndexFolder
from bot.guidance.model_cache import ModelCache
from bot.guidance.tuning import find_tuned_model
from bot.guidance.vector_store import Progress, ignore_progress
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


def load_index(settings: Settings, embedder: Embedder) -> Index | None:
    """The index, None if it has to be learned."""
    folders = (IndexFolder(settings.corpus_dir, place, embedder) for place in _places(settings))
    return next(filter(None, (folder.load() for folder in folders)), None)


def make_learning(settings: Settings, spare: Path | None = None) -> Learning:
    """Make the process that learns what is not cached; without a `spare` folder it must be kept in DATA_DIR."""
    embedder, prebuilt = make_embedder(settings), settings.prebuilt_dir
    return Learning(
        LearningRequest(
            corpus=str(settings.corpus_dir),
            data=str(settings.data_dir),
            prebuilt=str(prebuilt) if prebuilt else None,
            model=str(embedder.folder),
            model_sha256=embedder.expected_sha256,
            spare=str(spare) if spare else None,
        )
    )


class Loader:
    """Makes the consultant: learns first where that is needed, in a process that `stop` ends from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._embedder = make_embedder(settings)
        self._learning: Learning | None = None
        self._is_stopped = False

    def load(self, progress: Progress = ignore_progress) -> Consultant | None:
        """Return the consultant, its models loaded; None if `stop` was called while it learned."""
        threads.limit_malloc_arenas()
        parts = self._find(_places(self._settings))
        return self._join(*parts) if parts else self._learn(progress)

    def stop(self) -> None:
        """End the process that learns, if there is one."""
        self._is_stopped = True
        if self._learning:
            self._learning.stop()

    def _learn(self, progress: Progress) -> Consultant | None:
        with tempfile.TemporaryDirectory(prefix="rag-or-tune-", ignore_cleanup_errors=True) as spare:
            self._learning = make_learning(self._settings, Path(spare))
            if self._is_stopped:
                return None
            try:
                learned = self._learning.run(progress)
            except OSError as error:
                raise BotError(
                    f"What is learned can be written neither into DATA_DIR nor into {tempfile.gettempdir()} "
                    f"({error.strerror}); make room, or set DATA_DIR to a folder that can be written."
                ) from error
            if learned is None:
                return None
            if learned.problem:
                log.warning(
                    "the index cannot be kept in DATA_DIR (%s); it is built again at each start", learned.problem
                )
            parts = self._find([*_places(self._settings), Path(spare)])
            if parts is None:
                raise BotError("The corpus has changed while it was learned from; start again.")
            _ = parts[0].library  # before its folder may go
            return self._join(*parts)

    def _find(self, places: Sequence[Path]) -> tuple[Index, CaseReader | None] | None:
        """What is cached for the present corpus; None if anything is missing."""
        corpus = self._settings.corpus_dir
        folders = (IndexFolder(corpus, place, self._embedder) for place in places)
        index = next(filter(None, (folder.load() for folder in folders)), None)
        if index is None or not has_framework(corpus):
            return (index, None) if index else None
        books = (Casebook(corpus, place, self._embedder) for place in places)
        cases = next(filter(None, (book.load() for book in books)), None)
        return (index, cases) if cases else None

    def _join(self, index: Index, cases: CaseReader | None) -> Consultant:
        settings, model = self._settings, self._settings.llm_model
        writer = Writer(model, settings.llm_timeout) if model else None
        threads.use_single_compute_thread()
        self._embedder.embed(["warm up"])
        finder = FactFinder(model, settings.llm_timeout) if model and cases else None
        return Consultant(index, writer, str(settings.article_url) if settings.article_url else None, cases, finder)


def make_consultant(settings: Settings, progress: Progress = ignore_progress) -> Consultant:
    """Make all that answers: what was learned, the embedding model and, if configured, the language model."""
    consultant = Loader(settings).load(progress)
    assert consultant  # noqa: S101  nobody stops it
    return consultant


def _places(settings: Settings) -> list[Path]:
    """The folders that may hold what was learned; the last one is to be written."""
    return [*filter(None, [settings.prebuilt_dir]), settings.data_dir]
