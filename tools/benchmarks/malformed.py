"""What is malformed: requests that Slack signs, envelopes over its socket, lines on standard input.

Whatever Slack really sends is broken at random so that nothing of it may be acted upon (`tests/slack/breaking.py`).
"""

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.peers.slack import slack_server
from tests.support.processes import run
from tests.support.slack.bots import Bot, WebBot
from tests.support.slack.breaking import broken, broken_request, real_payloads
from tests.support.slack.pelting import FRAMES, IGNORED, REFUSED, Told, sent
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.timing import learned

Kind = TypeVar("Kind", Bot, WebBot)
QUESTION = {"question": "Can both be combined?"}


def figures(length: Length) -> list[Figure]:
    """What became of each of the three."""
    few = length.malformed // 10
    with _bot(WebBot) as web:
        requests = _requests(web, length.malformed)
    with _bot(Bot) as bot:
        envelopes = _envelopes(bot, few)
    return [*requests, *envelopes, *_lines(few)]


@contextmanager
def _bot(kind: type[Kind]) -> Iterator[Kind]:
    with tempfile.TemporaryDirectory() as folder, slack_server() as slack:
        bot = kind(slack, learned(), Path(folder))
        bot.start()
        try:
            yield bot
        finally:
            bot.kill()


def _requests(web: WebBot, count: int) -> list[Figure]:
    told, randomly = Told(web, real_payloads(web.slack)), random.Random(2)
    asked = [broken_request(told.real[number % len(told.real)], randomly) for number in range(count)]
    kept, shown = told.kept(), told.shown()
    started = time.monotonic()
    statuses = asyncio.run(sent(web, asked))
    taken = time.monotonic() - started
    well = sum(status in REFUSED + IGNORED for status in statuses)
    return [
        Figure(f"signed requests ({count:,}): not refused or passed over in order", count - well, "", aim="0"),
        Figure("the same: a second", count / taken, "/s"),
        *_afterwards(told, kept, shown),
    ]


def _envelopes(bot: Bot, count: int) -> list[Figure]:
    told, randomly = Told(bot, real_payloads(bot.slack)), random.Random(3)
    kept, shown = told.kept(), told.shown()
    acks = 0
    for number in range(count):
        real = told.real[number % len(told.real)]
        acks += bot.slack.envelope(real.kind, broken(real, randomly)) is None
    found = [
        Figure(f"envelopes over the socket ({count:,}): not just acknowledged", count - acks, "", aim="0"),
        *_afterwards(told, kept, shown),
    ]
    for frame in FRAMES:
        bot.slack.frame(frame)
    is_there = bot.slack.connected == 1 and told.answers(bot.slack.user("eve"))
    return [*found, Figure(f"{len(FRAMES)} frames that are no envelopes: it goes on (1: yes)", is_there, "", aim="1")]


def _afterwards(told: Told, kept: dict[str, int], shown: int) -> list[Figure]:
    """What is to be seen of it: in the database, in Slack, in the log."""
    rows, posts = sum(told.kept().values()) - sum(kept.values()), told.shown() - shown
    return [
        Figure("the same: rows and posts that came of it", rows + posts, "", aim="0"),
        Figure("the same: tracebacks in the log", told.bot.log.count("Traceback"), "", aim="0"),
        Figure("a question is answered afterwards (1: yes)", told.answers(told.bot.slack.user("ben")), "", aim="1"),
    ]


def _lines(count: int) -> list[Figure]:
    """`ask --stdin`, of whose lines every tenth is a real question."""
    randomly = random.Random(4)
    lines = [_line(number, randomly) for number in range(count)]
    done = run(learned(), "ask", "--stdin", typed=b"\n".join(lines) + b"\n")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    answered = sum("kind" in answer for answer in found)
    return [
        Figure(f"lines on standard input ({count:,}): without a line for it", count - len(found), "", aim="0"),
        Figure("the same: questions among them that were not answered", count // 10 - answered, "", aim="0"),
    ]


def _line(number: int, randomly: random.Random) -> bytes:
    """A question, or something in its place that none can be read from."""
    line = json.dumps({"id": number, **QUESTION}).encode()
    if number % 10 == 9:
        return line
    others = (b"\xff" + line, b'{"id":5}', b"[1]", b"null", b'{"question":5}', b"[" * 1_000, b"\0")
    return randomly.choice((line[: randomly.randrange(1, len(line))], *others))
