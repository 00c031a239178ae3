"""Sends posts to Slack, and finds those that were sent already by their marker."""

from dataclasses import replace
from datetime import timedelta

from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot import texts
from bot.slack.api_errors import GONE, GROWING, GROWN, NO_PLACE, TOO_MUCH, code_of, meaning
from bot.slack.limits import UPDATE
from bot.slack.rendering import Rendering, escape
from bot.store.address import Address
from bot.store.post import File, Post, Removal
from bot.store.records import Delivery

POST = "rag_or_tune_post"  # the type of the metadata with a post's marker
MAX_SEARCHED = 50  # messages among which a post is looked for
CLOCK_SKEW = timedelta(minutes=10)  # by which Slack's clock and ours may differ


async def send(client: AsyncWebClient, delivery: Delivery) -> str:
    """Send a delivery; return Slack's name of the post. Raises BusyError or RefusedError."""
    try:
        return await _send(client, await _locate(client, delivery))
    except SlackApiError as error:
        raise meaning(error) from error


async def find(client: AsyncWebClient, delivery: Delivery) -> str | None:
    """Look for the marker among the last messages; a private post cannot be looked for."""
    if delivery.address.is_private or isinstance(delivery.content, Removal):
        return None
    try:
        delivery = await _locate(client, delivery)
        channel, thread = str(delivery.address.channel), delivery.address.thread
        if thread:
            since = str((delivery.created_at - CLOCK_SKEW).timestamp())  # without it, a thread's first messages come
            found = await client.conversations_replies(
                channel=channel, ts=thread, oldest=since, limit=MAX_SEARCHED, include_all_metadata=True
            )
        else:
            found = await client.conversations_history(channel=channel, limit=MAX_SEARCHED, include_all_metadata=True)
    except SlackApiError as error:
        if code_of(error) in NO_PLACE:
            return None
        raise meaning(error) from error
    if isinstance(delivery.content, File):
        return _file_in(found, delivery.content.name)
    return _find_marked(found, delivery.marker)


async def _locate(client: AsyncWebClient, delivery: Delivery) -> Delivery:
    """The delivery, with the channel of the user's direct messages where it is for those."""
    if not delivery.address.is_direct or delivery.address.channel:
        return delivery
    opened = await client.conversations_open(users=delivery.user)
    return replace(delivery, address=replace(delivery.address, channel=opened["channel"]["id"]))


async def _send(client: AsyncWebClient, delivery: Delivery) -> str:
    match delivery.content:
        case Removal(name, is_file=True):
            return await _remove_file(client, name)
        case Removal(name):
            return await _remove(client, delivery, name)
        case File() as file:
            return await _upload(client, delivery.address, file)
        case Post() as post:
            return await _send_post(client, delivery, post)


async def _send_post(client: AsyncWebClient, delivery: Delivery, post: Post) -> str:
    """Send it as blocks; as plain text if Slack refuses them, and directly to the user where the bot cannot post."""
    shown = Rendering.from_json(post.rendered)
    try:
        return await _post(client, delivery, post, shown)
    except SlackApiError as error:
        if code_of(error) in TOO_MUCH:
            return await _post(client, delivery, post, Rendering(shown.text))
        if code_of(error) in NO_PLACE and not delivery.address.is_desk:
            return await _post_to_user(client, delivery, shown)
        raise


async def _post(client: AsyncWebClient, delivery: Delivery, post: Post, shown: Rendering) -> str:
    address = delivery.address
    if address.is_private:
        return await _post_privately(client, delivery, shown)
    if post.replaces:
        if await _replace(client, delivery, post.replaces, shown):
            return post.replaces
        if address.is_desk:
            return post.replaces  # whoever is there has taken it away
    posted = await client.chat_postMessage(
        channel=str(address.channel),
        thread_ts=address.thread,
        text=shown.text,
        blocks=shown.blocks or None,
        metadata=_marker_of(delivery),
        unfurl_links=False,
        unfurl_media=False,
    )
    return str(posted["ts"])


