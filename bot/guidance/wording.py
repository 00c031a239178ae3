"""Wording: texts as sparse rows of hashed words, word pairs and four-letter pieces, which survive typing errors.

Weights are tf-idf. The words of a row and its pieces have length one each.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"\w+")
PIECE = 4  # letters
MAX_FREQUENCY = 0.03  # a word or piece that a greater share of the texts has tells nothing, and is left out
MIN_FREQUENT_TEXTS = 100  # texts that must have it before that is known

Floats = NDArray[np.float32]
Hashes = NDArray[np.int64]


@dataclass(frozen=True)
class SparseRows:
    """Row `n` has the columns `columns[starts[n] : starts[n + 1]]` and the values at the same places."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Floats

    def scaled(self, factor: float) -> "SparseRows":
        """All values times a factor."""
        return SparseRows(self.starts, self.columns, np.float32(factor) * self.values)

    def times(self, matrix: NDArray[np.floating[Any]]) -> Floats:
        """The product with a matrix of shape (columns, width)."""
        product = np.zeros((len(self.starts) - 1, matrix.shape[1]), np.float32)
        filled = np.flatnonzero(np.diff(self.starts))
        if len(filled):
            weighted = matrix[self.columns].astype(np.float32) * self.values[:, None]
            product[filled] = np.add.reduceat(weighted, self.starts[filled], axis=0)
        return product

    def transposed_times(self, matrix: Floats, columns: int) -> Floats:
        """The product of the transposed rows, of so many columns, with a matrix of shape (rows, width)."""
        from scipy import sparse

        rows = sparse.csr_matrix((self.values, self.columns, self.starts), (len(self.starts) - 1, columns))
        product: Floats = rows.T.tocsr() @ matrix
        return product


@dataclass(frozen=True)
class Wording:
    """Hashed tf-idf: the hashes of all words and pieces that count, in order, and their inverse document frequency."""

    hashes: Hashes
    rarity: Floats

    @classmethod
    def learn(cls, texts: Sequence[str]) -> tuple["Wording", SparseRows]:
        """Learn from `texts` which words and pieces are rare; return the wording and their rows."""
        counts = _count(texts)
        hashes, frequency = np.unique(counts[1], return_counts=True)
        rarity = np.log((1 + len(texts)) / (1 + frequency)) + 1
        most = max(MAX_FREQUENCY * len(texts), MIN_FREQUENT_TEXTS)
        wording = cls(hashes[frequency <= most], rarity[frequency <= most].astype(np.float32))
        return wording, wording._weigh(len(texts), *counts)

    def rows(self, texts: Sequence[str]) -> SparseRows:
        """One row per text, with a column for each of `hashes`."""
        return self._weigh(len(texts), *_count(texts))

    def _weigh(self, texts: int, row: NDArray[np.int64], found: Hashes, count: NDArray[np.int64]) -> SparseRows:
        column = np.searchsorted(self.hashes, found)
        column[column == len(self.hashes)] = 0
        is_known = self.hashes[column] == found if len(self.hashes) else np.zeros(len(found), np.bool_)
        row, column, count, half = row[is_known], column[is_known], count[is_known], found[is_known] & 1
        values = (1 + np.log(count)) * self.rarity[column]
        half += 2 * row
        lengths = np.sqrt(np.bincount(half, values * values, 2 * texts))
        starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=texts))])
        return SparseRows(starts, column, (values / lengths[half]).astype(np.float32))


def _count(texts: Sequence[str]) -> tuple[NDArray[np.int64], Hashes, NDArray[np.int64]]:
    """For each text and each hash in it: the text's number, the hash, how often it is there; in order."""
    hashes = [[*_hash(text)] for text in texts]
    rows = np.repeat(np.arange(len(texts)), [len(own) for own in hashes])
    flat = np.fromiter((value for own in hashes for value in own), np.int64, len(rows))
    pairs, count = np.unique((rows << 33) | flat, return_counts=True)
    return pairs >> 33, pairs & ((1 << 33) - 1), count


def _hash(text: str) -> Iterator[int]:
    """The hashes of a text's words and word pairs, which are even, and of its pieces, which are odd."""
    lower = text.lower()
    words = WORD.findall(lower)
    for term in (*words, *map(" ".join, pairwise(words))):
        yield zlib.crc32(term.encode("utf-8", "replace")) << 1
    for word in lower.split():
        padded = f" {word} "
        for start in range(max(1, len(padded) - PIECE + 1)):
            yield zlib.crc32(padded[start : start + PIECE].encode("utf-8", "replace")) << 1 | 1
