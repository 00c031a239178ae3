"""Responses in Slack: in place of a card, below it, as a new message, or only for the person who acted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from slack_bolt.async_app import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient

from bot import texts
from bot.messages.card import Card, Picture
from bot.messages.reply import Line
from bot.messages.response import Placement, Response
from bot.slack.api_errors import TOO_MUCH, TROUBLE, code_of
from bot.slack.forms import open_form
from bot.slack.parsing import Body
from bot.slack.rendering import Rendering, escape, render

log = logging.getLogger(__name__)

Post = Callable[[Rendering], Awaitable[bool]]  # False if Slack rejects the content

OK, USED_UP = 200, 404
REFUSED = 400  # of a response_url, for what is in a message
CARD = Metadata(event_type="rag_or_tune_card", event_payload={"marker": "card"})
UPLOAD_TIMEOUT = 1.5  # seconds; Slack waits for three until a click is acknowledged
PROCESSING = 0.5  # seconds until Slack has looked through a picture that it was just given


class NotShownError(Exception):
    """A response_url takes nothing: it is half an hour old or was used five times (404), or Slack is in trouble."""

    def __init__(self, status: int) -> None:
        super().__init__(f"a response_url answered {status}")
        self.is_used_up = status == USED_UP


class Stage:
    """Shows responses where a payload comes from: a command, or a press on a card."""

    def __init__(self, body: Body, respond: AsyncRespond, client: AsyncWebClient, article_url: str | None) -> None:
        self._container = body.get("container") or {}  # a command has none
        self._is_home = "response_url" not in body
        self._trigger = str(body.get("trigger_id"))
        self._user = str(body.get("user_id") or body["user"]["id"])
        self._respond = respond
        self._client = client
        self._article_url = article_url

    async def show(self, response: Response) -> None:
        """Show a response to a press or a command; a notice only to the person who acted."""
        card, notice, placement = response.card, response.notice, response.placement
        if response.form and not await open_form(self._client, self._trigger, response.form):
            notice = texts.sentence("form_late")
        if card and (placement is Placement.BELOW or response.place or self._is_home):
            await self._post_below(card, response.place)
        elif card and placement is Placement.EPHEMERAL:
            await self._post_all(card, self._post_privately)
        elif card:
            await self._post_by_url(card, placement)
        if notice and self._is_home:
            await self._post_below(Card((Line(notice),)))
        elif notice:
            await self._post_privately(Rendering(escape(notice), []))

    async def _post_by_url(self, card: Card, placement: Placement) -> None:
        """Post a card by the response_url, which works even where the bot is no member."""
        replaces, whom = placement is Placement.REPLACE, "in_channel" if placement is Placement.PUBLIC else "ephemeral"

        async def post(part: Rendering) -> bool:
            nonlocal replaces
            is_posted = await self._answer(part, whom, replaces=replaces)
            replaces = replaces and not is_posted
            return is_posted

        await self._post_all(card, post)

    async def _answer(self, part: Rendering, whom: str = "ephemeral", *, replaces: bool = False) -> bool:
        """Post by the response_url; False if Slack rejects the content. Raises NotShownError when it takes no more."""
        given = await self._respond(text=part.text, blocks=part.blocks, response_type=whom, replace_original=replaces)
        if given.status_code not in (OK, REFUSED):
            raise NotShownError(given.status_code)
        return given.status_code == OK

    async def _post_privately(self, part: Rendering) -> bool:
        """Post for the person who acted only, in the thread if it was in one; False if Slack rejects the content.

        A response_url leads out of the thread; where the bot is no member it is the only way.
        """
        if thread := self._container.get("thread_ts"):
            channel, user = self._container["channel_id"], self._user
            try:
                await self._client.chat_postEphemeral(
                    channel=channel, user=user, thread_ts=thread, text=part.text, blocks=part.blocks
                )
            except SlackApiError as error:
                if code_of(error) in TOO_MUCH:
                    return False
            else:
                return True
        return await self._answer(part)

    async def _post_below(self, card: Card, place: str = "") -> None:
        """Post in that place, else in the thread of the card that was pressed; in a direct message where only one
        person saw that card, and where the bot is no member."""
        container = self._container
        channel = place or ("" if container.get("is_ephemeral") else container.get("channel_id"))
        if channel:
            thread = None if place else container.get("thread_ts") or container.get("message_ts")
            with suppress(SlackApiError):
                await self._post(card, channel, thread)
                return
        opened = await self._client.conversations_open(users=self._user)
        await self._post(card, opened["channel"]["id"], None)

    async def _post(self, card: Card, channel: str, thread: str | None) -> None:
        async def post(part: Rendering) -> bool:
            try:
                await self._client.chat_postMessage(
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

        await self._post_all(card, post)

    async def _post_all(self, card: Card, post: Post) -> None:
        """Post the messages of a card, each in the best form that Slack accepts."""
        picture = await _upload_picture(self._client, card.picture) if card.picture else None
        for part in render(card, self._article_url, picture):
            for pause, form in _forms(part):
                await asyncio.sleep(pause)
                if await post(form):
                    break
            else:
                log.error("Slack rejected every rendering of a card")


def _forms(part: Rendering) -> Iterator[tuple[float, Rendering]]:
    """The message, with the seconds to wait before it: as it is, without its picture, without any blocks."""
    yield 0, part
    without = [block for block in part.blocks if block["type"] != "image"]
    if without != part.blocks:
        yield PROCESSING, part
        yield 0, Rendering(part.text, without)
    yield 0, Rendering(part.text, [])


async def _upload_picture(client: AsyncWebClient, picture: Picture) -> str | None:
    """Draw and upload a picture; return the id of its file, None when that fails: the card is shown without it."""
    try:
        png = await asyncio.to_thread(picture.draw)
    except Exception:
        log.exception("a picture could not be drawn")
        return None
    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT):
            given = await client.files_upload_v2(filename="summary.png", content=png, alt_txt=picture.alt_text)
            return str(given["file"]["id"])
    except TROUBLE as error:
        log.warning("a picture could not be uploaded: %s", type(error).__name__)
        return None
