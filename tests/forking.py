"""Processes of the bot that start at once: each is forked from one that has only imported what they import.

It saves every process some five seconds of work. What is forked is the bot as a user starts it, with an environment,
files for what it reads and writes, and an id of its own; that it starts by itself is tested where commands are.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import coverage

from tests.conftest import ROOT

IMPORTED = ["bot.slack.entrances", "bot.discord.entrances", "bot.bootstrap", "sentence_transformers"]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(IMPORTED)
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # is read when it is imported


@dataclass(frozen=True)
class Files:
    """What a process reads, and what it adds to; None is what the tests' process has."""

    errors: Path
    typed: Path | None = None
    shown: Path | None = None


class Forked:
    """`python -m bot WORDS`, as far as tests use `subprocess.Popen`."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str], files: Files) -> None:
        self._process = _context.Process(target=_be_the_bot, args=(list(words), dict(env), files))
        self._process.start()

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

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)


def _be_the_bot(words: list[str], env: dict[str, str], files: Files) -> None:
    from bot.cli import main

    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    sys.argv = ["rag-or-tune", *words]
    sys.path[1:1] = [folder for folder in env.get("PYTHONPATH", "").split(os.pathsep) if folder]
    _open(files)
    measured = coverage.process_startup()  # when `make coverage` asks for it
    try:
        main()
    finally:
        sys.stdout.flush()
        if measured:
            measured.stop()
            measured.save()


def _open(files: Files) -> None:
    for path, stream in ((files.shown, sys.stdout), (files.errors, sys.stderr)):
        if path:
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream.fileno())
    if files.typed:
        os.dup2(os.open(files.typed, os.O_RDONLY), 0)
        sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115 - for good
