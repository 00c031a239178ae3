"""The App Home: what the bot does, the interviews that one has, and what is kept of one's words."""

from slack_sdk.web.async_client import AsyncWebClient

from bot import prompts
from bot.cards import Button, Card, Press
from bot.replies import Line, LineKind
from bot.service import Service
from bot.slack.rendering import rendered

MOST = 5  # interviews


async def show_home(client: AsyncWebClient, service: Service, tenant: str, user: str) -> None:
    """Publishes one person's home."""
    card = await home(service, tenant, user)
    await client.views_publish(user_id=user, view={"type": "home", "blocks": rendered(card)[0].blocks})


async def suggest(client: AsyncWebClient, channel: str) -> None:
    """Offers a few first questions in the direct message that somebody opened."""
    questions = prompts.sentence("slack_prompts").split(" | ")
    await client.assistant_threads_setSuggestedPrompts(
        channel_id=channel, prompts=[{"title": question, "message": question} for question in questions]
    )


async def home(service: Service, tenant: str, user: str) -> Card:
    """The card of one person's home."""
    own = await service.clicks.interviews(tenant, user)
    lines = [
        Line(prompts.sentence("home_title"), LineKind.HEADING),
        Line(prompts.sentence("slack_help")),
        Line(prompts.sentence("home_interviews" if own else "home_none"), LineKind.HEADING),
    ]
    lines += [Line(text, LineKind.QUOTE) for _, text in own[:MOST]]
    lines += [
        Line(prompts.sentence("home_privacy"), LineKind.HEADING),
        Line(prompts.sentence("home_kept", days=service.retention_days)),
    ]
    start = Button(prompts.sentence("do_check"), Press("check"), is_main=True)
    resume = [
        Button(prompts.sentence("do_resume", number=number), Press("resume", interview))
        for number, (interview, _) in enumerate(own[:MOST], 1)
    ]
    forget = Button(prompts.sentence("do_forget"), Press("forget"))
    return Card(tuple(lines), rows=((start, *resume[:4]), (forget,)))
