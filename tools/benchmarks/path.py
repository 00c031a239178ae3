"""The path of a message: what a mention, a direct message and a click cost from socket to socket, stage by stage.

The bot is a process of its own on a loopback platform (`traced.py`), one message at a time. Times are medians, in
milliseconds; what is counted is that of one message.
"""

import json
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
from tests.peers.discord import Discord, discord_server
from tests.peers.slack import Slack, slack_server
from tests.support.discord.bots import Bot as DiscordBot
from tests.support.running import ANSWERING, STARTING
from tests.support.slack.bots import Bot as SlackBot
from tools.benchmarks.figures import Figure
from tools.benchmarks.length import Length
from tools.benchmarks.pressing import Clickable, DiscordCard, SlackCard
from tools.benchmarks.timing import QUESTIONS, UNLIMITED, learned

WARMING, ALL = 10, 70
QUIET = 0.3  # seconds after an answer in which what follows it ends
COUNTED = ("statements", "transactions", "commits", "hops")
WAYS = {  # the stages of each way, in their order
    "mention": ("heard", "accepted", "read", "answered", "rendered", "kept", "confirmed", "done"),
    "click": ("heard", "pressed", "shown"),
}


@dataclass(frozen=True)
class End:
    """The end of a stage: its moment, and what was counted since the start of the process."""

    stage: str
    at: float
    counted: dict[str, int]


@dataclass(frozen=True)
class Stage:
    """A stage of one message: the milliseconds that it took, and what was counted in it."""

    name: str
    took: float
    counted: dict[str, int]


def figures(_length: Length) -> list[Figure]:
    """Every measurement of this module, in turn: the tables are printed as they come, the sums returned."""
    found = list[Figure]()
    for platform, measure in (("slack", _of_slack), ("discord", _of_discord)):
        for way, messages in measure().items():
            _show(f"{platform}: {way}", messages)
            took = [sum(stage.took for stage in message) for message in messages]
            commits = statistics.median(sum(stage.counted["commits"] for stage in message) for message in messages)
            found.append(Figure(f"{platform}: {way}, from socket to socket, p50", statistics.median(took), "ms"))
            found.append(Figure(f"{platform}: {way}, commits", commits, "", aim="≤ 3"))
    return found


def _of_slack() -> dict[str, list[list[Stage]]]:
    with tempfile.TemporaryDirectory() as name, slack_server() as slack, _traced(_slack_bot(slack, name)) as trace:
        ann = slack.user("ann")
        room = slack.channel("room", ann)
        calls = Calls(slack, "chat.postMessage")
        asked = [_asked(calls, trace, number, partial(slack.mention, room, ann)) for number in range(ALL)]
        return {"mention": asked[WARMING:], "click": _clicks(SlackCard(slack), trace)}


def _of_discord() -> dict[str, list[list[Stage]]]:
    with (
        tempfile.TemporaryDirectory() as name,
        discord_server() as discord,
        _traced(_discord_bot(discord, name)) as trace,
    ):
        ann = discord.user("ann")
        calls = Calls(discord, "POST /channels/{}/messages")
        asked = [_asked(calls, trace, number, partial(discord.dm, ann)) for number in range(ALL)]
        return {"direct message": asked[WARMING:], "click": _clicks(DiscordCard(discord), trace)}


def _slack_bot(slack: Slack, folder: str) -> SlackBot:
    tokens = {"SLACK_APP_TOKEN": slack.app.app_token, "SLACK_BOT_TOKEN": slack.token()}
    return SlackBot(slack, learned(), Path(folder), UNLIMITED | tokens | {"SLACK_API_URL": slack.api_url})


def _discord_bot(discord: Discord, folder: str) -> DiscordBot:
    tokens = {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
    return DiscordBot(discord, learned(), Path(folder), UNLIMITED | tokens)


@dataclass
class Calls:
    """The calls of one kind that the platform gets."""

    platform: Slack | Discord
    kind: str

    def next(self, act: Callable[[], object]) -> tuple[float, float]:
        """Act; return the moment of that, and the moment at which the platform has the next call."""
        before, started = len(self.platform.calls(self.kind)), time.monotonic()
        act()
        self.platform.wait_for(lambda: len(self.platform.calls(self.kind)) > before, ANSWERING)
        time.sleep(QUIET)
        return started, self.platform.calls(self.kind)[before].at


class Trace:
    """What the process has written down, since it was read last."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0

    def read(self) -> list[End]:
        """Return the lines since the last time."""
        lines = self._file.read_text().splitlines()
        new, self._read = lines[self._read :], len(lines)
        return [End(line["stage"], line["at"], line["counted"]) for line in map(json.loads, new)]


@contextmanager
def _traced(bot: SlackBot | DiscordBot) -> Iterator[Trace]:
    platform = bot.slack if isinstance(bot, SlackBot) else bot.discord
    file = bot.folder / "trace.jsonl"
    file.touch()
    name = "slack" if isinstance(bot, SlackBot) else "discord"
    command = [sys.executable, "-m", "tools.benchmarks.traced", str(file), name]
    with (bot.folder / "stderr.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=bot.environment(), stderr=log)
        try:
            platform.wait_for(lambda: bool(platform.connected) or process.poll() is not None, STARTING)
            assert process.poll() is None, bot.log
            yield Trace(file)
        finally:
            process.kill()
            process.wait()


def _asked(calls: Calls, trace: Trace, number: int, ask: Callable[[str], object]) -> list[Stage]:
    trace.read()
    started, posted = calls.next(lambda: ask(QUESTIONS[number % len(QUESTIONS)]))
    return _stages("mention", started, trace.read(), posted)


def _clicks(card: Clickable, trace: Trace) -> list[list[Stage]]:
    found = list[list[Stage]]()
    for _ in range(ALL):
        time.sleep(QUIET)
        trace.read()
        started = time.monotonic()
        card.press()
        time.sleep(QUIET)
        found.append(_stages("click", started, trace.read()))
    return found[WARMING:]


def _stages(way: str, started: float, ends: Sequence[End], posted: float | None = None) -> list[Stage]:
    """The stages of one message, from the moments and the sums at their ends; of equal ones the first counts."""
    first = {end.stage: end for end in reversed(ends)}
    found, before, counted = list[Stage](), started, dict[str, int]()
    for name in filter(first.__contains__, WAYS[way]):
        end = first[name]
        if name == "confirmed" and posted:
            found.append(Stage("posted", (posted - before) * 1000, dict.fromkeys(COUNTED, 0)))
            before = posted
        sums = {each: end.counted.get(each, 0) - (counted or end.counted).get(each, 0) for each in COUNTED}
        found.append(Stage(name, (end.at - before) * 1000, sums))
        before, counted = end.at, end.counted
    return found


def _show(title: str, messages: Sequence[Sequence[Stage]]) -> None:
    """Print one way's table."""
    names = [stage.name for stage in messages[-1]]
    print(f"\n{title}\n\n| stage | ms | {' | '.join(COUNTED)} |\n|---|---|{'---|' * len(COUNTED)}")
    total = dict.fromkeys(("ms", *COUNTED), 0.0)
    for name in names:
        its = [stage for message in messages for stage in message if stage.name == name]
        row = {"ms": statistics.median(stage.took for stage in its)}
        row |= {each: statistics.median(stage.counted[each] for stage in its) for each in COUNTED}
        for column, value in row.items():
            total[column] += value
        print(_row(name, row))
    print(_row("all", total), flush=True)


def _row(name: str, row: dict[str, float]) -> str:
    return f"| {name} | {row['ms']:.1f} | {' | '.join(f'{row[each]:g}' for each in COUNTED)} |"
