"""Runs a flow in this process, with its janitor, from start to stop."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from bot.delivery.flow import DEFAULT_POLICY, Flow, Policy, Responder
from bot.delivery.janitor import Janitor
from bot.delivery.liveness import liveness_of
from bot.delivery.platform import Platform
from bot.delivery.posting import Clerk
from bot.delivery.quota import Quota
from bot.store.store import Store


@asynccontextmanager
async def taking_part(
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
