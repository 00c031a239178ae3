"""A process, from its start until it is asked to stop: the service, its listeners, its HTTP side."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from bot import threads
from bot.advising.bootstrap import make_consultant
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
    async with export_traces(settings), start_service(settings, make, answers=answers) as service:
        running = [partial(listener.listen, service, stopped) for listener in listeners]
        if not parts or "web" in parts or "port" in settings.model_fields_set:
            running.append(partial(web.listen, service, listeners, settings.port, stopped))
        await _run_all(running, stopped)


@asynccontextmanager
async def start_service(settings: Settings, make: MakeAdapters, *, answers: bool = True) -> AsyncIterator[Service]:
    """Run the bot on its platforms until the block ends; unless it `answers`, it only accepts, for workers."""
    quota = Quota(settings.questions_per_user, settings.questions_per_tenant)
    async with open_store(settings) as store:
        platforms = make(settings, store)
        try:
            consultant = await threads.compute(lambda: make_consultant(settings))
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
