"""The index: every statement and phrasing as a vector in FAISS, and the ranker learned from them, kept on disk.

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

INDEX_FORMAT = 5  # raise it when what is written, or how it is learned, changes
EXACT_UP_TO = 50_000  # vectors, which take about as long as one embedding; above, FAISS's HNSW graph searches

NeighbourSearch = Callable[[Vectors, int], Sequence[tuple[int, float]]]
"""The numbers of the so many documents that are nearest to a unit vector, with their cosines."""


class VectorServer(Protocol):
    """What searches vectors outside of this process. An index goes by a name made of what it was learned from.

    Raises BotError, saying what to do, when it cannot be used.
    """

    def holds(self, name: str, count: int) -> bool:
        """Whether the index is there, with so many documents."""

    def fill(self, name: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Puts the index there, whole, in the order of its documents; what is there already stays."""

    def neighbours(self, name: str) -> NeighbourSearch:
        """Searches the index, from the first question on."""


@dataclass(frozen=True)
class Document:
    """What is indexed: a statement's own words, or a phrasing, with what it asks for."""

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
    elsewhere: NeighbourSearch | None = None
    """Searches these vectors in place of FAISS."""

    @cached_property
    def statements(self) -> dict[str, Statement]:
        """By anchor."""
        return {s.anchor: s for article in self.articles for s in article.statements}

    @cached_property
    def unphrased(self) -> frozenset[str]:
        """The anchors of statements without phrasings, which the ranker does not know: found by their own words."""
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
        """By anchor, how near a unit vector is to the own words of each statement that has phrasings."""
        anchors, rows = self._phrased
        return dict(zip(anchors, (rows @ vector).tolist(), strict=True))

    @cached_property
    def _phrased(self) -> tuple[list[str], Vectors]:
        numbers = [number for number, anchor in enumerate(self.statements) if anchor not in self.unphrased]
        anchors = [anchor for anchor in self.statements if anchor not in self.unphrased]
        return anchors, self.vectors.reconstruct_batch(np.array(numbers, np.int64))

    def nearest(self, vector: Vectors, count: int) -> list[tuple[Document, float]]:
        """The `count` documents nearest to a unit vector, with their cosines, nearest first."""
        found = (self.elsewhere or self._in_faiss)(vector, count)
        best = sorted(found, key=lambda number_and_cosine: (-number_and_cosine[1], number_and_cosine[0]))
        return [(self.documents[number], cosine) for number, cosine in best]

    def _in_faiss(self, vector: Vectors, count: int) -> list[tuple[int, float]]:
        found = self.store.similarity_search_with_score_by_vector(vector.tolist(), k=count)
        return [(int(passage.id or ""), float(cosine)) for passage, cosine in found]


class IndexFolder:
    """The place of the index of one corpus under one embedding model: on disk and, if there is one, on a server."""

    def __init__(self, corpus: Path, data: Path, embedder: Embedder, server: VectorServer | None = None) -> None:
        self.corpus, self.data, self.embedder, self.server = corpus, data, embedder, server

    @cached_property
    def kept(self) -> ArtifactCache:
        """The folder itself."""
        corpus = hash_files([*self.corpus.glob("*.md"), *self.corpus.glob("*.phrasings.yaml")])
        identity = {"format": INDEX_FORMAT, "corpus": corpus, "model": self.embedder.sha256}
        return ArtifactCache(self.data / "index", identity, ("ranker.npz",))

    @property
    def name(self) -> str:
        """What it is called on the server."""
        return self.kept.folder.name

    def is_current(self) -> bool:
        """Whether an index of this corpus and this model is there, whole."""
        return self.kept.is_current() and (not self.server or self.server.holds(self.name, len(self.kept.lines())))

    def load(self) -> Index | None:
        """The index as it is kept, or None when it is stale, truncated, foreign or not there."""
        if not self.is_current():
            return None
        documents = tuple(_document(line) for line in self.kept.lines())
        vectors = self.kept.vectors(mapped=self.server is not None)
        known = training_rows(documents)
        labels = sorted({label for n in known for label in documents[n].labels})
        of_known: Vectors = vectors.reconstruct_batch(np.array(known, np.int64))
        with np.load(self.kept.folder / "ranker.npz", allow_pickle=False) as arrays:
            ranker = Ranker.from_arrays(labels, of_known, arrays)
        return Index(read_articles(self.corpus), documents, vectors, ranker, self.embedder, self._elsewhere())

    def build(self, progress: Progress = ignore_progress) -> Index:
        """Reads the corpus, embeds what is new in it, learns the ranker. Writes nothing."""
        articles = read_articles(self.corpus)
        documents = tuple(_documents(self.corpus, articles))
        vectors = self.kept.embed([d.text for d in documents], self.embedder, progress)
        known = training_rows(documents)
        of_known = [documents[n] for n in known]
        ranker = Ranker.learn([d.text for d in of_known], vectors[known], [d.labels for d in of_known])
        kept = make_faiss_index(vectors, exact_up_to=len(vectors) if self.server else EXACT_UP_TO)
        return Index(articles, documents, kept, ranker, self.embedder, self._elsewhere())

    def save(self, index: Index) -> None:
        """Writes the index beside its place and moves it there whole; removes older ones. Raises OSError.

        Before that it is put on the server, if there is one.
        """
        if self.server:
            self.server.fill(self.name, [document.text for document in index.documents], read_vectors(index.vectors))
        self.kept.save(map(_line, index.documents), index.vectors, {"ranker.npz": index.ranker.arrays()})

    def _elsewhere(self) -> NeighbourSearch | None:
        return self.server.neighbours(self.name) if self.server else None


def training_rows(documents: Sequence[Document]) -> list[int]:
    """The numbers of the documents that the ranker learns from: all but the statements that have no phrasings."""
    asked = Counter(label for document in documents for label in document.labels)
    return [
        n
        for n, document in enumerate(documents)
        if any(label.kind is not Kind.STATEMENT or asked[label] > 1 for label in document.labels)
    ]


def _documents(corpus: Path, articles: tuple[Article, ...]) -> Iterator[Document]:
    for article in articles:
        for statement in article.statements:
            yield Document(statement.text, (Label(Kind.STATEMENT, statement.anchor),))
    for phrasing in read_phrasings(corpus, articles):
        yield Document(phrasing.text, phrasing.labels)


def make_faiss_index(vectors: Vectors, exact_up_to: int = EXACT_UP_TO) -> faiss.Index:
    """A FAISS index of unit vectors: exact up to so many, a graph above."""
    count, dimensions = vectors.shape
    if count <= exact_up_to:
        index: faiss.Index = faiss.IndexFlatIP(dimensions)
    else:
        index = faiss.IndexHNSWFlat(dimensions, 32, faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    return index


def _line(document: Document) -> str:
    return json.dumps({"text": document.text, "labels": document.labels}, ensure_ascii=True)


def _document(line: str) -> Document:
    found = json.loads(line)
    return Document(found["text"], tuple(Label(Kind(kind), key) for kind, key in found["labels"]))
