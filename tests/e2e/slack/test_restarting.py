"""Killed and started again: every question is answered once, and every button goes on."""

from dataclasses import dataclass

import pytest

from tests.peers.slack import Channel, Fault, Message, Slack, User
from tests.support.slack.bots import ANSWERING, CASE, QUESTION, Bot, Screen, press, well

AT_ONCE = 12  # questions
STOPPED = 15.0  # seconds; the machine may be busy


@dataclass(frozen=True)
class Aftermath:
    """What was going on when the bot was killed, before it was started again."""

    answered: Message
    card: Screen
    asked: list[Message]
    unanswered: list[Message]
    undelivered: Message


@pytest.fixture(scope="module")
def aftermath(bot: Bot) -> Aftermath:
    slack = bot.slack
    if bot.process:  # what it did until now is measured when it stops, not when it is killed
        assert bot.stop() == 0
    bot.start()
    card = _card(bot)
    answered = slack.mention(slack.channel("answered", card.user), card.user, QUESTION)
    assert len(bot.answers(answered)) == 1
    undelivered, refusing = _undelivered(slack)
    asked = [slack.mention(slack.channel(f"c{n}", card.user), card.user, QUESTION) for n in range(AT_ONCE)]
    slack.wait_for(lambda: any(delivery.acked for delivery in asked[0].deliveries))
    bot.kill()
    slack.wait_for(lambda: not slack.connected)
    refusing.times = 0
    unanswered = [message for message in asked if not slack.answers(message)]
    bot.start()
    slack.redeliver()
    return Aftermath(answered, card, asked, unanswered, undelivered)


def _card(bot: Bot) -> Screen:
    """An interview that has just begun."""
    slack = bot.slack
    ann = slack.user("ann")
    [advice] = bot.answers(slack.mention(slack.channel("cards", ann), ann, CASE))
    press(slack, advice, "Check it step by step", ann)
    _, shown = slack.answers(advice)
    card = Screen(slack, shown, ann)
    card.press("Start over")
    return card


def _undelivered(slack: Slack) -> tuple[Message, Fault]:
    """A question that was answered, and why Slack does not take the answer."""
    ben = slack.user("ben")
    place = slack.channel("undelivered", ben)
    fault = slack.fail("chat.postMessage", status=503, times=1_000, when=lambda said: said["channel"] == place.id)
    asked = slack.mention(place, ben, QUESTION)
    slack.wait_for(lambda: fault.times < 1_000, ANSWERING)
    return asked, fault


def test_what_was_asked_before_a_kill_is_answered_once_after_it(bot: Bot, slack: Slack, aftermath: Aftermath) -> None:
    assert aftermath.unanswered
    for asked in [*aftermath.asked, aftermath.undelivered]:
        assert len(bot.answers(asked)) == 1


def test_an_event_that_comes_again_after_a_restart_is_not_answered_again(
    bot: Bot, slack: Slack, aftermath: Aftermath
) -> None:
    for delivery in aftermath.answered.deliveries:
        well(slack.repeat(delivery))
    assert len(bot.answers(aftermath.answered)) == 1
    assert len(bot.finished(aftermath.answered.channel)) == 1


def test_buttons_go_on_after_a_restart(slack: Slack, aftermath: Aftermath) -> None:
    card = aftermath.card
    assert card.text.startswith("Question 1")
    card.press(card.answers[0])
    assert card.text.startswith("Question 2")
    card.press("Back")
    assert card.answers[0].startswith("✓ ")


def test_a_follow_up_after_a_restart_is_understood(bot: Bot, slack: Slack, aftermath: Aftermath) -> None:
    answered = aftermath.answered
    slack.say(answered.channel, answered.user, "And of RAG?", thread=answered)
    *_, last = bot.answers(answered)
    assert "(RAG" in last.text


def test_it_stops_at_once_when_asked_to_and_leaves_nothing_undone(
    bot: Bot, slack: Slack, ann: User, general: Channel
) -> None:
    logged = len(bot.log)
    asked = slack.mention(general, ann, QUESTION)
    slack.settle(ANSWERING)
    assert bot.stop(STOPPED) == 0
    assert len(slack.answers(asked)) == 1
    assert "Traceback" not in bot.log[logged:]


def test_what_is_asked_while_slack_does_not_say_whose_the_token_is_comes_again(
    bot: Bot, slack: Slack, ann: User
) -> None:
    if bot.process:
        assert bot.stop() == 0
    slack.fail("auth.test", "internal_error", times=2)  # at the start, and for the question
    bot.start()
    slack.dm(ann, QUESTION)
    assert len(bot.direct(ann)) == 1
