"""One person's interview on each platform, whose card is clicked on again and again: an answer, and back again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.peers.discord import Discord
from tests.peers.slack import Slack
from tests.support.running import ANSWERING
from tests.support.slack.bots import CASE

PATIENCE = 10.0  # seconds for a card to change
LOOKING = 0.002  # seconds between two looks at it; times are too long by half of that


class Clickable(Protocol):
    """An interview's card."""

    def press(self) -> float | None:
        """Presses; the milliseconds until the card has changed, None when it does not."""


@dataclass
class _Turns:
    """Which button is next: an answer, and back again; a click without effect is made again."""

    is_forward: bool = True

    def press(self, click: Callable[[str], object], look: Callable[[], bool]) -> float | None:
        started = time.monotonic()
        click(":answer:" if self.is_forward else ":back:")
        while not look():
            if time.monotonic() > started + PATIENCE:
                return None
            time.sleep(LOOKING)
        self.is_forward = not self.is_forward
        return (time.monotonic() - started) * 1000


@dataclass
class SlackCard:
    """In a channel of its own, begun from advice."""

    slack: Slack
    _turns: _Turns = field(default_factory=_Turns)

    def __post_init__(self) -> None:
        slack = self.slack
        self._user = slack.user("clicker")
        asked = slack.mention(slack.channel("clicks", self._user), self._user, CASE)
        advice = slack.wait_for(lambda: slack.answers(asked), ANSWERING)[0]
        slack.click(advice, _named("check"), self._user).wait(ANSWERING)
        self._card = slack.wait_for(lambda: slack.answers(advice)[1:], ANSWERING)[0]
        slack.click(self._card, _named(":restart:"), self._user).wait(ANSWERING)

    def press(self) -> float | None:
        kept: Any = self.slack.world.channels[self._card.channel].messages[self._card.ts]
        self.slack.run(kept.versions.clear)
        now = self.slack.now(self._card) or self._card
        return self._turns.press(
            lambda name: self.slack.click(now, _named(name), self._user),
            lambda: self.slack.run(lambda: bool(kept.versions)),
        )


@dataclass
class DiscordCard:
    """In a direct conversation, begun by the command."""

    discord: Discord
    _turns: _Turns = field(default_factory=_Turns)

    def __post_init__(self) -> None:
        self._user = self.discord.user("clicker")
        told = self.discord.command(self._user, self._user, "rag-or-tune", "interview").wait(ANSWERING)
        [self._card] = self.discord.wait_for(lambda: told.answers, ANSWERING)

    def press(self) -> float | None:
        kept: Any = self.discord.run(lambda: self.discord.world.find(self._card))
        self.discord.run(kept.versions.clear)
        now = self.discord.now(self._card) or self._card

        def click(name: str) -> None:
            which = next(b.custom_id for b in now.buttons if b.custom_id and name in b.custom_id)
            self.discord.click(now, which, self._user)

        return self._turns.press(click, lambda: self.discord.run(lambda: bool(kept.versions)))


def _named(name: str) -> Callable[[dict[str, str]], bool]:
    return lambda element: name in element["action_id"]
