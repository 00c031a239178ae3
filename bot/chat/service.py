"""The running bot behind every platform: what it hands on to, and what hands on to it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.routing import Route

from bot.chat.clicks import Clicks
from bot.delivery.flow import Flow
from bot.handoff.service import Handoff


@dataclass(frozen=True)
class Service:
    """The parts that platforms hand on to: messages to the flow, presses to the clicks."""

    flow: Flow
    clicks: Clicks
    handoff: Handoff
    retention_days: int


class Listener(Protocol):
    """Receives the events of a platform: over a connection of its own, or over HTTP."""

    name: str

    def routes(self, service: Service) -> Sequence[Route]:
        """Return the HTTP routes that the platform calls; none where there is a connection."""

    async def listen(self, service: Service, stopped: asyncio.Event) -> None:
        """Listen until `stopped` is set, and finish what was received. Raises BotError when it cannot go on."""

    async def is_up(self) -> bool:
        """Return True while connected."""
