"""How many threads computing takes, every core to learn from the corpus, one to answer; and their memory.

To answer, texts are short and matrices small. Two threads are sooner there by some milliseconds only, and wait for each
other by turning round and round: it takes twice the work, which the rest of the bot then lacks.
"""

import asyncio
import ctypes
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Generic, TypeVar

from threadpoolctl import threadpool_limits

OPERATORS = "OMP_NUM_THREADS"  # what libraries that compute read at their start
OPERATORS_ARENAS = "MALLOC_ARENA_MAX"  # what glibc reads at its start
M_ARENA_MAX, ARENAS = -8, 2  # a parameter of glibc's mallopt, and how many heaps it is to keep

COMPUTERS = ThreadPoolExecutor(2, "computing")  # one may read a question while the other reads a use case

BATCH = 64

Item = TypeVar("Item")
Result = TypeVar("Result")
Waiting = tuple[Item, asyncio.Future[Result]]


async def computed(work: Callable[[], Result]) -> Result:
    """What `work` returns, done off the event loop. Raises what it raises.

    Everything that computes is done in the same few threads, for the libraries that do it keep buffers of some 12 MB
    for each thread that ever asked them; the event loop's own executor, the engine's, has dozens.
    """
    return await asyncio.get_running_loop().run_in_executor(COMPUTERS, partial(copy_context().run, work))


def answer_with_one() -> None:
    """From here on this process computes with one thread, unless its operator has set how many."""
    if OPERATORS in os.environ:
        return
    import torch

    torch.set_num_threads(1)
    threadpool_limits(1)


def share_memory() -> None:
    """From here on this process's threads share few heaps, unless its operator has set how many.

    By default glibc makes one for each of many threads, and keeps what each had at its fullest.
    """
    if OPERATORS_ARENAS not in os.environ:
        with suppress(AttributeError):  # another system's library has no such thing
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


class Batched(Generic[Item, Result]):
    """Micro-batching: items that arrive while a batch is worked on form the next one.

    Calls `work` with all items that wait, up to BATCH at once; `work` returns one result an item, in their order.

    When a batch fails each of its items is worked on alone, so that one that is impossible spoils no other.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._work = work
        self._waiting: list[Waiting[Item, Result]] = []
        self._working: asyncio.Task[None] | None = None

    @classmethod
    def in_thread(cls, work: Callable[[Sequence[Item]], Sequence[Result]]) -> "Batched[Item, Result]":
        """The same for what is computed in a thread, off the event loop."""

        async def in_thread(items: Sequence[Item]) -> Sequence[Result]:
            return await computed(lambda: work(items))

        return cls(in_thread)

    async def __call__(self, item: Item) -> Result:
        """The result for one item. Raises what `work` raises for it."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work_off())
        return await future

    async def _work_off(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            await self._finish(batch)

    async def _finish(self, batch: Sequence[Waiting[Item, Result]]) -> None:
        try:
            results = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            if len(batch) > 1:
                for one in batch:
                    await self._finish([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
