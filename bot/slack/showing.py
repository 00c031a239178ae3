"""How a click or a command is answered: in place of the card, below it, or only to the one who clicked."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial

from slack_bolt.async_app import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient

from bot import texts
from bot.messages.card import Card
from bot.messages.reply import Line
from bot.messages.response import Placement, Response
from bot.slack.forms import opened
from bot.slack.parsing import Body
from bot.slack.pictures import uploaded
from bot.slack.refusals import TOO_MUCH, code_of
from bot.slack.rendering import Rendering, escaped, rendered

log = logging.getLogger(__name__)

Post = Callable[[Rendering], Awaitable[bool]]  # whether Slack has nothing against what is in it

OK = 200
REFUSED = 400  # of a response_url, for what is in a message
CARD = Metadata(event_type="rag_or_tune_card", event_payload={"marker": "card"})
DEVELOPING = 0.5  # seconds until Slack has looked through a picture that it was just given


class NotShownError(Exception):
    """A response_url takes nothing: it is half an hour old or was used five times (404), or Slack is in trouble."""

    def __init__(self, status: int) -> None:
        super().__init__(f"a response_url answered {status}")


async def show_response(
    response: Response, body: Body, respond: AsyncRespond, client: AsyncWebClient, article_url: str | None
) -> None:
    """Show the response to a press or a command; a notice only to the one who clicked."""
    card, notice, is_at_home = response.card, response.notice, "response_url" not in body
    if response.form and not await opened(client, body["trigger_id"], response.form):
        notice = texts.sentence("form_late")
    if card and (response.placement is Placement.BELOW or response.place or is_at_home):
        await _post_below(card, body, client, article_url, response.place)
    elif card and response.placement is Placement.EPHEMERAL:
        await _show(card, article_url, client, partial(_post_privately, body, respond, client))
    elif card:
        await show(respond, card, article_url, response.placement, client)
    if notice and is_at_home:
        await _post_below(Card((Line(notice),)), body, client, article_url)
    elif notice:
        await _post_privately(body, respond, client, Rendering(escaped(notice), []))


async def show(
    respond: AsyncRespond,
    card: Card,
    article_url: str | None,
    placement: Placement = Placement.EPHEMERAL,
    client: AsyncWebClient | None = None,
) -> None:
    """Shows a card by the address that came with a command or a click, even where the bot is no member; `client` is
    needed for a picture."""
    replaces, whom = placement is Placement.REPLACE, "in_channel" if placement is Placement.PUBLIC else "ephemeral"

    async def post(part: Rendering) -> bool:
        nonlocal replaces
        is_taken = await _taken(respond, part, whom, replaces=replaces)
        replaces = replaces and not is_taken
        return is_taken

    await _show(card, article_url, client, post)


async def _taken(respond: AsyncRespond, part: Rendering, whom: str = "ephemeral", *, replaces: bool = False) -> bool:
    """Whether Slack has nothing against what is in a message. Raises NotShownError when it takes none any more."""
    given = await respond(text=part.text, blocks=part.blocks, response_type=whom, replace_original=replaces)
    if given.status_code not in (OK, REFUSED):
        raise NotShownError(given.status_code)
    return given.status_code == OK


async def _post_privately(body: Body, respond: AsyncRespond, client: AsyncWebClient, part: Rendering) -> bool:
    """Whether Slack has nothing against what is shown only to the one who clicked, in the thread if it was in one.

    A response_url leads out of the thread; where the bot is no member it is the only way.
    """
    container = body.get("container") or {}  # a command has none
    if thread := container.get("thread_ts"):
        try:
            await client.chat_postEphemeral(
                channel=container["channel_id"],
                user=body["user"]["id"],
                thread_ts=thread,
                text=part.text,
                blocks=part.blocks,
            )
        except SlackApiError as error:
            if code_of(error) in TOO_MUCH:
                return False
        else:
            return True
    return await _taken(respond, part)


async def _post_below(card: Card, body: Body, client: AsyncWebClient, article_url: str | None, place: str = "") -> None:
    """In that place, else in the thread of the card that was clicked; in a direct message where only one person saw
    that card, and where the bot is no member."""
    container = body["container"]
    channel = place or ("" if container.get("is_ephemeral") else container.get("channel_id"))
    if channel:
        thread = None if place else container.get("thread_ts") or container.get("message_ts")
        with suppress(SlackApiError):
            await _post(card, channel, thread, client, article_url)
            return
    opened = await client.conversations_open(users=body["user"]["id"])
    await _post(card, opened["channel"]["id"], None, client, article_url)


async def _post(card: Card, channel: str, thread: str | None, client: AsyncWebClient, article_url: str | None) -> None:
    async def post(part: Rendering) -> bool:
        try:
            await client.chat_postMessage(
                channel=channel,
                thread_ts=thread,
                text=part.text,
                blocks=part.blocks,
                metadata=CARD,  # which tells it from a message that grows
                unfurl_links=False,
            )
        except SlackApiError as error:
            if code_of(error) not in TOO_MUCH:
                raise
            return False
        return True

    await _show(card, article_url, client, post)


async def _show(card: Card, article_url: str | None, client: AsyncWebClient | None, post: Post) -> None:
    """Posts the messages of a card, each in the best way that Slack takes."""
    picture = await uploaded(client, card.picture) if client and card.picture else None
    for part in rendered(card, article_url, picture):
        for pause, way in _ways(part):
            await asyncio.sleep(pause)
            if await post(way):
                break
        else:
            log.error("Slack took a card in no way")


def _ways(part: Rendering) -> Iterator[tuple[float, Rendering]]:
    """The message, with the seconds to wait before: as it is, without its picture, without any blocks."""
    yield 0, part
    without = [block for block in part.blocks if block["type"] != "image"]
    if without != part.blocks:
        yield DEVELOPING, part
        yield 0, Rendering(part.text, without)
    yield 0, Rendering(part.text, [])
