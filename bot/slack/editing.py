"""Messages that their authors edit or delete: the answer follows."""

import logging

from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.flow import Flow
from bot.delivery.platform import RefusedError
from bot.slack.hearing import name_of, place_of, plain_text
from bot.slack.origin import Body, origin
from bot.slack.refusals import MISSING, code_of, meaning
from bot.store.accepting import Message

log = logging.getLogger(__name__)


def is_deletion(event: Body) -> bool:
    """Whether an event takes a message back; the first of a thread is replaced by a note, a tombstone."""
    is_tombstone = (event.get("message") or {}).get("subtype") == "tombstone"
    return event.get("subtype") == "message_deleted" or is_tombstone


async def edited(body: Body, context: AsyncBoltContext, flow: Flow) -> None:
    """Answers the question as it is now, in place of the answer to what it was."""
    event = body["event"]
    message, before, channel = event["message"], event.get("previous_message") or {}, event["channel"]
    turn = await flow.store.inbox.named(origin(body, context).tenant, name_of(channel, message["ts"]))
    if turn is None or message.get("text") == before.get("text"):
        return  # somebody else's, or Slack has only unfurled a link
    sent = await flow.store.outbox.sent_of(turn)
    await flow.accept(
        Message(
            tenant=turn.tenant,
            place=place_of(channel, turn.address.thread),
            user=turn.user,
            text=plain_text(message.get("text") or "", context.bot_user_id),
            keys=[f"event:{body['event_id']}"],
            address=turn.address,
            replaces=sent or turn.draft.replaces,
            name=turn.name,
            said_at=turn.said_at,
        )
    )


async def deleted(body: Body, context: AsyncBoltContext, flow: Flow, client: AsyncWebClient) -> None:
    """Forgets a question that was taken back, and takes the answer back as far as Slack lets us."""
    event = body["event"]
    ts = event.get("deleted_ts") or event["message"]["ts"]
    turn = await flow.store.inbox.named(origin(body, context).tenant, name_of(event["channel"], ts))
    if turn is None:
        return
    for post in dict.fromkeys((*await flow.store.outbox.sent_of(turn), *turn.draft.replaces)):
        try:
            await client.chat_delete(channel=event["channel"], ts=post)
        except SlackApiError as error:
            if not isinstance(meaning(error), RefusedError):
                raise  # Slack tells of it again
            if code_of(error) != MISSING:
                log.warning("the answer to a deleted question stays: %s", code_of(error))
    following = await flow.store.inbox.remove(turn)
    if following:
        flow.begin(following)
