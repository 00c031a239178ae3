"""The bot on Discord, its own process on a loopback Discord: how soon it answers and changes a card.

Beside it, in the same run and in turns with it: a bare discord.py client that only echoes, an embedding and a durable
insert, which together are the least that an answer can take.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.conftest import ROOT
from tests.peers.discord import Discord, Message, User, discord_server
from tests.support.discord.bots import CASE, Bot
from tests.support.running import STARTING
from tools.benchmarks.delivery import bare_insert
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.timing import QUESTIONS, ROUNDS, UNLIMITED, WARMING, Times, learned, p95, packaged_embedder, timed

POST = "POST /channels/{}/messages"
CHANGES = ("PATCH /webhooks/{}/{}/messages/@original", "POST /interactions/{}/{}/callback")


def figures(_length: Length) -> list[Figure]:
    """Every measurement of this module, in turn."""
    embedder = packaged_embedder()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _bot(folder) as ours, _echo() as echo, bare_insert(folder / "bare.sqlite") as insert:
            answering = _answering(ours, echo, lambda text: embedder.embed([text]), insert)
            clicking = _clicking(ours, echo, insert)
    return [
        answering.figure("direct message → answer, p50", statistics.median, "≤ 2"),
        answering.figure("direct message → answer, p95", p95, "≤ 3"),
        clicking.figure("click → new card, p50", statistics.median, "≤ 2"),
        clicking.figure("click → new card, p95", p95, "–"),
    ]


@contextmanager
def _bot(folder: Path) -> Iterator[Discord]:
    with discord_server() as discord:
        bot = Bot(discord, learned(), folder, UNLIMITED)
        bot.start()
        try:
            yield discord
        finally:
            bot.kill()


@contextmanager
def _echo() -> Iterator[Discord]:
    with discord_server() as discord:
        variables = {**os.environ, "DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
        process = subprocess.Popen([sys.executable, "-m", "tools.benchmarks.discord_echo"], cwd=ROOT, env=variables)
        try:
            discord.wait_connected(STARTING)
            yield discord
        finally:
            process.kill()
            process.wait()


def _answering(ours: Discord, echo: Discord, embed: Callable[[str], object], insert: Callable[[], object]) -> Times:
    """From somebody's first direct message to the post that answers it; one at a time."""
    times = Times()
    for number in range(WARMING + ROUNDS):
        text = QUESTIONS[number % len(QUESTIONS)]
        took = [_answered(one, one.user("ann"), text) for one in (ours, echo)]
        took += [timed(partial(embed, text)), timed(insert)]
        if number >= WARMING:
            for kept, milliseconds in zip(vars(times).values(), took, strict=True):
                kept.append(milliseconds)
    return times


def _clicking(ours: Discord, echo: Discord, insert: Callable[[], object]) -> Times:
    """From a click on a card to the card that takes its place: an answer in the interview, and back again."""
    ann, theirs = ours.user("ann"), echo.user("ann")
    told = ours.command(ann, ann, "rag-or-tune", "interview").wait()
    [card] = ours.wait_for(lambda: told.answers)
    echoed = _said(echo, theirs, CASE)
    times = Times()
    for number in range(2 * ROUNDS):
        took = _changed(ours, card, ":back:" if number % 2 else ":answer:", ann)
        took_echo = _changed(echo, echoed, "again", theirs)
        if number >= WARMING:
            times.bot.append(took)
            times.echo.append(took_echo)
            times.insert.append(timed(insert))
    return times


def _answered(discord: Discord, user: User, text: str) -> float:
    """Milliseconds from a direct message to the answer."""
    before, started = len(discord.calls(POST)), time.monotonic()
    discord.dm(user, text)
    discord.wait_for(lambda: len(discord.calls(POST)) > before, 30)
    took = discord.calls(POST)[-1].at - started
    time.sleep(0.05)  # until the turn is finished
    return took * 1000


def _changed(discord: Discord, card: Message, which: str, user: User) -> float:
    """Milliseconds from a click to the card that takes the place of the one that was clicked on."""
    now = discord.now(card) or card
    names = [button.custom_id for button in now.buttons if button.custom_id and which in button.custom_id]
    before, started = len(now.versions), time.monotonic()
    discord.click(now, names[0], user).wait()
    discord.wait_for(lambda: len((discord.now(card) or card).versions) > before)
    last = max((discord.calls(route)[-1].at for route in CHANGES if discord.calls(route)), default=started)
    return (last - started) * 1000


def _said(discord: Discord, user: User, text: str) -> Message:
    _answered(discord, user, text)
    return discord.said(user)[-1]
