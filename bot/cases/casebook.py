"""The framework and teams' sayings in the corpus, and the reader of use cases learned from them, cached on disk."""

import hashlib
import json
import zlib
from functools import cached_property
from pathlib import Path

import numpy as np

from bot.cases.learning import learn, texts_to_embed
from bot.cases.reading import FIRST_PERSON, CaseReader, Judge
from bot.cases.sayings import IRRELEVANT, Saying, Voice, read_voice, voices_of
from bot.deciding.framework import Framework
from bot.deciding.framework_file import read_framework
from bot.errors import CorpusError
from bot.guidance.article import read_articles
from bot.guidance.artifacts import ArtifactCache, hash_files
from bot.guidance.embedding import Embedder
from bot.guidance.nodes import Nodes
from bot.guidance.phrasings import read_phrasings
from bot.guidance.posts import read_posts
from bot.guidance.ranking import Ranker
from bot.guidance.vector_store import VectorStore

FRAMEWORK = "decision-framework.yaml"
PATTERNS = ("*.md", FRAMEWORK, "*.said.yaml", "*.posts.yaml")
RANKER_FILE, JUDGE_FILE = "ranker.npz", "judge.npz"
CASES_FORMAT = 3  # raise it when what is written, or how it is learned, changes
QUESTION_STRIDE = 6  # one question of so many is enough to know questions by


def has_framework(corpus: Path) -> bool:
    """Return True if a corpus has a decision framework; without one the bot only answers questions."""
    return (corpus / FRAMEWORK).is_file()


def load_framework(corpus: Path) -> Framework:
    """Load the framework of a corpus. Raises CorpusError, naming file and line, if it is missing or broken."""
    return read_framework(Nodes(corpus / FRAMEWORK), read_articles(corpus))


def load_voices(corpus: Path, framework: Framework) -> list[Voice]:
    """Load the sayings, one voice per file. Raises CorpusError, naming file and line, if one is broken."""
    voices = [read_voice(Nodes(path), framework) for path in sorted(corpus.glob("*.said.yaml"))]
    return [*voices, *voices_of(read_posts(corpus, read_articles(corpus)))]


def load_training_voices(corpus: Path, framework: Framework) -> list[Voice]:
    """Load the sayings, and some questions of the phrasings: a question about RAG states nothing about the asker."""
    phrasings = read_phrasings(corpus, read_articles(corpus))
    texts = (p.text for p in phrasings if zlib.crc32(p.text.encode("utf-8", "replace")) % QUESTION_STRIDE == 0)
    asked = [Saying(text, IRRELEVANT) for text in texts if not FIRST_PERSON.search(text)]
    return [*load_voices(corpus, framework), Voice("what people ask", tuple(asked), ())]


class Casebook:
    """The cached reader of use cases for one corpus under one embedding model."""

    def __init__(self, corpus: Path, data: Path, embedder: Embedder) -> None:
        self.corpus, self.data, self.embedder = corpus, data, embedder

    @cached_property
    def cache(self) -> ArtifactCache:
        patterns = (*PATTERNS, "*.phrasings.yaml")
        files = [path for pattern in patterns for path in self.corpus.glob(pattern)]
        identity = {"format": CASES_FORMAT, "corpus": hash_files(files), "model": self.embedder.sha256}
        return ArtifactCache(self.data / "cases", identity, (RANKER_FILE, JUDGE_FILE))

    def is_current(self) -> bool:
        """Return True if a complete reader of this corpus and this model is cached."""
        return self.cache.is_current()

    def load(self) -> CaseReader | None:
        """The cached reader, None if it is stale, truncated, foreign or missing."""
        if not self.is_current():
            return None
        with (
            np.load(self.cache.folder / RANKER_FILE, allow_pickle=False) as ranker,
            np.load(self.cache.folder / JUDGE_FILE, allow_pickle=False) as judge,
        ):
            labels = json.loads(str(ranker["labels"]))
            framework = load_framework(self.corpus)
            return CaseReader(framework, Ranker.from_arrays(labels, ranker), Judge.from_arrays(judge))

    def texts(self) -> list[str]:
        """The texts whose vectors `build` needs. Raises CorpusError."""
        return texts_to_embed(load_training_voices(self.corpus, load_framework(self.corpus)))

    def build(self, store: VectorStore | None = None) -> CaseReader:
        """Read the corpus, embed what is new and train. Writes no reader. Raises CorpusError."""
        framework = load_framework(self.corpus)
        voices = load_training_voices(self.corpus, framework)
        texts = texts_to_embed(voices)
        rows = (store or VectorStore(self.data, self.embedder)).embed(texts)
        place = {text: n for n, text in enumerate(texts)}
        try:
            return learn(framework, voices, lambda asked: rows[[place[text] for text in asked]])
        except ValueError as error:
            raise CorpusError(self.corpus, None, f"*.said.yaml: {error}") from error

    def learn(self, store: VectorStore) -> None:
        """Build and save, unless only phrasings have changed that are not learned from. Raises CorpusError, OSError."""
        if not self.cache.adopt(self._content):
            self.save(self.build(store))

    def save(self, reader: CaseReader) -> None:
        """Store the reader on disk. Raises OSError."""

        def write(folder: Path) -> None:
            with (folder / RANKER_FILE).open("wb") as out:
                np.savez(out, allow_pickle=False, labels=json.dumps(reader.ranker.labels), **reader.ranker.arrays())
            with (folder / JUDGE_FILE).open("wb") as out:
                np.savez(out, allow_pickle=False, **reader.judge.arrays())

        self.cache.save(write, self._content)

    @cached_property
    def _content(self) -> str:
        """A hash of all that is learned from: of the phrasings a few."""
        files = hash_files(path for pattern in PATTERNS for path in self.corpus.glob(pattern))
        content = [CASES_FORMAT, self.embedder.sha256, files, self.texts()]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()
