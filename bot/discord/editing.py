"""Messages that their authors edit or delete: the answer follows."""

from dataclasses import replace
from typing import cast

import discord
from pydantic import JsonValue

from bot.delivery.flow import Flow
from bot.discord.hearing import message_of, name_of
from bot.discord.refusals import UNKNOWN_MESSAGE


async def edited(after: discord.Message, bot: discord.ClientUser, flow: Flow) -> None:
    """Answers the question as it is now, in place of the answer to what it was."""
    now = message_of(after, bot)
    turn = await flow.store.inbox.named(now.tenant, str(now.name))
    if turn is None or not now.text or now.text == turn.text:
        return  # somebody else's, or Discord has only looked up a link, or no longer shows us the text
    sent = await flow.store.outbox.sent_of(turn)
    earlier: JsonValue = [*sent] or turn.address.get("replaces", [])
    address = {**turn.address, "replaces": earlier}
    await flow.accept(replace(now, keys=[f"edit:{now.name}/{after.edited_at}"], address=address))


async def deleted(tenant: str, channel: int, message: int, flow: Flow, client: discord.Client) -> None:
    """Forgets a question that was taken back, and takes the answer back."""
    turn = await flow.store.inbox.named(tenant, name_of(channel, message))
    if turn is None:
        return
    earlier = cast(list[str], turn.address.get("replaces", []))
    for post in dict.fromkeys((*await flow.store.outbox.sent_of(turn), *earlier)):
        try:
            await client.get_partial_messageable(channel).get_partial_message(int(post)).delete()
        except discord.HTTPException as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
    following = await flow.store.inbox.remove(turn)
    if following:
        flow.begin(following)
