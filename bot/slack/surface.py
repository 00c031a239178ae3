"""Slack as a surface of the flow: shows replies, sends posts, and finds those that were sent."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast

from aiohttp import ClientError
from pydantic import JsonValue
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot import texts
from bot.advising.consultant import ShowLine
from bot.chat.adapter import Keep, in_place_of
from bot.delivery.platform import RefusedError
from bot.errors import BotError
from bot.handoff.channel import DeskChannel
from bot.messages.card import Card, fit_into_one_message, reply_buttons
from bot.messages.person import Person
from bot.messages.reply import Reply
from bot.slack.desk import checked, is_member, remove_file, upload, with_file
from bot.slack.parsing import name_in
from bot.slack.progress import progress
from bot.slack.refusals import MISSING, NO_PLACE, TOO_MUCH, code_of, meaning
from bot.slack.rendering import escape, render
from bot.slack.replacing import Blocks, marker_of, remove, replace
from bot.slack.workspaces import UNREACHABLE, Workspaces
from bot.store.tables import Delivery, Turn

log = logging.getLogger(__name__)

LOOKED_AT = 50  # the messages among which a post is looked for
CLOCKS = timedelta(minutes=10)  # by which Slack's clock and ours may differ


class SlackSurface:
    """Posts by the clients of the workspaces, one a tenant; `desk` is the consultants' channel, if it is here."""

    def __init__(self, workspaces: Workspaces, article_url: str | None, desk: DeskChannel | None = None) -> None:
        self._workspaces = workspaces
        self._article_url = article_url
        self._desk = desk

    def post(self, card: Card) -> Mapping[str, JsonValue]:
        """The post that shows a card, in one message."""
        return fit_into_one_message(card, lambda shorter: render(shorter, self._article_url)).payload

    async def is_member(self, tenant: str, channel: str, user: str) -> bool:
        """Whether a person is in a channel."""
        enterprise = self._desk.address.enterprise if self._desk else None
        return await is_member(await self._workspaces.client(tenant, enterprise), channel, user)

    def render(self, reply: Reply, turn: Turn) -> Sequence[Mapping[str, JsonValue]]:
        """The posts that show a reply to a turn."""
        card = Card.of(reply, *reply_buttons(reply, turn.id, can_share=turn.address.is_private))
        return [*in_place_of(turn.draft.replaces, [part.payload for part in render(card, self._article_url)])]

    @asynccontextmanager
    async def progress(self, turn: Turn, keep: Keep) -> AsyncIterator[ShowLine]:
        """A status, and in threads a message that grows."""
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
        """Asks Slack whether it knows the tokens, which scopes they have, and whether the consultants can be told."""
        found = await self._workspaces.check()
        return f"{found}; {await self._desk_checked(self._desk)}" if self._desk else found

    async def close(self) -> None:
        """Nothing is kept open."""

    async def send(self, delivery: Delivery) -> str:
        """Posts in the thread, privately where the question was private, or to the user where there is no place."""
        try:
            return await self._send(await self._located(delivery), delivery.payload.get("blocks"))
        except SlackApiError as error:
            problem = code_of(error)
            if problem in TOO_MUCH:
                return await self._as_text(delivery)
            if problem in NO_PLACE and not delivery.address.is_desk:
                return await self._to_the_user(delivery)
            raise meaning(error) from error

    async def find(self, delivery: Delivery) -> str | None:
        """Looks for the marker among the last messages; a private post cannot be looked for."""
        if delivery.address.is_private or delivery.payload.keys() & {"removes", "removes_file"}:
            return None
        client = await self._client(delivery)
        try:
            delivery = await self._located(delivery)
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
        return with_file(found, delivery) if "file" in delivery.payload else _marked(found, delivery.marker)

    async def _desk_checked(self, desk: DeskChannel) -> str:
        try:
            client = await self._workspaces.client(desk.tenant, desk.address.enterprise)
            return await checked(client, desk.channel)
        except RefusedError as error:
            raise BotError(f"CONSULTANT_SLACK_CHANNEL {desk.channel} cannot be seen: {error}") from error
        except (ClientError, OSError) as error:
            raise BotError(UNREACHABLE) from error

    async def _client(self, delivery: Delivery) -> AsyncWebClient:
        return await self._workspaces.client(delivery.tenant, delivery.address.enterprise)

    async def _located(self, delivery: Delivery) -> Delivery:
        """The post, with the channel of its direct message where it is for one."""
        if delivery.address.is_direct and delivery.address.channel is None:
            client = await self._client(delivery)
            opened = await client.conversations_open(users=delivery.user)
            delivery.where = {**delivery.where, "channel": opened["channel"]["id"]}
        return delivery

    async def _send(self, delivery: Delivery, blocks: JsonValue) -> str:
        client = await self._client(delivery)
        if delivery.address.is_private:
            return await self._privately(client, delivery, blocks)
        if "removes" in delivery.payload:
            return await remove(client, delivery)
        if "removes_file" in delivery.payload:
            return await remove_file(client, delivery)
        if "file" in delivery.payload:
            return await upload(client, delivery)
        if "replaces" in delivery.payload:
            if replaced := await replace(client, delivery, blocks):
                return replaced
            if delivery.address.is_desk:
                return str(delivery.payload["replaces"])  # whoever is there has taken it away
        posted = await client.chat_postMessage(
            channel=str(delivery.address.channel),
            thread_ts=delivery.address.thread,
            text=_text_of(delivery),
            blocks=cast(Blocks | None, blocks),
            metadata=marker_of(delivery),
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(posted["ts"])

    async def _privately(self, client: AsyncWebClient, delivery: Delivery, blocks: JsonValue) -> str:
        """To the one who asked: by the command's own address while it lasts, then as an ephemeral message."""
        text, shown = _text_of(delivery), cast(Blocks | None, blocks)
        if delivery.token:
            given = await AsyncWebhookClient(delivery.token).send(text=text, blocks=shown, response_type="ephemeral")
            if given.status_code == 200:
                return "private"
        channel, user = str(delivery.address.channel), delivery.user
        posted = await client.chat_postEphemeral(channel=channel, user=user, text=text, blocks=shown)
        return str(posted["message_ts"])

    async def _as_text(self, delivery: Delivery) -> str:
        """What Slack refuses as blocks it takes as plain text."""
        try:
            return await self._send(delivery, None)
        except SlackApiError as error:
            raise meaning(error) from error

    async def _to_the_user(self, delivery: Delivery) -> str:
        """Where the bot cannot post, the user gets the reply in a direct message, with what to do."""
        client = await self._client(delivery)
        try:
            opened = await client.conversations_open(users=delivery.user)
            channel, note = opened["channel"]["id"], texts.sentence("slack_no_place")
            last = await client.conversations_history(channel=channel, limit=LOOKED_AT, include_all_metadata=True)
            earlier = _marked(last, delivery.marker)
            if earlier:
                return earlier
            posted = await client.chat_postMessage(
                channel=channel,
                text=f"{escape(note)}\n\n{_text_of(delivery)}",
                metadata=marker_of(delivery),
                unfurl_links=False,
            )
        except SlackApiError as error:
            raise meaning(error) from error
        return str(posted["ts"])


def _marked(found: AsyncSlackResponse, marker: str) -> str | None:
    for message in found.get("messages") or []:
        if message.get("metadata", {}).get("event_payload", {}).get("marker") == marker:
            return str(message["ts"])
    return None


def _text_of(delivery: Delivery) -> str:
    return str(delivery.payload["text"])
