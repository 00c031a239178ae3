"""Sends the posts of a turn: each once, in order, with retries."""

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.delivery.ports import BusyError, Platform, RefusedError, platform_of
from bot.observing import metrics
from bot.store.outbox import Sent
from bot.store.records import Delivery
from bot.store.retrying import persistently
from bot.store.store import Store

log = logging.getLogger(__name__)

SEND_TIMEOUT = 60.0  # seconds for one attempt
FIRST_PAUSE, MAX_PAUSE = 0.5, 600.0  # seconds
MAX_DOUBLINGS = 20  # enough to reach the longest
GIVE_UP_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Delivered:
    """The outcome of a delivery: the `error` of a post that can never be delivered, or the `last` post, still to store.

    Not `ours` any more: the question was deleted, its user forgotten, or another run took over.
    """

    error: str | None = None
    last: Sent | None = None
    ours: bool = True


def count_attempt(tenant: str, result: str) -> None:
    """Count an attempt to deliver a post: `sent`, `retried` or `failed`."""
    metrics.deliveries.labels(platform_of(tenant), result).inc()


class Sender:
    """Sends what is in the outbox. `asleep` are the tasks that wait for their next attempt."""

    def __init__(self, store: Store, max_pause: float = MAX_PAUSE) -> None:
        self._max_pause = max_pause
        self._outbox = store.outbox
        self._clock = store.database.clock
        self.asleep = set[asyncio.Task[None] | None]()

    async def deliver(self, posts: Sequence[Delivery], platform: Platform, *, are_new: bool) -> Delivered:
        """Send posts in their order, up to the first that cannot be sent.

        Unless they are new, each is looked for on the platform first: it may have been sent before a crash. If the
        question is deleted or its user forgotten meanwhile, the rest stays unsent.
        """
        last: Sent | None = None
        for delivery in posts:
            if last and not await persistently(self._outbox.sent, last):
                return Delivered(ours=False)
            result = await self._send(platform, delivery, is_new=are_new)
            if result is None:
                return Delivered(ours=False)
            if isinstance(result, str):
                return Delivered(error=result)
            last = result
        return Delivered(last=last)

    async def _send(self, platform: Platform, delivery: Delivery, *, is_new: bool) -> Sent | str | None:
        """Return the post as it was sent, the error that ended the attempts, or None if it is not to be sent."""
        if delivery.retry_at and not await self._is_due(delivery, (delivery.retry_at - self._clock()).total_seconds()):
            return None
        attempts = delivery.attempts
        while not isinstance(result := await self._attempt(platform, delivery, is_new=is_new), Sent):
            error = describe(result)
            log.warning("post %d was not delivered: %s", delivery.id, error)
            is_over = is_final(result, delivery.created_at, self._clock())
            count_attempt(delivery.tenant, "failed" if is_over else "retried")
            if is_over:
                await persistently(self._outbox.fail, delivery, error)
                return error
            is_new = is_new and isinstance(result, BusyError)
            seconds = pause(result, attempts)
            attempts += 1
            await persistently(self._outbox.postpone, delivery, self._clock() + timedelta(seconds=seconds), error)
            if not await self._is_due(delivery, seconds):
                return None
        count_attempt(delivery.tenant, "sent")
        return result

    async def _attempt(self, platform: Platform, delivery: Delivery, *, is_new: bool) -> Sent | Exception:
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                sent_as = None if is_new else await platform.find(delivery)
                return Sent(delivery, sent_as or await platform.send(delivery))
        except Exception as problem:  # noqa: BLE001 whatever it is, the post stays ours
            return problem

    async def _is_due(self, delivery: Delivery, seconds: float) -> bool:
        """Wait some seconds; return True if the post is still to be sent."""
        await self._sleep(seconds)
        return await persistently(self._outbox.is_pending, delivery)

    async def _sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        self.asleep.add(task)
        try:
            await asyncio.sleep(min(seconds, self._max_pause))  # a clock that went back does not keep it longer
        finally:
            self.asleep.discard(task)


def pause(error: Exception, attempts: int) -> float:
    """Return the seconds until the next attempt after `attempts` that failed: doubling with jitter, or as asked for."""
    if isinstance(error, BusyError):
        return min(error.seconds, MAX_PAUSE) + random.uniform(0, 0.25)  # noqa: S311 no secret
    return min(FIRST_PAUSE * 2.0 ** min(attempts, MAX_DOUBLINGS), MAX_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 no secret


def is_final(error: Exception, since: datetime, now: datetime) -> bool:
    """Return True if another attempt is pointless: the platform refused, or it has been tried for a day."""
    return isinstance(error, RefusedError) or now - since > GIVE_UP_AFTER


def describe(error: Exception) -> str:
    """Return a message safe to store: other errors are reduced to their type, for they may quote texts or tokens."""
    return str(error) if isinstance(error, BusyError | RefusedError) else type(error).__name__
