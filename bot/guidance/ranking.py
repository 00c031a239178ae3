"""The learned ranker: scores what a text asks for by its meaning (the embedding) and its wording.

Two linear models are averaged: softmax regression, which is sure of what it knows, and least squares over a kernel
exp(-|a-b|²) of the embeddings, which knows what is near to nothing. The kernel stands on some of the examples
(Nyström: Williams and Seeger, 2001), so that time and memory are linear in the number of examples. A score estimates a
probability: small talk and unanswerable questions are labels, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.guidance.embedding import Vectors
from bot.guidance.regression import Examples
from bot.guidance.wording import Floats, Wording

HalfFloats = NDArray[np.float16]
L = TypeVar("L", bound=Any)  # a label: hashable and sortable

LANDMARKS = 1_000  # examples that the kernel stands on; these constants by cross-validation over the voices
MEANING, WORDING = 3.0, 4.0  # factors of the features of softmax, and its ridge
SOFTMAX_RIDGE = 1.0
KERNEL_WORDING = 0.6**0.5  # factor of wording beside the kernel, and the ridge of least squares
KERNEL_RIDGE = 0.5
SOFTMAX_SHARE = 0.5  # of the score


@dataclass(frozen=True)
class Ranker(Generic[L]):
    """Scores every label for a text.

    `meaning` and `wording_weights` are of softmax: shape (1 + dimensions, labels), the first row for all texts alike,
    and (words and pieces, labels). `landmarks`, `kernel` and `kernel_wording` are of least squares, likewise.
    """

    labels: tuple[L, ...]
    wording: Wording
    meaning: Floats
    wording_weights: HalfFloats
    landmarks: Vectors
    kernel: Floats
    kernel_wording: HalfFloats

    @classmethod
    def learn(
        cls,
        texts: Sequence[str],
        vectors: Vectors,
        labels_of: Sequence[Sequence[L]],
        weights: ArrayLike | None = None,
    ) -> "Ranker[L]":
        """Train on example texts, their vectors (one row each), their labels and, if they differ, their weights."""
        labels = tuple(sorted({label for own in labels_of for label in own}))
        targets = _target(labels, labels_of)
        wording, rows = Wording.learn(texts)
        count = len(wording.hashes)
        landmarks = vectors[np.unique(np.linspace(0, len(texts) - 1, min(LANDMARKS, len(texts))).astype(int))]
        if not labels:
            nothing = np.zeros((count, 0), np.float32)
            return cls((), wording, nothing, _halve(nothing), landmarks, nothing, _halve(nothing))
        features = MEANING * _with_constant(vectors)
        penalty = SOFTMAX_RIDGE * np.eye(features.shape[1], dtype=np.float32)
        softmax = Examples(features, rows.scaled(WORDING), count, targets, penalty, SOFTMAX_RIDGE).fit_softmax()
        penalty = KERNEL_RIDGE * _kernel(landmarks, landmarks)
        near = _kernel(vectors, landmarks)
        examples = Examples(near, rows.scaled(KERNEL_WORDING), count, targets, penalty, KERNEL_RIDGE)
        squares = examples.fit_least_squares()
        rest = 1 - SOFTMAX_SHARE
        return cls(
            labels,
            wording,
            MEANING * softmax[0],
            _halve(WORDING * softmax[1]),
            landmarks,
            rest * squares[0],
            _halve(rest * KERNEL_WORDING * squares[1]),
        )

    @classmethod
    def from_arrays(cls, labels: Sequence[L], arrays: Mapping[str, NDArray[Any]]) -> "Ranker[L]":
        """Restore the ranker from its `arrays`; labels in their order."""
        names = ("meaning", "wording_weights", "landmarks", "kernel", "kernel_wording")
        wording = Wording(arrays["hashes"], arrays["rarity"])
        return cls(tuple(labels), wording, *(arrays[name] for name in names))

    def arrays(self) -> dict[str, ArrayLike]:
        """All but the labels, to be saved."""
        return {
            "hashes": self.wording.hashes,
            "rarity": self.wording.rarity,
            "meaning": self.meaning,
            "wording_weights": self.wording_weights,
            "landmarks": self.landmarks,
            "kernel": self.kernel,
            "kernel_wording": self.kernel_wording,
        }

    def scores(self, texts: Sequence[str], vectors: Vectors) -> Floats:
        """About the probability of each label for each text, shape (len(texts), len(labels)); may leave 0 to 1."""
        if not self.labels:
            return np.zeros((len(texts), 0), np.float32)
        rows = self.wording.rows(texts)
        scores = _with_constant(vectors) @ self.meaning + rows.times(self.wording_weights)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores *= SOFTMAX_SHARE / scores.sum(axis=1, keepdims=True)
        scores += _kernel(vectors, self.landmarks) @ self.kernel
        scores += rows.times(self.kernel_wording)
        return scores


def _target(labels: Sequence[L], labels_of: Sequence[Sequence[L]]) -> Floats:
    """One for what a text asks for, shared where it fits several labels; shape (texts, labels)."""
    column = {label: number for number, label in enumerate(labels)}
    targets = np.zeros((len(labels_of), len(labels)), np.float32)
    for row, own in enumerate(labels_of):
        for label in own:
            targets[row, column[label]] = 1 / len(own)
    return targets


def _with_constant(vectors: Vectors) -> Floats:
    return np.concatenate([np.ones((len(vectors), 1), np.float32), vectors], axis=1)


def _halve(weights: Floats) -> HalfFloats:
    """In half the memory; a weight needs no more than its first three digits."""
    return weights.astype(np.float16)


def _kernel(a: Vectors, b: Vectors) -> Floats:
    """exp(-|a-b|²) of unit vectors."""
    kernel: Floats = a @ b.T
    kernel *= 2
    kernel -= 2
    np.exp(kernel, out=kernel)
    return kernel
