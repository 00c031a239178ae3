"""The consultants' channel in Slack: who is in it, whether the bot can post there, and files in its threads."""

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import BotError
from bot.slack.refusals import code_of
from bot.slack.rendering import escape
from bot.store.address import Address
from bot.store.post import File

PAGE = 200  # members at a time


async def is_member(client: AsyncWebClient, channel: str, user: str) -> bool:
    """Whether a person is in a channel."""
    cursor = ""
    while True:
        found = await client.conversations_members(channel=channel, limit=PAGE, cursor=cursor)
        if user in found["members"]:
            return True
        cursor = (found.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return False


async def checked(client: AsyncWebClient, channel: str) -> str:
    """What is well with the consultants' channel. Raises BotError, saying what to do."""
    try:
        found = (await client.conversations_info(channel=channel))["channel"]
    except SlackApiError as error:
        raise BotError(
            f"CONSULTANT_SLACK_CHANNEL {channel} cannot be seen ({code_of(error)}); copy its id, or /invite the bot"
        ) from error
    if found.get("is_archived"):
        raise BotError(f"CONSULTANT_SLACK_CHANNEL {channel} is archived; unarchive it, or set another one")
    if not found.get("is_member"):
        raise BotError(f"the bot is not in CONSULTANT_SLACK_CHANNEL {channel}; type /invite @rag-or-tune there")
    return f"consultants in #{found.get('name')}"


async def upload(client: AsyncWebClient, address: Address, file: File) -> str:
    """Share a text as a file; return the file's id."""
    given = await client.files_upload_v2(
        channel=str(address.channel),
        thread_ts=address.thread,
        filename=file.name,
        content=file.text,
        initial_comment=escape(file.comment),
    )
    return str(given["file"]["id"])


async def remove_file(client: AsyncWebClient, file: str) -> str:
    """Delete a file that was shared; nothing is left that has a name."""
    try:
        await client.files_delete(file=file)
    except SlackApiError as error:
        if code_of(error) not in ("file_not_found", "file_deleted"):
            raise
    return ""


def with_file(found: AsyncSlackResponse, name: str) -> str | None:
    """Return the id of a file of that name among messages."""
    for message in found.get("messages") or []:
        for file in message.get("files") or []:
            if file.get("name") == name:
                return str(file["id"])
    return None
