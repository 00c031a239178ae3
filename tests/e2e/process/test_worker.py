"""`rag-or-tune worker` as it is run: the consultant, a platform that is plugged in, one Postgres."""

import asyncio
import time
from pathlib import Path
from uuid import uuid4

from bot.store.accepting import Message
from bot.store.database import Database
from bot.store.store import Store
from bot.store.where import Where
from tests.conftest import KEY
from tests.peers.postgres import Postgres
from tests.peers.recorder import posts
from tests.support.delivery.crashing import prepare
from tests.support.forking import Forked
from tests.support.processes import SECONDS, environment, run

PLUGIN = """
import os
from contextlib import asynccontextmanager
from pathlib import Path
from tests.peers.recorder import Recorder

class Plain(Recorder):
    async def check(self):
        return "well"

    async def close(self):
        pass

    @asynccontextmanager
    async def progress(self, turn, keep):
        yield lambda line: None

    def render(self, reply, turn):
        return [{"text": reply.text}]

def surface(settings, store):
    return Plain(Path(os.environ["RECORD"]))
"""
QUESTION = "our price list is different every week, RAG or fine-tuning?"


def test_a_worker_answers_what_was_accepted(postgres: Postgres, data_dir: Path, tmp_path: Path) -> None:
    url, record = postgres.database(uuid4().hex), tmp_path / "record.jsonl"
    asyncio.run(prepare(url))
    asyncio.run(_accept(url))
    variables = {"PYTHONPATH": _plugged_in(tmp_path), "RECORD": str(record), "DATABASE_URL": url, "SECRET_KEYS": KEY}
    errors = tmp_path / "errors"
    with errors.open("wb") as log:
        worker = Forked("bot", ["worker"], environment(data_dir, **variables), stderr=log.fileno())
    try:
        end = time.monotonic() + SECONDS
        while not posts(record) and worker.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        worker.terminate()
        assert worker.wait(SECONDS) == 0
    finally:
        worker.kill()
    assert errors.read_text() == ""
    (post,) = posts(record)
    assert post["to"] == {"channel": "C1"}
    assert "- Your knowledge base changes frequently [1]" in str(post["text"])


def test_without_a_platform_there_is_nothing_to_do_for_a_worker(tmp_path: Path) -> None:
    done = run(tmp_path, "worker")
    assert done.returncode == 1
    assert done.stderr.decode().startswith("rag-or-tune: No platform is set up")


async def _accept(url: str) -> None:
    store = Store(Database(Where.of(url, Path()), [KEY]))
    await store.inbox.accept(Message("test:one", "C1", "U1", QUESTION, ["event-1"], {"channel": "C1"}, "secret"))
    await store.close()


def _plugged_in(folder: Path) -> str:
    """A folder for PYTHONPATH with a distribution that has a platform for us."""
    (folder / "recording.py").write_text(PLUGIN)
    distribution = folder / "recording-1.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: recording\nVersion: 1\n")
    (distribution / "entry_points.txt").write_text("[rag_or_tune.platforms]\ntest = recording:surface\n")
    return str(folder)
