"""Killed and started again on Slack and on Discord: every question is answered once, and every button goes on."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.everything import Everything
from tests.support.platforms import PLATFORMS, Platform
from tests.support.posts import Post

QUESTION = "What are the cons of fine-tuning?"
FOLLOW_UP = "And of RAG?"
CASE = "We have 200 support tickets, our docs change weekly, and auditors want sources."
BURST = 8  # questions just before the end
STOPPED = 15.0  # seconds; the machine may be busy


@dataclass
class Aftermath:
    """What there was on a platform when the bot was killed, before it was started again."""

    answers: list[Post]
    card: Post
    thread: Any
    answered: Any
    undelivered: Any
    burst: list[Any]


@pytest.fixture(scope="module")
def aftermaths(running: Everything) -> dict[str, Aftermath]:
    if running.process:  # what it did until now is measured when it stops, not when it is killed
        assert running.stop() == 0
    running.start()
    platforms = [make(running, getattr(running, name)) for name, make in PLATFORMS.items()]
    found = {platform.name: prepare(platform) for platform in platforms}
    unfinished = "SELECT id FROM turns WHERE state NOT IN ('done', 'failed')"
    running.kill()
    assert len(running.rows(unfinished)) > len(platforms)
    for platform in platforms:
        platform.wait_for(lambda platform=platform: not platform.peer.connected)
        for fault in platform.peer.faults:
            fault.times = 0
    running.start()
    running.slack.redeliver()
    return found


def prepare(platform: Platform) -> Aftermath:
    ann = platform.user("ann")
    general, closed = platform.channel(ann), platform.channel(ann)
    [advice] = platform.answers(platform.mention(general, ann, CASE))
    [private] = platform.ask(general, ann, CASE)
    [begun] = platform.answers(platform.mention(general, ann, CASE))
    [card] = begun.press("Check it step by step", ann, posts=1)
    card.press("Start over")
    thread = platform.thread(general, ann)
    answered = platform.mention(thread, ann, QUESTION)
    platform.answers(answered)
    refusal = platform.fail_posts(closed, status=503, times=1_000)
    undelivered = platform.mention(closed, ann, QUESTION)
    platform.wait_for(lambda: refusal.times < 1_000, "the first attempt")
    burst = [platform.mention(platform.channel(ann), ann, QUESTION) for _ in range(BURST)]
    advice.user = ann
    for asked in burst if platform.name == "discord" else burst[:1]:  # Slack tells again of what was not accepted
        is_accepted = "SELECT id FROM turns WHERE name = ?", platform.turn_of(asked)
        platform.wait_for(lambda: platform.running.rows(*is_accepted), "the question to be accepted")  # noqa: B023
    return Aftermath([advice, private], card, thread, answered, undelivered, burst)


@pytest.fixture
def aftermath(aftermaths: dict[str, Aftermath], platform: Platform) -> Aftermath:
    return aftermaths[platform.name]


def test_questions_before_a_kill_are_answered_once_after_it(platform: Platform, aftermath: Aftermath) -> None:
    for asked in [*aftermath.burst, aftermath.undelivered]:
        [answer] = platform.answers(asked)
        assert answer.sources


def test_event_repeated_after_a_restart_is_not_answered_again(platform: Platform, aftermath: Aftermath) -> None:
    before = [post.key for post in platform.posts(aftermath.thread)]
    platform.repeat(aftermath.answered)
    platform.settle()
    assert [post.key for post in platform.posts(aftermath.thread)] == before


def test_follow_up_after_a_restart_is_understood(platform: Platform, aftermath: Aftermath) -> None:
    [answer] = platform.answers(platform.say(aftermath.thread, aftermath.card.user, FOLLOW_UP))
    assert any("RAG" in section for _, section in answer.sources)


@pytest.mark.parametrize("kind", ["public", "private"])
def test_every_button_of_an_answer_works_after_a_restart(aftermath: Aftermath, kind: str) -> None:
    answer = aftermath.answers[kind == "private"]
    for label in answer.buttons:
        [post] = answer.press(label, posts=1)
        assert post.text, label


def test_every_button_of_an_interview_works_after_a_restart(platform: Platform, aftermath: Aftermath) -> None:
    card = aftermath.card
    assert card.text.startswith("Question 1")
    card.press(card.answers[0])
    assert card.text.startswith("Question 2")
    card.press("Back")
    assert card.answers[0].startswith("✓ ")
    for label in ("Skip", "Why this matters", "Recommend now", "Review and edit"):
        before = card.text
        assert card.press(label) == [], label
        assert card.text != before, label
    platform.restart()
    card.choose(card.choices[0])
    platform.restart()
    card.press(card.answers[1])
    card.press("Start over")
    assert card.text.startswith("Question 1")


def test_edits_and_deletions_are_followed_after_a_restart(platform: Platform, aftermath: Aftermath) -> None:
    ann = aftermath.card.user
    asked = platform.dm(ann, QUESTION)
    [answer] = platform.answers(asked)
    platform.restart()
    platform.edit(asked, "What is RAG?")
    platform.wait_for(lambda: any("RAG Explained" in section for _, section in answer.sources), "the new answer")
    platform.restart()
    platform.delete(asked)
    platform.wait_for(lambda: answer.is_gone, "the answer to go")


def test_stops_soon_and_leaves_nothing_undone(platform: Platform, ann: Any) -> None:
    logged = len(platform.running.log)
    asked = platform.dm(ann, QUESTION)
    platform.finish(asked)
    assert platform.running.stop(STOPPED) == 0
    assert not platform.peer.connected
    assert len(platform.answers(asked)) == 1
    assert "Traceback" not in platform.running.log[logged:]
