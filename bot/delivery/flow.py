"""The flow: accept → answer → deliver → done. Each step is a transaction; a turn continues after the last one.

Our rows are the queue. A process takes a turn when it accepts it, or finds that nobody has it; it has it until the
answer is stored, and the answer's posts until they are delivered (`posting.py`), or until it dies (`janitor.py`).
"""

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError

from bot.delivery.attempts import MAX_PAUSE
from bot.delivery.handover import Handover
from bot.delivery.ports import Platform, platform_of
from bot.delivery.posting import Clerk, PostOffice
from bot.delivery.quota import PERIOD, Quota
from bot.observing import metrics, tracing
from bot.observing.logs import report
from bot.store.accepting import Message, Work
from bot.store.inbox import MAX_EARLIER, Answer, TurnContext
from bot.store.records import UNFINISHED, Delivery, QueuedNotification, Turn, TurnState
from bot.store.retrying import persistently
from bot.store.store import Store

log = logging.getLogger(__name__)

MAX_CONCURRENT_ANSWERS = 64
MAX_IN_HAND = 256  # turns that a process takes from others at most, so that these keep something to do
MAX_YIELD = 1.0  # seconds to hold back work at most while messages are being accepted


@dataclass(frozen=True)
class Policy:
    """The patience of a process in seconds: to stop, between the janitor's rounds, and before another attempt.

    A turn that was being answered in `max_runs` processes, and they all died, is failed.
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
    """Takes messages from platforms, and brings the answers back."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        responder: Responder,
        quota: Quota,
        process: str,
        handover: Handover,
        *,
        clerk: Clerk[QueuedNotification] | None = None,
        here: bool = True,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        """`process` names this process among all; without `here` it only accepts, and workers do the rest.

        `clerk` renders the notifications; without one they are left to other processes.
        """
        self.store = store
        self.platforms = platforms
        self.post_office = PostOffice(
            store, platforms, clerk, process, self._start, timedelta(seconds=policy.max_pause)
        )
        self._responder = responder
        self._quota = quota
        self._process = process
        self._handover = handover
        self._here = here
        self._policy = policy
        self._room = asyncio.Semaphore(MAX_CONCURRENT_ANSWERS)
        self._coming_in = 0  # messages that the platform still waits for us to accept
        self._is_calm = asyncio.Event()
        self._is_calm.set()
        self._answering = self.post_office.turns_in_hand
        self._tasks = set[asyncio.Task[None]]()
        self._stopping = False

    @property
    def in_progress(self) -> set[int]:
        """The turns that this process is working on."""
        return self._answering | self.post_office.turns

    async def accept(self, message: Message) -> bool:
        """Store a message durably; once this returns the platform need not redeliver it. False if it is a duplicate."""
        self._coming_in += 1
        self._is_calm.clear()
        began = time.time_ns()
        try:
            accepted = await self.store.inbox.accept(message, self._process if self._here else None)
        finally:
            self._coming_in -= 1
            if not self._coming_in:
                self._is_calm.set()
        if accepted:
            tracing.record_span("accept", began, message.tenant, accepted.turn)
        if accepted and accepted.work:
            if self._here:
                self._start(accepted.work)
            else:
                self.begin(accepted.work)
        return accepted is not None

    def wake_post_office(self) -> None:
        """Wake the post office: a notification was queued."""
        self.post_office.wake()

    def begin(self, work: Work) -> None:
        """Begin some work soon, here or in another process. What is lost until then is found by the janitor."""
        self._spawn(self.take([work]) if self._here else self._pass_on(work))

    async def take(self, works: Sequence[Work]) -> None:
        """Take what no other process has, and start it."""
        for work in await persistently(self.store.inbox.take, works, self._process):
            self._start(work)

    async def look(self) -> None:
        """Take turns that nobody has, as many as there is room for."""
        room = MAX_IN_HAND - len(self._answering)
        found = [work for work in await self.store.inbox.heads(self._process) if self._is_for_us(work)]
        if found[:room]:
            await self.take(found[:room])

    async def stop(self) -> None:
        """Drain what is running, for a few seconds, and leave the rest to the next process."""
        self._stopping = True
        with suppress(TimeoutError, DBAPIError):
            async with asyncio.timeout(self._policy.stop_timeout):
                await self._drain()
        interrupted = {*self._answering}
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.post_office.stop(0)
        with suppress(DBAPIError, TimeoutError):  # else the janitor of another process sees that this one has ended
            async with asyncio.timeout(self._policy.stop_timeout):
                await self.store.leases.release(self._process, interrupted)

    async def _drain(self) -> None:
        while tasks := self._tasks | self.post_office.tasks:
            await asyncio.wait(tasks)

    def _is_for_us(self, work: Work) -> bool:
        return platform_of(work.tenant) in self.platforms and work.turn not in self.in_progress

    def _start(self, work: Work) -> None:
        """Work on a turn that this process has taken."""
        if not self._stopping and work.turn not in self._answering:
            self._answering.add(work.turn)
            self._spawn(self._work(work))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, work: Work) -> None:
        try:
            await self._handover.pass_on(work)
        except Exception as error:  # noqa: BLE001 whatever it is, the workers look for themselves
            log.warning("turn %d could not be handed over (%s); it will be found", work.turn, type(error).__name__)

    async def _work(self, work: Work) -> None:
        try:
            async with self._room:
                await self._yield_to_accepting()
                if posts := await self._answer_or_finish(work):
                    self.post_office.send(posts)
        except Exception:
            log.exception("turn %d could not be worked on; it will be again", work.turn)
        finally:
            self._answering.discard(work.turn)

    async def _yield_to_accepting(self) -> None:
        """Wait a moment while messages come in: a platform is impatient, a user less so."""
        if self._coming_in:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_calm.wait(), MAX_YIELD)

    async def _answer_or_finish(self, work: Work) -> list[Delivery]:
        """Return the new posts of a turn's answer. One that is edited meanwhile is answered once more."""
        while True:
            since = self.store.database.clock() - PERIOD
            question = await persistently(self.store.inbox.question, work, since, MAX_EARLIER, self._quota.limits)
            if question is None or question.turn.state not in UNFINISHED:
                return []
            turn, posts, error = question.turn, list[Delivery](), None
            if turn.runs > self._policy.max_runs:
                error = f"begun {turn.runs} times, and never finished"
            elif turn.state == TurnState.ACCEPTED:
                with tracing.span("answer", turn.tenant, turn.id):
                    answered = await self._answer(question)
                if answered is None:
                    continue
                posts = answered
            if not posts:
                await self._finish(turn, error)
            return posts

    async def _finish(self, turn: Turn, error: str | None) -> None:
        process = None if self._stopping else self._process
        if following := await persistently(self.store.inbox.finish, turn, error, process):
            self._start(following)

    async def _answer(self, question: TurnContext) -> list[Delivery] | None:
        """Store an answer to a turn, or what stands for one; return the posts if it was stored."""
        turn = question.turn
        if not self._quota.allows(question.usage):
            return await self._keep(turn, await self._refusal(turn), "too_many")
        try:
            answer = await self._responder.answer(turn, question.earlier)
        except Exception:  # noqa: BLE001 it is logged, with its reference
            reference = report(log, "turn %d could not be answered", turn.id)
            now = await persistently(self.store.inbox.turn, Work(turn.tenant, turn.id))  # with its draft
            apology = self._responder.apology(now or turn, reference)
            return await self._keep(turn, apology, "failed", "answering failed", reference)
        return await self._keep(turn, answer, str((answer.reply or {}).get("kind", "answered")))

    async def _keep(
        self, turn: Turn, answer: Answer, outcome: str, error: str | None = None, reference: str | None = None
    ) -> list[Delivery] | None:
        """Store an answer, and count its outcome."""
        posts = await persistently(self.store.inbox.answered, turn, answer, error, reference, self._process)
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
