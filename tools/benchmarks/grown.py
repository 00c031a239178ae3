"""One size of the index, measured in a process of its own.

    python -m tools.benchmarks.grown FOLDER

The folder holds unit vectors of statements and of questions; what was measured is printed as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil

from bot.guidance.embedding import Embedder, Vectors, find_packaged_model
from bot.guidance.index import Document, Index, Library, make_faiss_index
from bot.guidance.phrasings import Kind, Label
from bot.guidance.ranking import Ranker
from tools.benchmarks.figures import interleaved

COUNT = 8  # nearest documents
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Grown:
    """`search` and `product` in milliseconds a question, `build` and `copy` in milliseconds, `memory` and `bare` in MB.

    `recall` is the share of the nearest documents that is found.
    """

    search: float
    product: float
    build: float
    copy: float
    memory: float
    bare: float
    recall: float


def measured(vectors: Vectors, questions: Vectors) -> Grown:
    """The project's index of these vectors, beside numpy."""
    _indexed(vectors[:COUNT])[0].nearest(questions[0], 1)  # what is imported then is not counted
    before = psutil.Process().memory_info().rss
    index, build = _indexed(vectors)
    index.nearest(questions[0], COUNT)
    memory = (psutil.Process().memory_info().rss - before) / MEGABYTE
    copying = time.perf_counter()
    vectors.copy()
    copying = time.perf_counter() - copying
    search, product = interleaved(
        len(questions),
        _over(questions, lambda question: index.nearest(question, COUNT)),
        _over(questions, lambda question: nearest(vectors, question)),
    )
    hits = [_numbers(index, question) & {*nearest(vectors, question).tolist()} for question in questions]
    recall = sum(map(len, hits)) / len(questions) / min(COUNT, len(vectors))
    return Grown(search * 1000, product * 1000, build * 1000, copying * 1000, memory, vectors.nbytes / MEGABYTE, recall)


def nearest(vectors: Vectors, question: Vectors) -> np.ndarray:
    """The rows of the nearest vectors, nearest first."""
    cosines = vectors @ question
    best = np.argpartition(-cosines, COUNT)[:COUNT]
    return best[np.argsort(-cosines[best])]


def _indexed(vectors: Vectors) -> tuple[Index, float]:
    """An index of these vectors, and the seconds that it took to make them searchable."""
    documents = tuple(Document(f"statement {n}", (Label(Kind.STATEMENT, str(n)),)) for n in range(len(vectors)))
    started = time.perf_counter()
    made = make_faiss_index(vectors)
    taken = time.perf_counter() - started
    ranker = Ranker[Label].learn([], vectors[:0], [])
    library = Library(documents, made)
    return Index((), ranker, vectors[:0], Embedder(find_packaged_model()), lambda: library), taken


def _numbers(index: Index, question: Vectors) -> set[int]:
    return {int(document.labels[0].key) for document, _ in index.nearest(question, COUNT)}


def _over(questions: Vectors, act: Callable[[Vectors], object]) -> Callable[[], object]:
    """The act, for one question after another."""
    rest = cycle(questions)
    return lambda: act(next(rest))


if __name__ == "__main__":
    given = Path(sys.argv[1])
    print(json.dumps(asdict(measured(np.load(given / "statements.npy"), np.load(given / "questions.npy")))))
