"""Discord's messages and interactions as events, https://docs.discord.com/developers/events/gateway-events."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import discord

from bot import texts
from bot.messages.card import Press
from bot.messages.events import Command, Commanded, Deleted, Edited, Pressed, Said, Submitted
from bot.messages.person import Person
from bot.store.address import Address

TYPES = (discord.MessageType.default, discord.MessageType.reply)  # of what people say; the others are the system's


def parse_said(message: discord.Message, bot: discord.ClientUser) -> Said | None:
    """A message that was posted; None for what no person has said."""
    if message.author.bot or message.webhook_id or message.type not in TYPES:
        return None
    channel, name = message.channel, name_of(message.channel.id, message.id)
    is_direct, is_thread = isinstance(channel, discord.DMChannel), isinstance(channel, discord.Thread)
    user, is_shared, mention = str(message.author.id), is_direct or is_thread, rf"<@!?{bot.id}>"
    return Said(
        Person(
            tenant_of(message.guild.id if message.guild else None, channel.id),
            user,
            message.author.display_name,
            spans_tenants=message.guild is None,
        ),
        re.sub(mention, "", message.content).strip(),
        [f"message:{name}"],
        str(channel.id)
        if is_shared
        else f"{channel.id}/{user}",  # in a channel, everybody has a conversation of their own
        Address(str(channel.id), question=str(message.id), is_direct=is_direct, is_plain=not _may_embed(message)),
        name,
        str(channel.parent_id) if isinstance(channel, discord.Thread) else str(channel.id),
        str(channel.id) if is_thread else None,
        _replied_to(message, bot),
        said_at=message.created_at,
        files=[file.filename for file in message.attachments],
        is_direct=is_direct,
        mentions_bot=bool(re.search(mention, message.content)),
        pings_bot=bot in message.mentions,
        mentions_others=message.guild is not None and _mentions_others(message, bot),
    )


def parse_edit(message: discord.Message, bot: discord.ClientUser) -> Edited | None:
    """A message as it is after an edit; None for what no person has said."""
    now = parse_said(message, bot)
    return Edited(replace(now, keys=[f"edit:{now.name}/{message.edited_at}"])) if now else None


def parse_deletion(guild: int | None, channel: int, message: int) -> Deleted:
    """A message that was deleted, by whomever."""
    name, person = name_of(channel, message), Person(tenant_of(guild, channel), "", spans_tenants=guild is None)
    return Deleted(person, name, [f"deletion:{name}"])


def parse_press(interaction: discord.Interaction) -> Pressed:
    """A press on a button, or a choice in a menu."""
    data = cast(dict[str, Any], interaction.data)
    press = Press.of(data["custom_id"])
    if press and data.get("values"):
        press = press.choosing(data["values"][0])
    return Pressed(parse_person(interaction), str(interaction.channel_id), press)


def parse_form(interaction: discord.Interaction) -> Submitted:
    """A modal that was submitted."""
    data = cast(dict[str, Any], interaction.data)
    values = dict(_values(data.get("components") or []))
    keys = [f"interaction:{interaction.id}"]
    return Submitted(parse_person(interaction), Press.of(str(data["custom_id"])), values, keys)


def parse_command(interaction: discord.Interaction, command: Command, text: str = "") -> Commanded:
    """A slash command, or the question that a person makes of somebody's message.

    In a server only the person who asked is to see the answer.
    """
    person, channel, is_direct = parse_person(interaction), str(interaction.channel_id), is_with_bot(interaction)
    place = channel if is_direct else f"{channel}/private/{person.user}"
    address = Address(
        channel,
        application=str(interaction.application_id),
        is_direct=is_direct,
        is_private=not is_direct,
        is_command=True,
    )
    keys = [f"interaction:{interaction.id}"]
    question = Said(person, text.strip(), keys, place, address, token=interaction.token)
    return Commanded(person, command, place, channel, question if command is Command.ASK else None)


def parse_person(interaction: discord.Interaction) -> Person:
    """The person behind an interaction, answered there, or directly where only they saw it."""
    channel, message = str(interaction.channel_id), interaction.message
    address = Address(channel, has_mention=True)
    if is_with_bot(interaction):
        address = Address(channel, is_direct=True)
    elif message is None or message.flags.ephemeral or not interaction.is_guild_integration():
        address = Address(is_direct=True, fallback_channel=channel)
    return Person(
        tenant_of(interaction.guild_id, interaction.channel_id),
        str(interaction.user.id),
        interaction.user.display_name,
        address,
        spans_tenants=is_with_bot(interaction),
        place=_place_name(interaction),
        is_public=address.has_mention,
    )


def tenant_of(guild: int | None, channel: int | None) -> str:
    """A server, or a channel of direct messages, which has its own rows as a server has."""
    return f"discord:{guild}" if guild else f"discord:@{channel}"


def is_with_bot(interaction: discord.Interaction) -> bool:
    """True if a person is alone with the bot."""
    return interaction.context.dm_channel


def name_of(channel: int, message: int) -> str:
    """The name of a message."""
    return f"{channel}/{message}"


def _place_name(interaction: discord.Interaction) -> str:
    """The place of an interaction, in words for consultants."""
    if interaction.guild_id is None:
        return texts.sentence("place_direct", platform="Discord")
    home = (interaction.guild.name if interaction.guild else "") or interaction.guild_id
    channel = getattr(interaction.channel, "name", None) or interaction.channel_id
    return texts.sentence("place_channel", channel=channel, home=home, platform="Discord")


def _mentions_others(message: discord.Message, bot: discord.ClientUser) -> bool:
    others = [user for user in message.mentions if user != bot]
    return bool(others or message.role_mentions or message.mention_everyone)


def _replied_to(message: discord.Message, bot: discord.ClientUser) -> str | None:
    """The post of ours that a message replies to."""
    target = message.reference.resolved if message.reference else None
    return str(target.id) if isinstance(target, discord.Message) and target.author.id == bot.id else None


def _may_embed(message: discord.Message) -> bool:
    """True if embeds are shown there, as far as is known."""
    channel = message.channel
    if message.guild is None or message.guild.me is None or isinstance(channel, discord.PartialMessageable):
        return True
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return True
    return channel.permissions_for(message.guild.me).embed_links


def _values(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        inner = component.get("component") or component
        if name := inner.get("custom_id"):
            yield str(name), str(next(iter(inner.get("values") or []), inner.get("value") or ""))
