"""The handoff across platforms: a process for Slack and one for Discord, on one database."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.discord import READS_ALL, App, User, discord_server
from tests.peers.slack import slack_server
from tests.support.discord import bots as discord_bots
from tests.support.discord.bots import CASE, plain
from tests.support.discord.desks import ALL, NEED, SUMMARY, Staffed, request
from tests.support.running import ANSWERING
from tests.support.slack import staffed as slack_desks
from tests.support.slack.bots import Screen, press, well

SECRET = "Our codename is plum jam."
AGAIN = 30.0  # seconds until what could not be sent is tried again


@dataclass
class Both:
    """The two processes, each with a channel of consultants; which are used is in their settings."""

    slack: slack_desks.Staffed
    discord: Staffed

    def posted(self) -> None:
        """Waits until every post of a request is on its way no more, on both platforms."""
        waiting = "SELECT count(*) FROM deliveries WHERE lane IS NOT NULL AND state = 'pending'"
        self.slack.slack.wait_for(lambda: self.slack.rows(waiting) == [(0,)], AGAIN, "the posts")
        self.slack.slack.settle(ANSWERING)

    def card_in_slack(self, reference: str) -> Screen:
        """The card of a request in Slack's consultants' channel."""
        slack = self.slack.slack
        [card] = slack.wait_for(
            lambda: [m for m in slack.said(self.slack.desk) if reference in m.text and not m.thread_ts], AGAIN
        )
        return Screen(slack, card, self.slack.cem)

    def told(self, user: User) -> list[str]:
        """What a person on Discord was told directly."""
        self.posted()
        return [plain(message.text) for message in self.discord.discord.said(user)]


@contextmanager
def both(data_dir: Path, folder: Path, *used: str) -> Iterator[Both]:
    """Both processes run; consultants are on the platforms that are `used`."""
    with slack_server() as slack, discord_server(app=App(flags=READS_ALL)) as discord:
        there = slack_desks.Staffed(slack, data_dir, folder)
        there.cem, there.dora = slack.user("cem"), slack.user("dora")
        there.desk = slack.channel("consultants", there.cem, there.dora)
        here = Staffed(discord, data_dir, folder)
        here.cem, here.dora = discord.user("cem"), discord.user("dora")
        here.desk = discord.channel(discord.guild("firm", here.cem, here.dora), "consultants")
        channels = {"slack": there.desk.id, "discord": here.desk.id}
        settings = {f"CONSULTANT_{name.upper()}_CHANNEL": channels[name] for name in used}
        there.settings = here.settings = {**slack_desks.ALWAYS, **settings}
        try:
            there.start()
            here.start()
            yield Both(there, here)
        finally:
            there.kill()
            here.kill()


@pytest.fixture(scope="module")
def slack_desk(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with both(data_dir, tmp_path_factory.mktemp("slack-desk"), "slack") as running:
        yield running
        assert (running.slack.stop(), running.discord.stop()) == (0, 0)


@pytest.fixture(scope="module")
def two_desks(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with both(data_dir, tmp_path_factory.mktemp("two-desks"), "slack", "discord") as running:
        yield running


def asked(bot: discord_bots.Bot, user: User) -> discord_bots.Message:
    [answer] = bot.answers(bot.discord.dm(user, f"{CASE} {SECRET}"))
    return answer


def test_a_user_in_discord_and_consultants_in_slack_from_the_first_word_to_the_last(slack_desk: Both) -> None:
    slack, discord = slack_desk.slack.slack, slack_desk.discord.discord
    ann = discord.user("ann")
    reference = request(slack_desk.discord, asked(slack_desk.discord, ann), ann)
    card = slack_desk.card_in_slack(reference)
    assert NEED in html.unescape(card.text)
    slack.say(slack_desk.slack.desk, slack_desk.slack.cem, "Not for her ears.", thread=card.message)
    slack.say(slack_desk.slack.desk, slack_desk.slack.cem, "reply: How <!here> many @everyone?", thread=card.message)
    slack.settle(ANSWERING)
    assert "cem, a human consultant" in slack_desk.told(ann)[-1]
    assert "How <!here> many @everyone?" in slack_desk.told(ann)[-1]
    *_, reply = discord.said(ann)
    discord.dm(ann, "Two hundred <!channel> a day", reply_to=reply)

    def thread() -> list[str]:
        return [html.unescape(message.text) for message in slack.answers(card.message)]

    slack.wait_for(lambda: thread()[-1:] == ["ann adds:\nTwo hundred <!channel> a day"], ANSWERING)
    press(slack, card.now, "Resolve", slack_desk.slack.cem)
    assert "Did that solve it?" in slack_desk.told(ann)[-1]
    *_, question = discord.said(ann)
    form = slack_desk.discord.form(discord.click(question, "Solved", ann))
    discord.submit(form, ann, {"text": "Many thanks."}).wait(ANSWERING)
    slack_desk.posted()
    assert "solved, says the user; cem answered" in card.text
    assert "Not for her ears" not in str(slack_desk.told(ann))
    assert SECRET.removesuffix(".") not in html.unescape(slack_desks.everything_in(slack_desk.slack))
    assert discord.pinged == []


def test_a_conversation_from_discord_is_a_file_in_slack(slack_desk: Both) -> None:
    discord = slack_desk.discord.discord
    ann = discord.user("ann")
    reference = request(slack_desk.discord, asked(slack_desk.discord, ann), ann, ALL)
    slack_desk.card_in_slack(reference)
    slack_desk.posted()
    [file] = [file for file in slack_desk.slack.slack.files if reference in file.name]
    assert SECRET in (file.content or b"").decode()


def test_while_slack_is_down_discord_records_and_slack_gets_the_card_once_when_it_is_back(slack_desk: Both) -> None:
    discord = slack_desk.discord.discord
    ann = discord.user("ann")
    answer = asked(slack_desk.discord, ann)
    slack_desk.slack.kill()
    shown = slack_desk.discord.told(discord.click(answer, "Get in touch", ann))[0]
    form = slack_desk.discord.form(discord.click(shown, SUMMARY, ann))
    discord.submit(form, ann, {"need": NEED}).wait(ANSWERING)
    reference = slack_desk.discord.reference(ann)
    discord.wait_for(lambda: reference in plain(discord.said(ann)[-1].text), ANSWERING, "the confirmation")
    slack_desk.slack.start()
    card = slack_desk.card_in_slack(reference)
    slack_desk.posted()
    assert card.buttons == ["Claim", "Reply", "Resolve"]
    assert len([m for m in slack_desk.slack.slack.said(slack_desk.slack.desk) if reference in m.text]) == 1


def test_a_user_in_slack_reaches_consultants_in_discord_when_those_in_slack_cannot_be_told(two_desks: Both) -> None:
    slack, discord = two_desks.slack.slack, two_desks.discord.discord
    slack.leave(two_desks.slack.desk, slack.bot)
    ann = slack.user("ann")
    [answer] = two_desks.slack.answers(slack.mention(slack.channel("general", ann), ann, f"{CASE} {SECRET}"))
    press(slack, answer, "Get in touch", ann)
    well(slack.submit(two_desks.slack.form(ann), slack_desks.FILLED))
    slack_desks.close_all(slack, ann)
    two_desks.posted()
    [(reference,)] = two_desks.slack.rows("SELECT reference FROM leads WHERE user_id = ? AND state = 'open'", ann.id)
    card = two_desks.discord.card(reference)
    assert NEED in card.text
    card.press("Claim")
    two_desks.discord.say_below(card, two_desks.discord.cem, "reply: Hello from over here")
    slack.wait_for(lambda: "Hello from over here" in slack.answers(answer)[-1].text, AGAIN, "the reply")
    slack.say(answer.channel, ann, "note: Good to hear", thread=answer)
    discord.wait_for(lambda: two_desks.discord.thread(card)[-1:] == ["### ann adds:\nGood to hear"], ANSWERING)
    assert SECRET.removesuffix(".") not in str([m.text for m in discord.said(two_desks.discord.desk)])
    slack.join(two_desks.slack.desk, slack.bot)


def test_the_same_the_other_way_round(two_desks: Both) -> None:
    discord = two_desks.discord.discord
    discord.deny(two_desks.discord.desk, "VIEW_CHANNEL")
    ann = discord.user("ann")
    reference = request(two_desks.discord, asked(two_desks.discord, ann), ann)
    card = two_desks.card_in_slack(reference)
    press(two_desks.slack.slack, card.now, "Claim", two_desks.slack.dora)
    two_desks.posted()
    assert "claimed by dora" in card.text
    discord.allow(two_desks.discord.desk)
