"""The handoff across platforms: a process for Slack and one for Discord, on one database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.handoff.conftest import SECRET
from tests.peers.discord import Message
from tests.support.desks import NEED
from tests.support.discord.desk import DiscordDesk, discord_desk
from tests.support.slack.bots import CASE
from tests.support.slack.desk import SlackDesk, slack_desk

AGAIN = 30.0  # seconds until what could not be sent is tried again


class Both(NamedTuple):
    """The two processes, each with a channel of consultants; which of them are used is in their settings."""

    slack: SlackDesk
    discord: DiscordDesk

    def ask_on_discord(self, name: str = "ann") -> tuple[Message, object]:
        ann = self.discord.person(name)
        return self.discord.ask(ann, f"{CASE} {SECRET}"), ann


@contextmanager
def both(data_dir: Path, folder: Path, *used: str) -> Iterator[Both]:
    """Run both processes, with consultants on the platforms that are `used`."""
    with slack_desk(data_dir, folder) as slack, discord_desk(data_dir, folder) as discord:
        known = {**slack.settings, **discord.settings}
        unused = {
            f"CONSULTANT_{desk.platform.upper()}_CHANNEL" for desk in (slack, discord) if desk.platform not in used
        }
        slack.settings = discord.settings = {name: known[name] for name in known.keys() - unused}
        with slack.running(), discord.running():
            yield Both(slack, discord)


@pytest.fixture(scope="module")
def one_desk(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """All consultants are in Slack."""
    with both(data_dir, tmp_path_factory.mktemp("one-desk"), "slack") as running:
        yield running


@pytest.fixture(scope="module")
def two_desks(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with both(data_dir, tmp_path_factory.mktemp("two-desks"), "slack", "discord") as running:
        yield running


def test_a_user_on_discord_and_consultants_in_slack_from_the_first_word_to_the_last(one_desk: Both) -> None:
    slack, discord = one_desk
    answer, ann = one_desk.ask_on_discord()
    discord.request(answer, ann)
    card = slack.card(ann)
    assert NEED in slack.text(card.now)
    slack.say_below(card, slack.cem, "Not for her ears.")
    slack.say_below(card, slack.cem, "reply: How <!here> many @everyone?")
    slack.settle()
    assert "cem, a human consultant" in discord.read(answer)[-1]
    assert "How <!here> many @everyone?" in discord.read(answer)[-1]
    discord.answer(discord.following(answer)[-1], ann, "Two hundred <!channel> a day")
    slack.wait_for(lambda: slack.thread(card)[-1:] == ["ann adds:\nTwo hundred <!channel> a day"], what="the answer")
    slack.press(card, "Resolve")
    assert "Did that solve it?" in discord.read(answer)[-1]
    discord.fill(discord.following(answer)[-1], "Solved", ann, text="Many thanks.")
    slack.posted()
    assert "solved, says the user; cem answered" in card.text
    assert "Not for her ears" not in str(discord.read(answer))
    assert SECRET.removesuffix(".") not in slack.everything()
    assert discord.discord.pinged == []


def test_a_conversation_from_discord_is_a_file_in_slack(one_desk: Both) -> None:
    answer, ann = one_desk.ask_on_discord()
    reference = one_desk.discord.request(answer, ann, "all")
    [(name, content)] = one_desk.slack.files(one_desk.slack.card(ann))
    assert reference in name
    assert SECRET in content


def test_while_slack_is_down_discord_records_and_slack_gets_the_card_once_when_it_is_back(one_desk: Both) -> None:
    slack, discord = one_desk
    answer, ann = one_desk.ask_on_discord()
    slack.lose()
    discord.consult(answer, ann).send()
    discord.wait_for(lambda: discord.reference(ann) in discord.text(discord.following(answer)[-1]), what="the number")
    slack.start()
    assert slack.card(ann, AGAIN).buttons == ["Claim", "Reply", "Resolve"]


def test_a_user_in_slack_reaches_consultants_on_discord_when_those_in_slack_cannot_be_told(two_desks: Both) -> None:
    slack, discord = two_desks
    slack.shut_out()
    ann = slack.person()
    answer = slack.ask(ann, f"{CASE} {SECRET}", slack.place(ann))
    slack.consult(answer, ann).send()
    card = discord.card(ann, AGAIN)
    assert NEED in card.text
    card.press("Claim")
    discord.say_below(card, discord.cem, "reply: Hello from over here")
    slack.wait_for(lambda: "Hello from over here" in slack.text(slack.following(answer)[-1]), AGAIN, "the reply")
    slack.say(answer, ann, "note: Good to hear")
    discord.wait_for(lambda: discord.thread(card)[-1:] == ["ann adds:\nGood to hear"], what="the note")
    assert SECRET.removesuffix(".") not in discord.everything()
    slack.let_in()


def test_a_user_on_discord_reaches_consultants_in_slack_when_those_on_discord_cannot_be_told(two_desks: Both) -> None:
    slack, discord = two_desks
    discord.discord.deny(discord.channel, "VIEW_CHANNEL")
    answer, ann = two_desks.ask_on_discord()
    discord.consult(answer, ann).send()
    card = slack.card(ann, AGAIN)
    slack.press(card, "Claim", slack.dora)
    assert "claimed by dora" in card.text
    discord.discord.allow(discord.channel, "VIEW_CHANNEL")
