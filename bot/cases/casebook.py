"""The framework and teams' sayings in the corpus, and the reader of use cases learned from them, cached on disk."""

import json
from functools import cached_property
from pathlib import Path

import numpy as np

from bot.cases.learning import learn, texts_to_embed, training_texts
from bot.cases.reading import FIRST_PERSON, CaseReader, Judge
from bot.cases.sayings import IRRELEVANT, Saying, Voice, read_voice
from bot.deciding.framework import Framework
from bot.deciding.framework_file import read_framework
from bot.errors import CorpusError
from bot.guidance.article import read_articles
from bot.guidance.artifacts import ArtifactCache, Progress, hash_files, ignore_progress, read_vectors
from bot.guidance.embedding import Embedder
from bot.guidance.index import make_faiss_index
from bot.guidance.nodes import Nodes
from bot.guidance.phrasings import read_phrasings
from bot.guidance.ranking import Ranker

FRAMEWORK = "decision-framework.yaml"
CASES_FORMAT = 2  # raise it when what is written, or how it is learned, changes
QUESTION_STRIDE = 6  # one question of so many is enough to know questions by


def has_framework(corpus: Path) -> bool:
    """Return True if a corpus has a decision framework; without one the bot only answers questions."""
    return (corpus / FRAMEWORK).is_file()


def load_framework(corpus: Path) -> Framework:
    """Load the framework of a corpus. Raises CorpusError, naming file and line, if it is missing or broken."""
    return read_framework(Nodes(corpus / FRAMEWORK), read_articles(corpus))


def load_voices(corpus: Path, framework: Framework) -> list[Voice]:
    """Load the sayings, one voice per file. Raises CorpusError, naming file and line, if one is broken."""
    return [read_voice(Nodes(path), framework) for path in sorted(corpus.glob("*.said.yaml"))]


def load_training_voices(corpus: Path, framework: Framework) -> list[Voice]:
    """Load the sayings, and some questions of the phrasings: a question about RAG states nothing about the asker."""
    phrasings = read_phrasings(corpus, read_articles(corpus))
    asked = [Saying(p.text, IRRELEVANT) for p in phrasings if not FIRST_PERSON.search(p.text)]
    return [*load_voices(corpus, framework), Voice("what people ask", tuple(asked[::QUESTION_STRIDE]), ())]


class Casebook:
    """The cached reader of use cases for one corpus under one embedding model."""

    def __init__(self, corpus: Path, data: Path, embedder: Embedder) -> None:
        self.corpus, self.data, self.embedder = corpus, data, embedder

    @cached_property
    def cache(self) -> ArtifactCache:
        patterns = ("*.md", FRAMEWORK, "*.said.yaml", "*.phrasings.yaml")
        files = [path for pattern in patterns for path in self.corpus.glob(pattern)]
        identity = {"format": CASES_FORMAT, "corpus": hash_files(files), "model": self.embedder.sha256}
        return ArtifactCache(self.data / "cases", identity, ("ranker.npz", "judge.npz"))

    def is_current(self) -> bool:
        """Return True if a complete reader of this corpus and this model is cached."""
        return self.cache.is_current()

    def load(self) -> CaseReader | None:
        """The cached reader, None if it is stale, truncated, foreign or missing."""
        if not self.is_current():
            return None
        states = [json.loads(line)["states"] for line in self.cache.lines()]
        rows = read_vectors(self.cache.vectors())
        labels = sorted({label for which in states for label in which})
        with (
            np.load(self.cache.folder / "ranker.npz", allow_pickle=False) as ranker,
            np.load(self.cache.folder / "judge.npz", allow_pickle=False) as judge,
        ):
            framework = load_framework(self.corpus)
            return CaseReader(framework, Ranker.from_arrays(labels, rows, ranker), Judge.from_arrays(judge))

    def build(self, progress: Progress = ignore_progress) -> CaseReader:
        """Read the corpus, embed what is new and train. Writes nothing. Raises CorpusError."""
        framework = load_framework(self.corpus)
        voices = load_training_voices(self.corpus, framework)
        texts = texts_to_embed(voices)
        rows = self.cache.embed(texts, self.embedder, progress)
        place = {text: n for n, text in enumerate(texts)}
        try:
            return learn(framework, voices, lambda asked: rows[[place[text] for text in asked]])
        except ValueError as error:
            raise CorpusError(self.corpus, None, f"*.said.yaml: {error}") from error

    def save(self, reader: CaseReader) -> None:
        """Store the reader on disk. Raises OSError."""
        states = training_texts(load_training_voices(self.corpus, reader.framework))
        lines = (json.dumps({"text": text, "states": which}) for text, which in states.items())
        arrays = {"ranker.npz": reader.ranker.arrays(), "judge.npz": reader.judge.arrays()}
        self.cache.save(lines, make_faiss_index(reader.ranker.vectors), arrays)
