"""Messages that their authors edit or delete: the answer follows."""

import logging
from dataclasses import replace

import discord

from bot.delivery.flow import Flow
from bot.discord.hearing import message_of, name_of
from bot.discord.refusals import TROUBLE
from bot.store.retrying import persistently

log = logging.getLogger(__name__)


async def edited(after: discord.Message, bot: discord.ClientUser, flow: Flow) -> None:
    """Answers the question as it is now, in place of the answer to what it was."""
    now = message_of(after, bot)
    turn = await persistently(flow.store.inbox.named, now.tenant, str(now.name))
    if turn is None or not now.text or now.text == turn.text:
        return  # somebody else's, or Discord has only looked up a link, or no longer shows us the text
    sent = await persistently(flow.store.outbox.sent_of, turn)
    keys, earlier = [f"edit:{now.name}/{after.edited_at}"], sent or turn.draft.replaces
    anew = replace(now, keys=keys, address=turn.address, replaces=earlier)
    await persistently(flow.accept, anew)


async def deleted(tenant: str, channel: int, message: int, flow: Flow, client: discord.Client) -> None:
    """Forgets a question that was taken back, and takes the answer back."""
    turn = await persistently(flow.store.inbox.named, tenant, name_of(channel, message))
    if turn is None:
        return
    posts = dict.fromkeys((*await persistently(flow.store.outbox.sent_of, turn), *turn.draft.replaces))
    following = await persistently(flow.store.inbox.remove, turn)
    if following:
        flow.begin(following)
    for post in posts:
        try:
            await client.get_partial_messageable(channel).get_partial_message(int(post)).delete()
        except TROUBLE as error:
            log.warning("the answer to a deleted question stays: %s", type(error).__name__)
