"""While an answer is being made: a status beside the bot's name, and the sentences that are certain already."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient

from bot import texts
from bot.advising.consultant import ShowLine
from bot.chat.adapter import Keep
from bot.messages.reply import Line
from bot.slack.api_errors import TROUBLE
from bot.store.address import Draft
from bot.store.records import Turn

log = logging.getLogger(__name__)

LOOKED_AT = 50  # the messages among which one is looked for
PATIENCE = 0.3  # seconds without a status: an answer that comes at once needs none


@asynccontextmanager
async def progress(client: AsyncWebClient, turn: Turn, keep: Keep) -> AsyncIterator[ShowLine]:
    """Show that a turn is being worked on, and each line as it comes where Slack lets a message grow: in threads.

    `keep` stores that a message grows, and then which, so that the answer takes its place, also after a crash.
    Whatever goes wrong here is left to the answer.
    """
    if turn.address.is_private:
        yield lambda line: None
        return
    lines = asyncio.Queue[Line | None]()
    status = asyncio.create_task(_show_status(client, turn))
    growing = asyncio.create_task(_grow(client, turn, lines, keep))
    try:
        yield lines.put_nowait
    finally:
        status.cancel()
        lines.put_nowait(None)
        await asyncio.gather(status, growing, return_exceptions=True)


async def _show_status(client: AsyncWebClient, turn: Turn) -> None:
    """Show a status until cancelled."""
    await asyncio.sleep(PATIENCE)
    try:
        await _set_status(client, turn, texts.sentence("slack_status"))
        await asyncio.Event().wait()
    finally:
        await _set_status(client, turn, "")


async def _set_status(client: AsyncWebClient, turn: Turn, status: str) -> None:
    channel, thread = str(turn.address.channel), turn.address.thread or (turn.name or "").rpartition("/")[2]
    with suppress(*TROUBLE):
        await client.assistant_threads_setStatus(channel_id=channel, thread_ts=thread, status=status)


async def _grow(client: AsyncWebClient, turn: Turn, lines: asyncio.Queue[Line | None], keep: Keep) -> None:
    try:
        if turn.draft.is_growing and not turn.draft.replaces:
            await _find(client, turn, keep)  # a process before this one began it
        elif turn.address.thread and not turn.draft.replaces:
            await _stream(client, turn, lines, keep)
    except TROUBLE as error:
        log.info("an answer could not be shown while it was written: %s", type(error).__name__)


async def _stream(client: AsyncWebClient, turn: Turn, lines: asyncio.Queue[Line | None], keep: Keep) -> None:
    stream, is_growing = _begun(client, turn), False
    try:
        while line := await lines.get():
            if not is_growing:
                is_growing = True
                await keep(Draft(is_growing=True))
            has_begun = stream.ts
            await stream.append(markdown_text=_written(line))
            if stream.ts and not has_begun:
                await keep(Draft((stream.ts,), is_growing=True))
        if stream.ts:
            await stream.stop()
    except SlackApiError:
        raise  # it refused, so it began nothing
    except TROUBLE:
        if is_growing and not stream.ts:
            await _find(client, turn, keep)  # Slack may have begun it all the same
        raise


async def _find(client: AsyncWebClient, turn: Turn, keep: Keep) -> None:
    """Looks for the message that grows: of all that the bot says, only that carries no metadata."""
    asked = (turn.name or "").rpartition("/")[2]
    own = (await client.auth_test())["user_id"]
    found = await client.conversations_replies(
        channel=str(turn.address.channel),
        ts=str(turn.address.thread),
        oldest=asked,
        limit=LOOKED_AT,
        include_all_metadata=True,
    )
    mine = (m for m in found["messages"] if m.get("user") == own and m["ts"] > asked)
    if growing := [m["ts"] for m in mine if not m.get("metadata")]:
        await keep(Draft(tuple(growing), is_growing=True))


def _begun(client: AsyncWebClient, turn: Turn) -> AsyncChatStream:
    return AsyncChatStream(
        client,
        logger=log,
        channel=str(turn.address.channel),
        thread_ts=str(turn.address.thread),
        recipient_team_id=turn.tenant.partition(":")[2],
        recipient_user_id=turn.user,
        buffer_size=1,
    )


def _written(line: Line) -> str:
    """As Slack's Markdown, in which what stands in angle brackets is alive even when it is escaped."""
    return line.markdown().replace("\\<", "‹").replace("\\>", "›")
