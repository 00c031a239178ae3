"""The handoff on Discord: who asks and where, forms that are sent, and words that are passed on."""

import logging
from contextlib import suppress
from typing import Any, cast

import discord

from bot import texts
from bot.chat.service import Service
from bot.discord.forms import again, values_of
from bot.discord.hearing import is_for_others, is_of_a_person, is_with_bot, name_of, plain_text, tenant, tenant_of
from bot.discord.refusals import TROUBLE
from bot.discord.showing import Stage
from bot.discord.wording import escaped
from bot.handoff.relay import Words
from bot.messages.card import Card, Press
from bot.messages.person import Person
from bot.messages.reply import Line
from bot.observing.logs import report
from bot.store.address import Address
from bot.store.retrying import persistently

log = logging.getLogger(__name__)

PASSED_ON = "\N{INCOMING ENVELOPE}"  # the reaction to what went to the consultants


def person_of(interaction: discord.Interaction) -> Person:
    """Who clicked, called or sent a form, and where they are answered: there, or directly where only they saw it."""
    channel, message = str(interaction.channel_id), interaction.message
    address = Address(channel, has_mention=True)
    if is_with_bot(interaction):
        address = Address(channel, is_direct=True)
    elif message is None or message.flags.ephemeral or not interaction.is_guild_integration():
        address = Address(is_direct=True, fallback_channel=channel)
    user, is_direct = interaction.user, is_with_bot(interaction)
    whose, place = tenant(interaction), _place(interaction)
    return Person(
        whose,
        str(user.id),
        user.display_name,
        address,
        spans_tenants=is_direct,
        place=place,
        is_public=address.has_mention,
    )


def _place(interaction: discord.Interaction) -> str:
    """Where something happens, in words for consultants."""
    if interaction.guild_id is None:
        return texts.sentence("place_direct", platform="Discord")
    home = (interaction.guild.name if interaction.guild else "") or interaction.guild_id
    channel = getattr(interaction.channel, "name", None) or interaction.channel_id
    return texts.sentence("place_channel", channel=channel, home=home, platform="Discord")


async def submitted(interaction: discord.Interaction, service: Service, article_url: str | None) -> None:
    """What becomes of a form that was sent; errors end here, for discord.py would only log them."""
    stage = Stage(interaction, article_url)
    try:
        async with stage.deferred():
            await _submitted(interaction, service, stage)
    except Exception:  # noqa: BLE001 it is logged, with its reference
        await stage.apologize(report(log, "a form failed"))


async def _submitted(interaction: discord.Interaction, service: Service, stage: Stage) -> None:
    data = cast(dict[str, Any], interaction.data)
    press, values = Press.of(str(data["custom_id"])), values_of(data)
    keys = [f"interaction:{interaction.id}"]
    outcome = await persistently(service.handoff.sent, person_of(interaction), press, values, keys)
    if press and outcome.errors:
        await stage.show_privately(again(press, values, outcome.errors))
    elif outcome.notice and press and press.name == "contact":
        await stage.show_instead(Card((Line(outcome.notice),)))  # of what could be passed on
    elif outcome.notice:
        await stage.show_privately(Card((Line(outcome.notice),)))


async def is_passed_on(said: discord.Message, bot: discord.ClientUser, service: Service) -> bool:
    """Whether words are between a user and the consultants, and so none of the bot's business."""
    if not is_of_a_person(said):
        return False
    handoff, whose = service.handoff, _author_of(said)
    if isinstance(said.channel, discord.Thread) and (
        desk := handoff.channel_at(whose.tenant, str(said.channel.parent_id))
    ):
        problem = await persistently(handoff.relay.from_desk, whose, desk, _words(said, bot, str(said.channel.id)))
        if problem:
            with suppress(*TROUBLE):
                await said.reply(escaped(problem), mention_author=False)
        is_ours = problem is not None
    else:
        is_ours = await persistently(handoff.relay.from_user, whose, _words(said, bot, _answered(said, bot)))
        if is_ours:
            with suppress(*TROUBLE):
                await said.add_reaction(PASSED_ON)
    if is_ours:
        handoff.ring()
    return is_ours


async def was_passed_on(after: discord.Message, bot: discord.ClientUser, service: Service) -> bool:
    """Whether a message that was edited had been passed on to the consultants; then the edit is, too."""
    words = Words(
        plain_text(after.content, bot),
        name_of(after.channel.id, after.id),
        [f"edit:{after.channel.id}/{after.id}/{after.edited_at}"],
        files=[file.filename for file in after.attachments],
    )
    found = await persistently(service.handoff.relay.edited, _author_of(after), words)
    service.handoff.ring()
    return found


async def deletion_was_passed_on(guild: int | None, channel: int, message: int, service: Service) -> bool:
    """Whether a message that was deleted, by whomever, had been passed on to the consultants; then that is, too."""
    name = name_of(channel, message)
    whose = Person(tenant_of(guild, channel), "", spans_tenants=guild is None)
    found = await persistently(service.handoff.relay.deleted, whose, name, [f"deletion:{name}"])
    service.handoff.ring()
    return found


def _author_of(said: discord.Message) -> Person:
    guild, author = said.guild.id if said.guild else None, said.author
    whose = tenant_of(guild, said.channel.id)
    return Person(whose, str(author.id), author.display_name, spans_tenants=guild is None)


def _words(said: discord.Message, bot: discord.ClientUser, below: str | None) -> Words:
    name = name_of(said.channel.id, said.id)
    return Words(
        plain_text(said.content, bot),
        name,
        [f"message:{name}"],
        below,
        [file.filename for file in said.attachments],
        is_addressed=said.guild is None or bot in said.mentions,
        is_to_bot=f"<@{bot.id}>" in said.content or f"<@!{bot.id}>" in said.content,
        is_for_others=said.guild is not None and is_for_others(said, bot),
        is_in_talk=said.guild is None or isinstance(said.channel, discord.Thread),
        said_at=said.created_at,
        place=Address(str(said.channel.id)),
        conversation=str(said.channel.id),
    )


def _answered(said: discord.Message, bot: discord.ClientUser) -> str | None:
    """The message of ours that a message replies to."""
    replied_to = said.reference.resolved if said.reference else None
    is_ours = isinstance(replied_to, discord.Message) and replied_to.author.id == bot.id
    return str(replied_to.id) if is_ours and replied_to else None
