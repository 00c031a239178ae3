"""Discord as a surface of the flow: shows replies, sends posts, and finds those that were sent."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any, cast

import discord
from pydantic import JsonValue

from bot import prompts
from bot.cards import Card, Press, under
from bot.consultant import Show
from bot.discord.checking import check
from bot.discord.desk import checked, may_see, post_below, with_file
from bot.discord.progress import progress
from bot.discord.refusals import (
    EXPIRED,
    GONE,
    INVALID,
    NO_PLACE,
    NO_REPLIES,
    UNREACHABLE,
    meaning,
)
from bot.discord.rendering import Rendering, in_one, rendered
from bot.discord.rest import Rest, channel_of
from bot.handoff.channel import DeskChannel
from bot.platforms import Keep, in_place_of
from bot.replies import Line, Reply
from bot.store.tables import Delivery, Turn

ORIGINAL = cast(int, "@original")  # as Discord calls a command's first reply; discord.py only knows numbers
CLOCKS = timedelta(minutes=1)  # by which Discord's clock and ours may differ
LOOKED_AT = 50  # the messages among which a post is looked for


class DiscordSurface:
    """Posts by REST, as any process may that has the token."""

    def __init__(self, rest: Rest, article_url: str | None, desk: DeskChannel | None = None) -> None:
        """`desk` is the consultants' channel, if it is here."""
        self._rest = rest
        self._article_url = article_url
        self._desk = desk

    def render(self, reply: Reply, turn: Turn) -> Sequence[Mapping[str, JsonValue]]:
        """The posts that show a reply to a turn."""
        address = turn.address
        card = Card.of(reply, *under(reply, turn.id, can_share=bool(address.get("private"))))
        parts = rendered(card, self._article_url, with_embeds=not address.get("plain"))
        posts = [part.payload | {"number": number} for number, part in enumerate(parts)]
        return [*in_place_of(cast(Sequence[str], address.get("replaces", [])), posts)]

    def post(self, card: Card) -> Mapping[str, JsonValue]:
        """The post that shows a card, in one message."""
        return in_one(card, self._article_url).payload

    async def is_member(self, tenant: str, channel: str, user: str) -> bool:
        """Whether a person may see a channel of a server."""
        del tenant
        return await may_see(await self._rest.client(), int(channel), int(user))

    @asynccontextmanager
    async def progress(self, turn: Turn, keep: Keep) -> AsyncIterator[Show]:
        """Types, until there is an answer; a command says by itself that it is worked on."""
        del keep
        if turn.address.get("command"):
            yield lambda line: None
            return
        async with progress(self._rest, turn.address):
            yield lambda line: None

    async def check(self) -> str:
        """Asks Discord whether it knows the token, what the bot may do, and whether the consultants can be told."""
        found = await check(self._rest)
        if self._desk is None:
            return found
        return f"{found}; {await checked(await self._rest.client(), self._desk.channel)}"

    async def close(self) -> None:
        await self._rest.close()

    async def send(self, delivery: Delivery) -> str:
        """Replies where it was asked, privately where it was asked so, or to the user where there is no place."""
        client = await self._rest.client()
        try:
            return await _sent(client, delivery)
        except (discord.HTTPException, discord.RateLimited) as error:
            raise meaning(error) from error

    async def find(self, delivery: Delivery) -> str | None:
        """Looks for the post among what came after the question; a private post cannot be looked for."""
        if delivery.address.get("command") or delivery.payload.keys() & {"removes", "removes_file", "replaces"}:
            return None
        client = await self._rest.client()
        try:
            place = await _place(client, delivery)
            is_answer = delivery.turn_id is not None  # which comes soon after what it answers
            last = place.history(limit=LOOKED_AT, after=_earlier(delivery), oldest_first=is_answer)
            since = sorted([message async for message in last], key=lambda message: message.id)
        except (discord.HTTPException, discord.RateLimited) as error:
            if isinstance(error, discord.HTTPException) and error.code in NO_PLACE:
                return None
            raise meaning(error) from error
        own = [message for message in since if client.user and message.author.id == client.user.id]
        found = with_file(own, delivery) if "file" in delivery.payload else _found(own, delivery)
        thread = delivery.address.get("thread")
        return f"{thread}/{found}" if found and thread else found


