"""Discord's messages and commands as messages of ours: what is said to the bot, and by whom."""

import re

import discord

from bot.chat.adapter import Heard
from bot.store.accepting import Message
from bot.store.address import Address

SAID = (discord.MessageType.default, discord.MessageType.reply)  # what people say; the others are the system's


def heard(said: discord.Message, bot: discord.ClientUser) -> Heard | None:
    """What a message says; None for what is not for the bot to answer."""
    if not is_of_a_person(said):
        return None
    is_direct, is_mentioned = isinstance(said.channel, discord.DMChannel), bot in said.mentions
    is_in_thread = isinstance(said.channel, discord.Thread)
    if not (is_direct or is_mentioned or (is_in_thread and said.content)):
        return None
    return Heard(message_of(said, bot), is_direct or is_mentioned, is_for_others(said, bot))


def is_of_a_person(said: discord.Message) -> bool:
    """Whether a person has said something, rather than a bot or Discord itself."""
    return not said.author.bot and not said.webhook_id and said.type in SAID


def is_for_others(said: discord.Message, bot: discord.ClientUser) -> bool:
    """Whether a message mentions others than the bot."""
    others = [user for user in said.mentions if user != bot]
    return bool(others or said.role_mentions or said.mention_everyone)


def message_of(said: discord.Message, bot: discord.ClientUser) -> Message:
    """The same as a message of ours, whoever it is for."""
    channel, user = str(said.channel.id), str(said.author.id)
    is_direct = isinstance(said.channel, discord.DMChannel)
    is_shared = is_direct or isinstance(said.channel, discord.Thread)
    name = name_of(said.channel.id, said.id)
    return Message(
        tenant=tenant_of(said.guild.id if said.guild else None, said.channel.id),
        place=channel if is_shared else f"{channel}/{user}",  # in a channel, everybody has a conversation of their own
        user=user,
        text=plain_text(said.content, bot),
        keys=[f"message:{name}"],
        address=Address(channel, question=str(said.id), is_direct=is_direct, is_plain=not _may_embed(said)),
        name=name,
        said_at=said.created_at,
    )


def asked_by_command(interaction: discord.Interaction, text: str) -> Message:
    """The question of `/rag-or-tune ask`, or the one that a person makes of somebody's message.

    In a server only its asker is to see the answer.
    """
    channel, user = str(interaction.channel_id), str(interaction.user.id)
    is_direct = is_with_bot(interaction)
    return Message(
        tenant=tenant(interaction),
        place=place_of_command(interaction),
        user=user,
        text=text.strip(),
        keys=[f"interaction:{interaction.id}"],
        address=Address(
            channel,
            application=str(interaction.application_id),
            is_direct=is_direct,
            is_private=not is_direct,
            is_command=True,
        ),
        token=interaction.token,
    )


def place_of_command(interaction: discord.Interaction) -> str:
    """The name of the conversation of whoever calls commands in a channel; of direct messages as a whole."""
    channel, user = str(interaction.channel_id), str(interaction.user.id)
    return channel if is_with_bot(interaction) else f"{channel}/private/{user}"


def tenant(interaction: discord.Interaction) -> str:
    """The tenant whose rows an interaction is about."""
    return tenant_of(interaction.guild_id, interaction.channel_id)


def tenant_of(guild: int | None, channel: int | None) -> str:
    """A server, or a channel of direct messages, which has its own rows as a server has."""
    return f"discord:{guild}" if guild else f"discord:@{channel}"


def is_with_bot(interaction: discord.Interaction) -> bool:
    """Whether somebody is alone with the bot."""
    return interaction.context.dm_channel


def name_of(channel: int, message: int) -> str:
    """The name of a message."""
    return f"{channel}/{message}"


def plain_text(text: str, bot: discord.ClientUser) -> str:
    """The words as they were typed, without the mention of the bot."""
    return re.sub(rf"<@!?{bot.id}>", "", text).strip()


def _may_embed(said: discord.Message) -> bool:
    """Whether embeds are shown there, as far as is known."""
    if said.guild is None or said.guild.me is None or isinstance(said.channel, discord.PartialMessageable):
        return True
    if isinstance(said.channel, discord.Thread) and said.channel.parent is None:
        return True
    return said.channel.permissions_for(said.guild.me).embed_links
