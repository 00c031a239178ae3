"""The learned ranker: what does a text ask for? Kernel ridge regression over meaning and wording, from the phrasings.

The kernel of two texts is exp(-|a-b|²) of their embeddings plus SHARE times their common wording (`wording.py`); the
targets are one for what a wording asks for and zero for all else, small talk and unanswerable questions included, so
that a score estimates a probability (Hastie et al., The Elements of Statistical Learning, 5.8). Deterministic, seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from bot.guidance.embedding import Vectors
from bot.guidance.phrasings import Label
from bot.guidance.wording import BUCKETS, HALVES, Wording

SHARE = 0.6  # of wording beside meaning; both constants by cross-validation over the voices
RIDGE = 0.5


@dataclass(frozen=True)
class Ranker:
    """Scores every label for a text. `weights` has shape (examples, labels); `vectors` holds an example a row, and
    `columns` the examples' wording, one a column, so that looking up a text touches only the words that it has.
    """

    labels: tuple[Label, ...]
    weights: NDArray[np.float32]
    vectors: Vectors
    wording: Wording
    columns: sparse.csr_matrix

    @classmethod
    def learn(cls, texts: Sequence[str], vectors: Vectors, asked: Sequence[Sequence[Label]]) -> "Ranker":
        """Learns from example texts, their vectors (one row each) and what each asks for.

        Memory grows with the square of the examples: 10,000 take 400 MB while it learns.
        """
        if not texts:
            return cls((), np.zeros((0, 0), np.float32), vectors, *_nothing())
        labels = tuple(sorted({label for which in asked for label in which}))
        column = {label: number for number, label in enumerate(labels)}
        targets = np.zeros((len(texts), len(labels)), np.float32)
        for row, which in enumerate(asked):
            for label in which:
                targets[row, column[label]] = 1 / len(which)
        wording = Wording.of(texts)
        rows = wording.rows(texts)
        columns = sparse.csr_matrix(rows.T)
        kernel = _kernel(vectors, rows, vectors, columns)
        kernel[np.diag_indices_from(kernel)] += RIDGE
        factor = cho_factor(kernel.T, overwrite_a=True, check_finite=False)  # transposed, LAPACK need not copy it
        weights = cho_solve(factor, targets, check_finite=False)
        return cls(labels, np.asarray(weights, np.float32), vectors, wording, columns)

    def scores(self, texts: Sequence[str], vectors: Vectors) -> NDArray[np.float32]:
        """Shape (len(texts), len(labels)): about the probability that a text asks for each label; may leave 0 to 1."""
        if not self.labels:
            return np.zeros((len(texts), 0), np.float32)
        return _kernel(vectors, self.wording.rows(texts), self.vectors, self.columns) @ self.weights


def _nothing() -> tuple[Wording, sparse.csr_matrix]:
    rarity = np.zeros(len(HALVES) * BUCKETS, np.float32)
    return Wording(rarity), sparse.csr_matrix((len(rarity), 0), dtype=np.float32)


def _kernel(a: Vectors, a_rows: sparse.csr_matrix, b: Vectors, b_columns: sparse.csr_matrix) -> NDArray[np.float32]:
    kernel = a @ b.T  # in place from here on: for an index it is as large as all its examples squared
    kernel *= 2
    kernel -= 2
    np.exp(kernel, out=kernel)
    kernel += ((SHARE * a_rows) @ b_columns).toarray()
    return kernel
