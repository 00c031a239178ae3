"""Slack's adapter: renders replies and cards, hands posts on to be sent, and knows who is in a channel."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.advising.consultant import ShowLine
from bot.chat.adapter import Keep
from bot.delivery.ports import RefusedError
from bot.errors import BotError
from bot.handoff.channel import DeskChannel
from bot.messages.card import Card, fit_into_one_message, reply_buttons
from bot.messages.person import Person
from bot.messages.reply import Reply
from bot.slack.api_errors import MISSING, code_of, meaning
from bot.slack.parsing import name_in
from bot.slack.progress import progress
from bot.slack.rendering import render
from bot.slack.sending import find, send
from bot.slack.workspaces import SLACK_UNREACHABLE, Workspaces
from bot.store.post import Content, Rendered, replace_posts
from bot.store.records import Delivery, Turn

log = logging.getLogger(__name__)

MEMBERS_PER_PAGE = 200


class SlackAdapter:
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
        return await _is_member(await self._workspaces.client(tenant, enterprise), channel, user)

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
        return f"{found}; {await self._check_desk(self._desk)}" if self._desk else found

    async def close(self) -> None:
        """Close the connections."""
        await self._workspaces.close()

    async def send(self, delivery: Delivery) -> str:
        """Post in the thread, privately where the question was private, or to the user where the bot cannot post."""
        return await send(await self._workspaces.client(delivery.tenant, delivery.address.enterprise), delivery)

    async def find(self, delivery: Delivery) -> str | None:
        """Find a post that was sent, by its marker."""
        return await find(await self._workspaces.client(delivery.tenant, delivery.address.enterprise), delivery)

    async def _check_desk(self, desk: DeskChannel) -> str:
        try:
            client = await self._workspaces.client(desk.tenant, desk.address.enterprise)
            return await _check_channel(client, desk.channel)
        except RefusedError as error:
            raise BotError(f"CONSULTANT_SLACK_CHANNEL {desk.channel} cannot be seen: {error}") from error
        except (ClientError, OSError) as error:
            raise BotError(SLACK_UNREACHABLE) from error


async def _is_member(client: AsyncWebClient, channel: str, user: str) -> bool:
    """Return True if a person is in a channel."""
    cursor = ""
    while True:
        found = await client.conversations_members(channel=channel, limit=MEMBERS_PER_PAGE, cursor=cursor)
        if user in found["members"]:
            return True
        cursor = (found.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return False


async def _check_channel(client: AsyncWebClient, channel: str) -> str:
    """Describe the consultants' channel if the bot can post there. Raises BotError, saying what to do."""
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
