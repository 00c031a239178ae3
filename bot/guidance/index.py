"""The index: every statement and phrasing as a vector in FAISS, and the ranker learned from them, kept on disk.

It is kept in `DATA_DIR/index` (`kept.py` tells how); FAISS's own writer keeps the vectors, and nothing is pickled. This
is the one module that knows langchain-community.
"""

import json
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np

from bot.guidance.article import Article, Statement, read_articles
from bot.guidance.embedding import Embedder, Vectors
from bot.guidance.kept import Kept, Progress, fingerprints
from bot.guidance.phrasings import Kind, Label, read_phrasings
from bot.guidance.ranking import Ranker

if TYPE_CHECKING:
    from langchain_community.vectorstores import FAISS

FORMAT = 5  # raise it when what is written, or how it is learned, changes
EXACT_UP_TO = 50_000  # vectors, which take about as long as one embedding; above, FAISS's HNSW graph searches


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
        """The vectors as LangChain's vector store; a document's metadata holds its number."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            from langchain_community.docstore.in_memory import InMemoryDocstore
            from langchain_community.vectorstores import FAISS
            from langchain_community.vectorstores.utils import DistanceStrategy
            from langchain_core.documents import Document as Passage

        numbers = {number: str(number) for number in range(len(self.documents))}
        passages = {str(n): Passage(page_content=d.text, metadata={"number": n}) for n, d in enumerate(self.documents)}
        return FAISS(
            embedding_function=self.embedder,
            index=self.vectors,
            docstore=InMemoryDocstore(passages),
            index_to_docstore_id=numbers,
            distance_strategy=DistanceStrategy.MAX_INNER_PRODUCT,
        )

    def nearest(self, vector: Vectors, count: int) -> list[tuple[Document, float]]:
        """The `count` documents nearest to a unit vector, with their cosines, nearest first."""
        found = self.store.similarity_search_with_score_by_vector(vector.tolist(), k=count)
        return [(self.documents[passage.metadata["number"]], float(cosine)) for passage, cosine in found]


class IndexFolder:
    """The place on disk of the index of one corpus under one embedding model."""

    def __init__(self, corpus: Path, data: Path, embedder: Embedder) -> None:
        self.corpus, self.data, self.embedder = corpus, data, embedder

    @cached_property
    def kept(self) -> Kept:
        """The folder itself."""
        corpus = fingerprints([*self.corpus.glob("*.md"), *self.corpus.glob("*.phrasings.yaml")])
        identity = {"format": FORMAT, "corpus": corpus, "model": self.embedder.sha256}
        return Kept(self.data / "index", identity, ("ranker.npz",))

    def is_current(self) -> bool:
        """Whether an index of this corpus and this model is there, whole."""
        return self.kept.is_current()

    def load(self) -> Index | None:
        """The index from disk, or None when it is stale, truncated, foreign or not there."""
        if not self.is_current():
            return None
        documents = tuple(_document(line) for line in self.kept.lines())
        vectors = self.kept.vectors()
        known = examples(documents)
        labels = sorted({label for n in known for label in documents[n].labels})
        all_vectors: Vectors = vectors.reconstruct_n(0, vectors.ntotal)
        with np.load(self.kept.folder / "ranker.npz", allow_pickle=False) as arrays:
            ranker = Ranker.from_arrays(labels, all_vectors[known], arrays)
        return Index(read_articles(self.corpus), documents, vectors, ranker, self.embedder)

    def build(self, progress: Progress | None = None) -> Index:
        """Reads the corpus, embeds what is new in it, learns the ranker. Writes nothing."""
        articles = read_articles(self.corpus)
        documents = tuple(_documents(self.corpus, articles))
        vectors = self.kept.embed([d.text for d in documents], self.embedder, progress or (lambda done, total: None))
        known = examples(documents)
        of_known = [documents[n] for n in known]
        ranker = Ranker.learn([d.text for d in of_known], vectors[known], [d.labels for d in of_known])
        return Index(articles, documents, searchable(vectors), ranker, self.embedder)

    def save(self, index: Index) -> None:
        """Writes the index beside its place and moves it there whole; removes older ones. Raises OSError."""
        self.kept.save(map(_line, index.documents), index.vectors, {"ranker.npz": index.ranker.arrays()})


def examples(documents: Sequence[Document]) -> list[int]:
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


def searchable(vectors: Vectors) -> faiss.Index:
    """A FAISS index of unit vectors: exact up to EXACT_UP_TO, a graph above."""
    count, dimensions = vectors.shape
    if count <= EXACT_UP_TO:
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
