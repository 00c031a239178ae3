"""A process: what it delivers to, where it listens, from its start until it is asked to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.chat.service import Platforms, serving
from bot.observing.tracing import tracing
from bot.process import web
from bot.process.listener import Entrance
from bot.settings import Settings


@dataclass(frozen=True)
class Part:
    """What a process does: the `platforms` that it delivers to, the `entrances` at which it listens.

    Each is told the settings, and raises SettingsError where something is not set. One that `is_public` has an HTTP
    side in any case, another when PORT is set. A worker answers in any case, another unless ANSWERED_BY says otherwise.
    """

    platforms: Platforms
    entrances: Callable[[Settings], Sequence[Entrance]]
    is_public: bool = False
    is_worker: bool = False


async def run(settings: Settings, part: Part) -> None:
    """Runs until SIGTERM or SIGINT, then lets what is going on come to its end.

    Raises BotError when an entrance is closed for good; then everything else has come to its end, too.
    """
    entrances = part.entrances(settings)
    stopped = _stopping()
    answers = part.is_worker or settings.answered_by == "itself"
    async with tracing(settings), serving(settings, part.platforms, answers=answers) as service:
        listening = [partial(entrance.listen, service, stopped) for entrance in entrances]
        if part.is_public or "port" in settings.model_fields_set:
            listening.append(partial(web.listen, service, entrances, settings.port, stopped))
        await _together(listening, stopped)


async def _together(listening: Sequence[Callable[[], Awaitable[None]]], stopped: asyncio.Event) -> None:
    """Listens until it is to stop, or until one ends by itself: then the others stop, too."""
    tasks = [asyncio.ensure_future(listen()) for listen in listening]
    for task in tasks:
        task.add_done_callback(lambda _: stopped.set())
    await stopped.wait()
    for problem in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(problem, BaseException):
            raise problem


def _stopping() -> asyncio.Event:
    """Set when the process is asked to end, by SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
