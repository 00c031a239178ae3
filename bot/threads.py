"""Threads that compute: how many, micro-batching, and their memory.

Learning uses every core, answering one thread. To answer, texts are short and matrices small: a second thread saves
only milliseconds, and the two spin while waiting for each other, which doubles CPU use.
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

THREADS_VARIABLE = "OMP_NUM_THREADS"  # read by the libraries that compute, at their start
ARENAS_VARIABLE = "MALLOC_ARENA_MAX"  # read by glibc, at its start
M_ARENA_MAX, ARENAS = -8, 2  # mallopt(3): the parameter, and the number of arenas

EXECUTOR = ThreadPoolExecutor(2, "computing")  # one may read a question while the other reads a use case

MAX_BATCH = 64

_is_single = False  # computing with one thread

Item = TypeVar("Item")
Result = TypeVar("Result")
Pending = tuple[Item, asyncio.Future[Result]]


async def compute(work: Callable[[], Result]) -> Result:
    """Return what `work` returns, run off the event loop. Raises what it raises.

    All computing shares these few threads: its libraries keep buffers of some 12 MB for each thread that ever called
    them, and the event loop's own executor, the engine's, has dozens.
    """
    return await asyncio.get_running_loop().run_in_executor(EXECUTOR, partial(copy_context().run, work))


def use_single_compute_thread() -> None:
    """Compute with one thread from here on, unless the operator has set how many."""
    global _is_single
    if THREADS_VARIABLE not in os.environ:
        _is_single = True
        threadpool_limits(1)


def count_compute_threads() -> int:
    """Threads to compute with: as many as the operator has set; else one for each core, or a single one."""
    wanted = os.environ.get(THREADS_VARIABLE, "")
    if wanted.isdecimal() and int(wanted):
        return int(wanted)
    if _is_single:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_malloc_arenas() -> None:
    """Let threads share two malloc arenas, unless the operator has set how many.

    By default glibc makes one for each of many threads, and each keeps the most that it ever held.
    """
    if ARENAS_VARIABLE not in os.environ:
        with suppress(AttributeError):  # a C library without mallopt
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


class MicroBatcher(Generic[Item, Result]):
    """Micro-batching: items that arrive while a batch runs form the next batch.

    `work` takes up to MAX_BATCH items and returns one result for each, in their order. When a batch fails, its items
    run one by one, so that a bad one does not fail the others.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._work = work
        self._pending: list[Pending[Item, Result]] = []
        self._runner: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        """Return the result for one item. Raises what `work` raises for it."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pending.append((item, future))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[:MAX_BATCH], self._pending[MAX_BATCH:]
            await self._finish(batch)

    async def _finish(self, batch: Sequence[Pending[Item, Result]]) -> None:
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
