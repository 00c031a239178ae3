"""Work in batches: what is asked at the same time is worked on together, in a thread, off the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Result = TypeVar("Result")

BATCH = 64


class Batched(Generic[Result]):
    """Calls `work` with all texts that wait, up to BATCH at once; `work` returns one result a text, in their order."""

    def __init__(self, work: Callable[[Sequence[str]], Sequence[Result]]) -> None:
        self._work = work
        self._waiting: list[tuple[str, asyncio.Future[Result]]] = []
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, text: str) -> Result:
        """The result for one text. Raises what `work` raises."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, future))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work_off())
        return await future

    async def _work_off(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            try:
                results = await asyncio.to_thread(self._work, [text for text, _ in batch])
            except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)
