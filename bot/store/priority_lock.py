"""A two-priority lock in front of SQLite's single connection."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Waiting = deque[asyncio.Future[None]]


class PriorityLock:
    """Held by one at a time, in their order; the urgent ones wait for at most one other."""

    def __init__(self) -> None:
        self._is_free = True
        self._was_urgent = False
        self._urgent, self._others = Waiting(), Waiting()

    @asynccontextmanager
    async def acquire(self, *, is_urgent: bool) -> AsyncIterator[None]:
        """Hold the lock while the block runs."""
        if self._is_free:
            self._is_free, self._was_urgent = False, is_urgent
        else:
            await self._wait(self._urgent if is_urgent else self._others)
        try:
            yield
        finally:
            self._let_in()

    async def _wait(self, waiting: Waiting) -> None:
        mine = asyncio.get_running_loop().create_future()
        waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # it was just let in; one that is cancelled is passed over
                self._let_in()
            raise

    def _let_in(self) -> None:
        """The next one: in turns, while both kinds wait."""
        first, second = (self._others, self._urgent) if self._was_urgent else (self._urgent, self._others)
        for waiting in (first, second):
            while waiting:
                following = waiting.popleft()
                if not following.cancelled():
                    self._was_urgent = waiting is self._urgent
                    following.set_result(None)
                    return
        self._is_free = True
