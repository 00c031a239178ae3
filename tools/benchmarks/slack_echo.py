"""A bare Bolt app over Socket Mode that says what it hears, and changes the card that is clicked; to compare with."""

import asyncio
import os
import re

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond, AsyncSay
from slack_sdk.web.async_client import AsyncWebClient


def card(text: str) -> list[dict[str, object]]:
    """A text with a button under it."""
    button = {"type": "button", "action_id": "again", "text": {"type": "plain_text", "text": "Again"}}
    return [
        {"type": "section", "text": {"type": "plain_text", "text": text}},
        {"type": "actions", "elements": [button]},
    ]


async def main() -> None:
    # The tokens are read from the environment, by Bolt itself.
    app = AsyncApp(client=AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))

    @app.event("app_mention")
    async def mentioned(event: dict[str, str], say: AsyncSay) -> None:
        await say(text=event["text"], blocks=card(event["text"]), thread_ts=event["ts"])

    @app.event("message")
    async def said() -> None:
        """Messages come beside the mentions."""

    @app.action(re.compile(""))
    async def pressed(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="again", blocks=card("again"), replace_original=True)

    await AsyncSocketModeHandler(app).start_async()  # type: ignore[no-untyped-call] # as Bolt


if __name__ == "__main__":
    asyncio.run(main())
