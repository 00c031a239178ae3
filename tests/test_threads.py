"""With how many threads the bot computes when it answers."""

from collections.abc import Iterator

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from bot import threads


@pytest.fixture
def two() -> Iterator[None]:
    """Two threads, as a machine with two cores begins."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpool_limits(2):
        yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two")
def test_it_answers_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    threads.answer_with_one()
    assert torch.get_num_threads() == 1
    assert {library["num_threads"] for library in threadpool_info()} == {1}


@pytest.mark.usefixtures("two")
def test_an_operator_may_say_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    threads.answer_with_one()
    assert torch.get_num_threads() == 2
    assert {library["num_threads"] for library in threadpool_info()} == {2}
