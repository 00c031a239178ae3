"""The flow: accept → answer → deliver → done. Each step is a transaction; a turn continues after the last one."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import DBAPIError

from bot.delivery.engine import Engine
from bot.delivery.ports import Platform, platform_of
from bot.delivery.posting import Clerk, PostOffice
from bot.delivery.quota import PERIOD, Quota
from bot.delivery.sending import MAX_PAUSE, Sender
from bot.observing import metrics, tracing
from bot.observing.logs import report
from bot.store.accepting import Message, Work
from bot.store.inbox import MAX_EARLIER, Answer, TurnContext
from bot.store.outbox import Sent
from bot.store.records import UNFINISHED, Delivery, Turn, TurnState
from bot.store.retrying import persistently
from bot.store.store import Store

log = logging.getLogger(__name__)

MAX_CONCURRENT_ANSWERS = 64
MAX_YIELD = 1.0  # seconds to hold back work at most while messages are being accepted
MAX_CONCURRENT_STARTS = 4  # turns; in a flood the rest waits, and messages are accepted meanwhile
DRAIN_INTERVAL = 0.02  # seconds between two looks at what the engine is about to do


@dataclass(frozen=True)
class Policy:
    """The patience of a process in seconds: to stop, between the janitor's rounds, and before another attempt.

    A turn that was started `max_runs` times, and crashed its worker each time, is failed.
    """

    stop_timeout: float = 10.0
    janitor_interval: float = 2.0
    max_runs: int = 20
    max_pause: float = MAX_PAUSE


DEFAULT_POLICY = Policy()


class Responder(Protocol):
    """Answers turns."""

    async def answer(self, turn: Turn, earlier: Sequence[str]) -> Answer:
        """Answer a message; `earlier` are those before it in the conversation, oldest first."""

    def too_many(self, turn: Turn) -> Answer:
        """Tell a user that their questions are too many; an answer without a reply."""

    def apology(self, turn: Turn, reference: str) -> Answer:
        """Apologize that answering failed; an answer without a reply."""


class Flow:
    """Takes messages from platforms, and brings the answers back.

    `in_progress`: the turns that this process is working on.
    """

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        responder: Responder,
        quota: Quota,
        process: str,
        *,
        clerk: Clerk | None = None,
        here: bool = True,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        """`process` names this process among all; without `here` it only accepts, and workers do the rest.

        `clerk` renders the notifications; without one they are left to other processes.
        """
        self.store = store
        self.platforms = platforms
        self.engine = Engine(store.database.urls, process, self._do, platforms, here=here)
        self.in_progress = set[int]()
        self.post_office = PostOffice(store, platforms, clerk, process) if clerk and here else None
        self._sender = Sender(store, policy.max_pause)
        self._stop_timeout = policy.stop_timeout
        self._responder = responder
        self._quota = quota
        self._room = asyncio.Semaphore(MAX_CONCURRENT_ANSWERS)
        self._entrance = asyncio.Semaphore(MAX_CONCURRENT_STARTS)
        self._coming_in = 0  # messages that the platform still waits for us to accept
        self._is_calm = asyncio.Event()
        self._is_calm.set()
        self._beginning = set[Work]()
        self._tasks = set[asyncio.Task[None] | None]()
        self._stopping = False

    async def accept(self, message: Message) -> bool:
        """Store a message durably; once this returns the platform need not redeliver it. False if it is a duplicate."""
        self._coming_in += 1
        self._is_calm.clear()
        began = time.time_ns()
        try:
            accepted = await self.store.inbox.accept(message)
        finally:
            self._coming_in -= 1
            if not self._coming_in:
                self._is_calm.set()
        if accepted:
            tracing.record_span("accept", began, message.tenant, accepted.turn)
        if accepted and accepted.work:
            self.begin(accepted.work)
        return accepted is not None

    def wake_post_office(self) -> None:
        """Wake the post office: a notification was queued."""
        if self.post_office:
            self.post_office.wake()

    def begin(self, work: Work) -> None:
        """Start some work soon. What is lost before it has started is found by the janitor."""
        if self._stopping or work in self._beginning:
            return
        self._beginning.add(work)
        # In a context of its own: begun from inside of a workflow it would be taken for a part of that.
        task = asyncio.get_running_loop().create_task(self._begin(work), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def give_up(self, work: Work) -> None:
        """Fail a turn that keeps crashing its worker (poison message)."""
        turn = await self.store.inbox.turn(work)
        if turn:
            await self._finish(turn, f"begun {work.runs} times, and never finished")

    async def stop(self) -> None:
        """Drain what is running, for a few seconds, and leave the rest to the next process."""
        self._stopping = True
        with suppress(TimeoutError, DBAPIError):
            async with asyncio.timeout(self._stop_timeout):
                await self._drain()
        rest = [task for task in self._tasks if task]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        if self.post_office:
            await self.post_office.stop(self._stop_timeout)
        await self.engine.stop()

    async def _drain(self) -> None:
        """Stop taking work and drain what is running, also what the engine is about to start or to end."""
        await self.engine.stop_polling()
        while True:
            begun = await self.engine.pending_turns()
            busy = [task for task in self._tasks - self._sender.asleep if task]
            if busy:
                await asyncio.wait(busy)
            elif begun - self.in_progress:
                await asyncio.sleep(DRAIN_INTERVAL)
            else:
                return

    async def _begin(self, work: Work) -> None:
        try:
            async with self._entrance:
                await self._yield_to_accepting()
                await self.engine.begin(work)
        except Exception:
            log.exception("turn %d could not be begun; it will be soon", work.turn)
        finally:
            self._beginning.discard(work)

    async def _yield_to_accepting(self) -> None:
        """Wait a moment while messages come in: a platform is impatient, a user less so."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_calm.wait(), MAX_YIELD)

    async def _do(self, work: Work) -> None:
        """Work on a turn, as a task of the engine's."""
        task = asyncio.current_task()
        self._tasks.add(task)
        self.in_progress.add(work.turn)
        try:
            is_amended = True
            while is_amended:
                since = self.store.database.clock() - PERIOD
                question = await persistently(self.store.inbox.question, work, since, MAX_EARLIER, self._quota.limits)
                if question is None or question.turn.state not in UNFINISHED:
                    return
                is_amended = await self._carry_on(question)
        finally:
            self.in_progress.discard(work.turn)
            self._tasks.discard(task)

    async def _carry_on(self, question: TurnContext) -> bool:
        """Answer and deliver. Return True if the question was edited meanwhile: it is to be answered once more."""
        turn, platform = question.turn, self.platforms[platform_of(question.turn.tenant)]
        is_new = turn.state == TurnState.ACCEPTED
        if is_new:
            with tracing.span("answer", turn.tenant, turn.id):
                posts, error = await self._answer(question)
            if posts is None:  # edited; or gone, or answered by another run, whose rest the janitor takes up
                now = await persistently(self.store.inbox.turn, Work(turn.tenant, turn.id, turn.runs))
                return now is not None and now.text != turn.text and now.state == TurnState.ACCEPTED
        else:
            posts, error = await persistently(self.store.outbox.pending, turn), turn.error
        with tracing.span("deliver", turn.tenant, turn.id):
            delivered = await self._sender.deliver(posts, platform, are_new=is_new)
        if not delivered.ours and await self._is_there(turn):
            return False  # another run has taken it over
        await self._finish(turn, delivered.error or error, delivered.last)
        if delivered.last:
            metrics.stages.labels("deliver").observe(self._since(delivered.last.delivery.created_at))
        return False

    async def _is_there(self, turn: Turn) -> bool:
        return await persistently(self.store.inbox.turn, Work(turn.tenant, turn.id, turn.runs)) is not None

    async def _finish(self, turn: Turn, error: str | None, last: Sent | None = None) -> None:
        following = await persistently(self.store.inbox.finish, turn, error, last)
        if following:
            self.begin(following)

    async def _answer(self, question: TurnContext) -> tuple[list[Delivery] | None, str | None]:
        """Store an answer to a turn, or what stands for one; return the posts if it was stored, and the error."""
        turn = question.turn
        if not self._quota.allows(question.usage):
            return await self._keep(turn, await self._refusal(turn), "too_many"), None
        try:
            async with self._room:
                answer = await self._responder.answer(turn, question.earlier)
        except Exception:  # noqa: BLE001 it is logged, with its reference
            reference = report(log, "turn %d could not be answered", turn.id)
            now = await persistently(self.store.inbox.turn, Work(turn.tenant, turn.id))  # with its draft
            error, apology = "answering failed", self._responder.apology(now or turn, reference)
            return await self._keep(turn, apology, "failed", error, reference), error
        return await self._keep(turn, answer, str((answer.reply or {}).get("kind", "answered"))), None

    async def _keep(
        self, turn: Turn, answer: Answer, outcome: str, error: str | None = None, reference: str | None = None
    ) -> list[Delivery] | None:
        """Store an answer, and count its outcome."""
        posts = await persistently(self.store.inbox.answered, turn, answer, error, reference)
        if posts is not None:
            metrics.questions.labels(outcome).inc()
            metrics.stages.labels("answer").observe(self._since(turn.accepted_at))
        return posts

    def _since(self, moment: datetime) -> float:
        """Return the seconds since a moment."""
        return max((self.store.database.clock() - moment).total_seconds(), 0.0)

    async def _refusal(self, turn: Turn) -> Answer:
        """Return the answer to too many questions: a sentence, and from then on nothing."""
        since = self.store.database.clock() - PERIOD
        told = await persistently(self.store.inbox.was_notified, turn, since)
        return Answer(()) if told else self._responder.too_many(turn)
