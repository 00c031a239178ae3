"""The flow: accept → answer → deliver → done. Each part is a transaction; a turn goes on from the last one made."""

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from contextvars import Context
from typing import Protocol

from bot.delivery.engine import Engine
from bot.delivery.platform import Platform, platform_of
from bot.delivery.quota import PERIOD, Quota
from bot.delivery.sending import Sender
from bot.store.database import persistently
from bot.store.inbox import Answer, Message, Work
from bot.store.store import Store
from bot.store.tables import UNFINISHED, Turn, TurnState

log = logging.getLogger(__name__)

REMEMBERED = 6  # earlier messages that a follow-up may refer to
AT_ONCE = 64  # answers
STOPPING = 10.0  # seconds that a stop waits for what is going on


class Responder(Protocol):
    """What answers."""

    async def answer(self, turn: Turn, earlier: Sequence[str]) -> Answer:
        """The answer to a message; `earlier` are those before it in the conversation, the oldest first."""

    def too_many(self, turn: Turn) -> Answer:
        """What to say to a user who asks too much; an answer without a reply."""

    def apology(self, turn: Turn, reference: str) -> Answer:
        """What to say when answering failed; an answer without a reply."""


class Flow:
    """Takes messages from platforms, and brings the answers back. `mine` are the turns that are worked on here."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        responder: Responder,
        quota: Quota,
        process: str,
        *,
        here: bool = True,
    ) -> None:
        """`process` names this process among all; without `here` it only accepts, and workers do the rest."""
        self.store = store
        self.platforms = platforms
        self.engine = Engine(store.database.where, process, self._do, here=here)
        self.mine = set[int]()
        self._sender = Sender(store)
        self._responder = responder
        self._quota = quota
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks = set[asyncio.Task[None] | None]()
        self._stopping = False

    async def accept(self, message: Message) -> bool:
        """Makes a message ours; when this returns the platform may forget it. False when it was ours already."""
        accepted = await self.store.inbox.accept(message)
        if accepted and accepted.work:
            self.begin(accepted.work)
        return accepted is not None

    def begin(self, work: Work) -> None:
        """Begins some work soon. What gets lost before it has begun is found by the janitor."""
        if self._stopping:
            return
        # In a context of its own: begun from inside of a workflow it would be taken for a part of that.
        task = asyncio.get_running_loop().create_task(self._begin(work), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def give_up(self, work: Work) -> None:
        """Puts a turn aside that was begun again and again."""
        turn = await self.store.inbox.turn(work)
        if turn:
            await self._finish(turn, f"begun {work.runs} times, and never finished")

    async def stop(self) -> None:
        """Lets what is going on come to its end, for a few seconds, and leaves the rest to the next process."""
        self._stopping = True
        busy = self._tasks - self._sender.asleep
        if busy:
            await asyncio.wait([task for task in busy if task], timeout=STOPPING)
        rest = [task for task in self._tasks if task]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self.engine.stop()

    async def _begin(self, work: Work) -> None:
        try:
            await self.engine.begin(work)
        except Exception:
            log.exception("turn %d could not be begun; it will be soon", work.turn)

    async def _do(self, work: Work) -> None:
        """The work on a turn, as a task of the engine's."""
        task = asyncio.current_task()
        self._tasks.add(task)
        self.mine.add(work.turn)
        try:
            turn = await persistently(self.store.inbox.turn, work)
            if turn and turn.state in UNFINISHED:
                await self._carry_on(turn)
        finally:
            self.mine.discard(work.turn)
            self._tasks.discard(task)

    async def _carry_on(self, turn: Turn) -> None:
        is_new = turn.state == TurnState.ACCEPTED
        error = await self._answer(turn) if is_new else turn.error
        undelivered = await self._sender.deliver(turn, self.platforms[platform_of(turn.tenant)], is_new=is_new)
        await self._finish(turn, undelivered or error)

    async def _finish(self, turn: Turn, error: str | None) -> None:
        following = await persistently(self.store.inbox.finish, turn, error)
        if following:
            self.begin(following)

    async def _answer(self, turn: Turn) -> str | None:
        """Keeps an answer to a turn, or what is said instead; returns what went wrong."""
        inbox = self.store.inbox
        used = await persistently(inbox.usage, turn, self.store.database.clock() - PERIOD)
        if not self._quota.allows(used):
            await persistently(inbox.answered, turn, Answer(()) if used.told else self._responder.too_many(turn))
            return None
        earlier = await persistently(inbox.earlier, turn, REMEMBERED)
        try:
            async with self._room:
                answer = await self._responder.answer(turn, earlier)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("turn %d could not be answered, reference %s", turn.id, reference)
            error = "answering failed"
            await persistently(inbox.answered, turn, self._responder.apology(turn, reference), error, reference)
            return error
        await persistently(inbox.answered, turn, answer)
        return None
