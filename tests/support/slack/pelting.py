"""Tells a bot of everything that is malformed, and looks at what it holds, shows and answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import aiohttp

from bot.slack.requests import MAX_BODY
from tests.peers.slack import Signing, User
from tests.support.slack.bots import ANSWERING, QUESTION, Bot, WebBot
from tests.support.slack.breaking import Real

AT_ONCE = 32
FRAMES = ("", "{", "[]", "null", "5", "\0", "{}", '{"type":5}', '{"envelope_id":"a"}', "[" * 5_000, "x" * 100_000)
REFUSED = (400, 413)
IGNORED = (200, 404)  # 404: it has become an event, a shortcut or a form that the bot does not listen to
TABLES = ("events", "conversations", "turns", "deliveries", "interviews", "ballots", "leads", "feedback")
SHOWING = ("chat.", "views.", "conversations.open", "assistant.", "files.", "response_url")


@dataclass(frozen=True)
class Told:
    """A bot that has been told of everything once, and what."""

    bot: Bot
    real: Sequence[Real]

    def kept(self) -> dict[str, int]:
        """How much the bot holds."""
        return {table: self.bot.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}

    def shown(self) -> int:
        """How often it showed something."""
        return sum(request.method.startswith(SHOWING) for request in self.bot.slack.requests)

    def answers(self, user: User) -> bool:
        """Whether a real question is answered."""
        slack = self.bot.slack
        asked = slack.mention(slack.channel("afterwards", user), user, QUESTION)
        return bool(slack.wait_for(lambda: slack.answers(asked), ANSWERING))


async def sent(web: WebBot, requests: Sequence[tuple[bytes, str]]) -> list[int]:
    """Sends bodies with their content types, signed as Slack does; their statuses, in the same order."""
    signing, url = Signing(web.slack.app.signing_secret), f"{web.url}/slack/events"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def send(body: bytes, media: str) -> int:
            headers = {"Content-Type": media, **signing.headers(body)}
            try:
                async with session.post(url, data=BytesIO(body), headers=headers) as answer:
                    await answer.read()
                    return answer.status
            except aiohttp.ClientOSError:  # refused while it was still being sent
                return 413 if len(body) > MAX_BODY else 500

        return await asyncio.gather(*(send(body, media) for body, media in requests))
