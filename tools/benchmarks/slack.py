"""The bot in Slack, its own process on a loopback Slack: how soon it answers, changes a card and acknowledges.

Beside it, in the same run and in turns with it: a bare Bolt app that only echoes, an embedding and a durable insert,
which together are the least that an answer can take.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.conftest import ROOT
from tests.peers.slack import Channel, Message, Pace, Slack, User, slack_server
from tests.support.running import STARTING
from tests.support.slack.bots import CASE, Bot
from tools.benchmarks.delivery import bare_insert
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.timing import (
    QUESTIONS,
    ROUNDS,
    UNLIMITED,
    WARMING,
    Times,
    learned,
    p95,
    packaged_embedder,
    quantile,
    timed,
)

A_SECOND = 100  # mentions
SECONDS = 10
EMPTYING = 300.0  # seconds until all of them are answered
LATE = 3_000  # ms; then Slack delivers again
PATIENT = Pace(ack=60.0, retries=())  # an ack is timed however late it is; one that never comes counts as a minute


def figures(_length: Length) -> list[Figure]:
    """Every measurement of this module, in turn."""
    embedder = packaged_embedder()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _bot(folder) as slack, _echo() as echo, bare_insert(folder / "bare.sqlite") as insert:
            answering = _answering(slack, echo, lambda text: embedder.embed([text]), insert)
            clicking = _clicking(slack, echo, insert)
            acknowledging = _acknowledging(slack, echo)
    return [
        answering.figure("mention → answer, p50", statistics.median, "≤ 2"),
        answering.figure("mention → answer, p95", p95, "≤ 3"),
        clicking.figure("click → new card, p50", statistics.median, "≤ 2"),
        clicking.figure("click → new card, p95", p95, "–"),
        *acknowledging,
    ]


@contextmanager
def _bot(folder: Path) -> Iterator[Slack]:
    with slack_server(pace=PATIENT) as slack:
        bot = Bot(slack, learned(), folder, UNLIMITED)
        bot.start()
        try:
            yield slack
        finally:
            bot.kill()


@contextmanager
def _echo() -> Iterator[Slack]:
    with slack_server(pace=PATIENT) as slack:
        tokens = {"SLACK_BOT_TOKEN": slack.token(), "SLACK_APP_TOKEN": slack.app.app_token}
        variables = {**os.environ, **tokens, "SLACK_API_URL": slack.api_url}
        process = subprocess.Popen([sys.executable, "-m", "tools.benchmarks.slack_echo"], cwd=ROOT, env=variables)
        try:
            slack.wait_for(lambda: slack.connected, STARTING)
            yield slack
        finally:
            process.kill()
            process.wait()


def _answering(slack: Slack, echo: Slack, embed: Callable[[str], object], insert: Callable[[], object]) -> Times:
    """From a mention to the post that answers it; one at a time."""
    rooms = {one: _room(one, "answering") for one in (slack, echo)}
    times = Times()
    for number in range(WARMING + ROUNDS):
        text = QUESTIONS[number % len(QUESTIONS)]
        took = [_answered(one, *rooms[one], text) for one in (slack, echo)]
        took += [timed(partial(embed, text)), timed(insert)]
        if number >= WARMING:
            for kept, milliseconds in zip(vars(times).values(), took, strict=True):
                kept.append(milliseconds)
    return times


def _clicking(slack: Slack, echo: Slack, insert: Callable[[], object]) -> Times:
    """From a click on a card to the card that takes its place: an answer in the interview, and back again."""
    room, ann = _room(slack, "clicking")
    advice = _answer(slack, slack.mention(room, ann, CASE))
    slack.click(advice, _named("check"), ann)
    card = slack.wait_for(lambda: slack.answers(advice)[1:])[0]
    _changed(slack, card, "restart", ann)
    theirs = _room(echo, "clicking")
    echoed = _answer(echo, echo.mention(*theirs, "A card?"))
    times = Times()
    for number in range(2 * ROUNDS):
        took = _changed(slack, card, "back" if number % 2 else "answer", ann)
        took_echo = _changed(echo, echoed, "again", theirs[1])
        if number >= WARMING:
            times.bot.append(took)
            times.echo.append(took_echo)
            times.insert.append(timed(insert))
    return times


def _acknowledging(slack: Slack, echo: Slack) -> list[Figure]:
    """Many mentions a second: how soon they are acknowledged, and that all are answered."""
    ours, theirs = _flooded(slack), _flooded(echo)
    load = f"{A_SECOND} mentions/s for {SECONDS} s, {len(ours.acks):,} events"
    return [
        Figure(f"event → ack, p50 ({load})", quantile(ours.acks, 50), "ms", quantile(theirs.acks, 50), "echo"),
        Figure("event → ack, p99", quantile(ours.acks, 99), "ms", quantile(theirs.acks, 99), "echo", "< 300 ms"),
        Figure("acks too late for Slack", sum(ack > LATE for ack in ours.acks), "", aim="0"),
        Figure("mentions without their one answer", ours.unanswered, "", aim="0"),
        Figure("all answered after", ours.emptied, "s", theirs.emptied, "echo", "≤ 15 s"),
    ]


@dataclass(frozen=True)
class Flood:
    """What became of many mentions: their acks in milliseconds, and the seconds until all were answered."""

    acks: list[float]
    unanswered: int
    emptied: float


def _flooded(slack: Slack) -> Flood:
    """Each mention in a channel of its own, for Slack takes one post a second in each."""
    rooms = [_room(slack, f"many{number}") for number in range(A_SECOND * SECONDS)]
    started, asked = time.monotonic(), list[Message]()
    for number, (room, user) in enumerate(rooms):
        time.sleep(max(0.0, started + number / A_SECOND - time.monotonic()))
        asked.append(slack.mention(room, user, QUESTIONS[number % len(QUESTIONS)]))
    while _posts(slack, rooms) < len(rooms) and time.monotonic() < started + EMPTYING:
        time.sleep(0.5)
    emptied = time.monotonic() - started
    slack.settle(EMPTYING)
    acks = [delivery.attempts[0].seconds * 1000 for message in asked for delivery in message.deliveries]
    return Flood(acks, sum(len(slack.answers(message)) != 1 for message in asked), emptied)


def _room(slack: Slack, name: str) -> tuple[Channel, User]:
    user = slack.user(f"user of {name}")
    return slack.channel(name, user), user


def _answered(slack: Slack, room: Channel, user: User, text: str) -> float:
    """Milliseconds from a mention to the post in its thread."""
    before, started = len(slack.calls("chat.postMessage")), time.monotonic()
    slack.mention(room, user, text)
    slack.wait_for(lambda: len(slack.calls("chat.postMessage")) > before, 30)
    took = slack.calls("chat.postMessage")[-1].at - started
    slack.settle()
    return took * 1000


def _changed(slack: Slack, card: Message, name: str, user: User) -> float:
    """Milliseconds from a click to the card that takes the place of the one that was clicked on."""
    now = slack.now(card) or card
    before, started = len(slack.calls("response_url")), time.monotonic()
    slack.click(now, _named(name), user)
    slack.wait_for(lambda: len(slack.calls("response_url")) > before)
    took = slack.calls("response_url")[-1].at - started
    slack.settle()
    return took * 1000


def _answer(slack: Slack, asked: Message) -> Message:
    return slack.wait_for(lambda: slack.answers(asked), 30)[0]


def _named(name: str) -> Callable[[dict[str, str]], bool]:
    return lambda element: name in element["action_id"].split(":")


def _posts(slack: Slack, rooms: Sequence[tuple[Channel, User]]) -> int:
    """How many of the channels have something of the bot's."""
    kept = slack.world.channels
    return slack.run(lambda: sum(any(m.bot_id for m in kept[room.id].messages.values()) for room, _ in rooms))
