"""Unit tests need nothing but the code and the corpus: no process, no socket, no database, nothing that is learned."""

import sys
from collections.abc import Iterator

import pytest

FAR = {"data_dir", "embedder", "index", "cases", "postgres", "mortal_postgres", "empty_url", "database_url", "store"}
ACTS = ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec", "socket.bind", "socket.connect", "sqlite3.connect")

_is_unit_test_running = False


def _refuse(event: str, _args: tuple[object, ...]) -> None:
    if _is_unit_test_running and event in ACTS:
        raise PermissionError(f"a unit test may not do {event}: such a test belongs into tests/integration")


sys.addaudithook(_refuse)  # which cannot be taken away again


def pytest_runtest_setup(item: pytest.Item) -> None:
    if needed := FAR.intersection(getattr(item, "fixturenames", ())):
        pytest.fail(f"a unit test may not use {', '.join(sorted(needed))}: such a test belongs into tests/integration")


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    global _is_unit_test_running
    _is_unit_test_running = True
    yield
    _is_unit_test_running = False
