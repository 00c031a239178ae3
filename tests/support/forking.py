"""Processes that start at once: each is forked from one that has only imported what they import.

It saves every process some five seconds of work. What is forked is the program as a user starts it, with an
environment, standard files and an id of its own; that the bot starts by itself is tested where commands are.
"""

import fcntl
import multiprocessing
import os
import resource
import runpy
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import reduction
from subprocess import PIPE
from typing import Any, BinaryIO

import coverage

from tests.conftest import ROOT

IMPORTED = ["bot.slack.transports", "bot.discord.gateway", "bot.advising.bootstrap", "onnxruntime"]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(IMPORTED)
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # is read when it is imported


class Forked:
    """`python -m MODULE WORDS`, as far as tests use `subprocess.Popen`.

    Each standard file is a descriptor of ours, None for the one that the tests' process has, or PIPE (not the third).
    A terminal as the first becomes the one that the process is controlled by. It can write `limit` bytes into a file.
    """

    def __init__(
        self,
        module: str,
        words: Sequence[str],
        env: Mapping[str, str],
        *,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        limit: int | None = None,
    ) -> None:
        self.stdin: BinaryIO | None = None
        self.stdout: BinaryIO | None = None
        theirs = list[int]()
        if stdin == PIPE:
            stdin, ours = os.pipe()
            theirs.append(stdin)
            self.stdin = os.fdopen(ours, "wb")
        if stdout == PIPE:
            ours, stdout = os.pipe()
            theirs.append(stdout)
            self.stdout = os.fdopen(ours, "rb")
        files = [descriptor if descriptor is None else _Handed(descriptor) for descriptor in (stdin, stdout, stderr)]
        self._process = _context.Process(target=_be, args=(module, list(words), dict(env), files, limit))
        self._process.start()
        for descriptor in theirs:
            os.close(descriptor)

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when it has ended."""
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired("bot", timeout or 0.0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Closes our ends of its pipes."""
        for pipe in (self.stdin, self.stdout):
            with suppress(BrokenPipeError):
                if pipe:
                    pipe.close()


class _Handed:
    """A descriptor of this process, which is a number of the other's when it gets there."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self._descriptor),)


def _received(handed: Any) -> int:
    return int(handed.detach())


def _be(module: str, words: list[str], env: dict[str, str], files: list[int | None], limit: int | None) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    sys.argv = [module, *words]
    sys.path[1:1] = [folder for folder in env.get("PYTHONPATH", "").split(os.pathsep) if folder]
    _open(files)
    measured = coverage.process_startup()  # when `make coverage` asks for it
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        sys.stdout.flush()
        if measured and limit is None:
            measured.stop()
            measured.save()


def _open(files: Sequence[int | None]) -> None:
    for number, descriptor in enumerate(files):
        if descriptor is not None:
            os.dup2(descriptor, number)
            os.close(descriptor)
    if files[0] is not None:
        sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115 - for good
    if sys.stdin.isatty():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.stdout.reconfigure(line_buffering=sys.stdout.isatty())
