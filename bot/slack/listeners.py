"""The listeners: each acknowledges, translates, and hands on."""

import logging
import re
from contextlib import suppress

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot import texts
from bot.chat.adapter import Heard
from bot.chat.overview import status
from bot.chat.service import Service
from bot.messages.card import ASK_FIRST, Button, Card, Press
from bot.messages.reply import Line
from bot.observing.logs import report
from bot.slack.editing import deleted, edited, is_deletion
from bot.slack.handoff import asker_of, asker_of_command, is_passed_on, listen_to_forms, was_passed_on
from bot.slack.hearing import asked_by_command, asked_by_message, heard, place_of, place_of_command
from bot.slack.home import show_home, suggest
from bot.slack.names import ASK, COMMAND
from bot.slack.origin import Body, origin
from bot.slack.refusals import TROUBLE
from bot.slack.showing import show, show_begun, show_clicked

log = logging.getLogger(__name__)

ANY = re.compile("")


def listen(app: AsyncApp, service: Service, article_url: str | None) -> None:
    """Registers every listener."""
    _listen_to_words(app, service)
    _listen_to_commands(app, service, article_url)
    _listen_to_clicks(app, service, article_url)
    listen_to_forms(app, service, ANY)

    @app.error
    async def failed(error: Exception, body: Body, respond: AsyncRespond) -> BoltResponse:
        reference = report(log, "a listener failed", error=error)
        if "response_url" not in body:
            raise error  # an event: without our 200 Slack delivers it again
        said = texts.sentence("unforeseen", reference=reference)
        with suppress(*TROUBLE):
            await respond(text=said, response_type="ephemeral", replace_original=False)
        return BoltResponse(status=200)


def _listen_to_words(app: AsyncApp, service: Service) -> None:
    @app.event("app_mention")
    @app.event("message")
    async def said(body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        if is_deletion(body["event"]):
            if not await was_passed_on(body, context, service, is_deletion=True):
                await deleted(body, context, service.flow, client)
        elif body["event"].get("subtype") == "message_changed":
            if not await was_passed_on(body, context, service, is_deletion=False):
                await edited(body, context, service.flow)
        elif await is_passed_on(body, context, client, service):
            return
        elif (words := heard(body, context)) and (words.is_addressed or await _follows_up(service, words)):
            await service.flow.accept(words.message)

    @app.event("app_home_opened")
    async def home_opened(body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        event = body["event"]
        if event.get("tab") == "home":
            await show_home(client, service, _tenant(body, context), event["user"])
        elif event.get("tab") == "messages":
            await suggest(client, event["channel"])


def _listen_to_commands(app: AsyncApp, service: Service, article_url: str | None) -> None:
    @app.command(COMMAND)
    async def command(
        ack: AsyncAck, body: Body, context: AsyncBoltContext, respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        await ack()
        match body.get("text", "").strip():
            case "" | "help":
                await show(respond, _help_card(), article_url)
            case "interview":
                place, user = place_of_command(body), body["user_id"]
                await show(respond, await service.clicks.interview(_tenant(body, context), place, user), article_url)
            case "team":
                begun = await service.clicks.team(_tenant(body, context), body["channel_id"], body["user_id"])
                await show_begun(begun, respond, article_url)
            case "contact":
                clicked = await service.clicks.contact(asker_of_command(body, context), place=place_of_command(body))
                await show_clicked(clicked, body, respond, client, article_url)
            case "status":
                await show(respond, await status(service, asker_of_command(body, context)), article_url)
            case "forget":
                ask = Press("forget", choice=ASK_FIRST)
                clicked = await service.clicks.press(_tenant(body, context), "", body["user_id"], ask)
                await show_begun(clicked, respond, article_url)
            case _:
                await service.flow.accept(asked_by_command(body, origin(body, context)))

    @app.shortcut(ASK)
    async def shortcut(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        await service.flow.accept(asked_by_message(body, origin(body, context)))


def _listen_to_clicks(app: AsyncApp, service: Service, article_url: str | None) -> None:
    @app.action(ANY)
    async def pressed(
        ack: AsyncAck, body: Body, context: AsyncBoltContext, respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        await ack()
        action = body["actions"][0]
        press = Press.of(action["action_id"])
        if press and action.get("selected_option"):
            press = press.choosing(action["selected_option"]["value"])
        container = body["container"]
        place = place_of(container.get("channel_id", ""), container.get("thread_ts") or container.get("message_ts"))
        whose, user, asker = _tenant(body, context), body["user"]["id"], asker_of(body, context)
        async for clicked in service.clicks.shows(whose, place, user, press, asker):
            await show_clicked(clicked, body, respond, client, article_url)


async def _follows_up(service: Service, words: Heard) -> bool:
    return await service.flow.store.inbox.follows_up(words.message, is_for_others=words.is_for_others)


def _help_card() -> Card:
    buttons = (Button(texts.sentence("do_check"), Press("check"), is_main=True),)
    return Card((Line(texts.sentence("slack_help")),), rows=(buttons,))


def _tenant(body: Body, context: AsyncBoltContext) -> str:
    return origin(body, context).tenant
