"""Between the running bot and a platform: the service that listeners hand on to, and what a platform consists of."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.routing import Route

from bot.chat.adapter import Adapter
from bot.chat.dispatch import Dispatcher
from bot.delivery.flow import Flow
from bot.handoff.handoff import Handoff
from bot.settings import Settings
from bot.store.store import Store


@dataclass(frozen=True)
class Service:
    """The running bot behind every platform: events go to the dispatcher."""

    dispatcher: Dispatcher
    flow: Flow
    handoff: Handoff


class Listener(Protocol):
    """Receives the events of a platform: over a connection of its own, or over HTTP."""

    name: str

    def routes(self, service: Service) -> Sequence[Route]:
        """Return the HTTP routes that the platform calls; none where there is a connection."""

    async def listen(self, service: Service, stopped: asyncio.Event) -> None:
        """Listen until `stopped` is set, and finish what was received. Raises BotError when it cannot go on."""

    async def is_up(self) -> bool:
        """Return True while connected."""


@dataclass(frozen=True)
class PlatformFactory:
    """Makes a platform's adapter, or None where the settings do not set it up, and its listeners.

    Listeners are made for the named parts of `serve`, or without any for what the settings set up. Raises
    SettingsError where something is lacking.
    """

    make_adapter: Callable[[Settings, Store], Adapter | None]
    make_listeners: Callable[[Settings, Collection[str]], Sequence[Listener]]
