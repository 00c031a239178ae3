"""The durable flow: what it costs, how fast it acknowledges, and what becomes of messages when processes are killed."""

import asyncio
import sqlite3
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from sqlalchemy import insert

from bot.delivery.flow import Flow
from bot.delivery.janitor import run_flow
from bot.guidance.embedding import Embedder
from bot.store import schema
from bot.store.accepting import Message
from bot.store.database import Database, DatabaseUrls
from bot.store.post import Post
from bot.store.records import Delivery, DeliveryState, TurnState
from bot.store.store import Store
from bot.store.tables import ConversationRow, DeliveryRow, TurnRow
from tests.conftest import KEY
from tests.peers.postgres import Postgres, binaries, postgres_server
from tests.support.delivery.crashing import Outcome, Process, crash, prepare, some_messages, when_finished
from tests.support.delivery.staging import UNLIMITED, Repeating
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.timing import packaged_embedder

MESSAGES = 20
CONVERSATIONS = 10_000
MEASURED = 300
AT_ONCE = 10
IDLE = 10.0  # seconds
INSERT = "INSERT INTO messages (text) VALUES (?)"
TEXT = "our price list is different every week, RAG or fine-tuning?"


def figures(length: Length) -> list[Figure]:
    """Every measurement of this module, in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [*asyncio.run(_costs(folder)), *asyncio.run(_acknowledging(folder)), *_idle(folder)]
        outcome = crash(_sqlite(folder, "crashes"), folder, rounds=length.crashes, messages=MESSAGES)
        found += _crashes("SQLite", length.crashes, outcome)
    if binaries() is None:
        return found
    with tempfile.TemporaryDirectory() as name, postgres_server(Path(name)) as server:
        return [*found, *_on_postgres(server, length.crashes)]


class Instant:
    """A platform that takes each post at once; `arrived` tells by its text when it has it."""

    def __init__(self) -> None:
        self.arrived = defaultdict[str, asyncio.Event](asyncio.Event)

    async def send(self, delivery: Delivery) -> str:
        assert isinstance(delivery.content, Post)
        self.arrived[str(delivery.content.rendered["text"])].set()
        return "sent"

    async def find(self, delivery: Delivery) -> str | None:
        del delivery
        return None


async def _costs(folder: Path) -> list[Figure]:
    """A message's way through the flow, its answer being there at once, beside a bare durable insert."""
    platform = Instant()
    async with _flow(_sqlite(folder, "costs"), platform) as flow:
        await _fill(flow.store.database)
        with bare_insert(folder / "bare.sqlite") as bare:
            latencies, inserts = list[float](), list[float]()
            for number in range(MEASURED):
                latencies.append(await _delivered(flow, platform, f"alone {number}"))
                await _until_idle(flow)
                inserts.append(_timed(bare))
            in_turn, ten_inserts = 0.0, 0.0
            for number in range(MEASURED // AT_ONCE):
                started = time.perf_counter()
                await asyncio.gather(*(_delivered(flow, platform, f"{number} with {n}") for n in range(AT_ONCE)))
                await _until_idle(flow)
                in_turn += time.perf_counter() - started
                ten_inserts += sum(_timed(bare) for _ in range(AT_ONCE))
    alone, one = statistics.median(latencies) * 1000, statistics.median(inserts) * 1000
    where = f"{CONVERSATIONS:,} conversations, SQLite"
    return [
        Figure(f"accepted to delivered ({where})", alone, "ms", one, "a bare durable insert", "≤ 8 ms"),
        Figure("the same, p99", _p99(latencies) * 1000, "ms", _p99(inserts) * 1000, "a bare durable insert"),
        Figure(
            f"a message, {AT_ONCE} at once, to its end",
            in_turn / MEASURED * 1000,
            "ms",
            ten_inserts / MEASURED * 1000,
            "a bare durable insert",
            "< 30 ms",
        ),
    ]


async def _acknowledging(folder: Path) -> list[Figure]:
    """How long accepting takes while another thread embeds on all cores."""
    embedder = packaged_embedder()
    async with _flow(_sqlite(folder, "acknowledging"), Instant()) as flow:
        await _fill(flow.store.database)
        with bare_insert(folder / "loaded.sqlite") as bare, _embedding(embedder) as load:
            accepts, inserts = list[float](), list[float]()
            for number in range(MEASURED):
                started = time.perf_counter()
                await flow.accept(_message(f"{number}"))
                accepts.append(time.perf_counter() - started)
                inserts.append(_timed(bare))
                await asyncio.sleep(0.05)
    beside = "a bare durable insert"
    busy = f"all cores embed, {load[0]:.0f} % busy"
    return [
        Figure(f"accept to ack, p50 ({busy})", *_in_ms(statistics.median, accepts, inserts), beside),
        Figure("accept to ack, p99", *_in_ms(_p99, accepts, inserts), beside, "< 100 ms"),
    ]


def _idle(folder: Path) -> list[Figure]:
    process = Process(_sqlite(folder, "idle"), folder / "idle.jsonl").started()
    measured = psutil.Process(process.pid)
    time.sleep(2)
    before = measured.cpu_times()
    time.sleep(IDLE)
    after = measured.cpu_times()
    process.kill()
    used = after.user + after.system - before.user - before.system
    return [Figure("a process without work", used / IDLE * 100, "% of a core")]


def _on_postgres(server: Postgres, rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        takeover = _takeover(_prepared(server, "takeover"), Path(name) / "takeover.jsonl")
        outcome = crash(_prepared(server, "crashes"), Path(name), rounds=rounds, messages=MESSAGES, workers=2)
    return [
        *_crashes("Postgres, two workers", rounds, outcome),
        Figure("a dead worker's turns all delivered by another", takeover, "s", aim="< 30 s"),
    ]


def _takeover(url: str, record: Path) -> float:
    """Seconds from the death of a process, with work in hand, to the end of that work."""
    dying, other = Process(url, record, "--slowness", "1"), Process(url, record)
    for process in (dying, other):
        process.started()
    dying.ask(some_messages("left", MESSAGES))
    dying.kill()
    started = time.perf_counter()
    outcome = when_finished(url, record, MESSAGES)
    taken = time.perf_counter() - started
    other.kill()
    return taken if outcome.is_perfect else float("inf")


def _crashes(where: str, rounds: int, outcome: Outcome) -> list[Figure]:
    what = f"{rounds} × kill -9, {outcome.asked:,} messages, {where}"
    return [
        Figure(f"{what}: lost", outcome.lost, "posts", aim="0"),
        Figure("the same: delivered twice", outcome.doubled, "posts", aim="0"),
        Figure("the same: in order (1: yes)", int(outcome.is_in_order), "", aim="1"),
    ]


@asynccontextmanager
async def _flow(url: str, platform: Instant) -> AsyncIterator[Flow]:
    store = Store(Database(DatabaseUrls.of(url, Path()), [KEY]))
    await schema.migrate(store.database)
    async with run_flow(store, {"test": platform}, Repeating(), UNLIMITED, retention_days=30) as flow:
        yield flow
    await store.close()


async def _fill(database: Database) -> None:
    """Puts conversations of the last weeks into the store, each with a turn that is done."""
    rows, moment = range(1, CONVERSATIONS + 1), datetime.now(UTC) - timedelta(days=7)
    same = {"tenant": "test:one", "user_id": "U0", "address": {}}
    tables: dict[type, Callable[[int], dict[str, object]]] = {
        ConversationRow: lambda n: {"id": n, "tenant": "test:one", "place": f"old {n}", "touched_at": moment},
        TurnRow: lambda n: (
            same
            | {"id": n, "conversation_id": n, "text": TEXT, "state": TurnState.DONE, "reply": {"text": TEXT}}
            | {"accepted_at": moment, "finished_at": moment}
        ),
        DeliveryRow: lambda n: (
            same
            | {
                "turn_id": n,
                "marker": f"{n}",
                "payload": {"text": TEXT},
                "state": DeliveryState.SENT,
                "created_at": moment,
            }
        ),
    }
    async with database.engine.begin() as connection:
        for table, row in tables.items():
            await connection.execute(insert(table), [row(n) for n in rows])


def _message(text: str) -> Message:
    return Message("test:one", text, "U1", text, [text])


async def _delivered(flow: Flow, platform: Instant, text: str) -> float:
    """Seconds until the platform has the answer."""
    started = time.perf_counter()
    await flow.accept(_message(text))
    await platform.arrived[text].wait()
    return time.perf_counter() - started


async def _until_idle(flow: Flow) -> None:
    while True:
        await asyncio.sleep(0.001)
        if not flow.in_progress:
            return


@contextmanager
def bare_insert(file: Path) -> Iterator[Callable[[], object]]:
    """A durable insert without anything around it."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, text TEXT)")
        yield lambda: connection.execute(INSERT, (TEXT,))


@contextmanager
def _embedding(embedder: Embedder) -> Iterator[list[float]]:
    """Embeds on all cores meanwhile; the list holds how busy they were, in percent, at the end."""
    ended, busy = threading.Event(), [0.0]

    def embed() -> None:
        while not ended.is_set():
            embedder.embed([TEXT] * 64)

    thread = threading.Thread(target=embed)
    thread.start()
    psutil.cpu_percent()
    try:
        yield busy
    finally:
        busy[0] = psutil.cpu_percent()
        ended.set()
        thread.join()


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _p99(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


def _in_ms(
    measure: Callable[[Sequence[float]], float], ours: Sequence[float], theirs: Sequence[float]
) -> tuple[float, str, float]:
    return measure(ours) * 1000, "ms", measure(theirs) * 1000


def _sqlite(folder: Path, name: str) -> str:
    return f"sqlite:///{folder}/{name}.sqlite"


def _prepared(server: Postgres, name: str) -> str:
    url = server.database(name)
    asyncio.run(prepare(url))
    return url
