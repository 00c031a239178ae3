"""Kills the bot again and again at random points, and looks at what has become of every message."""

import json
import os
import random
import select
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE

from sqlalchemy import create_engine, text

from bot.delivery.handover import migrate_handover
from bot.store import schema
from bot.store.database import Database, DatabaseUrls
from tests.conftest import KEY
from tests.peers.recorder import posts
from tests.support.forking import Forked

PLACES = 6
PATIENCE = 60.0  # seconds
EACH = 0.2  # seconds more for each message
ALL_TURNS = text(
    "SELECT place, text, state FROM turns JOIN conversations ON conversations.id = conversation_id ORDER BY turns.id"
)


class Process:
    """One process of `tests.support.delivery.program`."""

    def __init__(self, url: str, record: Path, *options: str) -> None:
        # What is killed reports no coverage, and would only start more slowly.
        unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
        with Path(os.devnull).open("wb") as nowhere:
            ends = {"stdin": PIPE, "stdout": PIPE, "stderr": nowhere.fileno()}
            self._process = Forked("tests.support.delivery.program", [url, str(record), *options], unmeasured, **ends)
        self._buffer = b""

    def started(self) -> "Process":
        """Itself, when it has started."""
        assert "ready" in self.read(PATIENCE, until="ready")
        return self

    def say(self, *messages: dict[str, str]) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it died by itself

    def close(self) -> None:
        """There is nothing more to say, so it ends."""
        assert self._process.stdin
        self._process.stdin.close()

    def read(self, seconds: float, until: str = "") -> list[str]:
        """The lines that come within some seconds, or until one is `until`."""
        assert self._process.stdout
        end, lines = time.monotonic() + seconds, list[str]()
        while until not in lines and (left := end - time.monotonic()) > 0:
            if not select.select([self._process.stdout], [], [], left)[0]:
                break
            read = self._process.stdout.read1(65536)
            if not read:
                break
            *whole, self._buffer = (self._buffer + read).split(b"\n")
            lines += [line.decode() for line in whole]
        return lines

    def first(self) -> list[str]:
        """The first lines that come: its work has begun."""
        end, lines = time.monotonic() + PATIENCE, list[str]()
        while not lines and not self.is_dead and time.monotonic() < end:
            lines = self.read(0.02)
        return lines

    def ask(self, messages: list[dict[str, str]], seconds: float = PATIENCE) -> set[str]:
        """Says messages; returns the keys of those that were accepted, when all have got an answer, or in time."""
        self.say(*messages)
        heard, end = list[str](), time.monotonic() + seconds
        while len(heard) < len(messages) and not self.is_dead and time.monotonic() < end:
            heard += self.read(0.05)
        return set(heard) & {message["key"] for message in messages}

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> list[str]:
        """Kills it at once, if it still lives; returns what it had still said."""
        assert self._process.stdout
        if self._process.stdout.closed:
            return []
        self._process.kill()
        self._process.wait()
        said = self.read(1)
        self._process.close()
        return said

    @property
    def is_dead(self) -> bool:
        return self._process.poll() is not None


Starting = Callable[..., Process]


@dataclass
class Outcome:
    """What became of the messages: all of `asked`, the posts in their order, the turns by place in theirs."""

    asked: int
    posts: list[dict[str, object]]
    turns: dict[str, list[str]]
    states: set[str] = field(default_factory=set)

    @property
    def lost(self) -> int:
        return 2 * self.asked - len({(post["text"], post["part"]) for post in self.posts})

    @property
    def doubled(self) -> int:
        return len(self.posts) - len({(post["text"], post["part"]) for post in self.posts})

    @property
    def is_in_order(self) -> bool:
        sent = defaultdict(list)
        for post in self.posts:
            sent[post["place"]].append((post["text"], post["part"]))
        return all(
            sent[place] == [(said, part) for said in turns for part in (1, 2)] for place, turns in self.turns.items()
        )

    @property
    def is_perfect(self) -> bool:
        return (self.lost, self.doubled, self.states, self.is_in_order) == (0, 0, {"done"}, True)


@dataclass
class Bot:
    """The processes that share a database: one that takes messages in, and workers besides."""

    url: str
    record: Path
    workers: int
    deadly: float

    def __post_init__(self) -> None:
        self.processes = [self._starting(number) for number in range(self.workers + 1)]
        for process in self.processes:
            process.started()

    def _starting(self, number: int) -> Process:
        alone = self.workers == 0
        options = ["--no-work"] if number == 0 and not alone else ["--deadly", str(self.deadly)]
        return Process(self.url, self.record, *options)

    def kill(self, number: int) -> list[str]:
        """Kills one process, which comes back; returns what it had still said."""
        said = self.processes[number].kill()
        self.processes[number] = self._starting(number).started()
        return said

    def revive(self) -> list[str]:
        """Brings those back that died by themselves; returns what they had still said."""
        return [said for number, process in enumerate(self.processes) if process.is_dead for said in self.kill(number)]

    def end(self) -> None:
        for process in self.processes:
            process.kill()


def some_messages(name: str, count: int, length: int = 0) -> list[dict[str, str]]:
    """Messages in a few conversations, as `Process.say` takes them."""
    return [
        {
            "key": f"{name}-{number}",
            "place": f"p{number % PLACES}",
            "user": f"u{number % 3}",
            "text": f"said {name}-{number}".ljust(length, "."),
        }
        for number in range(count)
    ]


async def prepare(url: str) -> None:
    """Makes the tables in an empty database, as `rag-or-tune migrate` does."""
    database = Database(DatabaseUrls.of(url, Path()), [KEY])
    await schema.migrate(database)
    await database.close()
    migrate_handover(database.urls)


def crash(
    url: str, folder: Path, *, rounds: int, messages: int = 20, workers: int = 0, deadly: float = 0.01
) -> Outcome:
    """Runs a bot, tells it `messages` a round, and kills one of its processes in each."""
    record = folder / "record.jsonl"
    bot = Bot(url, record, workers, deadly)
    waiting = dict[str, dict[str, str]]()
    for number in range(rounds):
        waiting |= {message["key"]: message for message in some_messages(f"{number}", messages)}
        bot.processes[0].say(*waiting.values())
        said = bot.processes[0].first() if random.random() < 0.8 else []
        time.sleep(random.uniform(0, 2.0))
        said += [*bot.processes[0].read(0.01), *bot.kill(random.randrange(len(bot.processes))), *bot.revive()]
        for key in said:
            waiting.pop(key, None)
    bot.end()
    bot = Bot(url, record, workers, deadly=0)
    bot.processes[0].say(*waiting.values())
    outcome = when_finished(url, record, rounds * messages)
    bot.end()
    return outcome


def when_finished(url: str, record: Path, asked: int) -> Outcome:
    """What became of the messages, when all are finished, or patience is at its end."""
    engine = create_engine(DatabaseUrls.of(url, Path()).own)
    end = time.monotonic() + PATIENCE + asked * EACH
    while True:
        with engine.connect() as connection:
            rows = connection.execute(ALL_TURNS).all()
        states = {row.state for row in rows}
        if (len(rows) == asked and states == {"done"}) or time.monotonic() > end:
            break
        time.sleep(0.2)
    engine.dispose()
    turns = defaultdict(list)
    for row in rows:
        turns[row.place].append(row.text)
    return Outcome(asked, posts(record), dict(turns), states)
