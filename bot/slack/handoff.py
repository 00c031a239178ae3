"""The handoff's listeners in Slack: who asks and where, forms that are sent, and words that are passed on."""

import logging
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import texts
from bot.chat.service import Service
from bot.handoff.channel import DeskChannel
from bot.handoff.relay import Words
from bot.messages.card import Press
from bot.messages.person import Person
from bot.observing.logs import report
from bot.slack.forms import notice, values_of
from bot.slack.hearing import MENTION, is_of_a_person, moment_of, name_of, place_of, plain_text
from bot.slack.origin import Body, origin
from bot.slack.refusals import TROUBLE
from bot.slack.rendering import escaped
from bot.store.address import Address

log = logging.getLogger(__name__)

DIRECT = "D"  # the first letter of a direct message's id


def person_of(body: Body, context: AsyncBoltContext) -> Person:
    """Who clicked or sent a form, and where they are answered: in the thread, or directly where only they saw it."""
    whose, user, container = origin(body, context), body["user"], body.get("container") or {}
    channel, place = container.get("channel_id"), _place(body.get("team") or {}, body.get("channel") or {})
    if not channel or container.get("is_ephemeral"):
        return Person(whose.tenant, user["id"], _name(user), replace(whose.address, is_direct=True), place=place)
    below = container.get("thread_ts") or (None if channel.startswith(DIRECT) else container.get("message_ts"))
    address = replace(whose.address, channel=channel, thread=below)
    is_public = not channel.startswith(DIRECT)
    return Person(whose.tenant, user["id"], _name(user), address, place=place, is_public=is_public)


def person_of_command(body: Body, context: AsyncBoltContext) -> Person:
    """Who typed a command; they are answered directly."""
    whose = origin(body, context)
    place = _place({"domain": body.get("team_domain")}, {"id": body["channel_id"], "name": body.get("channel_name")})
    address, name = replace(whose.address, is_direct=True), str(body.get("user_name") or "")
    return Person(whose.tenant, body["user_id"], name, address, place=place)


def _place(team: Body, channel: Body) -> str:
    """Where something happens, in words for consultants."""
    if not channel or str(channel.get("id")).startswith(DIRECT):
        return texts.sentence("place_direct", platform=f"Slack, {team.get('domain') or team.get('id')}")
    home, name = team.get("domain") or team.get("id"), channel.get("name") or channel.get("id")
    return texts.sentence("place_channel", channel=name, home=home, platform="Slack")


def listen_to_forms(app: AsyncApp, service: Service, pattern: Any) -> None:  # noqa: ANN401 as Bolt types it
    """Registers what happens to forms that are sent."""

    @app.view(pattern)
    async def sent(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        view = body["view"]
        press = Press.of(view.get("callback_id") or "")
        try:
            person, keys = person_of(body, context), [f"view:{view['id']}:{view.get('hash')}"]
            outcome = await service.handoff.sent(person, press, values_of(view), keys)
        except Exception:  # noqa: BLE001 it is logged, with its reference
            said = texts.sentence("unforeseen", reference=report(log, "a form failed"))
            await ack(response_action="update", view=notice("rag-or-tune", said))
            return
        if outcome.errors:
            await ack(response_action="errors", errors=dict(outcome.errors))
        elif outcome.notice:
            await ack(response_action="update", view=notice("rag-or-tune", outcome.notice))
        else:
            await ack()


async def is_passed_on(body: Body, context: AsyncBoltContext, client: AsyncWebClient, service: Service) -> bool:
    """Whether words are between a user and the consultants, and so none of the bot's business."""
    event, whose, bot, handoff = body["event"], origin(body, context), context.bot_user_id, service.handoff
    if not is_of_a_person(event, bot):
        return False
    person = Person(whose.tenant, event["user"], "", whose.address)
    desk = handoff.channel_at(whose.tenant, event["channel"])
    if desk and event.get("thread_ts"):
        return await _from_desk(person, desk, body, client, service, bot)
    below = event.get("thread_ts") if event.get("channel_type") == "im" else None
    if not await handoff.relay.from_user(person, _words(body, bot, below)):
        return False
    handoff.ring()
    if event["type"] == "message":  # a mention comes as this, too
        await _tell(client, event, texts.sentence("lead_passed_on"))
    return True


async def was_passed_on(body: Body, context: AsyncBoltContext, service: Service, *, is_deletion: bool) -> bool:
    """Whether a message that is edited or deleted had been passed on to the consultants."""
    event, tenant = body["event"], origin(body, context).tenant
    said = event.get("previous_message") if is_deletion else event["message"]
    if not said or not said.get("user"):
        return False
    name, keys = name_of(event["channel"], said["ts"]), [f"event:{body['event_id']}"]
    person = Person(tenant, said["user"])
    relay = service.handoff.relay
    if is_deletion:
        found = await relay.deleted(person, name, keys)
    else:
        words = Words(plain_text(said.get("text") or "", context.bot_user_id), name, keys, files=_files(said))
        found = await relay.edited(person, words)
    service.handoff.ring()
    return found


async def _from_desk(
    person: Person, desk: DeskChannel, body: Body, client: AsyncWebClient, service: Service, bot: str | None
) -> bool:
    """A message in a thread of the consultants' channel: to the user, or among consultants."""
    event = body["event"]
    words = _words(body, bot, event["thread_ts"])
    if not words.is_reply:
        return False
    named = Person(person.tenant, person.user, await _name_of(client, person.user), person.address)
    problem = await service.handoff.relay.from_desk(named, desk, words)
    if problem is None:
        return False
    service.handoff.ring()
    if problem:
        await _tell(client, event, problem)
    return True


async def _tell(client: AsyncWebClient, event: Body, text: str) -> None:
    """Says something only to who said something, there."""
    thread = event.get("thread_ts")
    try:
        await client.chat_postEphemeral(
            channel=event["channel"], user=event["user"], thread_ts=thread, text=escaped(text)
        )
    except TROUBLE as error:  # it is done all the same
        log.warning("a person could not be told what came of their words: %s", type(error).__name__)


def _words(body: Body, bot: str | None, below: str | None) -> Words:
    event = body["event"]
    channel, ts, thread, text = event["channel"], event["ts"], event.get("thread_ts"), str(event.get("text") or "")
    is_direct, is_to_bot = event.get("channel_type") == "im", f"<@{bot}" in text
    is_for_others = not is_direct and bool(MENTION.search(text))
    return Words(
        plain_text(text, bot),
        name_of(channel, ts),
        [f"event:{body['event_id']}", f"message:{channel}/{ts}"],
        below,
        _files(event),
        is_addressed=is_direct or is_to_bot,
        is_to_bot=is_to_bot,
        is_for_others=is_for_others,
        is_in_talk=is_direct or bool(thread),
        said_at=moment_of(ts),
        place=Address(channel, thread),
        conversation=place_of(channel, thread),
    )


def _files(said: Body) -> list[str]:
    """The names of what is attached."""
    return [str(file.get("name") or "") for file in said.get("files") or [] if isinstance(file, dict)]


async def _name_of(client: AsyncWebClient, user: str) -> str:
    """What a person is called; their id when Slack does not say."""
    try:
        return _name((await client.users_info(user=user))["user"]) or user
    except Exception:  # noqa: BLE001 a name is no reason to lose what was said
        log.info("a consultant's name could not be asked for")
        return user


def _name(user: Body) -> str:
    return str(user.get("name") or user.get("username") or "")
