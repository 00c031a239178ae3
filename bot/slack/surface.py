"""Slack as a surface of the flow: shows replies, sends posts, and finds those that were sent."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot import texts
from bot.advising.consultant import ShowLine
from bot.chat.adapter import Keep
from bot.delivery.platform import RefusedError
from bot.errors import BotError
from bot.handoff.channel import DeskChannel
from bot.messages.card import Card, fit_into_one_message, reply_buttons
from bot.messages.person import Person
from bot.messages.reply import Reply
from bot.slack.desk import checked, is_member, remove_file, upload, with_file
from bot.slack.limits import UPDATE
from bot.slack.parsing import name_in
from bot.slack.progress import progress
from bot.slack.refusals import GONE, GROWING, GROWN, MISSING, NO_PLACE, TOO_MUCH, code_of, meaning
from bot.slack.rendering import Rendering, escape, render
from bot.slack.workspaces import UNREACHABLE, Workspaces
from bot.store.post import Content, File, Post, Removal, Rendered, replace_posts
from bot.store.records import Delivery, Turn

log = logging.getLogger(__name__)

POST = "rag_or_tune_post"  # the type of the metadata with a post's marker
LOOKED_AT = 50  # the messages among which a post is looked for
CLOCKS = timedelta(minutes=10)  # by which Slack's clock and ours may differ


class SlackSurface:
    """Posts by the clients of the workspaces, one a tenant; `desk` is the consultants' channel, if it is here."""

    def __init__(self, workspaces: Workspaces, article_url: str | None, desk: DeskChannel | None = None) -> None:
        self._workspaces = workspaces
        self._article_url = article_url
        self._desk = desk

    def post(self, card: Card) -> Rendered:
        """Render a card as one message."""
        return fit_into_one_message(card, lambda shorter: render(shorter, self._article_url)).to_json()

    async def is_member(self, tenant: str, channel: str, user: str) -> bool:
        """Return True if a person is in a channel."""
        enterprise = self._desk.address.enterprise if self._desk else None
        return await is_member(await self._workspaces.client(tenant, enterprise), channel, user)

    def render(self, reply: Reply, turn: Turn) -> Sequence[Content]:
        """Render a reply to a turn."""
        card = Card.of(reply, *reply_buttons(reply, turn.id, can_share=turn.address.is_private))
        parts = [part.to_json() for part in render(card, self._article_url)]
        return [*replace_posts(turn.draft.replaces, parts)]

    @asynccontextmanager
    async def progress(self, turn: Turn, keep: Keep) -> AsyncIterator[ShowLine]:
        """Show a status, and in threads a message that grows."""
        try:
            client = await self._workspaces.client(turn.tenant, turn.address.enterprise)
        except RefusedError:
            yield lambda line: None  # the delivery will say so
            return
        async with progress(client, turn, keep) as show:
            yield show

    async def find_name(self, person: Person) -> str:
        """Ask Slack for a person's name; their id where it does not say."""
        try:
            client = await self._workspaces.client(person.tenant, person.address.enterprise)
            return name_in((await client.users_info(user=person.user))["user"]) or person.user
        except Exception:  # noqa: BLE001 a name is no reason to lose what was said
            log.info("a consultant's name could not be asked for")
            return person.user

    async def take_back(self, turn: Turn, posts: Sequence[str]) -> None:
        """Delete the posts of an answer. Raises what may be tried again; what Slack refuses to delete stays."""
        client = await self._workspaces.client(turn.tenant, turn.address.enterprise)
        for post in posts:
            try:
                await client.chat_delete(channel=turn.address.channel or "", ts=post)
            except SlackApiError as error:
                if not isinstance(meaning(error), RefusedError):
                    raise
                if code_of(error) != MISSING:
                    log.warning("the answer to a deleted question stays: %s", code_of(error))

    async def check(self) -> str:
        """Check the tokens, their scopes, and whether the consultants' channel can be posted to."""
        found = await self._workspaces.check()
        return f"{found}; {await self._desk_checked(self._desk)}" if self._desk else found

    async def close(self) -> None:
        """Nothing is kept open."""

    async def send(self, delivery: Delivery) -> str:
        """Post in the thread, privately where the question was private, or to the user where the bot cannot post."""
        client = await self._workspaces.client(delivery.tenant, delivery.address.enterprise)
        try:
            return await _send(client, await _located(client, delivery))
        except SlackApiError as error:
            raise meaning(error) from error

    async def find(self, delivery: Delivery) -> str | None:
        """Look for the marker among the last messages; a private post cannot be looked for."""
        if delivery.address.is_private or isinstance(delivery.content, Removal):
            return None
        client = await self._workspaces.client(delivery.tenant, delivery.address.enterprise)
        try:
            delivery = await _located(client, delivery)
            channel, thread = str(delivery.address.channel), delivery.address.thread
            if thread:
                since = str((delivery.created_at - CLOCKS).timestamp())  # without it, a thread's first messages come
                found = await client.conversations_replies(
                    channel=channel, ts=thread, oldest=since, limit=LOOKED_AT, include_all_metadata=True
                )
            else:
                found = await client.conversations_history(channel=channel, limit=LOOKED_AT, include_all_metadata=True)
        except SlackApiError as error:
            if code_of(error) in NO_PLACE:
                return None
            raise meaning(error) from error
        if isinstance(delivery.content, File):
            return with_file(found, delivery.content.name)
        return _marked(found, delivery.marker)

    async def _desk_checked(self, desk: DeskChannel) -> str:
        try:
            client = await self._workspaces.client(desk.tenant, desk.address.enterprise)
            return await checked(client, desk.channel)
        except RefusedError as error:
            raise BotError(f"CONSULTANT_SLACK_CHANNEL {desk.channel} cannot be seen: {error}") from error
        except (ClientError, OSError) as error:
            raise BotError(UNREACHABLE) from error


