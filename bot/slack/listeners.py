"""The listeners: each acknowledges, parses, hands on, and shows what comes of it."""

import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot import texts
from bot.chat.dispatch import Dispatcher
from bot.observing.logs import report
from bot.slack.api_errors import TROUBLE
from bot.slack.forms import render_notice
from bot.slack.interactions import NotShownError, Stage
from bot.slack.names import ASK, COMMAND
from bot.slack.parsing import (
    Body,
    MalformedError,
    is_deletion,
    parse_command,
    parse_deletion,
    parse_edit,
    parse_form,
    parse_opener,
    parse_press,
    parse_said,
    parse_shortcut,
    parsing,
)
from bot.slack.rendering import escape, render

log = logging.getLogger(__name__)

ANY = re.compile("")
UNAVAILABLE = 503
IN_LISTENER = "in_listener"


async def enter(context: AsyncBoltContext, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002 as Bolt names it
    """Mark that a listener was found, so that what fails from here on is ours."""
    context[IN_LISTENER] = True
    await next()


def listen(app: AsyncApp, dispatcher: Dispatcher, article_url: str | None) -> None:
    """Register every listener."""
    _listen_to_messages(app, dispatcher)
    _listen_to_openings(app, dispatcher)
    _listen_to_commands(app, dispatcher, article_url)
    _listen_to_presses(app, dispatcher, article_url)
    _listen_to_forms(app, dispatcher)

    @app.error
    async def fail(error: Exception, body: Body, context: AsyncBoltContext, respond: AsyncRespond) -> BoltResponse:
        if isinstance(error, MalformedError) or IN_LISTENER not in context:  # Bolt stumbled over it while matching
            raise error  # what guards the dispatch answers
        if isinstance(error, NotShownError) and error.is_used_up:  # there is no other way to the one who pressed
            log.warning("%s", error)
            return BoltResponse(status=200)
        reference = report(log, "a listener failed", error=error)
        if "response_url" not in body:
            return BoltResponse(status=UNAVAILABLE)  # an event: without our 200 Slack delivers it again
        apology = texts.sentence("unforeseen", reference=reference)
        with suppress(*TROUBLE):
            await respond(text=apology, response_type="ephemeral", replace_original=False)
        return BoltResponse(status=200)


def _listen_to_messages(app: AsyncApp, dispatcher: Dispatcher) -> None:
    @app.event("app_mention", middleware=[enter])
    @app.event("message", middleware=[enter])
    async def hear(body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        with parsing():
            event, subtype = body["event"], body["event"].get("subtype")
            deletes = is_deletion(event)
        if deletes:
            await dispatcher.deleted(parse_deletion(body, context))
        elif subtype == "message_changed":
            if edit := parse_edit(body, context):
                await dispatcher.edited(edit)
        elif said := parse_said(body, context):
            passed_on = await dispatcher.said(said)
            if passed_on and passed_on.problem:
                await _tell(client, event, passed_on.problem)
            elif passed_on and passed_on.is_confirmed and event["type"] == "message":  # a mention comes as this, too
                await _tell(client, event, texts.sentence("lead_passed_on"))


def _listen_to_openings(app: AsyncApp, dispatcher: Dispatcher) -> None:
    @app.event("app_home_opened", middleware=[enter])
    async def open_home(body: Body, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        person, channel, tab = parse_opener(body, context)
        try:
            if tab == "home":
                blocks = render(await dispatcher.home(person))[0].blocks
                await client.views_publish(user_id=person.user, view={"type": "home", "blocks": blocks})
            elif tab == "messages":
                questions = texts.sentence("slack_prompts").split(" | ")
                prompts = [{"title": question, "message": question} for question in questions]
                await client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=prompts)
        except TROUBLE as error:  # the next visit shows it
            log.warning("the Home or the first questions could not be shown: %s", type(error).__name__)


def _listen_to_commands(app: AsyncApp, dispatcher: Dispatcher, article_url: str | None) -> None:
    @app.command(COMMAND, middleware=[enter])
    async def command(
        ack: AsyncAck, body: Body, context: AsyncBoltContext, respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        commanded = parse_command(body, context)
        await ack()
        if response := await dispatcher.commanded(commanded):
            await Stage(body, respond, client, article_url).show(response)

    @app.shortcut(ASK, middleware=[enter])
    async def ask(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        commanded = parse_shortcut(body, context)
        await ack()
        await dispatcher.commanded(commanded)


def _listen_to_presses(app: AsyncApp, dispatcher: Dispatcher, article_url: str | None) -> None:
    @app.action(ANY, middleware=[enter])
    async def press(
        ack: AsyncAck, body: Body, context: AsyncBoltContext, respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        pressed = parse_press(body, context)
        await ack()
        stage = Stage(body, respond, client, article_url)
        async for response in dispatcher.pressed(pressed):
            await stage.show(response)


def _listen_to_forms(app: AsyncApp, dispatcher: Dispatcher) -> None:
    @app.view(ANY, middleware=[enter])
    async def submit(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        form = parse_form(body, context)
        try:
            outcome = await dispatcher.submitted(form)
        except Exception:  # noqa: BLE001 it is logged, with its reference
            apology = texts.sentence("unforeseen", reference=report(log, "a form failed"))
            await ack(response_action="update", view=render_notice("rag-or-tune", apology))
            return
        if outcome.errors:
            await ack(response_action="errors", errors=dict(outcome.errors))
        elif outcome.notice:
            await ack(response_action="update", view=render_notice("rag-or-tune", outcome.notice))
        else:
            await ack()


async def _tell(client: AsyncWebClient, event: Body, text: str) -> None:
    """Say something where a message was written, only to its author."""
    try:
        await client.chat_postEphemeral(
            channel=event["channel"], user=event["user"], thread_ts=event.get("thread_ts"), text=escape(text)
        )
    except TROUBLE as error:  # it is done all the same
        log.warning("could not confirm to the user that the message was forwarded: %s", type(error).__name__)