async def _sent(client: discord.Client, delivery: Delivery) -> str:
    payload, address = delivery.payload, delivery.address
    if gone := payload.get("removes") or payload.get("removes_file"):
        return await _remove(client, address, str(gone))
    if "thread" in address:
        return await post_below(client, delivery, None if "file" in payload else Rendering.of(payload))
    if delivery.token and (name := await _by_command(client, delivery, delivery.token)):
        return name
    if "replaces" in delivery.payload and (name := await _replace(client, delivery)):
        return name
    if address.get("private"):
        return await _late(client, delivery)
    if address.get("direct") and "channel" not in address:
        return await _directly(client, delivery)
    try:
        return await _post(client, delivery)
    except discord.HTTPException as error:
        if error.code not in NO_PLACE or address.get("direct") or address.get("only_there"):
            raise
        return await _to_the_user(client, delivery, "discord_no_place")


async def _late(client: discord.Client, delivery: Delivery) -> str:
    """A private reply that came too late for its command; who takes no direct messages is told so, and no more."""
    try:
        return await _to_the_user(client, delivery, "discord_too_late")
    except discord.HTTPException as error:
        if error.code in UNREACHABLE and not delivery.payload.get("number"):
            with suppress(discord.DiscordException):
                await channel_of(client, delivery.address).send(prompts.sentence("discord_closed"))
        raise


async def _to_the_user(client: discord.Client, delivery: Delivery, note: str) -> str:
    """The reply as a direct message, with why it comes there; its buttons belong to where it was asked."""
    channel = await client.create_dm(discord.Object(int(delivery.user)))
    part = replace(Rendering.of(delivery.payload), rows=[])
    if not delivery.payload.get("number"):
        said = rendered(Card((Line(prompts.sentence(note)),)))[0]
        await channel.send(said.content, nonce=delivery.marker[:-1] + "n")
    sent = await channel.send(**part.options, nonce=delivery.marker)
    return str(sent.id)


async def _directly(client: discord.Client, delivery: Delivery) -> str:
    """To the user alone; where they take nothing directly, what stands in for it goes to where they asked."""
    payload, place = delivery.payload, await _place(client, delivery)
    try:
        return str((await place.send(**Rendering.of(payload).options, nonce=delivery.marker)).id)
    except discord.HTTPException as error:
        if error.code not in UNREACHABLE or "asked_in" not in delivery.address or "instead" not in payload:
            raise
    if not payload["instead"]:
        return ""  # they know it already
    asked_in = client.get_partial_messageable(int(str(delivery.address["asked_in"])))
    part = Rendering.of(cast(dict[str, JsonValue], payload["instead"])).pinging(delivery.user)
    return str((await asked_in.send(**part.options, **_called(delivery), nonce=delivery.marker)).id)


async def _place(client: discord.Client, delivery: Delivery) -> discord.abc.Messageable:
    """Where a post goes: the thread, the channel, or the user's direct messages."""
    address = delivery.address
    if "channel" not in address:
        return await client.create_dm(discord.Object(int(delivery.user)))
    return client.get_partial_messageable(int(str(address.get("thread") or address["channel"])))


def _earlier(delivery: Delivery) -> discord.Object:
    """What a post that may have been sent is looked for after."""
    name = str(delivery.address.get("asked") or delivery.address.get("after") or "").rpartition("/")[2]
    since = delivery.created_at.astimezone(UTC) - CLOCKS
    return discord.Object(int(name) if name.isdigit() else discord.utils.time_snowflake(since))


def _called(delivery: Delivery) -> dict[str, Any]:
    """Whose attention is called to a post."""
    return {"allowed_mentions": discord.AllowedMentions(everyone=False, users=[discord.Object(int(delivery.user))])}


def _part(delivery: Delivery) -> Rendering:
    part = Rendering.of(delivery.payload)
    return part.pinging(delivery.user) if delivery.address.get("ping") else part


async def _post(client: discord.Client, delivery: Delivery) -> str:
    """In the channel, as a reply to the question unless it was asked directly; with a nonce, so only once."""
    channel, part = channel_of(client, delivery.address), _part(delivery)
    called = _called(delivery) if delivery.address.get("ping") else {}
    for options in _ways(part, _asked(delivery)):
        try:
            return str((await channel.send(**options, **called, nonce=delivery.marker)).id)
        except discord.HTTPException as error:
            if error.code not in (NO_REPLIES, INVALID):
                raise
    first, *others = part.texts()
    sent = await channel.send(first, nonce=delivery.marker)
    for number, text in enumerate(others):
        await channel.send(text, nonce=f"{delivery.marker[:-2]}{number:02}")
    return str(sent.id)


