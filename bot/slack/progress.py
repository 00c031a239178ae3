"""While an answer is being made: a status beside the bot's name, and the sentences that are certain already."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient

from bot import prompts
from bot.consultant import Show
from bot.platforms import Keep
from bot.replies import Line
from bot.store.tables import Turn

log = logging.getLogger(__name__)

PATIENCE = 0.3  # seconds without a status: an answer that comes at once needs none
TROUBLE = (SlackClientError, ClientError, OSError, TimeoutError)


@asynccontextmanager
async def progress(client: AsyncWebClient, turn: Turn, keep: Keep) -> AsyncIterator[Show]:
    """Shows that a turn is worked on, and each line that it is given, where Slack lets a message grow: in threads.

    `keep` notes the message that grows in the turn's address, so that the answer takes its place. Whatever goes wrong
    here is left to the answer.
    """
    if turn.address.get("private"):
        yield lambda line: None
        return
    lines = asyncio.Queue[Line | None]()
    status = asyncio.create_task(_say_so(client, turn))
    growing = asyncio.create_task(_grow(client, turn, lines, keep))
    try:
        yield lines.put_nowait
    finally:
        status.cancel()
        lines.put_nowait(None)
        await asyncio.gather(status, growing, return_exceptions=True)


async def _say_so(client: AsyncWebClient, turn: Turn) -> None:
    """Says that it works, until it is cancelled."""
    await asyncio.sleep(PATIENCE)
    try:
        await _set_status(client, turn, prompts.sentence("slack_status"))
        await asyncio.Event().wait()
    finally:
        await _set_status(client, turn, "")


async def _set_status(client: AsyncWebClient, turn: Turn, status: str) -> None:
    channel, thread = str(turn.address["channel"]), turn.address.get("thread")
    asked = (turn.name or "").rpartition("/")[2]
    with suppress(*TROUBLE):
        await client.assistant_threads_setStatus(channel_id=channel, thread_ts=str(thread or asked), status=status)


async def _grow(client: AsyncWebClient, turn: Turn, lines: asyncio.Queue[Line | None], keep: Keep) -> None:
    stream = _stream(client, turn)
    try:
        while (line := await lines.get()) and stream:
            has_begun = stream.ts
            await stream.append(markdown_text=_written(line))
            if not has_begun:
                await keep({"replaces": [stream.ts]})
        if stream and stream.ts:
            await stream.stop()
    except TROUBLE as error:
        log.info("an answer could not be shown while it was written: %s", type(error).__name__)


def _stream(client: AsyncWebClient, turn: Turn) -> AsyncChatStream | None:
    """None where one message is to be there at once: outside of threads, or in place of an earlier one."""
    if not turn.address.get("thread") or turn.address.get("replaces"):
        return None
    return AsyncChatStream(
        client,
        logger=log,
        channel=str(turn.address["channel"]),
        thread_ts=str(turn.address["thread"]),
        recipient_team_id=turn.tenant.partition(":")[2],
        recipient_user_id=turn.user,
        buffer_size=1,
    )


def _written(line: Line) -> str:
    """As Slack's Markdown, in which what stands in angle brackets is alive even when it is escaped."""
    return line.markdown().replace("\\<", "‹").replace("\\>", "›")
