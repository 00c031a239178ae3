"""One desk for many workspaces: each user's request reaches the firm's consultants, and no other workspace sees it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.slack import Channel, Message, Slack, Team, User, slack_server
from tests.support.slack.bots import ANSWERING, CASE, press, well
from tests.support.slack.installing import Browser, InstallableBot
from tests.support.slack.staffed import ALWAYS, NEED, close_all


@pytest.fixture(scope="module")
def slack() -> Iterator[Slack]:
    with slack_server(installed=False) as slack:
        yield slack


@pytest.fixture(scope="module")
def cem(slack: Slack) -> User:
    return slack.user("cem", slack.team("Firm", install=False))


@pytest.fixture(scope="module")
def desk(slack: Slack, cem: User) -> Channel:
    return slack.channel("consultants", cem)


@pytest.fixture(scope="module")
def bot(
    slack: Slack, cem: User, desk: Channel, data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InstallableBot]:
    settings = {**ALWAYS, "CONSULTANT_SLACK_CHANNEL": f"{cem.team_id}/{desk.id}"}
    bot = InstallableBot(slack, data_dir, tmp_path_factory.mktemp("firm"), settings)
    bot.start()
    try:
        install(bot, cem.team_id)
        yield bot
        assert bot.stop() == 0
    finally:
        bot.kill()


def install(bot: InstallableBot, team: str) -> None:
    assert Browser().open(f"{bot.url}/slack/install?team={team}").status == 200


def asked(bot: InstallableBot, name: str) -> tuple[Team, User, Message]:
    """Somebody of a new workspace gets in touch; the bot's answer under which they did so."""
    slack = bot.slack
    team = slack.team(name, install=False)
    install(bot, team.id)
    ann = slack.user("ann", team)
    question = slack.mention(slack.channel("general", ann), ann, CASE)
    [answer] = slack.wait_for(lambda: slack.answers(question), ANSWERING)
    press(slack, answer, "Get in touch", ann)
    view = slack.wait_for(lambda: slack.view(ann), ANSWERING)
    assert view
    well(slack.submit(view, {"need": f"{NEED} {name}", "consent": "The summary"}))
    close_all(slack, ann)
    return team, ann, answer


def posted(bot: InstallableBot) -> None:
    waiting = "SELECT count(*) FROM deliveries WHERE lane IS NOT NULL AND state = 'pending'"
    bot.slack.wait_for(lambda: bot.rows(waiting) == [(0,)], ANSWERING, "the posts")


def test_requests_of_all_workspaces_come_to_one_desk_and_replies_go_back(
    bot: InstallableBot, slack: Slack, cem: User, desk: Channel
) -> None:
    answers = [asked(bot, name)[2] for name in ("Alpha", "Beta")]
    posted(bot)
    cards = [next(m for m in slack.said(desk) if f"{NEED} {name}" in m.text) for name in ("Alpha", "Beta")]
    slack.say(desk, cem, "reply: Hello, Beta", thread=cards[1])
    slack.settle(ANSWERING)
    posted(bot)
    alpha, beta = ([m.text for m in slack.answers(answer)] for answer in answers)
    assert not any("Hello, Beta" in text for text in alpha)
    assert sum("Hello, Beta" in text for text in beta) == 1


def test_a_channel_of_the_same_id_elsewhere_is_no_desk(
    bot: InstallableBot, slack: Slack, cem: User, desk: Channel
) -> None:
    team, ann, answer = asked(bot, "Gamma")
    posted(bot)
    card = next(m for m in slack.said(desk) if "Gamma" in m.text)
    note = {"type": "message", "channel": desk.id, "channel_type": "channel", "user": ann.id, "ts": "1.000001"}
    note |= {"thread_ts": card.ts, "text": "reply: I am a consultant", "event_ts": "1.000001"}
    slack.event(note, team).wait(ANSWERING)
    posted(bot)
    assert not any("I am a consultant" in message.text for message in slack.answers(answer))
