"""Discord's adapter: renders replies and cards, hands posts on to be sent, and knows who may see a channel."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import discord

from bot.advising.consultant import ShowLine
from bot.chat.adapter import Keep
from bot.delivery.ports import RefusedError
from bot.discord.api_errors import TROUBLE, meaning
from bot.discord.checks import check_channel, check_token, may_see
from bot.discord.finding import find
from bot.discord.rendering import render
from bot.discord.rest import Rest, channel_of
from bot.discord.sending import send
from bot.handoff.channel import DeskChannel
from bot.messages.card import Card, fit_into_one_message, reply_buttons
from bot.messages.person import Person
from bot.messages.reply import Reply
from bot.store.address import Address
from bot.store.post import Content, Rendered, replace_posts
from bot.store.records import Delivery, Turn

log = logging.getLogger(__name__)

TYPING_DELAY = 0.3  # seconds: a quick answer needs no typing


class DiscordAdapter:
    """Posts by REST, as any process may that has the token."""

    def __init__(self, rest: Rest, article_url: str | None, desk: DeskChannel | None = None) -> None:
        """`desk` is the consultants' channel, if it is here."""
        self._rest = rest
        self._article_url = article_url
        self._desk = desk

    def render(self, reply: Reply, turn: Turn) -> Sequence[Content]:
        """Render a reply to a turn."""
        address = turn.address
        card = Card.of(reply, *reply_buttons(reply, turn.id, can_share=address.is_private))
        parts = render(card, self._article_url, with_embeds=not address.is_plain)
        return [*replace_posts(turn.draft.replaces, [part.to_json() for part in parts])]

    def post(self, card: Card) -> Rendered:
        """Render a card as one message."""
        return fit_into_one_message(card, lambda shorter: render(shorter, self._article_url)).to_json()

    async def is_member(self, tenant: str, channel: str, user: str) -> bool:
        """Return True if a person may see a channel of a server."""
        del tenant
        return await may_see(await self._rest.client(), int(channel), int(user))

    @asynccontextmanager
    async def progress(self, turn: Turn, keep: Keep) -> AsyncIterator[ShowLine]:
        """Type until there is an answer; a command shows by itself that it is worked on."""
        del keep
        if turn.address.is_command:
            yield lambda line: None
            return
        typing = asyncio.create_task(self._type(turn.address))
        try:
            yield lambda line: None
        finally:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)

    async def find_name(self, person: Person) -> str:
        """A person's name, which Discord sends along."""
        return person.name or person.user

    async def take_back(self, turn: Turn, posts: Sequence[str]) -> None:
        """Delete the posts of an answer, as far as Discord allows it."""
        for post in posts:
            try:
                channel = channel_of(await self._rest.client(), turn.address)
                await channel.get_partial_message(int(post)).delete()
            except (*TROUBLE, RefusedError, ValueError) as error:  # Discord tells of a deletion once: the question goes
                log.warning("the answer to a deleted question stays: %s", type(error).__name__)

    async def check(self) -> str:
        """Check the token, the permissions, and whether the consultants' channel can be posted to."""
        found = await check_token(self._rest)
        if self._desk is None:
            return found
        return f"{found}; {await check_channel(await self._rest.client(), self._desk.channel)}"

    async def close(self) -> None:
        await self._rest.close()

    async def send(self, delivery: Delivery) -> str:
        """Reply where it was asked, privately where it was asked so, or to the user where the bot cannot post."""
        client = await self._rest.client()
        try:
            return await send(client, delivery)
        except (discord.HTTPException, discord.RateLimited) as error:
            raise meaning(error) from error

    async def find(self, delivery: Delivery) -> str | None:
        """Find a post that was sent among what came after the question; a private one cannot be found."""
        return await find(await self._rest.client(), delivery)

    async def _type(self, address: Address) -> None:
        """Type where the question was asked, until cancelled. Whatever goes wrong with it is left to the answer."""
        await asyncio.sleep(TYPING_DELAY)
        with suppress(*TROUBLE, RefusedError):
            async with channel_of(await self._rest.client(), address).typing():
                await asyncio.Event().wait()
