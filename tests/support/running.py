"""The real bot in a process of its own, on a loopback platform; and how tests look at what it holds."""

import signal
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.conftest import KEY
from tests.support.forking import Forked
from tests.support.processes import environment

STARTING = 120.0  # seconds; the machine may be busy
ANSWERING = 20.0
STOPPING = 30.0  # the machine may be busy


class Running:
    """`python -m bot …`, with a database in `folder`. There is no `process` before its start and after its end."""

    data_dir: Path
    folder: Path
    settings: dict[str, str]
    process: Forked | None

    def run(self, *words: str, **variables: str) -> None:
        """Starts a process, with environment variables beside those that every one has."""
        with self._log.open("ab") as log:
            self.process = Forked("bot", words, self.environment(**variables), stderr=log.fileno())

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Start it; stop it at the end of the block (unless it is stopped by then) and see that it ends well."""
        try:
            self.start()
            assert self.is_running, self.log
            yield self
            assert self.process is None or self.stop() == 0
        finally:
            self.kill()

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment of its processes."""
        own = {"DATABASE_URL": f"sqlite:///{self._database}", "SECRET_KEYS": KEY, **self.settings, **variables}
        return environment(self.data_dir, **own)

    def kill(self) -> None:
        """kill -9."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def stop(self, seconds: float = STOPPING) -> int:
        """SIGTERM; the exit code, which comes within some seconds."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        self.process = None
        return code

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text()

    def turns(self, channel: str) -> list[tuple[str, str | None]]:
        """The states and errors of all that was asked in a channel."""
        return self.rows(
            "SELECT state, error FROM turns JOIN conversations ON conversations.id = conversation_id"
            " WHERE place = ? OR place LIKE ? ORDER BY turns.id",
            channel,
            f"{channel}/%",
        )

    def rows(self, statement: str, *values: object) -> list[Any]:
        """What the database holds."""
        connection = sqlite3.connect(self._database, timeout=ANSWERING)
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    @property
    def _database(self) -> Path:
        return self.folder / "database.sqlite"

    @property
    def _log(self) -> Path:
        return self.folder / "stderr.txt"


def status(url: str) -> int | None:
    """What a GET answers; None without an answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return None
