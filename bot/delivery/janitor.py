"""The flow of one process with its janitor, who finds work whose process died, and deletes what is old."""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from bot.delivery.flow import DEFAULT_POLICY, Flow, Policy, Responder
from bot.delivery.liveness import Liveness, liveness_of
from bot.delivery.ports import Platform, platform_of
from bot.delivery.posting import Clerk
from bot.delivery.quota import Quota
from bot.store.accepting import Work
from bot.store.retrying import passing
from bot.store.store import Store

log = logging.getLogger(__name__)

EXPIRY_INTERVAL = 3600.0  # seconds between two deletions of what is old


class Janitor:
    """Looks after one flow, for as long as its process lives."""

    def __init__(
        self, flow: Flow, liveness: Liveness, process: str, retention_days: int, policy: Policy = DEFAULT_POLICY
    ) -> None:
        self._policy = policy
        self._flow = flow
        self._liveness = liveness
        self._process = process
        self._retention_days = retention_days
        self._suspects = set[Work]()
        self._kept_up = -EXPIRY_INTERVAL

    async def run(self) -> None:
        """Run rounds until cancelled, and beside them hold the process's lock, for a round may wait for the engine."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._repeat(self.round))
            loops.create_task(self._repeat(partial(self._liveness.hold, self._process)))

    async def round(self) -> None:
        """Take over work that no process does, and delete what is old."""
        heads = await self._flow.store.inbox.heads()
        ours = [work for work in heads if platform_of(work.tenant) in self._flow.platforms]
        await self._take_over([work for work in ours if work.turn not in self._flow.in_progress])
        if time.monotonic() - self._kept_up >= EXPIRY_INTERVAL:
            await self._flow.store.erasure.expire(self._retention_days)
            await self._flow.engine.purge(heads)
            self._kept_up = time.monotonic()

    async def _repeat(self, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except Exception as error:
                log.warning("the janitor's round failed: %s", type(error).__name__, exc_info=not passing(error))
            await asyncio.sleep(self._policy.janitor_interval)

    async def _take_over(self, works: Sequence[Work]) -> None:
        suspects = set[Work]()
        runs = await self._flow.engine.runs(works)
        others = {run.process for run in runs if run.is_pending and run.process and run.process != self._process}
        takers = await self._flow.store.outbox.takers() - {self._process}
        dead = await self._liveness.dead(others | takers)
        living = others - dead
        if dead & takers:
            await self._flow.store.outbox.free(dead & takers)
        for work, run in zip(works, runs, strict=True):
            if run.status is None:
                self._flow.begin(work)
            elif run.is_pending and run.process == self._process and work not in self._suspects:
                suspects.add(work)  # it may be about to begin, or to end: see next time
            elif not run.is_waiting and not (run.is_pending and run.process in living):
                await self._restart(work)  # the run has ended, or its process has
        self._suspects = suspects

    async def _restart(self, work: Work) -> None:
        again = await self._flow.store.inbox.restart(work)
        if again is None:
            return  # another process was faster
        if again.runs > self._policy.max_runs:
            await self._flow.give_up(again)
        else:
            self._flow.begin(again)


@asynccontextmanager
async def run_flow(
    store: Store,
    platforms: Mapping[str, Platform],
    responder: Responder,
    quota: Quota,
    *,
    retention_days: int,
    clerk: Clerk | None = None,
    here: bool = True,
    policy: Policy = DEFAULT_POLICY,
) -> AsyncIterator[Flow]:
    """Run a flow that also takes over what dead processes left; without `here` it only accepts."""
    process = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    liveness = liveness_of(store.database)
    await liveness.hold(process)
    flow = Flow(store, platforms, responder, quota, process, clerk=clerk, here=here, policy=policy)
    await flow.engine.start()
    tidying = asyncio.create_task(Janitor(flow, liveness, process, retention_days, policy).run())
    posting = asyncio.create_task(flow.post_office.run()) if flow.post_office else None
    try:
        yield flow
    finally:
        tidying.cancel()
        with suppress(asyncio.CancelledError):
            await tidying
        if flow.post_office and posting:
            flow.post_office.end()
            await posting
        await flow.stop()
        await liveness.close()
