"""Sustained load: the real bot with everything in one process, asked and clicked on both platforms without a pause.

The questions come at a fixed rate, whether earlier ones are answered or not; the clicks of a person come one after
another. The loopback platforms and the people run on the same cores.
"""

import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.slack import Slack
from tests.peers.slack.delivery import EVENT
from tests.support.everything import everything
from tools.benchmarks.crowd import PEOPLE, Crowd, Outcome
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.pressing import Clickable, DiscordCard, SlackCard
from tools.benchmarks.timing import UNLIMITED, learned, quantile, resident

A_SECOND = 5  # questions, on both platforms together
CLICKS = 1.0  # a second, on each platform
FINISHING = 180.0  # seconds after the end; what is answered until then is not lost
WARM = 0.1  # of the time, after which memory is looked at first
LIMIT = 3_000  # ms; then both platforms say that the app did not respond
BESIDE = "what the platforms wait for a click"


@dataclass
class Seen:
    """What was seen beside the answers: the moment it began, memory in MB, clicks in ms (None: without effect)."""

    began: float = 0.0
    warm: float = 0.0
    end: float = 0.0
    clicks: list[float | None] = field(default_factory=list)


def figures(length: Length) -> list[Figure]:
    """Rate, waits, memory and losses under load."""
    with tempfile.TemporaryDirectory() as folder, everything(learned(), Path(folder)) as bot:
        bot.settings |= UNLIMITED
        bot.start()
        assert bot.process
        crowd = Crowd(bot.slack, bot.discord)
        crowd.greet()
        cards: list[Clickable] = [SlackCard(bot.slack), DiscordCard(bot.discord)]
        crowd.finished(bot, FINISHING)
        seen = _loaded(bot.process.pid, crowd, cards, length.load)
        outcome = crowd.finished(bot, FINISHING).since(seen.began)
        seen.end = resident(bot.process.pid)
        return [*_answers(outcome, seen, length.load), *_clicks(seen), *_acks(bot.slack), *_memory(seen)]


def _loaded(process: int, crowd: Crowd, cards: Sequence[Clickable], seconds: float) -> Seen:
    """Asks, and clicks meanwhile, for so many seconds."""
    seen, over = Seen(time.time()), threading.Event()
    clicking = [threading.Thread(target=_click, args=(card, seen, over)) for card in cards]
    for thread in clicking:
        thread.start()
    started = time.monotonic()
    for number in range(int(A_SECOND * seconds)):
        time.sleep(max(0.0, started + number / A_SECOND - time.monotonic()))
        crowd.ask(number)
        if number == int(A_SECOND * seconds * WARM):
            seen.warm = resident(process)
    time.sleep(max(0.0, started + seconds - time.monotonic()))
    over.set()
    for thread in clicking:
        thread.join()
    return seen


def _click(card: Clickable, seen: Seen, over: threading.Event) -> None:
    """Presses, and waits for what comes of it, again and again."""
    while not over.wait(1 / CLICKS):
        seen.clicks.append(card.press())


def _answers(outcome: Outcome, seen: Seen, seconds: float) -> list[Figure]:
    rate = sum(came <= seen.began + seconds for _, came in outcome.answered) / seconds
    what = f"{seconds:,.0f} s, {outcome.asked:,} questions of {2 * PEOPLE} people"
    return [
        Figure(f"answers a second ({what})", rate, "/s", outcome.asked / seconds, "asked", "≥ 0.99"),
        Figure("question → answer, p50", quantile(outcome.waits, 50), "ms", LIMIT, BESIDE),
        Figure("question → answer, p99", quantile(outcome.waits, 99), "ms", LIMIT, BESIDE, "≤ 1"),
        Figure("questions lost", outcome.lost, "", aim="0"),
        Figure("answers said twice", outcome.doubled, "", aim="0"),
    ]


def _clicks(seen: Seen) -> list[Figure]:
    times = [click for click in seen.clicks if click is not None]
    return [
        Figure(f"click → new card, p50 ({len(seen.clicks):,} clicks)", quantile(times, 50), "ms", LIMIT, BESIDE),
        Figure("click → new card, p99", quantile(times, 99), "ms", LIMIT, BESIDE, "≤ 1"),
        Figure("clicks without effect", len(seen.clicks) - len(times), "", aim="0"),
    ]


def _acks(slack: Slack) -> list[Figure]:
    """How soon Slack hears that an event was taken; Discord's gateway asks for no such thing."""
    events = [told for told in slack.deliveries if told.kind == EVENT and told.attempts]
    acks = [told.attempts[0].seconds * 1000 for told in events]
    return [
        Figure(f"event → ack in Slack, p99 ({len(acks):,} events)", quantile(acks, 99), "ms", LIMIT, BESIDE, "≤ 1"),
        Figure("events that Slack delivered again", sum(len(told.attempts) > 1 for told in events), "", aim="0"),
    ]


def _memory(seen: Seen) -> list[Figure]:
    beside = f"after {WARM:.0%} of the time"
    return [Figure("resident memory at the end", seen.end, "MB", seen.warm, beside, "≤ 1.1")]
