"""The index: statements and phrasings as vectors in FAISS, and the ranker learned from them, cached on disk.

It is kept in `DATA_DIR/index` (see `artifacts.py`); FAISS's own writer stores the vectors, and nothing is pickled. Only
this module knows langchain-community. If a vector server is configured, it searches instead of FAISS.
"""

import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import faiss
import numpy as np

from bot.guidance.article import Article, Statement, read_articles
from bot.guidance.artifacts import ArtifactCache, Progress, hash_files, ignore_progress, read_vectors
from bot.guidance.embedding import Embedder, Vectors
from bot.guidance.phrasings import Kind, Label, read_phrasings
from bot.guidance.ranking import Ranker

if TYPE_CHECKING:
    from langchain_community.vectorstores import FAISS

INDEX_FORMAT = 5  # to be raised when the files or the training change
EXACT_UP_TO = 50_000  # vectors, whose search takes about as long as one embedding; above, an HNSW graph is built

NeighbourSearch = Callable[[Vectors, int], Sequence[tuple[int, float]]]
"""Returns the numbers of the `count` documents nearest to a unit vector, with their cosines."""


class VectorServer(Protocol):
    """A vector database in another process. An index is named by the hash of what it was learned from.

    Methods raise BotError, saying what to do, if the server cannot be used.
    """

    def holds(self, name: str, count: int) -> bool:
        """Return True if the server has this index, with `count` documents."""

    def fill(self, name: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Store the whole index, in the order of its documents; an index that is there already stays."""

    def neighbours(self, name: str) -> NeighbourSearch:
        """The search of an index; it connects on the first call."""


@dataclass(frozen=True)
class Document:
    """An indexed text: a statement's own words, or a phrasing, with what it asks for."""

    text: str
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Index:
    """A corpus, searchable: the articles, the documents in the order of the vectors, the ranker."""

    articles: tuple[Article, ...]
    documents: tuple[Document, ...]
    vectors: faiss.Index
    ranker: Ranker[Label]
    embedder: Embedder
    remote: NeighbourSearch | None = None  # searches instead of FAISS

    @cached_property
    def statements(self) -> dict[str, Statement]:
        """The statements by anchor."""
        return {s.anchor: s for article in self.articles for s in article.statements}

    @cached_property
    def unphrased(self) -> frozenset[str]:
        """The anchors of statements without phrasings: unknown to the ranker, they are found by their own words."""
        return frozenset(self.statements).difference(label.key for label in self.ranker.labels)

    @cached_property
    def store(self) -> "FAISS":
        """The vectors as LangChain's vector store; a passage's id is its document's number."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            from langchain_community.docstore.in_memory import InMemoryDocstore
            from langchain_community.vectorstores import FAISS
            from langchain_community.vectorstores.utils import DistanceStrategy
            from langchain_core.documents import Document as Passage

        numbers = {number: str(number) for number in range(len(self.documents))}
        passages = {str(n): Passage(page_content=d.text, id=str(n)) for n, d in enumerate(self.documents)}
        return FAISS(
            embedding_function=self.embedder,
            index=self.vectors,
            docstore=InMemoryDocstore(passages),
            index_to_docstore_id=numbers,
            distance_strategy=DistanceStrategy.MAX_INNER_PRODUCT,
        )

    def phrased_cosines(self, vector: Vectors) -> dict[str, float]:
        """The cosine of a unit vector to the own words of each statement that has phrasings, by anchor."""
        anchors, rows = self._phrased
        return dict(zip(anchors, (rows @ vector).tolist(), strict=True))

    @cached_property
    def _phrased(self) -> tuple[list[str], Vectors]:
        numbers = [number for number, anchor in enumerate(self.statements) if anchor not in self.unphrased]
        anchors = [anchor for anchor in self.statements if anchor not in self.unphrased]
        return anchors, self.vectors.reconstruct_batch(np.array(numbers, np.int64))

    def nearest(self, vector: Vectors, count: int) -> list[tuple[Document, float]]:
        """The `count` documents nearest to a unit vector, with their cosines, nearest first."""
        found = (self.remote or self._in_faiss)(vector, count)
        best = sorted(found, key=lambda number_and_cosine: (-number_and_cosine[1], number_and_cosine[0]))
        return [(self.documents[number], cosine) for number, cosine in best]

    def _in_faiss(self, vector: Vectors, count: int) -> list[tuple[int, float]]:
        found = self.store.similarity_search_with_score_by_vector(vector.tolist(), k=count)
        return [(int(passage.id or ""), float(cosine)) for passage, cosine in found]


class IndexFolder:
    """The cached index of one corpus under one embedding model: on disk and, if there is one, on a vector server."""

    def __init__(self, corpus: Path, data: Path, embedder: Embedder, server: VectorServer | None = None) -> None:
        self.corpus, self.data, self.embedder, self.server = corpus, data, embedder, server

    @cached_property
    def cache(self) -> ArtifactCache:
        corpus = hash_files([*self.corpus.glob("*.md"), *self.corpus.glob("*.phrasings.yaml")])
        identity = {"format": INDEX_FORMAT, "corpus": corpus, "model": self.embedder.sha256}
        return ArtifactCache(self.data / "index", identity, ("ranker.npz",))

    def is_current(self) -> bool:
        """Return True if a complete index of this corpus and this model is cached."""
        if not self.cache.is_current():
            return False
        return self.server is None or self.server.holds(self.cache.folder.name, len(self.cache.lines()))

    def load(self) -> Index | None:
        """The cached index, None if it is stale, truncated, foreign or missing."""
        if not self.is_current():
            return None
        documents = tuple(_from_line(line) for line in self.cache.lines())
        vectors = self.cache.vectors(mapped=self.server is not None)
        rows = training_rows(documents)
        labels = sorted({label for n in rows for label in documents[n].labels})
        row_vectors: Vectors = vectors.reconstruct_batch(np.array(rows, np.int64))
        with np.load(self.cache.folder / "ranker.npz", allow_pickle=False) as arrays:
            ranker = Ranker.from_arrays(labels, row_vectors, arrays)
        return Index(read_articles(self.corpus), documents, vectors, ranker, self.embedder, self._remote())

    def build(self, progress: Progress = ignore_progress) -> Index:
        """Read the corpus, embed what is new, train the ranker. Writes nothing."""
        articles = read_articles(self.corpus)
        documents = tuple(_documents(self.corpus, articles))
        vectors = self.cache.embed([d.text for d in documents], self.embedder, progress)
        rows = training_rows(documents)
        training = [documents[n] for n in rows]
        ranker = Ranker.learn([d.text for d in training], vectors[rows], [d.labels for d in training])
        faiss_index = make_faiss_index(vectors, exact_up_to=len(vectors) if self.server else EXACT_UP_TO)
        return Index(articles, documents, faiss_index, ranker, self.embedder, self._remote())

    def save(self, index: Index) -> None:
        """Store the index on the server, if there is one, and on disk. Raises OSError."""
        if self.server:
            texts = [document.text for document in index.documents]
            self.server.fill(self.cache.folder.name, texts, read_vectors(index.vectors))
        self.cache.save(map(_to_line, index.documents), index.vectors, {"ranker.npz": index.ranker.arrays()})

    def _remote(self) -> NeighbourSearch | None:
        return self.server.neighbours(self.cache.folder.name) if self.server else None


def training_rows(documents: Sequence[Document]) -> list[int]:
    """The numbers of the documents that train the ranker: all but the statements without phrasings."""
    frequency = Counter(label for document in documents for label in document.labels)
    return [
        n
        for n, document in enumerate(documents)
        if any(label.kind is not Kind.STATEMENT or frequency[label] > 1 for label in document.labels)
    ]


def _documents(corpus: Path, articles: tuple[Article, ...]) -> Iterator[Document]:
    for article in articles:
        for statement in article.statements:
            yield Document(statement.text, (Label(Kind.STATEMENT, statement.anchor),))
    for phrasing in read_phrasings(corpus, articles):
        yield Document(phrasing.text, phrasing.labels)


def make_faiss_index(vectors: Vectors, exact_up_to: int = EXACT_UP_TO) -> faiss.Index:
    """A FAISS index of unit vectors: exact up to `exact_up_to` of them, an HNSW graph above."""
    count, dimensions = vectors.shape
    if count <= exact_up_to:
        index: faiss.Index = faiss.IndexFlatIP(dimensions)
    else:
        index = faiss.IndexHNSWFlat(dimensions, 32, faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    return index


def _to_line(document: Document) -> str:
    return json.dumps({"text": document.text, "labels": document.labels}, ensure_ascii=True)


def _from_line(line: str) -> Document:
    raw = json.loads(line)
    return Document(raw["text"], tuple(Label(Kind(kind), key) for kind, key in raw["labels"]))
