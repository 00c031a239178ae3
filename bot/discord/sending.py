"""Sends posts: by their command while that lasts, where it was asked, or directly to the user."""

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, cast

import discord

from bot import texts
from bot.discord.api_errors import CLOSED_TO_US, EXPIRED, GONE, INVALID, NO_PLACE, NO_REPLIES, UNKNOWN_MESSAGE
from bot.discord.markdown import escape
from bot.discord.rendering import Rendering, render
from bot.discord.rest import channel_of
from bot.messages.card import Card
from bot.messages.reply import Line
from bot.store.address import Address
from bot.store.post import File, Post, Removal
from bot.store.records import Delivery

WEEK: Final = 10_080  # minutes until Discord puts a thread away, the longest that it takes
HAS_THREAD = 160004  # the code for a message that has a thread already
ORIGINAL = cast(int, "@original")  # as Discord calls a command's first reply; discord.py only knows numbers


async def send(client: discord.Client, delivery: Delivery) -> str:
    """Send it; return the post's name. Raises HTTPException if Discord takes it in no form."""
    match delivery.content:
        case Removal(name):
            return await _remove(client, delivery.address, name)
        case File() as file:
            return await _post_below(client, delivery, file)
        case Post() as post:
            return await _send_post(client, delivery, post)


async def _send_post(client: discord.Client, delivery: Delivery, post: Post) -> str:
    address, part = delivery.address, Rendering.from_json(post.rendered)
    if address.thread:
        return await _post_below(client, delivery, part)
    if delivery.token and (name := await _answer_command(client, delivery, post, delivery.token)):
        return name
    if post.replaces and (name := await _replace(client, address, post.replaces, part)):
        return name
    if address.is_private:
        return await _send_late(client, delivery, post)
    if address.is_direct and address.channel is None:
        return await _send_directly(client, delivery, post)
    try:
        return await _post(client, delivery, post)
    except discord.HTTPException as error:
        if error.code not in NO_PLACE or address.is_direct or address.is_desk:
            raise
        return await _send_to_user(client, delivery, post, "discord_no_place")


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
    """Return True if the post is gone for good; among consultants not while the bot is only kept out."""
    return error.code in GONE or (error.code in NO_PLACE and not address.is_desk)


async def _send_late(client: discord.Client, delivery: Delivery, post: Post) -> str:
    """Send a private reply that came too late for its command; where direct messages are closed, say only that."""
    try:
        return await _send_to_user(client, delivery, post, "discord_too_late")
    except discord.HTTPException as error:
        if error.code in CLOSED_TO_US and not post.number:
            with suppress(discord.DiscordException):
                await channel_of(client, delivery.address).send(texts.sentence("discord_closed"))
        raise


async def _send_to_user(client: discord.Client, delivery: Delivery, post: Post, note: str) -> str:
    """Send the reply as a direct message, with the reason; its buttons belong to where it was asked."""
    channel = await client.create_dm(discord.Object(int(delivery.user)))
    part = replace(Rendering.from_json(post.rendered), rows=[])
    if not post.number:
        said = render(Card((Line(texts.sentence(note)),)))[0]
        await channel.send(said.content, nonce=delivery.marker[:-1] + "n")
    sent = await channel.send(**part.options, nonce=delivery.marker)
    return str(sent.id)


async def _send_directly(client: discord.Client, delivery: Delivery, post: Post) -> str:
    """Send to the user alone; where direct messages are closed, the fallback goes to where they asked."""
    place, elsewhere = await place_of(client, delivery), delivery.address.fallback_channel
    try:
        return str((await place.send(**Rendering.from_json(post.rendered).options, nonce=delivery.marker)).id)
    except discord.HTTPException as error:
        if error.code not in CLOSED_TO_US or elsewhere is None or post.fallback is None:
            raise
    if not post.fallback:
        return ""  # they know it already
    part = Rendering.from_json(post.fallback).pinging(delivery.user)
    sent = await client.get_partial_messageable(int(elsewhere)).send(
        **part.options, **_mention(delivery), nonce=delivery.marker
    )
    return str(sent.id)


async def _post(client: discord.Client, delivery: Delivery, post: Post) -> str:
    """Post in the channel, as a reply to the question unless it was asked directly; with a nonce, so only once."""
    channel, part = channel_of(client, delivery.address), part_of(delivery, post)
    called = _mention(delivery) if delivery.address.has_mention else {}
    for options in _forms(part, None if post.number else _reference(delivery.address)):
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


def _forms(part: Rendering, asked: discord.MessageReference | None) -> Iterator[dict[str, Any]]:
    """The post as a reply, and where the bot may not see the question, without that."""
    if asked:
        yield part.options | {"reference": asked}
    yield part.options


def _reference(address: Address) -> discord.MessageReference | None:
    """The question in a server, which the first post of its answer is a reply to."""
    if address.is_direct or address.question is None:
        return None
    asked, channel = int(address.question), int(str(address.channel))
    return discord.MessageReference(message_id=asked, channel_id=channel, fail_if_not_exists=False)


def _mention(delivery: Delivery) -> dict[str, Any]:
    """The option that mentions the user."""
    return {"allowed_mentions": discord.AllowedMentions(everyone=False, users=[discord.Object(int(delivery.user))])}


async def _answer_command(client: discord.Client, delivery: Delivery, post: Post, token: str) -> str | None:
    """Answer by the command's own token, which lasts a quarter of an hour; None if it has run out."""
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


async def _post_below(client: discord.Client, delivery: Delivery, content: Rendering | File) -> str:
    """Post in the thread under a card, which begins with its first post; below the card where there can be none.

    Returns the thread's id with the post's.
    """
    thread, channel = str(delivery.address.thread), str(delivery.address.channel)
    for attempt in range(2):
        try:
            if attempt:
                await _begin_thread(client, int(channel), int(thread), delivery.thread_name)
            return await _post_at(client, thread, delivery, content)
        except discord.HTTPException as error:
            if error.code not in (UNKNOWN_MESSAGE, *NO_PLACE):
                raise
    return await _post_at(client, channel, delivery, content)


async def _begin_thread(client: discord.Client, channel: int, card: int, name: str) -> None:
    """Start the thread under a card, unless it has one."""
    try:
        await client.http.start_thread_with_message(channel, card, name=name, auto_archive_duration=WEEK)
    except discord.HTTPException as error:
        if error.code != HAS_THREAD:
            raise


async def _post_at(client: discord.Client, channel: str, delivery: Delivery, content: Rendering | File) -> str:
    place = client.get_partial_messageable(int(channel))
    if isinstance(content, File):
        file = discord.File(io.BytesIO(content.text.encode()), content.name)
        sent = await place.send(escape(content.comment), file=file, nonce=delivery.marker)
    else:
        sent = await place.send(**content.options, nonce=delivery.marker)
    return f"{channel}/{sent.id}"
