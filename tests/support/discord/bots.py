"""The real bot in its process, on a loopback Discord; and how tests look at what it shows."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.discord import Discord, Interaction, Message
from tests.support.forking import Forked
from tests.support.running import ANSWERING, STARTING, Running

QUESTION = "What are the cons of fine-tuning?"
CASE = "We have 200 support tickets, our docs change weekly, and auditors want sources."

ESCAPES = re.compile(r"\\([^0-9A-Za-z\s])")
NOTE = re.compile(r"^(?:-# )?\[\d+\] “(.+)” (?:\*(.+)\*|\[(.+)\]\(http\S+\))$", re.MULTILINE)


@dataclass
class Bot(Running):
    """`python -m bot discord`."""

    discord: Discord
    data_dir: Path
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: Forked | None = field(default=None, init=False)

    def start(self) -> None:
        """Starts a process, and waits until it listens."""
        discord = self.discord
        self.run("discord", DISCORD_TOKEN=discord.token, DISCORD_API_URL=discord.api_url)
        discord.wait_for(lambda: discord.connected or not self.is_running, STARTING, "the bot to connect")
        assert self.is_running, self.log

    def answers(self, asked: Message) -> list[Message]:
        """What the bot answered to this message, once nothing is to be said any more."""
        self.finished(asked)
        return self.discord.answers(asked)

    def told(self, told: Interaction) -> list[Message]:
        """What the bot answered to a command or a click."""
        told.wait(ANSWERING)
        assert told.acked, self.discord.dump()
        return self.discord.wait_for(lambda: told.answers, ANSWERING, "an answer")

    def finished(self, asked: Message, times: int = 1) -> str | None:
        """The error of what was asked, once it is finished; it was asked so many `times`, by edits."""
        own = "SELECT error FROM turns WHERE name = ? AND state IN ('done', 'failed') ORDER BY id"
        name = f"{asked.channel_id}/{asked.id}"
        self.discord.wait_for(lambda: len(self.rows(own, name)) == times, ANSWERING, "an answer")
        [*_, (error,)] = self.rows(own, name)
        return error


def plain(text: str) -> str:
    """The text as a person sees it."""
    return ESCAPES.sub(r"\1", text).replace("\u200b", "")


def cited(message: Message) -> list[str]:
    """The sentences of the article that a message cites."""
    return [found[1] for found in NOTE.finditer(plain(message.text))]
