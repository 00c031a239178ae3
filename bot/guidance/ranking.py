"""The learned ranker: kernel ridge regression over meaning and wording that scores what a text asks for.

The kernel of two texts is exp(-|a-b|²) of their embeddings plus WORDING_WEIGHT times their shared wording (`Tfidf`),
times NEGATION_FACTOR if only one of them negates: embeddings hardly tell "we need sources" from "nobody needs sources".
The targets are one for what a wording asks for and zero for all else, small talk and unanswerable questions included,
so a score estimates a probability (Hastie et al., The Elements of Statistical Learning, 5.8). Deterministic, seconds.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize

from bot.guidance.embedding import Vectors

_Side = tuple[Vectors, sparse.csr_matrix, NDArray[np.bool_]]
L = TypeVar("L", bound=Any)  # a label: hashable and sortable

WORDING_WEIGHT = 0.6  # of wording beside meaning; these constants by cross-validation over the voices
RIDGE = 0.5
NEGATION_FACTOR = 0.7
BUCKETS = 2**18
TERM_COUNTERS = (  # of words and word pairs, and of four-letter pieces, which survive typing errors
    HashingVectorizer(
        n_features=BUCKETS, alternate_sign=False, norm=None, ngram_range=(1, 2), token_pattern=r"\b\w+\b"
    ),
    HashingVectorizer(n_features=BUCKETS, alternate_sign=False, norm=None, analyzer="char_wb", ngram_range=(4, 4)),
)
MAX_FREQUENCY = 0.03  # a word or piece that a greater share of the texts has tells nothing, and is left out
MIN_FREQUENT_TEXTS = 100  # texts that must have it before that is known
BLOCK_ROWS = 512  # rows whose shared wording is computed together: all at once would take three times the memory
NEGATION = re.compile(
    r"\b(?:no|not|never|nobody|none|nothing|without|neither|nor|hardly|barely|rarely|seldom|cannot|nowhere|zero)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
DOUBLE = re.compile(rf"(?:{NEGATION.pattern})[^.!?]*?\b(?:without|unless)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Tfidf:
    """Hashed tf-idf: turns texts into sparse rows.

    `rarity` is the inverse document frequency of each bucket, words then pieces. The dot product of two rows is between
    0 and 2: the cosine of the words plus the cosine of the pieces.
    """

    rarity: NDArray[np.float32]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Tfidf":
        """Learn from `texts` which words and pieces are rare."""
        found = [np.bincount(_counts(texts, counter).indices, minlength=BUCKETS) for counter in TERM_COUNTERS]
        frequency = np.concatenate(found)
        rarity = np.log((1 + len(texts)) / (1 + frequency)) + 1
        rarity[frequency > max(MAX_FREQUENCY * len(texts), MIN_FREQUENT_TEXTS)] = 0
        return cls(rarity.astype(np.float32))

    def rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """One sparse row per text, shape (len(texts), 2 * BUCKETS)."""
        halves = list[sparse.csr_matrix]()
        for counter, rarity in zip(TERM_COUNTERS, np.split(self.rarity, len(TERM_COUNTERS)), strict=True):
            weighted = _counts(texts, counter).multiply(rarity).tocsr()
            weighted.eliminate_zeros()
            halves.append(normalize(weighted))
        return sparse.csr_matrix(sparse.hstack(halves, format="csr"), dtype=np.float32)


@dataclass(frozen=True)
class Ranker(Generic[L]):
    """Scores every label for a text.

    `weights` has shape (examples, labels); `vectors` holds one example per row, `columns` the examples' wording, one
    per column, so that a look-up touches only the words of the text; `negated` marks the examples that negate.
    """

    labels: tuple[L, ...]
    weights: NDArray[np.float32]
    vectors: Vectors
    wording: Tfidf
    columns: sparse.csr_matrix
    negated: NDArray[np.bool_]

    @classmethod
    def learn(cls, texts: Sequence[str], vectors: Vectors, labels_of: Sequence[Sequence[L]]) -> "Ranker[L]":
        """Train on example texts, their vectors (one row each) and their labels.

        Memory grows with the square of the examples: 10,000 take 400 MB during training.
        """
        if not texts:
            wording = Tfidf(np.zeros(len(TERM_COUNTERS) * BUCKETS, np.float32))
            columns = sparse.csr_matrix((len(wording.rarity), 0), dtype=np.float32)
            return cls((), np.zeros((0, 0), np.float32), vectors, wording, columns, negates([]))
        labels = tuple(sorted({label for own in labels_of for label in own}))
        column = {label: number for number, label in enumerate(labels)}
        targets = np.zeros((len(texts), len(labels)), np.float32)
        for row, own in enumerate(labels_of):
            for label in own:
                targets[row, column[label]] = 1 / len(own)
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
    def from_arrays(cls, labels: Sequence[L], vectors: Vectors, arrays: Mapping[str, NDArray[Any]]) -> "Ranker[L]":
        """Restore the ranker from its `arrays`; labels in their order, vectors one row per example."""
        rarity = arrays["rarity"]
        shape = len(rarity), len(vectors)
        columns = sparse.csr_matrix((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)
        return cls(tuple(labels), arrays["weights"], vectors, Tfidf(rarity), columns, arrays["negated"])

    def arrays(self) -> dict[str, ArrayLike]:
        """All but the labels and the vectors, to be saved."""
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
        """About the probability of each label for each text, shape (len(texts), len(labels)); may leave 0 to 1."""
        if not self.labels:
            return np.zeros((len(texts), 0), np.float32)
        asked = vectors, self.wording.rows(texts), negates(texts)
        return _kernel(asked, (self.vectors, self.columns, self.negated)) @ self.weights


def negates(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Mark the texts with a negation that no second one cancels, shape (len(texts),)."""
    return np.array([bool(NEGATION.search(DOUBLE.sub(" ", text))) for text in texts], np.bool_)


def _counts(texts: Sequence[str], counter: HashingVectorizer) -> sparse.csr_matrix:
    counts = sparse.csr_matrix(counter.transform(texts), dtype=np.float32)
    counts.data = 1 + np.log(counts.data)
    return counts


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
