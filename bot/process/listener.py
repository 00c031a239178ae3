"""Entrances: where what people do on a platform comes in. Each platform has its own, found by an entry point.

An entry point of the group `rag_or_tune.entrances` names a function from settings to entrances: to none where the
settings do not set that platform up. It raises SettingsError where they do so by halves.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from starlette.routing import Route

from bot.chat.plugins import plugins
from bot.chat.service import Service
from bot.settings import Settings


class Entrance(Protocol):
    """A connection of our own to a platform, or what the platform asks of us over HTTP."""

    name: str

    def routes(self, service: Service) -> Sequence[Route]:
        """What is asked of it over HTTP; nothing where it has a connection of its own."""

    async def listen(self, service: Service, stopped: asyncio.Event) -> None:
        """Listens until it is to stop, and lets what it hears come to its end. Raises BotError when it cannot go on."""

    async def is_up(self) -> bool:
        """Whether it is connected just now."""


Plugin = Callable[[Settings], Sequence[Entrance]]


def entrances(settings: Settings) -> list[Entrance]:
    """The entrances of all platforms that the settings set up."""
    made: dict[str, Plugin] = plugins("entrances")
    return [entrance for plugin in made.values() for entrance in plugin(settings)]