def _ways(part: Rendering, asked: discord.MessageReference | None) -> Iterator[dict[str, Any]]:
    """As it is: as a reply, and where the bot may not see what it replies to, below it."""
    if asked:
        yield part.options | {"reference": asked}
    yield part.options


def _asked(delivery: Delivery) -> discord.MessageReference | None:
    """The question in a server, which the first post of its answer is a reply to."""
    address = delivery.address
    if address.get("direct") or delivery.payload.get("number") or "asked" not in address:
        return None
    asked, channel = int(str(address["asked"])), int(str(address["channel"]))
    return discord.MessageReference(message_id=asked, channel_id=channel, fail_if_not_exists=False)


async def _by_command(client: discord.Client, delivery: Delivery, token: str) -> str | None:
    """By the command's own token, which lasts a quarter of an hour; None when it has run out."""
    application = int(str(delivery.address["application"]))
    webhook = discord.Webhook.partial(application, token, client=client)
    webhook.type = discord.WebhookType.application
    options = Rendering.of(delivery.payload).options
    try:
        if delivery.payload.get("number"):
            is_private = bool(delivery.address.get("private"))
            sent = await webhook.send(**options, ephemeral=is_private, wait=True)
        else:  # the first may be put there again and again
            sent = await webhook.edit_message(ORIGINAL, **options)
    except discord.HTTPException as error:
        if error.code in EXPIRED:
            return None
        raise
    return str(sent.id)


async def _replace(client: discord.Client, delivery: Delivery) -> str | None:
    """Puts a post in place of an earlier one, which may be done again and again; None when that one is gone."""
    earlier = str(delivery.payload["replaces"])
    try:
        message = channel_of(client, delivery.address).get_partial_message(int(earlier))
        await message.edit(**Rendering.of(delivery.payload).options)
    except discord.HTTPException as error:
        if not _is_gone(error, delivery.address):
            raise
        if delivery.address.get("only_there"):
            return earlier  # whoever is there has taken it away
        return None
    return earlier


async def _remove(client: discord.Client, address: Mapping[str, JsonValue], gone: str) -> str:
    """Takes an earlier post away; nothing is left that has a name. What is in a thread is called with its thread."""
    thread, _, message = gone.rpartition("/")
    place = client.get_partial_messageable(int(thread or str(address["channel"])))
    try:
        await place.get_partial_message(int(message)).delete()
    except discord.HTTPException as error:
        if not _is_gone(error, address):
            raise
    return ""


def _is_gone(error: discord.HTTPException, address: Mapping[str, JsonValue]) -> bool:
    """Whether there is nothing to change any more; among consultants not while the bot is only kept out."""
    return error.code in GONE or (error.code in NO_PLACE and not address.get("only_there"))


def _found(own: Sequence[discord.Message], delivery: Delivery) -> str | None:
    """The post among the bot's messages since the question, the oldest first.

    They say nothing of our markers. But a conversation is answered in its order, and the buttons under an answer name
    its turn: what is before another turn's buttons belongs to that one.
    """
    found: str | None = None
    for message in own:
        turn = next(_turns(message), None)
        if delivery.turn_id and turn not in (None, delivery.turn_id):
            found = None
        elif found is None and (_is(message, _part(delivery)) or _is_card(message, delivery)):
            found = str(message.id)
    return found


def _is(message: discord.Message, part: Rendering) -> bool:
    embeds = [embed.description or "" for embed in message.embeds]
    return message.content == part.content.strip() and embeds == [text.strip() for text in part.embeds]


def _is_card(message: discord.Message, delivery: Delivery) -> bool:
    """Whether a message is the same request's card, which may have said something else when it was sent."""
    own = {press.subject for press in _presses(message) if press.name == "resolve"}
    rows = Rendering.of(delivery.payload).rows
    meant = [Press.of(str(component["id"])) for row in rows for component in row]
    return any(press and press.name == "resolve" and press.subject in own for press in meant)


def _turns(message: discord.Message) -> Iterator[int]:
    return (press.subject for press in _presses(message) if press.name == "check")


def _presses(message: discord.Message) -> Iterator[Press]:
    for row in message.components:
        for component in getattr(row, "children", ()):
            if press := Press.of(getattr(component, "custom_id", None) or ""):
                yield press
