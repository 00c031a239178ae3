"""How a post is sent: by its command while that lasts, where it was asked, or directly to the user."""

import dataclasses
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import discord
from pydantic import JsonValue

from bot import texts
from bot.discord.desk import post_below
from bot.discord.refusals import EXPIRED, INVALID, NO_PLACE, NO_REPLIES, UNREACHABLE
from bot.discord.rendering import Rendering, render
from bot.discord.replacing import remove, replace
from bot.discord.rest import channel_of
from bot.messages.card import Card
from bot.messages.reply import Line
from bot.store.tables import Delivery

ORIGINAL = cast(int, "@original")  # as Discord calls a command's first reply; discord.py only knows numbers


async def send(client: discord.Client, delivery: Delivery) -> str:
    """Sends a post; returns its name. Raises HTTPException when Discord takes it in no way."""
    payload, address = delivery.payload, delivery.address
    if gone := payload.get("removes") or payload.get("removes_file"):
        return await remove(client, address, str(gone))
    if address.thread:
        return await post_below(client, delivery, None if "file" in payload else Rendering.of(payload))
    if delivery.token and (name := await _by_command(client, delivery, delivery.token)):
        return name
    if "replaces" in delivery.payload and (name := await replace(client, delivery)):
        return name
    if address.is_private:
        return await _late(client, delivery)
    if address.is_direct and address.channel is None:
        return await _directly(client, delivery)
    try:
        return await _post(client, delivery)
    except discord.HTTPException as error:
        if error.code not in NO_PLACE or address.is_direct or address.is_desk:
            raise
        return await _to_the_user(client, delivery, "discord_no_place")


async def _late(client: discord.Client, delivery: Delivery) -> str:
    """A private reply that came too late for its command; who takes no direct messages is told so, and no more."""
    try:
        return await _to_the_user(client, delivery, "discord_too_late")
    except discord.HTTPException as error:
        if error.code in UNREACHABLE and not delivery.payload.get("number"):
            with suppress(discord.DiscordException):
                await channel_of(client, delivery.address).send(texts.sentence("discord_closed"))
        raise


async def _to_the_user(client: discord.Client, delivery: Delivery, note: str) -> str:
    """The reply as a direct message, with why it comes there; its buttons belong to where it was asked."""
    channel = await client.create_dm(discord.Object(int(delivery.user)))
    part = dataclasses.replace(Rendering.of(delivery.payload), rows=[])
    if not delivery.payload.get("number"):
        said = render(Card((Line(texts.sentence(note)),)))[0]
        await channel.send(said.content, nonce=delivery.marker[:-1] + "n")
    sent = await channel.send(**part.options, nonce=delivery.marker)
    return str(sent.id)


async def _directly(client: discord.Client, delivery: Delivery) -> str:
    """To the user alone; where they take nothing directly, what stands in for it goes to where they asked."""
    payload, place = delivery.payload, await place_of(client, delivery)
    try:
        return str((await place.send(**Rendering.of(payload).options, nonce=delivery.marker)).id)
    except discord.HTTPException as error:
        if error.code not in UNREACHABLE or delivery.address.fallback_channel is None or "instead" not in payload:
            raise
    if not payload["instead"]:
        return ""  # they know it already
    asked_in = client.get_partial_messageable(int(str(delivery.address.fallback_channel)))
    part = Rendering.of(cast(dict[str, JsonValue], payload["instead"])).pinging(delivery.user)
    return str((await asked_in.send(**part.options, **_called(delivery), nonce=delivery.marker)).id)


async def _post(client: discord.Client, delivery: Delivery) -> str:
    """In the channel, as a reply to the question unless it was asked directly; with a nonce, so only once."""
    channel, part = channel_of(client, delivery.address), part_of(delivery)
    called = _called(delivery) if delivery.address.has_mention else {}
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
    if address.is_direct or delivery.payload.get("number") or address.question is None:
        return None
    asked, channel = int(address.question), int(str(address.channel))
    return discord.MessageReference(message_id=asked, channel_id=channel, fail_if_not_exists=False)


def _called(delivery: Delivery) -> dict[str, Any]:
    """Whose attention is called to a post."""
    return {"allowed_mentions": discord.AllowedMentions(everyone=False, users=[discord.Object(int(delivery.user))])}


async def _by_command(client: discord.Client, delivery: Delivery, token: str) -> str | None:
    """By the command's own token, which lasts a quarter of an hour; None when it has run out."""
    application = int(str(delivery.address.application))
    webhook = discord.Webhook.partial(application, token, client=client)
    webhook.type = discord.WebhookType.application
    options = Rendering.of(delivery.payload).options
    try:
        if delivery.payload.get("number"):
            is_private = delivery.address.is_private
            sent = await webhook.send(**options, ephemeral=is_private, wait=True)
        else:  # the first may be put there again and again
            sent = await webhook.edit_message(ORIGINAL, **options)
    except discord.HTTPException as error:
        if error.code in EXPIRED:
            return None
        raise
    return str(sent.id)


async def place_of(client: discord.Client, delivery: Delivery) -> discord.abc.Messageable:
    """Where a post goes: the thread, the channel, or the user's direct messages."""
    address = delivery.address
    if address.channel is None:
        return await client.create_dm(discord.Object(int(delivery.user)))
    return client.get_partial_messageable(int(address.thread or address.channel))


def part_of(delivery: Delivery) -> Rendering:
    """The message that a post is."""
    part = Rendering.of(delivery.payload)
    return part.pinging(delivery.user) if delivery.address.has_mention else part
