"""A flow in this process, with a platform, a responder and a clock that do as they are told."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bot.delivery.flow import Flow, Policy
from bot.delivery.janitor import run_flow
from bot.delivery.quota import Quota
from bot.store.accepting import Message
from bot.store.address import Address
from bot.store.inbox import Answer
from bot.store.post import Post
from bot.store.records import UNFINISHED, Delivery, Turn
from bot.store.store import Store
from bot.store.tables import DeliveryRow, TurnRow
from tests.peers.recorder import Recorder, posts

PATIENCE = 20.0  # seconds
UNLIMITED = Quota(10**9, 10**9)
IMPATIENT = Policy(janitor_interval=0.2)


class Clock:
    """The machine's clock, set wrong by `off`."""

    def __init__(self) -> None:
        self.off = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


class Troubled(Recorder):
    """Raises what it is told to, by text: the errors of `before` without sending, those of `after` when it has sent."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.before = dict[str, list[Exception]]()
        self.after = dict[str, list[Exception]]()
        self.called = list[tuple[str, float]]()

    async def send(self, delivery: Delivery) -> str:
        text = str(delivery.content.rendered["text"])
        self._called("send")
        if self.before.get(text):
            raise self.before[text].pop(0)
        sent_as = await super().send(delivery)
        if self.after.get(text):
            raise self.after[text].pop(0)
        return sent_as

    async def find(self, delivery: Delivery) -> str | None:
        self._called("find")
        return await super().find(delivery)

    def _called(self, name: str) -> None:
        self.called.append((name, asyncio.get_running_loop().time()))


class Repeating:
    """Says what it heard, each line in a post.

    It waits for the event that `until` has for a text, and fails on those in `impossible`.
    """

    def __init__(self) -> None:
        self.until = dict[str, asyncio.Event]()
        self.impossible = set[str]()
        self.heard = list[str]()

    async def answer(self, turn: Turn, earlier: Sequence[str]) -> Answer:
        self.heard.append(turn.text)
        if turn.text in self.until:
            await self.until[turn.text].wait()
        if turn.text in self.impossible:
            raise ZeroDivisionError
        return Answer([Post({"text": line}) for line in turn.text.splitlines()], {"earlier": list(earlier)})

    def too_many(self, turn: Turn) -> Answer:
        return Answer([Post({"text": f"too many, {turn.user}"})])

    def apology(self, turn: Turn, reference: str) -> Answer:
        return Answer([Post({"text": f"sorry, {reference}"})])


@dataclass
class Stage:
    """What a test plays on."""

    store: Store
    clock: Clock
    record: Path
    responder: Repeating = field(default_factory=Repeating)
    platform: Troubled = field(init=False)

    def __post_init__(self) -> None:
        self.platform = Troubled(self.record)

    def flow(self, quota: Quota = UNLIMITED, policy: Policy = IMPATIENT) -> AbstractAsyncContextManager[Flow]:
        reached = {"test": self.platform}
        return run_flow(self.store, reached, self.responder, quota, retention_days=30, policy=policy)

    @property
    def sent(self) -> list[object]:
        """The texts that the platform has, in order."""
        return [post["text"] for post in posts(self.record)]

    async def turns(self) -> dict[str, Turn]:
        async with self.store.database.across_tenants() as session:
            return {turn.text: turn for turn in await session.scalars(select(TurnRow).order_by(TurnRow.id))}

    async def is_postponed(self) -> bool:
        """Whether a post waits for its next attempt."""
        async with self.store.database.across_tenants() as session:
            return bool(await session.scalar(select(DeliveryRow.id).where(DeliveryRow.retry_at.is_not(None))))

    async def states(self) -> dict[str, str]:
        return {text: turn.state for text, turn in (await self.turns()).items()}

    async def finished(self, *texts: str) -> None:
        """Waits until those turns are finished, or all."""

        async def are_finished() -> bool:
            turns = await self.turns()
            return not any(turn.state in UNFINISHED for text, turn in turns.items() if not texts or text in texts)

        await until(are_finished)


async def until(is_so: Callable[[], Awaitable[bool] | bool], seconds: float = PATIENCE) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(seconds):
        while True:
            found = is_so()
            if found is True or (found is not False and await found):
                return
            await asyncio.sleep(0.02)


def said(text: str, place: str = "here", *, user: str = "U1", tenant: str = "test:one") -> Message:
    return Message(tenant, place, user, text, [text], Address(place), "secret")
