"""Sending: each post once, in order, however often it takes."""

import asyncio
import logging
from datetime import timedelta

from bot.delivery.backoff import LONGEST, is_final, pause, said
from bot.delivery.platform import BusyError, Platform
from bot.store.database import persistently
from bot.store.store import Store
from bot.store.tables import Delivery, Turn

log = logging.getLogger(__name__)

SENDING = 60.0  # seconds for one attempt


class Sender:
    """Sends what is in the outbox. `asleep` are the tasks that wait for their next attempt."""

    def __init__(self, store: Store) -> None:
        self._outbox = store.outbox
        self._clock = store.database.clock
        self.asleep = set[asyncio.Task[None] | None]()

    async def deliver(self, turn: Turn, platform: Platform, *, is_new: bool) -> str | None:
        """Sends all that is pending of a turn; returns why that is impossible, if it is.

        Unless the posts are new, each is looked for on the platform first: it may have been sent before a crash.
        """
        for delivery in await persistently(self._outbox.pending, turn):
            error = await self._send(platform, delivery, is_new=is_new)
            if error:
                return error
        return None

    async def _send(self, platform: Platform, delivery: Delivery, *, is_new: bool) -> str | None:
        if delivery.retry_at and not await self._is_due(delivery, (delivery.retry_at - self._clock()).total_seconds()):
            return None
        attempts = delivery.attempts
        while (problem := await self._attempt(platform, delivery, is_new=is_new)) is not None:
            error = said(problem)
            log.warning("post %d was not delivered: %s", delivery.id, error)
            if is_final(problem, delivery.created_at, self._clock()):
                await persistently(self._outbox.fail, delivery, error)
                return error
            is_new = is_new and isinstance(problem, BusyError)
            seconds = pause(problem, attempts)
            attempts += 1
            await persistently(self._outbox.postpone, delivery, self._clock() + timedelta(seconds=seconds), error)
            if not await self._is_due(delivery, seconds):
                return None
        return None

    async def _attempt(self, platform: Platform, delivery: Delivery, *, is_new: bool) -> Exception | None:
        try:
            async with asyncio.timeout(SENDING):
                sent_as = None if is_new else await platform.find(delivery)
                sent_as = sent_as or await platform.send(delivery)
        except Exception as problem:  # noqa: BLE001 whatever it is, the post stays ours
            return problem
        await persistently(self._outbox.sent, delivery, sent_as)
        return None

    async def _is_due(self, delivery: Delivery, seconds: float) -> bool:
        """Whether a post is still to be sent, after some seconds."""
        await self._sleep(seconds)
        return await persistently(self._outbox.is_pending, delivery)

    async def _sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        self.asleep.add(task)
        try:
            await asyncio.sleep(min(seconds, LONGEST))  # a clock that went back does not keep it longer
        finally:
            self.asleep.discard(task)
