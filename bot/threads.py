"""How many threads computing takes, every core to learn from the corpus, one to answer; and their memory.

To answer, texts are short and matrices small. Two threads are sooner there by some milliseconds only, and wait for each
other by turning round and round: it takes twice the work, which the rest of the bot then lacks.
"""

import asyncio
import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from threadpoolctl import threadpool_limits

OPERATORS = "OMP_NUM_THREADS"  # what libraries that compute read at their start
OPERATORS_ARENAS = "MALLOC_ARENA_MAX"  # what glibc reads at its start
M_ARENA_MAX, ARENAS = -8, 2  # a parameter of glibc's mallopt, and how many heaps it is to keep

COMPUTERS = ThreadPoolExecutor(2, "computing")  # one may read a question while the other reads a use case

Result = TypeVar("Result")


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
