"""While an answer is being made: the bot types."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.delivery.platform import RefusedError
from bot.discord.refusals import TROUBLE
from bot.discord.rest import Rest, channel_of
from bot.store.address import Address

PATIENCE = 0.3  # seconds without it: an answer that comes at once needs none


@asynccontextmanager
async def progress(rest: Rest, address: Address) -> AsyncIterator[None]:
    """Types where the question was asked. Whatever goes wrong with it is left to the answer."""
    typing = asyncio.create_task(_type(rest, address))
    try:
        yield
    finally:
        typing.cancel()
        await asyncio.gather(typing, return_exceptions=True)


async def _type(rest: Rest, address: Address) -> None:
    await asyncio.sleep(PATIENCE)
    with suppress(*TROUBLE, RefusedError):
        async with channel_of(await rest.client(), address).typing():
            await asyncio.Event().wait()
