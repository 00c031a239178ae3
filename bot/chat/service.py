"""The running bot behind every platform: the store, the consultant, the flow and the clicks, from start to stop."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot import threads
from bot.advising.bootstrap import make_consultant
from bot.chat.adapter import Surface
from bot.chat.clicks import Clicks
from bot.chat.responder import ConsultantResponder
from bot.delivery.flow import Flow
from bot.delivery.platform import Platform
from bot.delivery.process import taking_part
from bot.delivery.quota import Quota
from bot.handoff.channel import desk_channels
from bot.handoff.clerk import HandoffClerk
from bot.handoff.rules import Rules
from bot.handoff.service import Handoff
from bot.handoff.webhook import webhooks
from bot.settings import Settings
from bot.store.opening import opened
from bot.store.store import Store

Platforms = Callable[[Settings, Store], Mapping[str, Surface]]


@dataclass(frozen=True)
class Service:
    """What platforms hand on to: messages to the flow, presses to the clicks."""

    flow: Flow
    clicks: Clicks
    handoff: Handoff
    retention_days: int


@asynccontextmanager
async def serving(settings: Settings, set_up: Platforms, *, answers: bool = True) -> AsyncIterator[Service]:
    """The bot on the platforms that are set up, until the block ends; unless it `answers`, it accepts for workers."""
    quota = Quota(settings.questions_per_user, settings.questions_per_tenant)
    async with opened(settings) as store:
        platforms = set_up(settings, store)
        try:
            consultant = await threads.computed(lambda: make_consultant(settings))
            responder = ConsultantResponder(consultant, platforms, store.inbox)
            clerk = HandoffClerk(store, platforms, desk_channels(settings), Rules.of(settings))
            days, reached = settings.retention_days, dict[str, Platform](platforms) | webhooks(settings)
            part = taking_part(store, reached, responder, quota, retention_days=days, clerk=clerk, here=answers)
            async with part as flow:
                handoff = Handoff(store, settings, platforms, flow.ring)
                yield Service(flow, Clicks(store, consultant.adviser, handoff), handoff, days)
        finally:
            for platform in platforms.values():
                await platform.close()