async def _replace(client: AsyncWebClient, delivery: Delivery, earlier: str, shown: Rendering) -> bool:
    """Put it in place of an earlier post, which may be repeated; return False if that one is gone."""
    channel = str(delivery.address.channel)

    async def update() -> None:
        await client.chat_update(
            channel=channel,
            ts=earlier,
            text=shown.text[:UPDATE],
            blocks=shown.blocks,  # without any, Slack would keep the old ones
            metadata=_marker_of(delivery),
        )

    try:
        await update()
    except SlackApiError as error:
        if code_of(error) in GONE:
            return False
        if code_of(error) != GROWING:
            raise
        await _stop_growing(client, channel, earlier)
        await update()
    return True


async def _stop_growing(client: AsyncWebClient, channel: str, ts: str) -> None:
    try:
        await client.chat_stopStream(channel=channel, ts=ts)
    except SlackApiError as error:
        if code_of(error) != GROWN:  # meanwhile Slack has ended it
            raise


async def _remove(client: AsyncWebClient, delivery: Delivery, name: str) -> str:
    """Delete an earlier post; nothing is left that has a name.

    Where the bot is kept out there is nothing left to delete; among consultants it is tried again.
    """
    try:
        await client.chat_delete(channel=str(delivery.address.channel), ts=name)
    except SlackApiError as error:
        is_kept_out = code_of(error) in NO_PLACE and not delivery.address.is_desk
        if code_of(error) not in GONE and not is_kept_out:
            raise
    return ""


async def _post_privately(client: AsyncWebClient, delivery: Delivery, shown: Rendering) -> str:
    """Post for the user only: by the command's response_url while it lasts, then as an ephemeral message."""
    text, blocks = shown.text, shown.blocks or None
    if delivery.token:
        given = await AsyncWebhookClient(delivery.token).send(text=text, blocks=blocks, response_type="ephemeral")
        if given.status_code == 200:
            return "private"
    channel, user = str(delivery.address.channel), delivery.user
    posted = await client.chat_postEphemeral(channel=channel, user=user, text=text, blocks=blocks)
    return str(posted["message_ts"])


async def _post_to_user(client: AsyncWebClient, delivery: Delivery, shown: Rendering) -> str:
    """Post in a direct message, with what to do about the channel."""
    opened = await client.conversations_open(users=delivery.user)
    channel, note = opened["channel"]["id"], texts.sentence("slack_no_place")
    last = await client.conversations_history(channel=channel, limit=MAX_SEARCHED, include_all_metadata=True)
    if earlier := _find_marked(last, delivery.marker):
        return earlier
    posted = await client.chat_postMessage(
        channel=channel,
        text=f"{escape(note)}\n\n{shown.text}",
        metadata=_marker_of(delivery),
        unfurl_links=False,
    )
    return str(posted["ts"])


def _marker_of(delivery: Delivery) -> Metadata:
    """The invisible marker that tells a post from all others."""
    return Metadata(event_type=POST, event_payload={"marker": delivery.marker})


def _find_marked(found: AsyncSlackResponse, marker: str) -> str | None:
    for message in found.get("messages") or []:
        if message.get("metadata", {}).get("event_payload", {}).get("marker") == marker:
            return str(message["ts"])
    return None


async def _upload(client: AsyncWebClient, address: Address, file: File) -> str:
    """Share a text as a file; return the file's id."""
    given = await client.files_upload_v2(
        channel=str(address.channel),
        thread_ts=address.thread,
        filename=file.name,
        content=file.text,
        initial_comment=escape(file.comment),
    )
    return str(given["file"]["id"])


async def _remove_file(client: AsyncWebClient, file: str) -> str:
    """Delete a file that was shared; nothing is left that has a name."""
    try:
        await client.files_delete(file=file)
    except SlackApiError as error:
        if code_of(error) not in ("file_not_found", "file_deleted"):
            raise
    return ""


def _file_in(found: AsyncSlackResponse, name: str) -> str | None:
    """Return the id of a file of that name among messages."""
    for message in found.get("messages") or []:
        for file in message.get("files") or []:
            if file.get("name") == name:
                return str(file["id"])
    return None
