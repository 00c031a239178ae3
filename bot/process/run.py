"""A process, from its start until it is asked to stop: the service, its listeners, its HTTP side."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from bot import threads
from bot.advising.bootstrap import Loader
from bot.advising.consultant import Consultant
from bot.chat.adapter import Adapter
from bot.chat.dispatch import Dispatcher
from bot.chat.listener import Service
from bot.chat.presses import PressHandler
from bot.chat.responder import ConsultantResponder
from bot.delivery.janitor import run_flow
from bot.delivery.ports import Platform
from bot.delivery.quota import Quota
from bot.handoff.channel import desk_channels
from bot.handoff.clerk import HandoffClerk
from bot.handoff.handoff import Handoff
from bot.handoff.response_times import ResponseTimes
from bot.handoff.webhook import webhooks
from bot.observing.tracing import export_traces
from bot.process import web
from bot.process.platforms import WORKER, make_adapters, make_listeners
from bot.settings import Settings
from bot.store.store import Store, open_store

MakeAdapters = Callable[[Settings, Store], Mapping[str, Adapter]]
LoadConsultant = Callable[[], Awaitable[Consultant]]

PROGRESS_INTERVAL = 5.0  # seconds between two log lines while it learns

log = logging.getLogger(__name__)


async def run(settings: Settings, parts: Collection[str] = ()) -> None:
    """Run the parts, or without any everything that is set up, until SIGTERM or SIGINT; then drain.

    A worker answers in any case, others unless ANSWERED_BY says otherwise. `web`, and everything, listens on PORT in
    any case, others where it is set. Raises SettingsError where something is lacking, and BotError, after everything
    has stopped, when a listener cannot go on.
    """
    listeners = make_listeners(settings, parts)
    stopped = _stop_on_signals()
    answers = WORKER in parts or settings.answered_by == "itself"
    make = partial(make_adapters, parts=parts)
    port = settings.port if not parts or "web" in parts or "port" in settings.model_fields_set else None
    load = partial(_load_consultant, settings, port, stopped)
    with suppress(_StoppedError):
        async with export_traces(settings), start_service(settings, make, load, answers=answers) as service:
            running = [partial(listener.listen, service, stopped) for listener in listeners]
            if port is not None:
                running.append(partial(web.listen, service, listeners, port, stopped))
            await _run_all(running, stopped)


@asynccontextmanager
async def start_service(
    settings: Settings, make: MakeAdapters, load: LoadConsultant, *, answers: bool = True
) -> AsyncIterator[Service]:
    """Run the bot on its platforms until the block ends; unless it `answers`, it only accepts, for workers."""
    quota = Quota(settings.questions_per_user, settings.questions_per_tenant)
    async with open_store(settings) as store:
        platforms = make(settings, store)
        try:
            consultant = await load()
            responder = ConsultantResponder(consultant, platforms, store.inbox)
            clerk = HandoffClerk(store, platforms, desk_channels(settings), ResponseTimes.of(settings))
            days, reached = settings.retention_days, dict[str, Platform](platforms) | webhooks(settings)
            part = run_flow(store, reached, responder, quota, retention_days=days, clerk=clerk, here=answers)
            async with part as flow:
                handoff = Handoff(store, settings, platforms, flow.wake_post_office)
                presses = PressHandler(store, consultant.adviser, handoff)
                yield Service(Dispatcher(flow, presses, handoff, platforms, days), flow, handoff)
        finally:
            for platform in platforms.values():
                await platform.close()


async def _load_consultant(settings: Settings, port: int | None, stopped: asyncio.Event) -> Consultant:
    """Load the consultant; while it learns, say so, and answer probes on `port`. Raises _StoppedError if stopped."""
    loader, loop = Loader(settings), asyncio.get_running_loop()
    learns, ready = asyncio.Event(), asyncio.Event()
    progress = _LoggedProgress(lambda: loop.call_soon_threadsafe(learns.set))
    loading = asyncio.ensure_future(threads.compute(lambda: loader.load(progress)))
    probing = asyncio.ensure_future(_probe(port, learns, ready))
    waiting = asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({loading, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            await asyncio.to_thread(loader.stop)
        consultant = await loading
    finally:
        waiting.cancel()
        ready.set()
        learns.set()
        await probing
    if consultant is None or stopped.is_set():
        raise _StoppedError
    return consultant


async def _probe(port: int | None, learns: asyncio.Event, ready: asyncio.Event) -> None:
    await learns.wait()
    if port is not None and not ready.is_set():
        await web.answer_probes(port, ready)


class _StoppedError(Exception):
    """The process was stopped before it was ready."""


class _LoggedProgress:
    """Logs progress at its begin and every few seconds; calls `begin` first."""

    def __init__(self, begin: Callable[[], object]) -> None:
        self._begin = begin
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not self._next:
            self._begin()
        if now >= self._next:
            self._next = now + PROGRESS_INTERVAL
            log.warning("learning from the corpus, which is new or has changed: %d %%", 100 * done // max(total, 1))


async def _run_all(running: Sequence[Callable[[], Awaitable[None]]], stopped: asyncio.Event) -> None:
    """Run all listeners; when one ends, stop the others."""
    tasks = [asyncio.ensure_future(listen()) for listen in running]
    for task in tasks:
        task.add_done_callback(lambda _: stopped.set())
    await stopped.wait()
    for problem in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(problem, BaseException):
            raise problem


def _stop_on_signals() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
