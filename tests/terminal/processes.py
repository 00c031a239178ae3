"""Runs the commands as a user does: real processes, real pipes, a real terminal."""

import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.forking import Files, Forked

SECONDS = 120
PROMPT = b"\x1b[?2004h"  # bracketed paste is switched on when the prompt is ready


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
        if name in os.environ
    }
    return {**kept, "DATA_DIR": str(data_dir), "COLUMNS": "100", "PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1", **more}


def run(data_dir: Path, *arguments: str, typed: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    """Runs `rag-or-tune ARGUMENTS`, from files into files."""
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder) / "errors", Path(folder) / "typed", Path(folder) / "shown")
        Path(folder, "typed").write_bytes(typed)
        process = Forked(arguments, environment(data_dir, **more), files)
        try:
            code = process.wait(SECONDS)
        finally:
            process.kill()
        shown, errors = (path.read_bytes() if path and path.exists() else b"" for path in (files.shown, files.errors))
    return subprocess.CompletedProcess(arguments, code, shown, errors)


def run_anew(
    data_dir: Path, *arguments: str, typed: bytes = b"", limit: int | None = None, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """The same as a user starts it, through pipes; `limit` is the most that it can write into a file, in bytes."""
    variables = environment(data_dir, **more)
    if limit is not None:  # the limit would hit the files of the coverage measurement, too
        variables = {name: value for name, value in variables.items() if not name.startswith("COVERAGE")}

    def small_disk() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        input=typed,
        capture_output=True,
        cwd=ROOT,
        env=variables,
        timeout=SECONDS,
        preexec_fn=small_disk,
        check=False,
    )


def read_until(controller: int, mark: bytes) -> bytes:
    read, deadline = b"", time.monotonic() + SECONDS
    while mark not in read:
        assert time.monotonic() < deadline, read
        if select.select([controller], [], [], 1)[0]:
            read += os.read(controller, 65536)
    return read
