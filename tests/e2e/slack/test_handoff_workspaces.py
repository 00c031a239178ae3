"""One desk for many workspaces: each user's request reaches the firm's consultants, and no other workspace sees it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.slack import Channel, Message, Slack, Team, User, slack_server
from tests.support.desks import ALWAYS, NEED
from tests.support.slack.bots import ANSWERING, CASE
from tests.support.slack.desk import SlackDesk
from tests.support.slack.installing import Browser, InstallableBot


class Firm(SlackDesk, InstallableBot):
    """The bot of a firm, which others install."""

    def install(self, team: str) -> None:
        assert Browser().open(f"{self.url}/slack/install?team={team}").status == 200

    def serve(self, name: str) -> tuple[Team, User, Message]:
        """Let somebody of a new workspace get in touch; return the answer, too, under which they did so."""
        team = self.slack.team(name, install=False)
        self.install(team.id)
        ann = self.slack.user("ann", team)
        answer = self.ask(ann, CASE, self.place(ann))
        self.request(answer, ann, need=f"{NEED} {name}")
        return team, ann, answer


@pytest.fixture(scope="module")
def slack() -> Iterator[Slack]:
    with slack_server(installed=False) as slack:
        yield slack


@pytest.fixture(scope="module")
def cem(slack: Slack) -> User:
    return slack.user("cem", slack.team("Firm", install=False))


@pytest.fixture(scope="module")
def channel(slack: Slack, cem: User) -> Channel:
    return slack.channel("consultants", cem)


@pytest.fixture(scope="module")
def firm(
    slack: Slack, cem: User, channel: Channel, data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Firm]:
    settings = {**ALWAYS, "CONSULTANT_SLACK_CHANNEL": f"{cem.team_id}/{channel.id}"}
    firm = Firm(slack, data_dir, tmp_path_factory.mktemp("firm"), settings)
    firm.channel, firm.cem = channel, cem
    with firm.running():
        firm.install(cem.team_id)
        yield firm


def test_requests_of_all_workspaces_come_to_one_desk_and_replies_go_back(firm: Firm) -> None:
    _, _, alpha = firm.serve("Alpha")
    _, ann, beta = firm.serve("Beta")
    card = firm.card(ann)
    assert f"{NEED} Beta" in card.text
    firm.say_below(card, firm.cem, "reply: Hello, Beta")
    assert "Hello, Beta" not in str(firm.read(alpha))
    assert sum("Hello, Beta" in text for text in firm.read(beta)) == 1


def test_a_channel_of_the_same_id_elsewhere_is_no_desk(firm: Firm, slack: Slack, channel: Channel) -> None:
    team, ann, answer = firm.serve("Gamma")
    card = firm.card(ann)
    note = {"type": "message", "channel": channel.id, "channel_type": "channel", "user": ann.id, "ts": "1.000001"}
    note |= {"thread_ts": card.message.ts, "text": "reply: I am a consultant", "event_ts": "1.000001"}
    slack.event(note, team).wait(ANSWERING)
    assert "I am a consultant" not in str(firm.read(answer))
