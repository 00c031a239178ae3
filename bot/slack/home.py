"""The App Home, and the first questions that are offered in a direct message."""

from slack_sdk.web.async_client import AsyncWebClient

from bot import texts
from bot.chat.overview import home
from bot.chat.service import Service
from bot.slack.rendering import rendered


async def show_home(client: AsyncWebClient, service: Service, tenant: str, user: str) -> None:
    """Publishes one person's home."""
    card = await home(service, tenant, user)
    await client.views_publish(user_id=user, view={"type": "home", "blocks": rendered(card)[0].blocks})


async def suggest(client: AsyncWebClient, channel: str) -> None:
    """Offers a few first questions in the direct message that somebody opened."""
    questions = texts.sentence("slack_prompts").split(" | ")
    await client.assistant_threads_setSuggestedPrompts(
        channel_id=channel, prompts=[{"title": question, "message": question} for question in questions]
    )
