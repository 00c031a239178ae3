"""The embedding model: unit vectors, one batch for those who ask at once."""

import asyncio

import numpy as np
import pytest

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


async def test_questions_that_come_at_once_share_batches(embedder: Embedder) -> None:
    texts = [f"question {n}" for n in range(20)]
    together = await asyncio.gather(*(embedder.embed_soon(text) for text in texts))
    assert np.allclose(np.stack(together), embedder.embed(texts), atol=1e-5)


async def test_everybody_who_waits_hears_of_a_failure(embedder: Embedder) -> None:
    broken = Embedder(embedder.folder.parent)  # a folder without a model
    found = await asyncio.gather(*(broken.embed_soon("x") for _ in range(3)), return_exceptions=True)
    assert [type(error).__name__ for error in found] == ["ModelError"] * 3


def test_a_question_that_was_given_up_does_not_disturb_the_others(embedder: Embedder) -> None:
    async def run() -> None:
        waiting = asyncio.create_task(embedder.embed_soon("given up"))
        other = asyncio.create_task(embedder.embed_soon("kept"))
        await asyncio.sleep(0)
        waiting.cancel()
        assert (await other).shape == (384,)
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(run())
