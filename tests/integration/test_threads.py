"""With how many threads the bot computes when it answers."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from contextvars import ContextVar

import pytest

from bot import threads
from tests.conftest import ROOT

ALLOCATING = """
import ctypes, sys, threading
from bot import threads
if sys.argv[1:]:
    threads.limit_malloc_arenas()
libc = ctypes.CDLL(None)
start = threading.Barrier(8)
def allocate():
    start.wait()
    for _ in range(20_000):
        libc.malloc(1_000)
many = [threading.Thread(target=allocate) for _ in range(8)]
[thread.start() for thread in many]
[thread.join() for thread in many]
libc.malloc_stats()
"""
COUNTING = """
import faiss, numpy, threadpoolctl
from bot import threads
print(threads.count_compute_threads())
threads.use_single_compute_thread()
print(threads.count_compute_threads(), max(library["num_threads"] for library in threadpoolctl.threadpool_info()))
"""


def count_threads(**more: str) -> list[int]:
    """Threads that a process computes with before it answers, and then; the last are its libraries'."""
    own = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"} | more
    done = subprocess.run([sys.executable, "-c", COUNTING], cwd=ROOT, env=own, capture_output=True, check=True)
    return [int(word) for word in done.stdout.split()]


def test_it_learns_with_every_core_and_answers_with_one() -> None:
    cores = len(os.sched_getaffinity(0))
    assert count_threads() == [cores, 1, 1]


def test_an_operator_may_say_otherwise() -> None:
    assert count_threads(OMP_NUM_THREADS="2") == [2, 2, 2]


def heaps(*how: str, **more: str) -> int:
    """How many heaps a process has whose threads all ask for memory."""
    command = [sys.executable, "-c", ALLOCATING, *how]
    own = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")} | more
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=True)
    return done.stderr.count("Arena ")


@pytest.mark.skipif(
    not hasattr(os, "confstr") or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""), reason="glibc"
)
def test_threads_share_few_heaps() -> None:
    assert heaps() > threads.ARENAS
    assert heaps("share") <= threads.ARENAS
    assert heaps("share", MALLOC_ARENA_MAX="4") > threads.ARENAS


async def test_what_computes_has_few_threads_however_many_ask() -> None:
    def work() -> str:
        time.sleep(0.01)
        return threading.current_thread().name

    names = await asyncio.gather(*(threads.compute(work) for _ in range(50)))
    assert 1 <= len(set(names)) <= 2


async def test_what_computes_is_traced_where_it_was_asked_for_and_fails_there() -> None:
    asked_for = ContextVar("asked_for", default="")
    asked_for.set("here")
    assert await threads.compute(asked_for.get) == "here"
    with pytest.raises(ZeroDivisionError):
        await threads.compute(lambda: 1 // 0)
