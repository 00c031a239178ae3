"""Fit linear models on many labels, by softmax or least squares, over dense features and sparse ones.

The weights of the sparse features are sums of examples (the representer theorem: Schölkopf et al., 2001), so that all
steps run over one coefficient for each example and label. The dense features are whitened, so that some dozens of steps
of L-BFGS or conjugate gradients suffice (Nocedal and Wright, Numerical Optimization, 5.1 and 7.2). Time and memory are
linear in the number of examples. Deterministic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bot.guidance.wording import Floats, SparseRows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAX_STEPS = 40
MEMORY = 5  # steps that tell the curvature
TOLERANCE = 2e-4  # a step that gains a smaller share of the loss is the last
RESIDUAL = 5e-3  # share of the first residual at which conjugate gradients end
SUFFICIENT = 1e-4  # share of the expected gain that a step must bring
MIN_STRIDE = 1e-4
CONFIDENCE = 0.003  # p(1-p) of a label, about: the curvature of softmax near the solution


@dataclass(frozen=True)
class Examples:
    """Examples, one per row, and what a model is to say of them.

    `dense` has shape (examples, features), `targets` (examples, labels). `penalty`, of shape (features, features), is
    the quadratic form that keeps dense weights small; sparse ones have `ridge` times their squares. `columns` counts
    the sparse features.
    """

    dense: Floats
    sparse: SparseRows
    columns: int
    targets: Floats
    penalty: Floats
    ridge: float

    def fit_softmax(self) -> tuple[Floats, Floats]:
        """The weights of the dense and of the sparse features, each of shape (features, labels)."""
        return _Fit(self, CONFIDENCE).minimize_cross_entropy()

    def fit_least_squares(self) -> tuple[Floats, Floats]:
        """The same for the squared error."""
        return _Fit(self, 1.0).minimize_squares()


class _Fit:
    """A place has one row for each dense feature, then for each example, then for each example's sparse scores.

    The third part is the second one times the kernel of the sparse features; it makes the inner product cheap.
    """

    def __init__(self, examples: Examples, curvature: float) -> None:
        self._examples = examples
        self._dense = dense = examples.dense
        self._whitening = _find_whitening(curvature * (dense.T @ dense) + examples.penalty)
        self._penalty = self._whitening.T @ examples.penalty @ self._whitening
        self._width, self._count = dense.shape[1], len(dense)

    @cached_property
    def _shared(self) -> tuple["csr_matrix", "csr_matrix", Floats]:
        """The sparse features that several examples have, the same transposed, and the squares of all others' sums."""
        from scipy import sparse

        rows, shape = self._examples.sparse, (self._count, self._examples.columns)
        all_columns = sparse.csr_matrix((rows.values, rows.columns, rows.starts), shape)
        is_shared = np.bincount(rows.columns, minlength=shape[1]) > 1
        shared = all_columns[:, np.flatnonzero(is_shared)]
        alone = all_columns[:, np.flatnonzero(~is_shared)]
        return shared, shared.T.tocsr(), np.asarray(alone.multiply(alone).sum(axis=1), np.float32)

    def _kernel(self, coefficients: Floats) -> Floats:
        shared, transposed, alone = self._shared
        product: Floats = shared @ (transposed @ coefficients)
        product += alone * coefficients
        product /= np.float32(self._examples.ridge)
        return product

    def _dot(self, a: Floats, b: Floats) -> float:
        """The inner product of two places, in the space of the weights."""
        width, end = self._width, self._width + self._count
        return float(np.vdot(a[:width], b[:width])) + float(np.vdot(a[width:end], b[end:]))

    def _dense_weights(self, place: Floats) -> Floats:
        """The weights of the dense features."""
        return self._whitening @ place[: self._width]

    def _scores(self, place: Floats) -> Floats:
        return np.asarray(self._dense @ self._dense_weights(place) + place[self._width + self._count :], np.float32)

    def _gradient(self, place: Floats, residuals: Floats) -> Floats:
        """The gradient of loss and penalty; `residuals` is that of the loss by the scores."""
        width, end = self._width, self._width + self._count
        gradient = np.empty_like(place)
        gradient[:width] = self._whitening.T @ (self._dense.T @ residuals)
        gradient[:width] += self._penalty @ place[:width]
        gradient[width:end] = residuals
        gradient[end:] = self._kernel(residuals)
        gradient[width:] += place[width:]
        return gradient

    def _start(self) -> Floats:
        return np.zeros((self._width + 2 * self._count, self._examples.targets.shape[1]), np.float32)

    def _weights(self, place: Floats) -> tuple[Floats, Floats]:
        examples, width = self._examples, self._width
        coefficients = place[width : width + self._count] / np.float32(examples.ridge)
        return self._dense_weights(place), examples.sparse.transposed_times(coefficients, examples.columns)

    def minimize_cross_entropy(self) -> tuple[Floats, Floats]:
        targets, width, end = self._examples.targets, self._width, self._width + self._count

        def evaluate(place: Floats) -> tuple[float, Floats]:
            residuals = self._scores(place)
            value = _cross_entropy(residuals, targets)
            value += 0.5 * float(np.vdot(place[:width], self._penalty @ place[:width]))
            value += 0.5 * float(np.vdot(place[width:end], place[end:]))
            return value, self._gradient(place, residuals)

        return self._weights(_minimize(evaluate, self._dot, self._start()))

    def minimize_squares(self) -> tuple[Floats, Floats]:
        """Conjugate gradients, for each label at its own pace."""
        place = self._start()
        residual = -self._gradient(place, -self._examples.targets)
        direction, size = residual.copy(), self._dots(residual, residual)
        enough = RESIDUAL**2 * size.sum()
        for _ in range(MAX_STEPS):
            turned = self._gradient(direction, self._scores(direction))
            stride = size / np.maximum(self._dots(direction, turned), np.finfo(np.float32).tiny)
            place += stride * direction
            residual -= stride * turned
            last, size = size, self._dots(residual, residual)
            if size.sum() < enough:
                break
            direction *= size / np.maximum(last, np.finfo(np.float32).tiny)
            direction += residual
        return self._weights(place)

    def _dots(self, a: Floats, b: Floats) -> Floats:
        """The inner product for each label."""
        width, end = self._width, self._width + self._count
        dots: Floats = np.einsum("nl,nl->l", a[:width], b[:width])
        dots += np.einsum("nl,nl->l", a[width:end], b[end:])
        return dots


