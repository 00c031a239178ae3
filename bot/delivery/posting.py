"""The post office: the one way in which posts leave. Each is sent once, in the order of its lane, with retries."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from bot.delivery.attempts import SEND_TIMEOUT, count_attempt, describe, is_final, pause
from bot.delivery.ports import BusyError, Platform, platform_of
from bot.observing import metrics, tracing
from bot.store import outbox
from bot.store.accepting import Work
from bot.store.inbox import Settled
from bot.store.post import Notification
from bot.store.records import Delivery, QueuedNotification, Waiting
from bot.store.retrying import passing, persistently
from bot.store.store import Store

log = logging.getLogger(__name__)

POLL_INTERVAL = 1.0  # seconds between two looks at what is due, or at what another process left
SCHEDULE_INTERVAL = 20.0  # seconds between two runs of what is due by the clock
MAX_CONCURRENT_POSTS = 16  # to one platform
NOT_SENT = ""  # the name of a post that did not need to be sent any more

Post = TypeVar("Post", contravariant=True)


class Clerk(Protocol, Generic[Post]):
    """Renders posts, and decides what becomes of those that fail."""

    async def render(self, post: Post) -> Delivery | None:
        """Return what is to be sent now, in the tenant that it is for; None if there is nothing to say any more."""

    def fallback_platform(self, post: Post, error: Exception, now: datetime) -> str | None:
        """Return the platform that it is sent to instead, after an error; None if it stays where it is."""

    def is_final(self, post: Post, error: Exception, now: datetime) -> bool:
        """Return True if there is no point in another attempt."""

    async def follow_ups(self, post: Post, error: str | None) -> Sequence[Notification]:
        """Return what follows when it was sent, or when it cannot be (`error`)."""

    async def run_scheduled(self) -> None:
        """Queue what is due by the clock."""


class AnswerClerk:
    """The clerk of the posts of answers, which were rendered when they were stored."""

    async def render(self, post: Delivery) -> Delivery:
        return post

    def fallback_platform(self, post: Delivery, error: Exception, now: datetime) -> None:
        """Stay on the platform where it was asked."""

    def is_final(self, post: Delivery, error: Exception, now: datetime) -> bool:
        return is_final(error, post.created_at, now)

    async def follow_ups(self, post: Delivery, error: str | None) -> Sequence[Notification]:
        return ()

    async def run_scheduled(self) -> None:
        """Nothing is due by the clock."""


class PostOffice:
    """Sends what is in the lanes, also what dead processes left.

    `turns_in_hand` are those whose posts are about to be sent; it leaves them alone. `tasks` is what it is doing.
    """

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        clerk: Clerk[QueuedNotification] | None,
        process: str,
        begin: Callable[[Work], None] = lambda work: None,
        longest_pause: timedelta = outbox.MAX_PAUSE,
    ) -> None:
        """`clerk` renders the notifications; without one they are left to other processes.

        `begin` is called with the turn, taken by this process, that follows one that is delivered.
        """
        self.turns_in_hand = set[int]()
        self._store = store
        self._platforms = platforms
        self._clerk = clerk
        self._answers = AnswerClerk()
        self._process = process
        self._begin = begin
        self._longest_pause = longest_pause
        self._bell = asyncio.Event()
        self._room = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(MAX_CONCURRENT_POSTS))
        self.tasks = set[asyncio.Task[None]]()
        self._carried = dict[int, int | None]()  # posts by their ids, with their turns
        self._scheduled_at = -SCHEDULE_INTERVAL
        self._is_over = False

    @property
    def turns(self) -> set[int]:
        """The turns of which something is being sent."""
        return {turn for turn in self._carried.values() if turn is not None}

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
        if self._clerk and moment - self._scheduled_at >= SCHEDULE_INTERVAL:
            self._scheduled_at = moment
            await self._clerk.run_scheduled()
        for post in await self._store.outbox.heads(self._process, self._longest_pause):
            if self._is_for_us(post):
                self._start(self._take_and_send(post), [post])

    def send(self, posts: Sequence[Delivery]) -> None:
        """Send the new posts of an answer, which this process has taken."""
        self._start(self._send_in_order(posts), posts)

    async def stop(self, seconds: float) -> None:
        """Wait up to `seconds` for what is being sent, then cancel it."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=seconds)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _is_for_us(self, post: Waiting) -> bool:
        if post.id in self._carried or post.platform not in self._platforms:
            return False
        if isinstance(post, Delivery):
            return post.turn_id not in self.turns_in_hand
        return self._clerk is not None

    def _start(self, work: Coroutine[Any, Any, None], posts: Collection[Waiting]) -> None:
        turns = {post.id: post.turn_id if isinstance(post, Delivery) else None for post in posts}
        self._carried |= turns

        def end(task: asyncio.Task[None]) -> None:
            self.tasks.discard(task)
            for post in turns:
                self._carried.pop(post, None)

        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(end)

    async def _send_in_order(self, posts: Sequence[Delivery]) -> None:
        """Send posts up to the first that is not sent; the rest stays in its lane behind that one."""
        for post in posts:
            async with self._room[post.platform]:
                if not await self._send_taken(post, self._answers):
                    return

    async def _take_and_send(self, waiting: Waiting) -> None:
        async with self._room[waiting.platform]:  # before there was room, another process may have tried to send it
            post = await persistently(self._store.outbox.take, waiting, self._process, self._longest_pause)
            if post and (clerk := self._clerk_of(post)):
                await self._send_taken(post, clerk)
        self.wake()  # for what stands behind it

    def _clerk_of(self, post: Waiting) -> Clerk[Any] | None:
        return self._answers if isinstance(post, Delivery) else self._clerk

    async def _send_taken(self, post: Waiting, clerk: Clerk[Any]) -> bool:
        """Send a post that this process has taken; return True if it was sent, and is still wanted."""
        try:
            delivery = await clerk.render(post)
            if delivery is None:
                return await self._settle(post, NOT_SENT, None, ())
            platform = platform_of(delivery.tenant)
            if platform not in self._platforms:
                await self._redirect(post, platform)
                return False
            sent_as = await self._send(delivery, is_new=not post.attempts)
            count_attempt(delivery.tenant, "sent")
            return await self._settle(post, sent_as, None, await clerk.follow_ups(post, None), platform)
        except Exception as problem:  # noqa: BLE001 whatever it is, the post stays ours
            await self._failed(post, clerk, problem)
            return False

    async def _send(self, delivery: Delivery, *, is_new: bool) -> str:
        """Return the platform's name of the post. One that may have been sent already is looked for first."""
        platform, turn = self._platforms[platform_of(delivery.tenant)], delivery.turn_id
        span = nullcontext() if turn is None else tracing.span("deliver", delivery.tenant, turn)
        with span:
            async with asyncio.timeout(SEND_TIMEOUT):
                return (None if is_new else await platform.find(delivery)) or await platform.send(delivery)

    async def _failed(self, post: Waiting, clerk: Clerk[Any], problem: Exception) -> None:
        error, now = describe(problem), self._store.database.clock()
        level = logging.INFO if isinstance(problem, BusyError) else logging.WARNING
        kind = "answer" if isinstance(post, Delivery) else post.notification.kind
        log.log(level, "post %d (%s) was not delivered: %s", post.id, kind, error)
        if platform := clerk.fallback_platform(post, problem, now):
            await self._redirect(post, platform)
            self.wake()
        elif clerk.is_final(post, problem, now):
            count_attempt(post.tenant, "failed")
            await self._settle(post, None, error, await persistently(clerk.follow_ups, post, error))
        else:
            count_attempt(post.tenant, "retried")
            seconds = min(pause(problem, post.attempts), self._longest_pause.total_seconds())
            until, counts = now + timedelta(seconds=seconds), not isinstance(problem, BusyError) or problem.counts
            await persistently(self._store.outbox.put_back, post, until, error, counts=counts)
            asyncio.get_running_loop().call_later(seconds, self.wake)

    async def _redirect(self, post: Waiting, platform: str) -> None:
        assert isinstance(post, QueuedNotification)  # noqa: S101 an answer stays where it was asked
        await persistently(self._store.outbox.redirect, post, platform)

    async def _settle(
        self,
        post: Waiting,
        sent_as: str | None,
        error: str | None,
        then: Sequence[Notification],
        platform: str | None = None,
    ) -> bool:
        """Store what became of a post; return True unless it was deleted meanwhile."""
        if isinstance(post, Delivery):
            return self._go_on(post, await persistently(self._deliver, post, sent_as, error))
        await persistently(self._store.outbox.settle, post, sent_as, error, then, platform)
        return True

    async def _deliver(self, post: Delivery, sent_as: str | None, error: str | None) -> Settled:
        process = None if self._is_over else self._process
        return await self._store.inbox.delivered(post, sent_as, error, process)

    def _go_on(self, post: Delivery, settled: Settled) -> bool:
        if settled.following:
            self._begin(settled.following)
        if settled.was_pending:
            waited = (self._store.database.clock() - post.created_at).total_seconds()
            metrics.stages.labels("deliver").observe(max(waited, 0.0))
        return settled.was_pending
