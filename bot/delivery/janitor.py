"""The flow of one process with its janitor, who finds work whose process died, and deletes what is old."""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial

from bot.delivery.flow import DEFAULT_POLICY, Flow, Policy, Responder
from bot.delivery.handover import Handover, handover_of
from bot.delivery.liveness import Liveness, liveness_of
from bot.delivery.ports import Platform
from bot.delivery.posting import Clerk
from bot.delivery.quota import Quota
from bot.store.accepting import Work
from bot.store.records import QueuedNotification
from bot.store.retrying import passing
from bot.store.store import Store

log = logging.getLogger(__name__)

EXPIRY_INTERVAL = 3600.0  # seconds between two deletions of what is old


class Janitor:
    """Looks after one flow, for as long as its process lives."""

    def __init__(
        self,
        flow: Flow,
        liveness: Liveness,
        handover: Handover,
        process: str,
        retention_days: int,
        *,
        here: bool = True,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._policy = policy
        self._flow = flow
        self._liveness = liveness
        self._handover = handover
        self._process = process
        self._retention_days = retention_days
        self._here = here
        self._kept_up = -EXPIRY_INTERVAL

    async def run(self) -> None:
        """Run rounds until cancelled, and beside them hold the process's lock, for a round may take its time."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._repeat(self.round))
            loops.create_task(self._repeat(partial(self._liveness.hold, self._process)))

    async def round(self) -> None:
        """End the leases of the dead, take what nobody has, and delete what is old."""
        leases = self._flow.store.leases
        if dead := await self._liveness.dead(await leases.holders() - {self._process}):
            await leases.free(dead)
            self._flow.wake_post_office()
        if self._here:
            await self._flow.look()
        if time.monotonic() - self._kept_up >= EXPIRY_INTERVAL:
            await self._flow.store.erasure.expire(self._retention_days)
            await self._handover.purge()
            self._kept_up = time.monotonic()

    async def _repeat(self, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except Exception as error:
                log.warning("the janitor's round failed: %s", type(error).__name__, exc_info=not passing(error))
            await asyncio.sleep(self._policy.janitor_interval)


@asynccontextmanager
async def run_flow(
    store: Store,
    platforms: Mapping[str, Platform],
    responder: Responder,
    quota: Quota,
    *,
    retention_days: int,
    clerk: Clerk[QueuedNotification] | None = None,
    here: bool = True,
    policy: Policy = DEFAULT_POLICY,
) -> AsyncIterator[Flow]:
    """Run a flow that also takes over what dead processes left; without `here` it only accepts."""
    process = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    liveness = liveness_of(store.database)
    await liveness.hold(process)
    handover = handover_of(store.database.urls, process, platforms, here=here)
    flow = Flow(store, platforms, responder, quota, process, handover, clerk=clerk, here=here, policy=policy)

    async def take(work: Work) -> None:
        await flow.take([work])

    await handover.start(take)
    janitor = Janitor(flow, liveness, handover, process, retention_days, here=here, policy=policy)
    tidying = asyncio.create_task(janitor.run())
    posting = asyncio.create_task(flow.post_office.run()) if here else None
    try:
        yield flow
    finally:
        tidying.cancel()
        with suppress(asyncio.CancelledError):
            await tidying
        await handover.stop()
        if posting:
            flow.post_office.end()
            await posting
        await flow.stop()
        await liveness.close()
