"""Work in batches: what is asked for while a batch is worked on is worked on together, as the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot import threads

Item = TypeVar("Item")
Result = TypeVar("Result")
Waiting = tuple[Item, asyncio.Future[Result]]

BATCH = 64


class Batched(Generic[Item, Result]):
    """Calls `work` with all items that wait, up to BATCH at once; `work` returns one result an item, in their order.

    When a batch fails each of its items is worked on alone, so that one that is impossible spoils no other.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._work = work
        self._waiting: list[Waiting[Item, Result]] = []
        self._working: asyncio.Task[None] | None = None

    @classmethod
    def in_thread(cls, work: Callable[[Sequence[Item]], Sequence[Result]]) -> "Batched[Item, Result]":
        """The same for what is computed in a thread, off the event loop."""

        async def in_thread(items: Sequence[Item]) -> Sequence[Result]:
            return await threads.computed(lambda: work(items))

        return cls(in_thread)

    async def __call__(self, item: Item) -> Result:
        """The result for one item. Raises what `work` raises for it."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work_off())
        return await future

    async def _work_off(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            await self._finish(batch)

    async def _finish(self, batch: Sequence[Waiting[Item, Result]]) -> None:
        try:
            results = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            if len(batch) > 1:
                for one in batch:
                    await self._finish([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
