"""Pictures in Slack: drawn and uploaded, then shown by the name of the file."""

import asyncio
import logging

from slack_sdk.web.async_client import AsyncWebClient

from bot.messages.card import Picture
from bot.slack.refusals import TROUBLE

log = logging.getLogger(__name__)

PATIENCE = 1.5  # seconds for an upload; Slack waits for three until a click is acknowledged


async def uploaded(client: AsyncWebClient, picture: Picture) -> str | None:
    """The id of the picture's file; None when it cannot be uploaded, for a card is better than none."""
    try:
        png = await asyncio.to_thread(picture.draw)
    except Exception:
        log.exception("a picture could not be drawn")
        return None
    try:
        async with asyncio.timeout(PATIENCE):
            given = await client.files_upload_v2(filename="summary.png", content=png, alt_txt=picture.alt_text)
            return str(given["file"]["id"])
    except TROUBLE as error:
        log.warning("a picture could not be uploaded: %s", type(error).__name__)
        return None
