"""The one place where the parts are put together."""

import logging

from bot.answering.model import Writer
from bot.consultant import Consultant
from bot.guidance.embedding import PACKAGED_SHA256, Embedder, packaged_folder
from bot.guidance.index import Index, IndexFolder, Progress
from bot.guidance.tuning import tuned_folder
from bot.settings import Settings

log = logging.getLogger(__name__)


def make_embedder(settings: Settings) -> Embedder:
    """The embedding model that was set; else the packaged one, in its tuned form if `index --tune` kept one."""
    if settings.embedding_model:
        return Embedder(settings.embedding_model)
    tuned = tuned_folder(settings.data_dir, PACKAGED_SHA256)
    return Embedder(tuned) if tuned else Embedder(packaged_folder(), PACKAGED_SHA256)


def index_folder(settings: Settings, embedder: Embedder) -> IndexFolder:
    """Where the index of this corpus and this model is kept."""
    return IndexFolder(settings.corpus_dir, settings.data_dir, embedder)


def open_index(settings: Settings, progress: Progress | None = None) -> Index:
    """The index from disk, or built anew when it is not current; kept in memory only when it cannot be written."""
    folder = index_folder(settings, make_embedder(settings))
    index = folder.load()
    if index is None:
        index = folder.build(progress)
        try:
            folder.save(index)
        except OSError as error:
            log.warning("the index cannot be kept in DATA_DIR (%s); it is built again at each start", error.strerror)
    return index


def make_consultant(settings: Settings, progress: Progress | None = None) -> Consultant:
    """Everything that answers: the index, the loaded embedding model and, when one is set, the language model."""
    writer = Writer.of(settings.llm_model, settings.llm_timeout) if settings.llm_model else None
    index = open_index(settings, progress)
    index.embedder.embed(["warm up"])
    return Consultant(index, writer, str(settings.article_url) if settings.article_url else None)
