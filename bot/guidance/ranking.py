"""The learned ranker: what does a text ask for? Kernel ridge regression over meaning and wording, from the phrasings.

The kernel of two texts is exp(-|a-b|²) of their embeddings plus SHARE times their common wording (`tfidf.py`), times
DIFFERS where only one of them negates: embeddings hardly tell "we need sources" from "nobody needs sources". The
targets are one for what a wording asks for and zero for all else, small talk and unanswerable questions included, so
that a score estimates a probability (Hastie et al., The Elements of Statistical Learning, 5.8). Deterministic, seconds.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from bot.guidance.embedding import Vectors
from bot.guidance.tfidf import BUCKETS, TERM_KINDS, Tfidf

_Side = tuple[Vectors, sparse.csr_matrix, NDArray[np.bool_]]
L = TypeVar("L", bound=Any)  # a label: hashable and sortable

WORDING_WEIGHT = 0.6  # of wording beside meaning; both constants by cross-validation over the voices
RIDGE = 0.5
NEGATION_FACTOR = 0.7
BLOCK_ROWS = 512  # rows whose shared wording is computed together: all at once would take three times the memory
NEGATION = re.compile(
    r"\b(?:no|not|never|nobody|none|nothing|without|neither|nor|hardly|barely|rarely|seldom|cannot|nowhere|zero)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
DOUBLE = re.compile(rf"(?:{NEGATION.pattern})[^.!?]*?\b(?:without|unless)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Ranker(Generic[L]):
    """Scores every label for a text. `weights` has shape (examples, labels); `vectors` holds an example a row,
    `columns` the examples' wording, one a column, so that looking up a text touches only the words that it has, and
    `negated` which of them negate.
    """

    labels: tuple[L, ...]
    weights: NDArray[np.float32]
    vectors: Vectors
    wording: Tfidf
    columns: sparse.csr_matrix
    negated: NDArray[np.bool_]

    @classmethod
    def learn(cls, texts: Sequence[str], vectors: Vectors, asked: Sequence[Sequence[L]]) -> "Ranker[L]":
        """Learns from example texts, their vectors (one row each) and what each asks for.

        Memory grows with the square of the examples: 10,000 take 400 MB while it learns.
        """
        if not texts:
            return cls((), np.zeros((0, 0), np.float32), vectors, *_nothing(), negates([]))
        labels = tuple(sorted({label for which in asked for label in which}))
        column = {label: number for number, label in enumerate(labels)}
        targets = np.zeros((len(texts), len(labels)), np.float32)
        for row, which in enumerate(asked):
            for label in which:
                targets[row, column[label]] = 1 / len(which)
        wording = Tfidf.of(texts)
        rows = wording.rows(texts)
        columns = sparse.csr_matrix(rows.T)
        negated = negates(texts)
        kernel = _kernel((vectors, rows, negated), (vectors, columns, negated))
        kernel[np.diag_indices_from(kernel)] += RIDGE
        factor = cho_factor(kernel.T, overwrite_a=True, check_finite=False)  # transposed, LAPACK need not copy it
        weights = cho_solve(factor, targets, check_finite=False)
        return cls(labels, np.asarray(weights, np.float32), vectors, wording, columns, negated)

    @classmethod
    def from_arrays(cls, labels: Sequence[L], vectors: Vectors, kept: Mapping[str, NDArray[Any]]) -> "Ranker[L]":
        """The ranker that `arrays` was taken from; labels in their order, vectors a row for each example."""
        rarity = kept["rarity"]
        columns = sparse.csr_matrix((kept["data"], kept["indices"], kept["indptr"]), shape=(len(rarity), len(vectors)))
        return cls(tuple(labels), kept["weights"], vectors, Tfidf(rarity), columns, kept["negated"])

    def arrays(self) -> dict[str, ArrayLike]:
        """All but the labels and the vectors, to be kept."""
        columns = self.columns
        return {
            "weights": self.weights,
            "rarity": self.wording.rarity,
            "data": columns.data,
            "indices": columns.indices,
            "indptr": columns.indptr,
            "negated": self.negated,
        }

    def scores(self, texts: Sequence[str], vectors: Vectors) -> NDArray[np.float32]:
        """Shape (len(texts), len(labels)): about the probability that a text asks for each label; may leave 0 to 1."""
        if not self.labels:
            return np.zeros((len(texts), 0), np.float32)
        asked = vectors, self.wording.rows(texts), negates(texts)
        return _kernel(asked, (self.vectors, self.columns, self.negated)) @ self.weights


def negates(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which texts hold a negation that no second one takes back, shape (len(texts),)."""
    return np.array([bool(NEGATION.search(DOUBLE.sub(" ", text))) for text in texts], np.bool_)


def _nothing() -> tuple[Tfidf, sparse.csr_matrix]:
    rarity = np.zeros(len(TERM_KINDS) * BUCKETS, np.float32)
    return Tfidf(rarity), sparse.csr_matrix((len(rarity), 0), dtype=np.float32)


def _kernel(a: _Side, b: _Side) -> NDArray[np.float32]:
    (a_vectors, a_rows, a_negated), (b_vectors, b_columns, b_negated) = a, b
    kernel = a_vectors @ b_vectors.T  # in place from here on: for an index it is as large as all its examples squared
    kernel *= 2
    kernel -= 2
    np.exp(kernel, out=kernel)
    for start in range(0, len(kernel), BLOCK_ROWS):
        few = slice(start, start + BLOCK_ROWS)
        kernel[few] += ((WORDING_WEIGHT * a_rows[few]) @ b_columns).toarray()
    for row, negated in enumerate(a_negated):
        kernel[row, b_negated != negated] *= NEGATION_FACTOR
    return kernel