async def _located(client: AsyncWebClient, delivery: Delivery) -> Delivery:
    """The delivery, with the channel of the user's direct messages where it is for those."""
    if not delivery.address.is_direct or delivery.address.channel:
        return delivery
    opened = await client.conversations_open(users=delivery.user)
    return replace(delivery, address=replace(delivery.address, channel=opened["channel"]["id"]))


async def _send(client: AsyncWebClient, delivery: Delivery) -> str:
    match delivery.content:
        case Removal(name, is_file=True):
            return await remove_file(client, name)
        case Removal(name):
            return await _remove(client, delivery, name)
        case File() as file:
            return await upload(client, delivery.address, file)
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
            return await _to_the_user(client, delivery, shown)
        raise


async def _post(client: AsyncWebClient, delivery: Delivery, post: Post, shown: Rendering) -> str:
    address = delivery.address
    if address.is_private:
        return await _privately(client, delivery, shown)
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

    Where the bot is kept out there is nothing to delete any more; among consultants it is tried again.
    """
    try:
        await client.chat_delete(channel=str(delivery.address.channel), ts=name)
    except SlackApiError as error:
        is_kept_out = code_of(error) in NO_PLACE and not delivery.address.is_desk
        if code_of(error) not in GONE and not is_kept_out:
            raise
    return ""


async def _privately(client: AsyncWebClient, delivery: Delivery, shown: Rendering) -> str:
    """To the one who asked: by the command's own address while it lasts, then as an ephemeral message."""
    text, blocks = shown.text, shown.blocks or None
    if delivery.token:
        given = await AsyncWebhookClient(delivery.token).send(text=text, blocks=blocks, response_type="ephemeral")
        if given.status_code == 200:
            return "private"
    channel, user = str(delivery.address.channel), delivery.user
    posted = await client.chat_postEphemeral(channel=channel, user=user, text=text, blocks=blocks)
    return str(posted["message_ts"])


async def _to_the_user(client: AsyncWebClient, delivery: Delivery, shown: Rendering) -> str:
    """In a direct message, with what to do."""
    opened = await client.conversations_open(users=delivery.user)
    channel, note = opened["channel"]["id"], texts.sentence("slack_no_place")
    last = await client.conversations_history(channel=channel, limit=LOOKED_AT, include_all_metadata=True)
    if earlier := _marked(last, delivery.marker):
        return earlier
    posted = await client.chat_postMessage(
        channel=channel,
        text=f"{escape(note)}\n\n{shown.text}",
        metadata=_marker_of(delivery),
        unfurl_links=False,
    )
    return str(posted["ts"])


def _marker_of(delivery: Delivery) -> Metadata:
    """What tells a post from all others, invisibly."""
    return Metadata(event_type=POST, event_payload={"marker": delivery.marker})


def _marked(found: AsyncSlackResponse, marker: str) -> str | None:
    for message in found.get("messages") or []:
        if message.get("metadata", {}).get("event_payload", {}).get("marker") == marker:
            return str(message["ts"])
    return None
