"""The real bot with everything in one process, killed at random moments while people on both platforms go on asking.

What is said while it is away it hears of as it would: Slack delivers again what was not acknowledged, and on Discord it
asks for what it has missed.
"""

import random
import tempfile
import threading
import time
from pathlib import Path

from tests.support.everything import Everything, everything
from tests.support.running import STARTING
from tools.benchmarks.crowd import Crowd
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.pressing import Clickable, DiscordCard, SlackCard
from tools.benchmarks.timing import UNLIMITED, learned

ASKED = 12  # questions a round
A_SECOND = 8
LATEST = 1.5  # seconds after which it is killed at the latest; then some of them still come
FINISHING = 120.0  # seconds


def figures(length: Length) -> list[Figure]:
    """What became of the questions and the cards."""
    with tempfile.TemporaryDirectory() as folder, everything(learned(), Path(folder)) as bot:
        bot.settings |= UNLIMITED
        bot.start()
        crowd = Crowd(bot.slack, bot.discord)
        crowd.greet()
        cards: list[Clickable] = [SlackCard(bot.slack), DiscordCard(bot.discord)]
        crowd.finished(bot, FINISHING)
        began = time.time()
        stuck = sum(_round(bot, crowd, cards, number) for number in range(length.rounds))
        outcome = crowd.finished(bot, FINISHING).since(began)
    return [
        Figure("rounds: kill -9 while questions come, restart", length.rounds, ""),
        Figure(f"questions lost, of {outcome.asked:,}", outcome.lost, "", aim="0"),
        Figure("answers said twice", outcome.doubled, "", aim="0"),
        Figure(f"cards that did not go on, of {length.rounds * len(cards)}", stuck, "", aim="0"),
    ]


def _round(bot: Everything, crowd: Crowd, cards: list[Clickable], number: int) -> int:
    """Asks, kills and restarts; returns how many of the cards do not go on then."""
    asking = threading.Thread(target=_ask, args=(crowd, number * ASKED))
    asking.start()
    time.sleep(random.uniform(0, LATEST))
    bot.kill()
    asking.join()
    bot.slack.settle(STARTING)
    bot.start()
    bot.slack.redeliver()
    return sum(card.press() is None for card in cards)


def _ask(crowd: Crowd, first: int) -> None:
    for number in range(first, first + ASKED):
        crowd.ask(number)
        time.sleep(1 / A_SECOND)
