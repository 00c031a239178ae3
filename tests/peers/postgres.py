"""A real Postgres, Debian's, in a folder of its own, on loopback, for as long as the tests run."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.peers.loopback import free_port


def binaries() -> Path | None:
    """The folder with Postgres's programs, the newest of them, if it is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass
class Postgres:
    """A running server."""

    folder: Path
    port: int
    bin: Path

    def database(self, name: str) -> str:
        """The URL of a new, empty database."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._url(name)

    def start(self) -> None:
        self._control("start", "-l", str(self.folder / "log"), "-o", f"-p {self.port} -k {self.folder} -c fsync=off")

    def stop(self) -> None:
        """At once, as in a crash."""
        self._control("stop", "-m", "immediate")

    def _control(self, *arguments: str) -> None:
        run = [str(self.bin / "pg_ctl"), "-D", str(self.folder / "data"), "-w", *arguments]
        subprocess.run(run, check=True, user=_user(), stdout=subprocess.DEVNULL, cwd="/")

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"


@contextmanager
def postgres_server(folder: Path) -> Iterator[Postgres]:
    """A server in `folder`, which must be reachable for the user `postgres` when the tests run as root."""
    programs = binaries()
    assert programs is not None
    if _user():
        shutil.chown(folder, _user())
    port = free_port()
    make = [str(programs / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", "postgres", "--no-sync"]
    subprocess.run(make, check=True, user=_user(), stdout=subprocess.DEVNULL, cwd="/")
    server = Postgres(folder, port, programs)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _user() -> str | None:
    """Postgres refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None
