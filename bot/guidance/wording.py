"""Wording as a vector: hashed tf-idf of words, pairs of words and four-letter pieces, which survive typing errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize

BUCKETS = 2**18
HALVES = ("words", "pieces")


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
class Wording:
    """Turns texts into sparse rows; `rarity` is the inverse document frequency of each bucket, words then pieces.

    The dot product of two rows is between 0 and 2: the cosine of the words plus the cosine of the pieces.
    """

    rarity: NDArray[np.float32]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Wording":
        """Learns from `texts` which words and pieces are rare."""
        found = [np.bincount(_counts(texts, half).indices, minlength=BUCKETS) for half in HALVES]
        rarity = np.log((1 + len(texts)) / (1 + np.concatenate(found))) + 1
        return cls(rarity.astype(np.float32))

    def rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """A sparse row for each text, shape (len(texts), 2 * BUCKETS)."""
        halves = [
            normalize(_counts(texts, half).multiply(rarity).tocsr())
            for half, rarity in zip(HALVES, np.split(self.rarity, 2), strict=True)
        ]
        return sparse.csr_matrix(sparse.hstack(halves, format="csr"), dtype=np.float32)
