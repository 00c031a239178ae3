"""The janitor: finds work that nobody does any more, and sees to what is to be deleted."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.delivery.flow import Flow
from bot.delivery.liveness import Liveness
from bot.delivery.platform import platform_of
from bot.store.accepting import Work
from bot.store.retrying import passing

log = logging.getLogger(__name__)

ROUND = 2.0  # seconds
UPKEEP = 3600.0  # seconds
MOST_RUNS = 20  # a message that takes the process down each time is put aside after so many


class Janitor:
    """Looks after one flow, for as long as its process lives."""

    def __init__(self, flow: Flow, liveness: Liveness, process: str, retention_days: int) -> None:
        self._flow = flow
        self._liveness = liveness
        self._process = process
        self._retention_days = retention_days
        self._strange = set[Work]()
        self._kept_up = -UPKEEP

    async def run(self) -> None:
        """Round after round, until cancelled; beside them the lock is held, for a round may wait for the engine."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._repeat(self.round))
            loops.create_task(self._repeat(partial(self._liveness.hold, self._process)))

    async def round(self) -> None:
        """Takes up what nobody does, and deletes what is old."""
        heads = await self._flow.store.inbox.heads()
        ours = [work for work in heads if platform_of(work.tenant) in self._flow.platforms]
        await self._take_up([work for work in ours if work.turn not in self._flow.mine])
        if time.monotonic() - self._kept_up >= UPKEEP:
            await self._flow.store.erasure.expire(self._retention_days)
            await self._flow.engine.purge(heads)
            self._kept_up = time.monotonic()

    async def _repeat(self, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except Exception as error:
                log.warning("the janitor's round failed: %s", type(error).__name__, exc_info=not passing(error))
            await asyncio.sleep(ROUND)

    async def _take_up(self, works: Sequence[Work]) -> None:
        strange = set[Work]()
        runs = await self._flow.engine.runs(works)
        others = {run.process for run in runs if run.is_going_on and run.process and run.process != self._process}
        takers = await self._flow.store.outbox.takers() - {self._process}
        dead = await self._liveness.dead(others | takers)
        living = others - dead
        if dead & takers:
            await self._flow.store.outbox.free(dead & takers)
        for work, run in zip(works, runs, strict=True):
            if run.status is None:
                self._flow.begin(work)
            elif run.is_going_on and run.process == self._process and work not in self._strange:
                strange.add(work)  # it may be about to begin, or to end: see next time
            elif not run.is_waiting and not (run.is_going_on and run.process in living):
                await self._begin_anew(work)  # the run has ended, or its process has
        self._strange = strange

    async def _begin_anew(self, work: Work) -> None:
        again = await self._flow.store.inbox.begin_anew(work)
        if again is None:
            return  # another process was faster
        if again.runs > MOST_RUNS:
            await self._flow.give_up(again)
        else:
            self._flow.begin(again)
