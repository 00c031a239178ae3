"""Posts that stand in place of earlier ones: after an edit, and after a message that grew."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

from pydantic import JsonValue
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.limits import UPDATE
from bot.slack.refusals import GONE, GROWING, GROWN, NO_PLACE, code_of
from bot.store.tables import Delivery

POST = "rag_or_tune_post"

Blocks = list[dict[str, JsonValue]]


async def replace(client: AsyncWebClient, delivery: Delivery, blocks: JsonValue) -> str | None:
    """Puts a post in place of an earlier one, which may be done again and again; None when that one is gone."""
    post: Callable[[], Awaitable[object]] = partial(
        client.chat_update,
        channel=str(delivery.address.channel),
        ts=str(delivery.payload["replaces"]),
        text=str(delivery.payload["text"])[:UPDATE],
        blocks=cast(Blocks, blocks or []),  # without any, Slack would keep the old ones
        metadata=marker_of(delivery),
    )
    try:
        await post()
    except SlackApiError as error:
        if code_of(error) in GONE:
            return None
        if code_of(error) != GROWING:
            raise
        await _stop_growing(client, delivery)
        await post()
    return str(delivery.payload["replaces"])


async def _stop_growing(client: AsyncWebClient, delivery: Delivery) -> None:
    try:
        await client.chat_stopStream(channel=str(delivery.address.channel), ts=str(delivery.payload["replaces"]))
    except SlackApiError as error:
        if code_of(error) != GROWN:  # meanwhile Slack has ended it
            raise


def marker_of(delivery: Delivery) -> Metadata:
    """What tells a post from all others, invisibly."""
    return Metadata(event_type=POST, event_payload={"marker": delivery.marker})


async def remove(client: AsyncWebClient, delivery: Delivery) -> str:
    """Takes an earlier post away; nothing is left that has a name.

    Where the bot is kept out there is nothing to take away any more; from consultants it is tried again.
    """
    try:
        await client.chat_delete(channel=str(delivery.address.channel), ts=str(delivery.payload["removes"]))
    except SlackApiError as error:
        is_kept_out = code_of(error) in NO_PLACE and not delivery.address.is_desk
        if code_of(error) not in GONE and not is_kept_out:
            raise
    return ""