def _minimize(
    evaluate: Callable[[Floats], tuple[float, Floats]], dot: Callable[[Floats, Floats], float], start: Floats
) -> Floats:
    """L-BFGS; `evaluate` returns a value and its gradient."""
    place, (value, gradient) = start, evaluate(start)
    steps = list[tuple[Floats, Floats, float]]()
    for _ in range(MAX_STEPS):
        direction = _direct(gradient, steps, dot)
        expected, stride = dot(gradient, direction), 1.0
        while True:
            moved = np.float32(-stride) * direction
            there = place + moved
            lower, slope = evaluate(there)
            if lower <= value - SUFFICIENT * stride * expected or stride < MIN_STRIDE:
                break
            stride /= 2
        turned = slope - gradient
        if (curvature := dot(moved, turned)) > 0:
            steps = [*steps, (moved, turned, 1 / curvature)][-MEMORY:]
        is_last = value - lower < TOLERANCE * abs(lower)
        place, value, gradient = there, lower, slope
        if is_last:
            break
    return place


def _direct(
    gradient: Floats, steps: list[tuple[Floats, Floats, float]], dot: Callable[[Floats, Floats], float]
) -> Floats:
    """The gradient times the inverse curvature that the last steps tell."""
    direction, shares = gradient.copy(), list[float]()
    for moved, turned, inverse in reversed(steps):
        shares.append(inverse * dot(moved, direction))
        direction -= np.float32(shares[-1]) * turned
    if steps:
        _, turned, inverse = steps[-1]
        direction *= np.float32(1 / (inverse * dot(turned, turned)))
    for (moved, turned, inverse), share in zip(steps, reversed(shares), strict=True):
        direction += np.float32(share - inverse * dot(turned, direction)) * moved
    return direction


def _cross_entropy(scores: Floats, targets: Floats) -> float:
    """The cross entropy; turns the scores into its gradient."""
    weights = targets.sum(axis=1, keepdims=True)
    scores -= scores.max(axis=1, keepdims=True)
    value = -float(np.vdot(targets, scores))
    np.exp(scores, out=scores)
    sums = scores.sum(axis=1, keepdims=True)
    value += float(np.vdot(weights, np.log(sums)))
    scores *= weights / sums
    scores -= targets
    return value


def _find_whitening(curvature: Floats) -> Floats:
    """A matrix A for which A' curvature A is the identity."""
    exact = curvature.astype(np.float64)
    exact[np.diag_indices_from(exact)] += 2e-7 * np.trace(exact)  # what single precision may be wrong by
    return np.linalg.inv(np.linalg.cholesky(exact)).T.astype(np.float32)
