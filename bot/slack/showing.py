"""How a click or a command is answered: in place of the card, below it, or only to the one who clicked."""

from contextlib import suppress
from typing import Any

from slack_bolt.async_app import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import Card
from bot.clicks import Clicked
from bot.replies import Line
from bot.slack.rendering import escaped, rendered

Body = dict[str, Any]  # a payload of Slack's, as JSON


async def show_clicked(
    clicked: Clicked, body: Body, respond: AsyncRespond, client: AsyncWebClient, article_url: str | None
) -> None:
    """Shows what a click led to: in place of the card, or below it; a notice only to the one who clicked."""
    card, notice = clicked.shown.card, clicked.shown.notice
    if card and clicked.replaces:
        await show(respond, card, article_url, replace=True)
    elif card:
        await _post_below(card, body, client, article_url, is_public=clicked.is_public)
    if notice and "response_url" not in body:  # it was clicked in the App Home
        await _post_below(Card((Line(notice),)), body, client, article_url)
    elif notice:
        await respond(text=escaped(notice), response_type="ephemeral", replace_original=False)


async def _post_below(
    card: Card, body: Body, client: AsyncWebClient, article_url: str | None, *, is_public: bool = False
) -> None:
    """In the thread of the card that was clicked; in a direct message where only one person saw that card, unless it is
    to be public, and where the bot is no member."""
    container = body["container"]
    is_ephemeral = bool(container.get("is_ephemeral"))
    if "channel_id" in container and (is_public or not is_ephemeral):
        thread = container.get("thread_ts") or (None if is_ephemeral else container.get("message_ts"))
        with suppress(SlackApiError):
            await _post(card, container["channel_id"], thread, client, article_url)
            return
    opened = await client.conversations_open(users=body["user"]["id"])
    await _post(card, opened["channel"]["id"], None, client, article_url)


async def _post(card: Card, channel: str, thread: str | None, client: AsyncWebClient, article_url: str | None) -> None:
    for part in rendered(card, article_url):
        await client.chat_postMessage(
            channel=channel, thread_ts=thread, text=part.text, blocks=part.blocks, unfurl_links=False
        )


async def show(respond: AsyncRespond, card: Card, article_url: str | None, *, replace: bool = False) -> None:
    """Shows a card to the one who asked for it; `replace` puts it in place of the one that was clicked on."""
    for part in rendered(card, article_url):
        await respond(text=part.text, blocks=part.blocks, response_type="ephemeral", replace_original=replace)
