"""The post office: posts without a turn, each once, in the order of its lane, however often it takes."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from bot.delivery.backoff import pause, said
from bot.delivery.platform import BusyError, Platform, platform_of
from bot.delivery.sending import SENDING, counted
from bot.store.leads import Post
from bot.store.outbox import ON
from bot.store.retrying import passing, persistently
from bot.store.store import Store
from bot.store.tables import Delivery

log = logging.getLogger(__name__)

ROUND = 1.0  # seconds between two looks at what is due, or at what another process left
LOOK_AROUND = 20.0  # seconds between two looks at what is to be reminded of
AT_ONCE = 16  # posts
NOTHING = ""  # what a post is called that did not need to be sent any more


class Clerk(Protocol):
    """What knows what the posts say."""

    async def made(self, post: Delivery) -> Delivery | None:
        """The post as it is to be sent now, in the tenant it is for; None when there is nothing to say any more."""

    def instead(self, post: Delivery, error: Exception, now: datetime) -> str | None:
        """The platform to which a post goes instead, after an error; None when it stays where it is."""

    def is_final(self, post: Delivery, error: Exception, now: datetime) -> bool:
        """Whether there is no point in another attempt."""

    async def after(self, post: Delivery, error: str | None) -> Sequence[Post]:
        """What follows when a post was sent, or when it cannot be (`error`)."""

    async def look_around(self) -> None:
        """Sees to what is due by the clock."""


class PostOffice:
    """Sends what is in the lanes, for as long as its process lives; what others died over, too."""

    def __init__(self, store: Store, platforms: Mapping[str, Platform], clerk: Clerk, process: str) -> None:
        self._store = store
        self._platforms = platforms
        self._clerk = clerk
        self._process = process
        self._bell = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks = set[asyncio.Task[None]]()
        self._carried = set[int]()
        self._looked_around = -LOOK_AROUND
        self._is_over = False

    def ring(self) -> None:
        """There is something new to send."""
        self._bell.set()

    async def run(self) -> None:
        """Round after round, until it is ended; what a round is about is not broken off."""
        while not self._is_over:
            self._bell.clear()
            try:
                await self.round()
            except Exception as error:
                log.warning("the post office's round failed: %s", type(error).__name__, exc_info=not passing(error))
            if not self._is_over:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), ROUND)

    def end(self) -> None:
        """Begins no more rounds."""
        self._is_over = True
        self.ring()

    async def round(self) -> None:
        """Begins to send what is due."""
        moment = asyncio.get_running_loop().time()
        if moment - self._looked_around >= LOOK_AROUND:
            self._looked_around = moment
            await self._clerk.look_around()
        for post in await self._store.outbox.heads():
            is_mine = str(post.payload.get(ON) or platform_of(post.tenant)) in self._platforms
            if is_mine and post.id not in self._carried:
                self._carried.add(post.id)
                task = asyncio.create_task(self._carry(post))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def stop(self, seconds: float) -> None:
        """Lets what is being sent come to its end."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, post: Delivery) -> None:
        try:
            await self._take_and_send(post)
        finally:
            self._carried.discard(post.id)

    async def _take_and_send(self, waiting: Delivery) -> None:
        async with self._room:  # before there was room, another process may have tried to send it
            post = await persistently(self._store.outbox.take, waiting, self._process)
            if post is None:
                return
            try:
                made = await self._clerk.made(post)
                if made is None:
                    await self._settle(post, NOTHING, None, ())
                elif platform_of(made.tenant) not in self._platforms:
                    await persistently(self._store.outbox.redirect, post, platform_of(made.tenant))
                else:
                    sent_as = await self._sent(made, is_new=not post.attempts)
                    counted(made, "sent")
                    on, then = platform_of(made.tenant), await self._clerk.after(post, None)
                    await self._settle(post, sent_as, None, then, on)
            except Exception as problem:  # noqa: BLE001 whatever it is, the post stays ours
                await self._failed(post, problem)

    async def _sent(self, made: Delivery, *, is_new: bool) -> str:
        """What the platform calls the post. One that may have been sent is looked for first."""
        platform = self._platforms[platform_of(made.tenant)]
        async with asyncio.timeout(SENDING):
            return (None if is_new else await platform.find(made)) or await platform.send(made)

    async def _failed(self, post: Delivery, problem: Exception) -> None:
        error, now = said(problem), self._store.database.clock()
        level = logging.INFO if isinstance(problem, BusyError) else logging.WARNING
        log.log(level, "post %d (%s) was not delivered: %s", post.id, post.kind, error)
        if platform := self._clerk.instead(post, problem, now):
            await persistently(self._store.outbox.redirect, post, platform)
            self.ring()
        elif self._clerk.is_final(post, problem, now):
            counted(post, "failed")
            await self._settle(post, None, error, await persistently(self._clerk.after, post, error))
        else:
            counted(post, "retried")
            until = now + timedelta(seconds=pause(problem, post.attempts))
            await persistently(self._store.outbox.put_back, post, until, error)

    async def _settle(
        self, post: Delivery, sent_as: str | None, error: str | None, then: Sequence[Post], on: str | None = None
    ) -> None:
        await persistently(self._store.outbox.settle, post, sent_as, error, then, on)
        self.ring()
