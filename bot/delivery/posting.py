"""The post office sends notifications: each once, in the order of its lane, with retries."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from bot.delivery.ports import BusyError, Platform, platform_of
from bot.delivery.sending import SEND_TIMEOUT, count_attempt, describe, pause
from bot.store.post import Notification
from bot.store.records import Delivery, QueuedNotification
from bot.store.retrying import passing, persistently
from bot.store.store import Store

log = logging.getLogger(__name__)

POLL_INTERVAL = 1.0  # seconds between two looks at what is due, or at what another process left
SCHEDULE_INTERVAL = 20.0  # seconds between two runs of what is due by the clock
MAX_CONCURRENT_POSTS = 16
NOT_SENT = ""  # the name of a post that did not need to be sent any more


class Clerk(Protocol):
    """Renders notifications, and decides what becomes of those that fail."""

    async def render(self, post: QueuedNotification) -> Delivery | None:
        """Return what is to be sent now, in the tenant that it is for; None if there is nothing to say any more."""

    def fallback_platform(self, post: QueuedNotification, error: Exception, now: datetime) -> str | None:
        """Return the platform that it is sent to instead, after an error; None if it stays where it is."""

    def is_final(self, post: QueuedNotification, error: Exception, now: datetime) -> bool:
        """Return True if there is no point in another attempt."""

    async def follow_ups(self, post: QueuedNotification, error: str | None) -> Sequence[Notification]:
        """Return what follows when it was sent, or when it cannot be (`error`)."""

    async def run_scheduled(self) -> None:
        """Queue what is due by the clock."""


class PostOffice:
    """Sends the notifications in their lanes, also those that dead processes left."""

    def __init__(self, store: Store, platforms: Mapping[str, Platform], clerk: Clerk, process: str) -> None:
        self._store = store
        self._platforms = platforms
        self._clerk = clerk
        self._process = process
        self._bell = asyncio.Event()
        self._room = asyncio.Semaphore(MAX_CONCURRENT_POSTS)
        self._tasks = set[asyncio.Task[None]]()
        self._carried = set[int]()
        self._scheduled_at = -SCHEDULE_INTERVAL
        self._is_over = False

    def wake(self) -> None:
        """Look for what is due now."""
        self._bell.set()

    async def run(self) -> None:
        """Poll until `end` is called; a round that has begun is finished."""
        while not self._is_over:
            self._bell.clear()
            try:
                await self.round()
            except Exception as error:
                log.warning("the post office's round failed: %s", type(error).__name__, exc_info=not passing(error))
            if not self._is_over:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), POLL_INTERVAL)

    def end(self) -> None:
        """Begin no more rounds."""
        self._is_over = True
        self.wake()

    async def round(self) -> None:
        """Start sending what is due."""
        moment = asyncio.get_running_loop().time()
        if moment - self._scheduled_at >= SCHEDULE_INTERVAL:
            self._scheduled_at = moment
            await self._clerk.run_scheduled()
        for post in await self._store.outbox.heads():
            if post.platform in self._platforms and post.id not in self._carried:
                self._carried.add(post.id)
                task = asyncio.create_task(self._carry(post))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def stop(self, seconds: float) -> None:
        """Wait up to `seconds` for what is being sent, then cancel it."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, post: QueuedNotification) -> None:
        try:
            await self._take_and_send(post)
        finally:
            self._carried.discard(post.id)

    async def _take_and_send(self, waiting: QueuedNotification) -> None:
        async with self._room:  # before there was room, another process may have tried to send it
            post = await persistently(self._store.outbox.take, waiting, self._process)
            if post is None:
                return
            try:
                delivery = await self._clerk.render(post)
                if delivery is None:
                    await self._settle(post, NOT_SENT, None, ())
                elif (platform := platform_of(delivery.tenant)) not in self._platforms:
                    await persistently(self._store.outbox.redirect, post, platform)
                else:
                    sent_as = await self._send(delivery, is_new=not post.attempts)
                    count_attempt(delivery.tenant, "sent")
                    await self._settle(post, sent_as, None, await self._clerk.follow_ups(post, None), platform)
            except Exception as problem:  # noqa: BLE001 whatever it is, the post stays ours
                await self._failed(post, problem)

    async def _send(self, delivery: Delivery, *, is_new: bool) -> str:
        """Return the platform's name of the post. One that may have been sent already is looked for first."""
        platform = self._platforms[platform_of(delivery.tenant)]
        async with asyncio.timeout(SEND_TIMEOUT):
            return (None if is_new else await platform.find(delivery)) or await platform.send(delivery)

    async def _failed(self, post: QueuedNotification, problem: Exception) -> None:
        error, now = describe(problem), self._store.database.clock()
        level = logging.INFO if isinstance(problem, BusyError) else logging.WARNING
        log.log(level, "post %d (%s) was not delivered: %s", post.id, post.notification.kind, error)
        if platform := self._clerk.fallback_platform(post, problem, now):
            await persistently(self._store.outbox.redirect, post, platform)
            self.wake()
        elif self._clerk.is_final(post, problem, now):
            count_attempt(post.tenant, "failed")
            await self._settle(post, None, error, await persistently(self._clerk.follow_ups, post, error))
        else:
            count_attempt(post.tenant, "retried")
            until = now + timedelta(seconds=pause(problem, post.attempts))
            await persistently(self._store.outbox.put_back, post, until, error)

    async def _settle(
        self,
        post: QueuedNotification,
        sent_as: str | None,
        error: str | None,
        then: Sequence[Notification],
        platform: str | None = None,
    ) -> None:
        await persistently(self._store.outbox.settle, post, sent_as, error, then, platform)
        self.wake()
