"""Runs the commands as a user does: real processes, real pipes, a real terminal."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile

from tests.conftest import PREBUILT, ROOT
from tests.support.forking import Forked

SECONDS = 120
PROMPT = b"\x1b[?2004h"  # bracketed paste is switched on when the prompt is ready


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "OMP_NUM_THREADS", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
        if name in os.environ
    }
    PREBUILT.mkdir(parents=True, exist_ok=True)
    folders = {"DATA_DIR": str(data_dir), "PREBUILT_DIR": str(PREBUILT)}
    return {**kept, **folders, "COLUMNS": "100", "PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1", **more}


def run(
    data_dir: Path, *arguments: str, typed: bytes = b"", limit: int | None = None, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """Runs `rag-or-tune ARGUMENTS`, from a file into files; it can write `limit` bytes into each."""
    with TemporaryFile() as read, TemporaryFile() as shown, TemporaryFile() as errors:
        read.write(typed)
        read.seek(0)
        files = {"stdin": read.fileno(), "stdout": shown.fileno(), "stderr": errors.fileno()}
        process = Forked("bot", arguments, environment(data_dir, **more), **files, limit=limit)
        try:
            code = process.wait(SECONDS)
        finally:
            process.kill()
        for file in (shown, errors):
            file.seek(0)
        return subprocess.CompletedProcess(arguments, code, shown.read(), errors.read())


def run_anew(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The same in a process that nothing was imported for, into pipes."""
    command, variables = [sys.executable, "-m", "bot", *arguments], environment(data_dir)
    return subprocess.run(command, capture_output=True, cwd=ROOT, env=variables, timeout=SECONDS, check=False)


class Screen:
    """`rag-or-tune ARGUMENTS` on a terminal of its own; `shown` is all that was seen there, with its control codes."""

    def __init__(self, data_dir: Path, *arguments: str, is_anew: bool = False, **more: str) -> None:
        self._controller, self._terminal = pty.openpty()
        ends = {"stdin": self._terminal, "stdout": self._terminal, "stderr": self._terminal}
        variables = environment(data_dir, TERM="xterm", LINES="40", **more)
        self._process: Forked | subprocess.Popen[bytes]
        if is_anew:
            command = [sys.executable, "-m", "bot", *arguments]
            self._process = subprocess.Popen(command, **ends, cwd=ROOT, env=variables, start_new_session=True)
        else:
            self._process = Forked("bot", arguments, variables, **ends)
        self.shown = b""
        self._seen = 0  # of it, how much had come when the last mark was there

    def type(self, keys: bytes, *marks: bytes) -> None:
        """Presses keys, and waits until each of the marks is seen, one after another."""
        os.write(self._controller, keys)
        self.wait_for(*marks)

    def wait_for(self, *marks: bytes) -> None:
        for mark in marks:
            self._wait_for(mark)

    def ended(self) -> int:
        """The exit code, when it has ended."""
        code = self._process.wait(SECONDS)
        os.close(self._terminal)
        os.close(self._controller)
        return code

    def _wait_for(self, mark: bytes) -> None:
        deadline = time.monotonic() + SECONDS
        while (found := self.shown.find(mark, self._seen)) < 0:
            assert time.monotonic() < deadline, self.shown[self._seen :]
            if select.select([self._controller], [], [], 1)[0]:
                self.shown += os.read(self._controller, 65536)
        self._seen = found + len(mark)
