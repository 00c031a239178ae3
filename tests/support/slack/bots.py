"""The real bot in its process, on a loopback Slack; and how tests look at what it holds and what it shows."""

import copy
import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.loopback import free_port
from tests.peers.slack import Channel, Delivery, Message, Slack, User
from tests.support.forking import Forked
from tests.support.running import ANSWERING, STARTING, Running, status

QUESTION = "What are the cons of fine-tuning?"
CASE = "We have 200 support tickets, our docs change weekly, and auditors want sources."

SOURCE = re.compile(r"^\[\d+\] “(.+)” \((.+)\)$", re.MULTILINE)


@dataclass
class Bot(Running):
    """`python -m bot slack`."""

    slack: Slack
    data_dir: Path
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: Forked | None = field(default=None, init=False)

    def start(self) -> None:
        """Starts a process, and waits until it listens."""
        slack = self.slack
        self._run("slack", SLACK_APP_TOKEN=slack.app.app_token)
        slack.wait_for(lambda: slack.connected or not self.is_running, STARTING, "the bot to connect")
        assert self.is_running, self.log

    def answers(self, asked: Message) -> list[Message]:
        """What the bot said in the thread of this message, once nothing is to be said any more."""
        self.finished(asked.channel)
        return self.slack.answers(asked)

    def direct(self, user: User) -> list[Message]:
        """What the bot said to this person directly, once nothing is to be said any more."""
        place = self.slack.direct(user)
        self.finished(place.id)
        return self.slack.said(place)

    def private(self, channel: Channel, user: User) -> list[Message]:
        """What only this person sees in the channel, once nothing is to be said any more."""
        self.finished(channel.id)
        return self.slack.ephemerals(channel, user)

    def finished(self, channel: str) -> list[tuple[str, str | None]]:
        """The states and errors of all that was asked in a channel, once everything there is finished."""
        self.slack.settle(ANSWERING)
        self.slack.wait_for(
            lambda: all(state in ("done", "failed") for state, _ in self.turns(channel)), ANSWERING, "an answer"
        )
        self.slack.settle(ANSWERING)
        return self.turns(channel)

    def _run(self, command: str, **more: str) -> None:
        slack = self.slack
        own = {"SLACK_SIGNING_SECRET": slack.app.signing_secret, "SLACK_API_URL": slack.api_url}
        self.run(command, **{**self._tokens(), **own, **more})

    def _tokens(self) -> dict[str, str]:
        return {"SLACK_BOT_TOKEN": self.slack.token()}


@dataclass
class WebBot(Bot):
    """`python -m bot web`, to which Slack delivers over HTTP."""

    url: str = field(default="", init=False)

    def start(self) -> None:
        """Starts a process, and waits until it answers; from then on Slack tells it what happens."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._run("web", PORT=str(port))
        self.slack.wait_for(lambda: status(f"{self.url}/healthz") == 200 or not self.is_running, STARTING, "the bot")
        assert self.is_running, self.log
        self.slack.deliver_to(self.url)


def press(slack: Slack, shown: Message, which: str, user: User, option: str | None = None) -> None:
    """Presses, and waits until the bot has acted; it acknowledges then."""
    well(slack.click(shown, which, user, option))


def well(delivery: Delivery) -> Delivery:
    """A delivery that was acknowledged, without anything that Slack would complain of."""
    delivery.wait(ANSWERING)
    assert delivery.acked, delivery
    assert not delivery.error, delivery
    return delivery


def notices(slack: Slack, channel: Channel, user: User) -> list[str]:
    """What only this person was told."""
    return [html.unescape(message.text) for message in slack.ephemerals(channel, user)]


def forged(message: Message, action_id: str) -> Message:
    """The message as it would be if its first button had this id."""
    altered = copy.deepcopy(message)
    elements(altered, "button")[0]["action_id"] = action_id
    return altered


def elements(message: Message, kind: str) -> list[dict[str, Any]]:
    """The interactive elements of a kind."""
    shown = [block for block in message.blocks if block["type"] == "actions"]
    return [element for block in shown for element in block["elements"] if element["type"] == kind]


def words(message: Message) -> str:
    """All that the blocks of a message say."""
    return "".join(_said(message.blocks))


def _said(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [said for inner in value.values() for said in _said(inner)]
    return [said for inner in value for said in _said(inner)] if isinstance(value, list) else []
