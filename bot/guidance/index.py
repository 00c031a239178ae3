"""The index: statements and phrasings as vectors in FAISS, and the ranker learned from them, cached on disk.

It is kept in `DATA_DIR/index` (see `artifacts.py`); FAISS's own writer stores the vectors, and nothing is pickled. Only
this module knows langchain-community.
"""

import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from bot.guidance.article import Article, Statement, read_articles
from bot.guidance.artifacts import ArtifactCache, hash_files
from bot.guidance.embedding import Embedder, Vectors
from bot.guidance.phrasings import Kind, Label, read_phrasings
from bot.guidance.posts import find_wordings, read_posts
from bot.guidance.ranking import Ranker
from bot.guidance.vector_store import VectorStore

if TYPE_CHECKING:
    import faiss
    from langchain_community.vectorstores import FAISS

INDEX_FORMAT = 7
TEXTS_FILE, VECTORS_FILE, RANKER_FILE = "texts.jsonl", "vectors.faiss", "ranker.npz"
EXACT_UP_TO = 50_000  # vectors, whose search takes about as long as one embedding; above, an HNSW graph is built


@dataclass(frozen=True)
class Document:
    """An indexed text: a statement's own words, or a phrasing, with what it asks for."""

    text: str
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Library:
    """What is learned from: the documents, and their vectors in the same order; the statements come first."""

    documents: tuple[Document, ...]
    vectors: "faiss.Index"

    @property
    def rows(self) -> Vectors:
        """All vectors, one per row."""
        rows: Vectors = self.vectors.reconstruct_n(0, self.vectors.ntotal)
        return rows


@dataclass(frozen=True)
class Index:
    """A corpus, searchable: the articles, the ranker, the vectors of the statements, one per row in reading order.

    `open_library` is called where all texts are needed: for a statement without phrasings, and to learn.
    """

    articles: tuple[Article, ...]
    ranker: Ranker[Label]
    statement_vectors: Vectors
    embedder: Embedder
    open_library: Callable[[], Library]

    @cached_property
    def library(self) -> Library:
        return self.open_library()

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
            from langchain_core.embeddings import Embeddings

        Embeddings.register(type(self.embedder))
        documents = self.library.documents
        numbers = {number: str(number) for number in range(len(documents))}
        passages = {str(n): Passage(page_content=d.text, id=str(n)) for n, d in enumerate(documents)}
        return FAISS(
            embedding_function=cast(Embeddings, self.embedder),
            index=self.library.vectors,
            docstore=InMemoryDocstore(passages),
            index_to_docstore_id=numbers,
            distance_strategy=DistanceStrategy.MAX_INNER_PRODUCT,
        )

    def phrased_cosines(self, vector: Vectors) -> dict[str, float]:
        """The cosine of a unit vector to the own words of each statement that has phrasings, by anchor."""
        anchors, rows = self._phrased
        cosines: list[float] = (rows @ vector).tolist()
        return dict(zip(anchors, cosines, strict=True))

    @cached_property
    def _phrased(self) -> tuple[list[str], Vectors]:
        numbers = [number for number, anchor in enumerate(self.statements) if anchor not in self.unphrased]
        anchors = [anchor for anchor in self.statements if anchor not in self.unphrased]
        return anchors, self.statement_vectors[numbers]

    def vector_of(self, anchor: str) -> Vectors:
        """The vector of a statement's own words."""
        vector: Vectors = self.statement_vectors[list(self.statements).index(anchor)]
        return vector

    def nearest(self, vector: Vectors, count: int) -> list[tuple[Document, float]]:
        """The `count` documents nearest to a unit vector, with their cosines, nearest first."""
        found = self.store.similarity_search_with_score_by_vector(vector.tolist(), k=count)
        best = sorted((-float(cosine), int(passage.id or "")) for passage, cosine in found)
        return [(self.library.documents[number], -cosine) for cosine, number in best]


