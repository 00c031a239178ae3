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
from bot.slack.handoff import is_passed_on, listen_to_forms, person_of, person_of_command, was_passed_on
from bot.slack.hearing import asked_by_command, asked_by_message, heard, place_of, place_of_command
from bot.slack.home import show_home, suggest
from bot.slack.names import ASK, COMMAND
from bot.slack.origin import Body, origin
from bot.slack.refusals import TROUBLE
from bot.slack.showing import show, show_response

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
        person = person_of_command(body, context)
        match body.get("text", "").strip():
            case "" | "help":
                await show(respond, _help_card(), article_url)
            case "interview":
                await show(respond, await service.clicks.interview(person, place_of_command(body)), article_url)
            case "team":
                response = await service.clicks.team(person, body["channel_id"])
                await show_response(response, body, respond, client, article_url)
            case "contact":
                response = await service.clicks.contact(person, place=place_of_command(body))
                await show_response(response, body, respond, client, article_url)
            case "status":
                await show(respond, await status(service, person), article_url)
            case "forget":
                response = await service.clicks.press(person, Press("forget", choice=ASK_FIRST))
                await show_response(response, body, respond, client, article_url)
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
        async for response in service.clicks.press_and_follow(person_of(body, context), press, place):
            await show_response(response, body, respond, client, article_url)


async def _follows_up(service: Service, words: Heard) -> bool:
    return await service.flow.store.inbox.follows_up(words.message, is_for_others=words.is_for_others)


def _help_card() -> Card:
    buttons = (Button(texts.sentence("do_check"), Press("check"), is_main=True),)
    return Card((Line(texts.sentence("slack_help")),), rows=(buttons,))


def _tenant(body: Body, context: AsyncBoltContext) -> str:
    return origin(body, context).tenant
