"""The durable engine, DBOS: starts work once by its id, here or in a worker, and knows which process has it.

A turn's work has no steps of DBOS's own: our rows are its checkpoints, so it can be restarted from any point, and
DBOS stores nothing but ids of rows.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowSerializationFormat
from sqlalchemy import URL, create_engine, event
from sqlalchemy import Engine as SyncEngine

from bot.delivery.ports import platform_of
from bot.store.accepting import Work
from bot.store.database import DatabaseUrls
from bot.store.sqlite import BUSY_TIMEOUT, make_private, set_up_sqlite

VERSION = "1"  # of the workflow, not of the bot: work started before a deploy continues after it
QUEUE_INTERVAL = 0.25  # seconds between two looks for what another process accepted
POLLING_THREAD = "queue-worker-"  # how the names of DBOS's polling threads begin
JOIN_TIMEOUT = 5.0  # seconds
RETENTION = timedelta(hours=25)  # longer than a platform may deliver an event again
MAX_IDS = 500  # in a statement


@dataclass(frozen=True)
class Run:
    """The state of a run of some work: not started, waiting on the queue, pending in `process`, or over."""

    status: str | None
    process: str | None = None

    @property
    def is_waiting(self) -> bool:
        return self.status == "ENQUEUED"

    @property
    def is_pending(self) -> bool:
        return self.status == "PENDING"


class Engine:
    """DBOS over SQLite or Postgres. There is one in a process, and it belongs to the running event loop."""

    def __init__(
        self,
        urls: DatabaseUrls,
        process: str,
        do: Callable[[Work], Awaitable[None]],
        platforms: Collection[str],
        *,
        here: bool = True,
    ) -> None:
        """`do` is the work; with `here` it is done in this process, else by those that look at its platform's queue.

        `platforms` are those for which this process can do it.
        """
        self._urls = urls
        self._queues = [_queue(platform) for platform in platforms]
        self._process = process
        self._here = here

        @DBOS.workflow(name="turn", serialization_type=WorkflowSerializationFormat.PORTABLE)
        async def workflow(tenant: str, turn: int, runs: int) -> None:
            await do(Work(tenant, turn, runs))

        self._workflow = workflow

    async def start(self) -> None:
        """Connect; from here on, work on the queues is done, too."""
        config = DBOSConfig(
            name="rag-or-tune",
            system_database_url=self._urls.engine.render_as_string(hide_password=False),
            application_version=VERSION,
            executor_id=self._process,
            log_level="WARNING",
            sys_db_pool_size=5,
        )
        if self._urls.is_embedded:
            config["system_database_engine"] = _sqlite(self._urls.engine)
        self._dbos = DBOS(config=config)
        DBOS.listen_queues(self._queues if self._here else [])
        DBOS.launch()
        for queue in self._queues:
            await DBOS.register_queue_async(queue, polling_interval_sec=QUEUE_INTERVAL)

    async def begin(self, work: Work) -> None:
        """Start some work, once: what was started already, in any process, is not started again."""
        with SetWorkflowID(_id(work)):
            if self._here:
                await DBOS.start_workflow_async(self._workflow, work.tenant, work.turn, work.runs)
            else:
                queue = _queue(platform_of(work.tenant))
                await DBOS.enqueue_workflow_async(queue, self._workflow, work.tenant, work.turn, work.runs)

    async def runs(self, works: Sequence[Work]) -> list[Run]:
        """Return the run of each of `works`."""
        found = dict[str, Run]()
        for start in range(0, len(works), MAX_IDS):
            ids = [_id(work) for work in works[start : start + MAX_IDS]]
            for run in await DBOS.list_workflows_async(workflow_ids=ids, load_input=False, load_output=False):
                found[run.workflow_id] = Run(run.status, run.executor_id)
        return [found.get(_id(work), Run(None)) for work in works]

    async def pending_turns(self) -> set[int]:
        """Return the turns whose runs this process has: about to start, running, or about to end."""
        runs = await DBOS.list_workflows_async(
            name="turn", status="PENDING", executor_id=self._process, load_input=False, load_output=False
        )
        return {int(run.workflow_id.partition(".")[0]) for run in runs}

    async def purge(self, unfinished: Sequence[Work]) -> None:
        """Delete what the engine knows of runs older than a day, except of unfinished work."""
        before = (datetime.now(UTC) - RETENTION).isoformat()
        kept = {_id(work) for work in unfinished}
        at_once = MAX_IDS + len(kept)
        while True:
            old = await DBOS.list_workflows_async(
                name="turn", end_time=before, load_input=False, load_output=False, limit=at_once
            )
            ids = [run.workflow_id for run in old if run.workflow_id not in kept]
            if not ids:
                return
            await DBOS.delete_workflows_async(ids)

    async def stop_polling(self) -> None:
        """Stop polling the queues before shutdown; DBOS would otherwise dequeue work it can no longer start.

        Nor does it wait for a database that is away: its threads would keep the process from ending.
        """
        self._dbos._sys_db._retry_connection_errors = False  # noqa: SLF001 DBOS has no setting for it
        for stopped in self._dbos.background_thread_stop_events:
            stopped.set()
        for thread in threading.enumerate():
            if thread.name.startswith(POLLING_THREAD) and thread.is_alive():
                await asyncio.to_thread(thread.join, JOIN_TIMEOUT)

    async def stop(self) -> None:
        """Disconnect. What is pending keeps this process's name, to be taken over by another."""
        loop = asyncio.get_running_loop()
        own_thread = ThreadPoolExecutor(1)
        await loop.run_in_executor(own_thread, partial(DBOS.destroy, destroy_registry=True))
        loop.set_default_executor(ThreadPoolExecutor())  # DBOS had put its own there, which is shut down now
        own_thread.shutdown(wait=False)


def migrate_engine(urls: DatabaseUrls) -> None:
    """Bring the engine's own tables up to date."""
    if urls.is_embedded:
        engine = _sqlite(urls.engine)
        engine.connect().close()
        engine.dispose()
    DBOS.migrate(urls.engine.render_as_string(hide_password=False))


def _queue(platform: str) -> str:
    """The queue of a platform's work, for only a process that has that platform can do it."""
    return f"turns.{platform}"


def _id(work: Work) -> str:
    return f"{work.turn}.{work.runs}"


def _sqlite(url: URL) -> SyncEngine:
    """A pool of one, and transactions that take the lock at their start: two of DBOS's threads never wait for both."""
    make_private(url)
    options = {"check_same_thread": False, "isolation_level": "IMMEDIATE", "timeout": BUSY_TIMEOUT}
    engine = create_engine(url, pool_size=1, max_overflow=0, connect_args=options)
    event.listen(engine, "connect", set_up_sqlite)
    return engine