class IndexFolder:
    """The cached index of one corpus under one embedding model."""

    def __init__(self, corpus: Path, data: Path, embedder: Embedder) -> None:
        self.corpus, self.data, self.embedder = corpus, data, embedder

    @cached_property
    def cache(self) -> ArtifactCache:
        corpus = hash_files(
            [*self.corpus.glob("*.md"), *self.corpus.glob("*.phrasings.yaml"), *self.corpus.glob("*.posts.yaml")]
        )
        identity = {"format": INDEX_FORMAT, "corpus": corpus, "model": self.embedder.sha256}
        return ArtifactCache(self.data / "index", identity, (TEXTS_FILE, VECTORS_FILE, RANKER_FILE))

    def is_current(self) -> bool:
        """Return True if a complete index of this corpus and this model is cached."""
        return self.cache.is_current()

    def load(self) -> Index | None:
        """The cached index, None if it is stale, truncated, foreign or missing."""
        if not self.is_current():
            return None
        with np.load(self.cache.folder / RANKER_FILE, allow_pickle=False) as arrays:
            labels = [Label(Kind(kind), key) for kind, key in json.loads(str(arrays["labels"]))]
            ranker = Ranker.from_arrays(labels, arrays)
            statements: Vectors = arrays["statements"]
        return Index(read_articles(self.corpus), ranker, statements, self.embedder, self._open_library)

    def texts(self) -> list[str]:
        """The texts whose vectors `build` needs. Raises CorpusError."""
        return [document.text for document in _documents(self.corpus, read_articles(self.corpus))]

    def build(self, store: VectorStore | None = None) -> Index:
        """Read the corpus, embed what is new, train the ranker. Writes no index."""
        articles = read_articles(self.corpus)
        documents = tuple(_documents(self.corpus, articles))
        vectors = (store or VectorStore(self.data, self.embedder)).embed([d.text for d in documents])
        rows = training_rows(documents)
        training = [documents[n] for n in rows]
        ranker = Ranker.learn([d.text for d in training], vectors[rows], [d.labels for d in training])
        count = sum(len(article.statements) for article in articles)
        library = Library(documents, make_faiss_index(vectors))
        return Index(articles, ranker, vectors[:count], self.embedder, lambda: library)

    def learn(self, store: VectorStore) -> None:
        """Build and save. Raises CorpusError, OSError."""
        self.save(self.build(store))

    def save(self, index: Index) -> None:
        """Store the index on disk. Raises OSError."""

        def write(folder: Path) -> None:
            import faiss

            (folder / VECTORS_FILE).write_bytes(faiss.serialize_index(index.library.vectors).tobytes())
            (folder / TEXTS_FILE).write_text("".join(map(_to_line, index.library.documents)), "utf-8")
            labels = json.dumps(index.ranker.labels)
            with (folder / RANKER_FILE).open("wb") as out:
                learned = index.ranker.arrays()
                np.savez(out, allow_pickle=False, labels=labels, statements=index.statement_vectors, **learned)

        self.cache.save(write)

    def _open_library(self) -> Library:
        import faiss

        lines = (self.cache.folder / TEXTS_FILE).read_text("utf-8").splitlines()
        return Library(tuple(map(_from_line, lines)), faiss.read_index(str(self.cache.folder / VECTORS_FILE)))


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
    for phrasing in (*read_phrasings(corpus, articles), *find_wordings(read_posts(corpus, articles))):
        yield Document(phrasing.text, phrasing.labels)


def make_faiss_index(vectors: Vectors, exact_up_to: int = EXACT_UP_TO) -> "faiss.Index":
    """A FAISS index of unit vectors: exact up to `exact_up_to` of them, an HNSW graph above."""
    import faiss

    count, dimensions = vectors.shape
    if count <= exact_up_to:
        index: faiss.Index = faiss.IndexFlatIP(dimensions)
    else:
        index = faiss.IndexHNSWFlat(dimensions, 32, faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    return index


def _to_line(document: Document) -> str:
    return json.dumps({"text": document.text, "labels": document.labels}, ensure_ascii=True) + "\n"


def _from_line(line: str) -> Document:
    raw = json.loads(line)
    return Document(raw["text"], tuple(Label(Kind(kind), key) for kind, key in raw["labels"]))
