"""Hashed tf-idf of words, word pairs and four-letter pieces; the pieces survive typing errors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize

BUCKETS = 2**18
TERM_KINDS = ("words", "pieces")
MAX_FREQUENCY = 0.03  # a word or piece that a greater share of the texts has tells nothing, and is left out
MIN_FREQUENT_TEXTS = 100  # texts that must have it before that is known


@cache
def _counter(half: str) -> HashingVectorizer:
    if half == "words":
        return HashingVectorizer(
            n_features=BUCKETS, alternate_sign=False, norm=None, ngram_range=(1, 2), token_pattern=r"\b\w+\b"
        )
    return HashingVectorizer(
        n_features=BUCKETS, alternate_sign=False, norm=None, analyzer="char_wb", ngram_range=(4, 4)
    )


def _counts(texts: Sequence[str], half: str) -> sparse.csr_matrix:
    counts = sparse.csr_matrix(_counter(half).transform(texts), dtype=np.float32)
    counts.data = 1 + np.log(counts.data)
    return counts


@dataclass(frozen=True)
class Tfidf:
    """Turns texts into sparse rows; `rarity` is the inverse document frequency of each bucket, words then pieces.

    The dot product of two rows is between 0 and 2: the cosine of the words plus the cosine of the pieces.
    """

    rarity: NDArray[np.float32]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Tfidf":
        """Learn from `texts` which words and pieces are rare."""
        found = [np.bincount(_counts(texts, half).indices, minlength=BUCKETS) for half in TERM_KINDS]
        frequency = np.concatenate(found)
        rarity = np.log((1 + len(texts)) / (1 + frequency)) + 1
        rarity[frequency > max(MAX_FREQUENCY * len(texts), MIN_FREQUENT_TEXTS)] = 0
        return cls(rarity.astype(np.float32))

    def rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """One sparse row per text, shape (len(texts), 2 * BUCKETS)."""
        halves = (_weighed(_counts(texts, half), rarity) for half, rarity in self._by_half())
        return sparse.csr_matrix(sparse.hstack([*halves], format="csr"), dtype=np.float32)

    def _by_half(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        return zip(TERM_KINDS, np.split(self.rarity, len(TERM_KINDS)), strict=True)


def _weighed(counts: sparse.csr_matrix, rarity: NDArray[np.float32]) -> sparse.csr_matrix:
    weighed = counts.multiply(rarity).tocsr()
    weighed.eliminate_zeros()
    return normalize(weighed)
