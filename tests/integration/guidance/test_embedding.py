"""The embedding model: unit vectors, of long texts the end counts, too."""

import numpy as np

from bot.guidance.embedding import Embedder


def test_vectors_are_unit_and_the_right_shape(embedder: Embedder) -> None:
    vectors = embedder.embed(["one", "two words", ""])
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, 384)


def test_of_a_long_text_the_end_counts_too(embedder: Embedder) -> None:
    filler = "we sell many things to many people " * 100
    a, b = embedder.embed([filler + "which is faster?", filler + "how much training data?"])
    assert float(a @ b) < 0.99
