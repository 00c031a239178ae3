"""Handing over: a process that only accepts tells the workers on other machines what there is to be answered.

On Postgres it does so by a durable queue of DBOS's. What is on it is nothing but ids of our rows, which the one that
takes a turn takes in our tables, too: what gets lost on the way is found by the janitor. Beside SQLite there is only
the janitor.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import CancelledError as AbandonedError
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread
from typing import Any, Protocol

from bot.delivery.ports import platform_of
from bot.store.accepting import Work
from bot.store.database import DatabaseUrls

log = logging.getLogger(__name__)

APPLICATION = "rag-or-tune"
WORKFLOW = "take"
VERSION = "2"  # of what is handed over, not of the bot
QUEUE_INTERVAL = 0.25  # seconds between two looks for what another process accepted
DISCONNECT_TIMEOUT = 5.0  # seconds; DBOS waits longer for a database that is away
RETENTION = timedelta(hours=25)
MAX_PURGED = 500  # in a statement

Take = Callable[[Work], Awaitable[None]]


class Handover(Protocol):
    """The way from one process to others."""

    async def start(self, take: Take) -> None:
        """Connect; with `take` this process takes what others hand over."""

    async def pass_on(self, work: Work) -> None:
        """Tell others of some work."""

    async def purge(self) -> None:
        """Delete what was handed over long ago."""

    async def stop(self) -> None:
        """Disconnect."""


def handover_of(urls: DatabaseUrls, process: str, platforms: Collection[str], *, here: bool) -> Handover:
    """Return the way of a process: one that answers `here`, on its `platforms`, takes what others hand over."""
    if urls.is_embedded:
        return _NoHandover()
    return _Receiver(urls, process, platforms) if here else _Sender(urls)


def migrate_handover(urls: DatabaseUrls) -> None:
    """Bring the queue's own tables up to date."""
    if not urls.is_embedded:
        from dbos import DBOS

        DBOS.migrate(_address(urls))


class _NoHandover:
    """Beside SQLite, where processes see one another's rows soon enough."""

    async def start(self, take: Take) -> None: ...

    async def pass_on(self, work: Work) -> None: ...

    async def purge(self) -> None: ...

    async def stop(self) -> None: ...


class _Sender:
    """Puts work on the queues."""

    def __init__(self, urls: DatabaseUrls) -> None:
        from dbos import DBOSClient

        self._client = DBOSClient(
            system_database_url=_address(urls),
            application_name=APPLICATION,
            system_database_pool_size=2,
            lazy=True,
            retry_connection_errors=False,
        )

    async def start(self, take: Take) -> None:
        del take

    async def pass_on(self, work: Work) -> None:
        from dbos import EnqueueOptions, WorkflowSerializationFormat

        options = EnqueueOptions(
            workflow_name=WORKFLOW,
            queue_name=_queue(platform_of(work.tenant)),
            app_version=VERSION,
            serialization_type=WorkflowSerializationFormat.PORTABLE,
        )
        await self._client.enqueue_async(options, work.tenant, work.turn)

    async def purge(self) -> None:
        while old := await self._client.list_workflows_async(**_old()):
            await self._client.delete_workflows_async([run.workflow_id for run in old])

    async def stop(self) -> None:
        await _abandon_after(DISCONNECT_TIMEOUT, self._client.destroy)


class _Receiver:
    """Takes work from the queues of some platforms, for only a process that has a platform can answer there."""

    def __init__(self, urls: DatabaseUrls, process: str, platforms: Collection[str]) -> None:
        self._urls = urls
        self._process = process
        self._queues = [_queue(platform) for platform in platforms]

    async def start(self, take: Take) -> None:
        from dbos import DBOS, DBOSConfig, WorkflowSerializationFormat

        loop = asyncio.get_running_loop()

        @DBOS.workflow(name=WORKFLOW, serialization_type=WorkflowSerializationFormat.PORTABLE)
        def workflow(tenant: str, turn: int) -> None:
            """In a thread of DBOS's."""
            with suppress(AbandonedError):
                asyncio.run_coroutine_threadsafe(_call(take, Work(tenant, turn)), loop).result()

        config = DBOSConfig(
            name=APPLICATION,
            system_database_url=_address(self._urls),
            application_version=VERSION,
            executor_id=self._process,
            log_level="ERROR",
            sys_db_pool_size=3,
        )
        DBOS(config=config)
        DBOS.listen_queues(self._queues)
        await asyncio.to_thread(self._launch)

    def _launch(self) -> None:
        from dbos import DBOS

        DBOS.launch()
        for queue in self._queues:
            DBOS.register_queue(queue, polling_interval_sec=QUEUE_INTERVAL)

    async def pass_on(self, work: Work) -> None:
        del work  # this process answers itself

    async def purge(self) -> None:
        from dbos import DBOS

        while old := await asyncio.to_thread(DBOS.list_workflows, **_old()):
            await asyncio.to_thread(DBOS.delete_workflows, [run.workflow_id for run in old])

    async def stop(self) -> None:
        from dbos import DBOS

        await _abandon_after(DISCONNECT_TIMEOUT, partial(DBOS.destroy, destroy_registry=True))


async def _call(take: Take, work: Work) -> None:
    await take(work)


async def _abandon_after(seconds: float, disconnect: Callable[[], None]) -> None:
    """Disconnect in a thread that does not keep the process from ending."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        try:
            disconnect()
        finally:
            with suppress(RuntimeError):  # nobody waits for it any more
                loop.call_soon_threadsafe(done.set)

    Thread(target=run, daemon=True).start()
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), seconds)


def _queue(platform: str) -> str:
    return f"{APPLICATION}.{platform}"


def _old() -> dict[str, Any]:
    """Return which workflows are old, whatever became of them."""
    before = (datetime.now(UTC) - RETENTION).isoformat()
    return {"end_time": before, "load_input": False, "load_output": False, "limit": MAX_PURGED}


def _address(urls: DatabaseUrls) -> str:
    return urls.own.render_as_string(hide_password=False)
