"""Finds a post that may have been sent: Discord keeps no markers of ours, so a post is known by its content."""

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta

import discord

from bot.discord.api_errors import NO_PLACE, meaning
from bot.discord.rendering import Rendering
from bot.discord.sending import part_of, place_of
from bot.messages.card import Press
from bot.store.post import File, Post, Removal
from bot.store.records import Delivery

CLOCK_SKEW = timedelta(minutes=1)  # by which Discord's clock and ours may differ
MAX_SEARCHED = 50  # the messages among which a post is looked for


async def find(client: discord.Client, delivery: Delivery) -> str | None:
    """Return the name of a post among what came after the question; None if it is not there.

    A removal, and what replaces another post, may simply be repeated; to a command there is no looking.
    """
    content = delivery.content
    if delivery.address.is_command or isinstance(content, Removal) or (isinstance(content, Post) and content.replaces):
        return None
    try:
        place = await place_of(client, delivery)
        is_answer = delivery.turn_id is not None  # which comes soon after what it answers
        last = place.history(limit=MAX_SEARCHED, after=_earlier(delivery), oldest_first=is_answer)
        since = sorted([message async for message in last], key=lambda message: message.id)
    except (discord.HTTPException, discord.RateLimited) as error:
        if isinstance(error, discord.HTTPException) and error.code in NO_PLACE:
            return None
        raise meaning(error) from error
    own = [message for message in since if client.user and message.author.id == client.user.id]
    name = _file_in(own, content.name) if isinstance(content, File) else _oldest(own, delivery, content)
    thread = delivery.address.thread
    return f"{thread}/{name}" if name and thread else name


def _earlier(delivery: Delivery) -> discord.Object:
    """The message after which a post is looked for."""
    name = (delivery.address.question or delivery.previous).rpartition("/")[2]
    since = delivery.created_at.astimezone(UTC) - CLOCK_SKEW
    return discord.Object(int(name) if name.isdigit() else discord.utils.time_snowflake(since))


def _oldest(own: Sequence[discord.Message], delivery: Delivery, post: Post) -> str | None:
    """The post among the bot's messages since the question, the oldest first.

    They say nothing of our markers. But a conversation is answered in its order, and the buttons under an answer name
    its turn: what is before another turn's buttons belongs to that one.
    """
    found: str | None = None
    for message in own:
        turn = next(_turns(message), None)
        if delivery.turn_id and turn not in (None, delivery.turn_id):
            found = None
        elif found is None and (_is(message, part_of(delivery, post)) or _is_card(message, post)):
            found = str(message.id)
    return found


def _is(message: discord.Message, part: Rendering) -> bool:
    embeds = [embed.description or "" for embed in message.embeds]
    return message.content == part.content.strip() and embeds == [text.strip() for text in part.embeds]


def _is_card(message: discord.Message, post: Post) -> bool:
    """Return True if a message is the same request's card, which may have looked different when it was sent."""
    own = {press.subject for press in _presses(message) if press.name == "resolve"}
    rows = Rendering.from_json(post.rendered).rows
    meant = [Press.of(component.id) for row in rows for component in row]
    return any(press and press.name == "resolve" and press.subject in own for press in meant)


def _turns(message: discord.Message) -> Iterator[int]:
    return (press.subject for press in _presses(message) if press.name == "check")


def _presses(message: discord.Message) -> Iterator[Press]:
    for row in message.components:
        for component in getattr(row, "children", ()):
            if press := Press.of(getattr(component, "custom_id", None) or ""):
                yield press


def _file_in(own: Sequence[discord.Message], name: str) -> str | None:
    """Return the name of the post with a file of that name, among messages of the bot's."""
    for message in own:
        if any(file.filename == name for file in message.attachments):
            return str(message.id)
    return None
