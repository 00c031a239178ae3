"""The index: every statement and phrasing as a vector in FAISS, and the ranker learned from them, kept on disk.

It lives in `DATA_DIR/index/<fingerprint>/`, the fingerprint being of the corpus, the model and the format: a stale or
foreign index is never found, a truncated one is seen by the hashes in its manifest and built again. FAISS's own writer
keeps the vectors; nothing is pickled. This is the one module that knows langchain-community.
"""

import hashlib
import json
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np
from scipy import sparse

from bot.errors import CorpusError
from bot.guidance.article import Article, Statement, read_articles
from bot.guidance.embedding import BATCH, Embedder, Vectors
from bot.guidance.phrasings import Kind, Label, read_phrasings
from bot.guidance.ranking import Ranker
from bot.guidance.wording import Wording

if TYPE_CHECKING:
    from langchain_community.vectorstores import FAISS

FORMAT = 2  # raise it when what is written, or how it is learned, changes
EXACT_UP_TO = 50_000  # vectors, which take about as long as one embedding; above, FAISS's HNSW graph searches
AT_ONCE = 8 * BATCH  # texts embedded between two reports of progress
FILES = ("vectors.faiss", "documents.jsonl", "ranker.npz")

Progress = Callable[[int, int], None]


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
    ranker: Ranker
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
        self.corpus, self.data, self.embedder = corpus, data / "index", embedder

    @cached_property
    def folder(self) -> Path:
        """Where the index of the corpus as it is now belongs, there or not."""
        return self.data / hashlib.sha256(json.dumps(self._identity, sort_keys=True).encode()).hexdigest()[:16]

    @cached_property
    def _identity(self) -> dict[str, object]:
        files = sorted([*self.corpus.glob("*.md"), *self.corpus.glob("*.phrasings.yaml")])
        try:
            hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        except OSError as error:
            raise CorpusError(Path(error.filename), None, f"cannot be read ({error.strerror})") from error
        return {"format": FORMAT, "corpus": hashes, "model": self.embedder.sha256}

    def is_current(self) -> bool:
        """Whether an index of this corpus and this model is there, whole."""
        try:
            manifest = json.loads((self.folder / "manifest.json").read_text("utf-8"))
            return bool(manifest["identity"] == self._identity and manifest["files"] == _hashes(self.folder))
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def load(self) -> Index | None:
        """The index from disk, or None when it is stale, truncated, foreign or not there."""
        if not self.is_current():
            return None
        lines = (self.folder / "documents.jsonl").read_text("utf-8").splitlines()
        documents = tuple(_document(line) for line in lines)
        vectors = faiss.read_index(str(self.folder / "vectors.faiss"))
        ranker = _load_ranker(self.folder, documents, vectors)
        return Index(read_articles(self.corpus), documents, vectors, ranker, self.embedder)

    def build(self, progress: Progress | None = None) -> Index:
        """Reads the corpus, embeds what is new in it, learns the ranker. Writes nothing."""
        articles = read_articles(self.corpus)
        documents = tuple(_documents(self.corpus, articles))
        vectors = self._embed([d.text for d in documents], progress or (lambda done, total: None))
        known = examples(documents)
        of_known = [documents[n] for n in known]
        ranker = Ranker.learn([d.text for d in of_known], vectors[known], [d.labels for d in of_known])
        return Index(articles, documents, searchable(vectors), ranker, self.embedder)

    def save(self, index: Index) -> None:
        """Writes the index beside its place and moves it there whole; removes older ones. Raises OSError."""
        self.data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.data, prefix=".new-") as name:
            new = Path(name) / "index"
            new.mkdir()
            (new / "vectors.faiss").write_bytes(faiss.serialize_index(index.vectors).tobytes())
            (new / "documents.jsonl").write_text("".join(_line(d) for d in index.documents), "utf-8")
            _save_ranker(new, index.ranker)
            manifest = {"identity": self._identity, "files": _hashes(new)}
            (new / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
            if not self.is_current():
                shutil.rmtree(self.folder, ignore_errors=True)
                new.rename(self.folder)
        for old in self.data.iterdir():
            if old != self.folder and not old.name.startswith("."):
                shutil.rmtree(old, ignore_errors=True)

    def _embed(self, texts: list[str], progress: Progress) -> Vectors:
        known = self._known_vectors()
        new = [text for text in dict.fromkeys(texts) if text not in known]
        new.sort(key=len)  # equally long texts in a batch waste no padding
        for start in range(0, len(new), AT_ONCE):
            batch = new[start : start + AT_ONCE]
            known.update(zip(batch, list(self.embedder.embed(batch)), strict=True))
            progress(start + len(batch), len(new))
        return np.stack([known[text] for text in texts])

    def _known_vectors(self) -> dict[str, Vectors]:
        """The vectors that an older index, by the same model and format, has for its texts."""
        for old in sorted(self.data.glob("*/manifest.json")):
            try:
                manifest = json.loads(old.read_text("utf-8"))
                same = all(manifest["identity"][part] == self._identity[part] for part in ("format", "model"))
                if same and manifest["files"] == _hashes(old.parent):
                    lines = (old.parent / "documents.jsonl").read_text("utf-8").splitlines()
                    vectors = faiss.read_index(str(old.parent / "vectors.faiss"))
                    kept: Vectors = vectors.reconstruct_n(0, vectors.ntotal)
                    return {_document(line).text: row for line, row in zip(lines, kept, strict=True)}
            except (OSError, ValueError, KeyError, TypeError, RuntimeError):
                continue
        return {}


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
    return json.dumps({"text": document.text, "labels": document.labels}, ensure_ascii=True) + "\n"


def _document(line: str) -> Document:
    found = json.loads(line)
    return Document(found["text"], tuple(Label(Kind(kind), key) for kind, key in found["labels"]))


def _save_ranker(folder: Path, ranker: Ranker) -> None:
    columns = ranker.columns
    with (folder / "ranker.npz").open("wb") as file:
        np.savez(
            file,
            weights=ranker.weights,
            rarity=ranker.wording.rarity,
            data=columns.data,
            indices=columns.indices,
            indptr=columns.indptr,
        )


def _load_ranker(folder: Path, documents: tuple[Document, ...], vectors: faiss.Index) -> Ranker:
    known = examples(documents)
    with np.load(folder / "ranker.npz", allow_pickle=False) as kept:
        rarity = kept["rarity"]
        columns = sparse.csr_matrix((kept["data"], kept["indices"], kept["indptr"]), shape=(len(rarity), len(known)))
        labels = tuple(sorted({label for n in known for label in documents[n].labels}))
        all_vectors: Vectors = vectors.reconstruct_n(0, vectors.ntotal)
        return Ranker(labels, kept["weights"], all_vectors[known], Wording(rarity), columns)


def _hashes(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
