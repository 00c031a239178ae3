"""Sends posts: by their command while that lasts, where it was asked, or directly to the user."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import discord

from bot import texts
from bot.discord.desk import post_below
from bot.discord.refusals import EXPIRED, GONE, INVALID, NO_PLACE, NO_REPLIES, UNREACHABLE
from bot.discord.rendering import Rendering, render
from bot.discord.rest import channel_of
from bot.messages.card import Card
from bot.messages.reply import Line
from bot.store.address import Address
from bot.store.post import File, Post, Removal
from bot.store.records import Delivery

ORIGINAL = cast(int, "@original")  # as Discord calls a command's first reply; discord.py only knows numbers


async def send(client: discord.Client, delivery: Delivery) -> str:
    """Send it; return the post's name. Raises HTTPException if Discord takes it in no form."""
    match delivery.content:
        case Removal(name):
            return await _remove(client, delivery.address, name)
        case File() as file:
            return await post_below(client, delivery, file)
        case Post() as post:
            return await _send_post(client, delivery, post)


async def _send_post(client: discord.Client, delivery: Delivery, post: Post) -> str:
    address, part = delivery.address, Rendering.from_json(post.rendered)
    if address.thread:
        return await post_below(client, delivery, part)
    if delivery.token and (name := await _by_command(client, delivery, post, delivery.token)):
        return name
    if post.replaces and (name := await _replace(client, address, post.replaces, part)):
        return name
    if address.is_private:
        return await _late(client, delivery, post)
    if address.is_direct and address.channel is None:
        return await _directly(client, delivery, post)
    try:
        return await _post(client, delivery, post)
    except discord.HTTPException as error:
        if error.code not in NO_PLACE or address.is_direct or address.is_desk:
            raise
        return await _to_the_user(client, delivery, post, "discord_no_place")


async def _replace(client: discord.Client, address: Address, earlier: str, part: Rendering) -> str | None:
    """Put it in place of an earlier post, which may be repeated; return None if that one is gone."""
    try:
        await channel_of(client, address).get_partial_message(int(earlier)).edit(**part.options)
    except discord.HTTPException as error:
        if not _is_gone(error, address):
            raise
        return earlier if address.is_desk else None  # whoever is there has taken it away
    return earlier


async def _remove(client: discord.Client, address: Address, name: str) -> str:
    """Delete an earlier post; nothing is left that has a name. What is in a thread is named with its thread."""
    thread, _, message = name.rpartition("/")
    place = client.get_partial_messageable(int(thread or str(address.channel)))
    try:
        await place.get_partial_message(int(message)).delete()
    except discord.HTTPException as error:
        if not _is_gone(error, address):
            raise
    return ""


def _is_gone(error: discord.HTTPException, address: Address) -> bool:
    """Whether there is nothing to change any more; among consultants not while the bot is only kept out."""
    return error.code in GONE or (error.code in NO_PLACE and not address.is_desk)


async def _late(client: discord.Client, delivery: Delivery, post: Post) -> str:
    """A private reply that came too late for its command; who takes no direct messages is told so, and no more."""
    try:
        return await _to_the_user(client, delivery, post, "discord_too_late")
    except discord.HTTPException as error:
        if error.code in UNREACHABLE and not post.number:
            with suppress(discord.DiscordException):
                await channel_of(client, delivery.address).send(texts.sentence("discord_closed"))
        raise


async def _to_the_user(client: discord.Client, delivery: Delivery, post: Post, note: str) -> str:
    """The reply as a direct message, with why it comes there; its buttons belong to where it was asked."""
    channel = await client.create_dm(discord.Object(int(delivery.user)))
    part = replace(Rendering.from_json(post.rendered), rows=[])
    if not post.number:
        said = render(Card((Line(texts.sentence(note)),)))[0]
        await channel.send(said.content, nonce=delivery.marker[:-1] + "n")
    sent = await channel.send(**part.options, nonce=delivery.marker)
    return str(sent.id)


async def _directly(client: discord.Client, delivery: Delivery, post: Post) -> str:
    """To the user alone; where they take nothing directly, the fallback goes to where they asked."""
    place, elsewhere = await place_of(client, delivery), delivery.address.fallback_channel
    try:
        return str((await place.send(**Rendering.from_json(post.rendered).options, nonce=delivery.marker)).id)
    except discord.HTTPException as error:
        if error.code not in UNREACHABLE or elsewhere is None or post.fallback is None:
            raise
    if not post.fallback:
        return ""  # they know it already
    part = Rendering.from_json(post.fallback).pinging(delivery.user)
    sent = await client.get_partial_messageable(int(elsewhere)).send(
        **part.options, **_called(delivery), nonce=delivery.marker
    )
    return str(sent.id)


async def _post(client: discord.Client, delivery: Delivery, post: Post) -> str:
    """In the channel, as a reply to the question unless it was asked directly; with a nonce, so only once."""
    channel, part = channel_of(client, delivery.address), part_of(delivery, post)
    called = _called(delivery) if delivery.address.has_mention else {}
    for options in _ways(part, None if post.number else _asked(delivery.address)):
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


def _asked(address: Address) -> discord.MessageReference | None:
    """The question in a server, which the first post of its answer is a reply to."""
    if address.is_direct or address.question is None:
        return None
    asked, channel = int(address.question), int(str(address.channel))
    return discord.MessageReference(message_id=asked, channel_id=channel, fail_if_not_exists=False)


def _called(delivery: Delivery) -> dict[str, Any]:
    """Whose attention is called to a post."""
    return {"allowed_mentions": discord.AllowedMentions(everyone=False, users=[discord.Object(int(delivery.user))])}


async def _by_command(client: discord.Client, delivery: Delivery, post: Post, token: str) -> str | None:
    """By the command's own token, which lasts a quarter of an hour; None if it has run out."""
    webhook = discord.Webhook.partial(int(str(delivery.address.application)), token, client=client)
    webhook.type = discord.WebhookType.application
    options = Rendering.from_json(post.rendered).options
    try:
        if post.number:
            sent = await webhook.send(**options, ephemeral=delivery.address.is_private, wait=True)
        else:  # the first may be put there again and again
            sent = await webhook.edit_message(ORIGINAL, **options)
    except discord.HTTPException as error:
        if error.code in EXPIRED:
            return None
        raise
    return str(sent.id)


async def place_of(client: discord.Client, delivery: Delivery) -> discord.abc.Messageable:
    """Return where a post goes: the thread, the channel, or the user's direct messages."""
    address = delivery.address
    if address.channel is None:
        return await client.create_dm(discord.Object(int(delivery.user)))
    return client.get_partial_messageable(int(address.thread or address.channel))


def part_of(delivery: Delivery, post: Post) -> Rendering:
    """Return the message that a post is."""
    part = Rendering.from_json(post.rendered)
    return part.pinging(delivery.user) if delivery.address.has_mention else part
