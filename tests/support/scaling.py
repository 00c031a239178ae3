"""Several processes of the real bot on one Postgres, of which each is stopped or killed while people go on asking."""

import itertools
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.peers.balancer import Balancer, balancer
from tests.peers.discord import READS_ALL, App, Discord, discord_server
from tests.peers.slack import Channel, Pace, Slack, User, slack_server
from tests.peers.slack.delivery import Delivery
from tests.support.everything import Everything, of_discord, of_slack

COMMANDS = ("web", "web", "worker", "worker", "discord")
ANSWERED_BY = ("itself", "workers", "itself", "itself", "workers")  # so all ways are gone at once
TURNS = ((0, 2), (1, 3), (4,))  # of the processes, in a rolling restart
QUESTIONS = ("What are the cons of fine-tuning?", "What are the cons of RAG?", "Which one is cheaper to begin with?")
PEOPLE = 3  # on each platform
PATIENT = Pace(retries=(0.0, 0.5, 1.0, 2.0, 4.0))
PAUSE = 0.1  # seconds
FINISHING = 60.0  # seconds without any progress; what a dead process left is taken up after a while
UNLIMITED = {"QUESTIONS_PER_USER": "1000000", "QUESTIONS_PER_TENANT": "1000000"}
UNFINISHED = "SELECT count(*) FROM turns WHERE state IN ('accepted', 'answered')"
SENT = """SELECT conversation_id, sent_as FROM turns JOIN deliveries ON deliveries.turn_id = turns.id
 ORDER BY turns.id, deliveries.id"""


@dataclass(frozen=True)
class Said:
    """What was asked, when, and how the app was told of it (in Slack)."""

    text: str
    at: str
    deliveries: Sequence[Delivery] = ()

    def __str__(self) -> str:
        return "; ".join((f"{self.at} {self.text}", *map(str, self.deliveries)))


@dataclass
class Fleet:
    """The processes, and the people who ask.

    `asked` counts what was asked by where it was, and `said` holds it, by its name in the database.
    """

    url: str
    slack: Slack
    discord: Discord
    balancer: Balancer
    processes: list[Everything]
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    said: dict[str, Said] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    history: list[str] = field(default_factory=list)
    seconds: float = 0.5
    _over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Starts all at once, and waits until each is ready."""
        _at_once(self._begin, range(len(self.processes)))
        assert all(process.is_ready for process in self.processes), [process.log for process in self.processes]

    def restart(self, end: Callable[[Everything], object]) -> None:
        """Ends each and starts it anew, a web and a worker at a time, so that there always is another."""

        def anew(number: int) -> None:
            self._note(f"{COMMANDS[number]} {number} is ended")
            end(self.processes[number])
            self._note(f"{COMMANDS[number]} {number} has ended")
            self._begin(number)

        for together in TURNS:
            _at_once(anew, together)

    @contextmanager
    def talking(self) -> Iterator[None]:
        """People go on asking meanwhile, without waiting for answers; each event of Slack's comes twice."""
        talk = threading.Thread(target=self._talk)
        talk.start()
        try:
            yield
        finally:
            self._over.set()
            talk.join()

    def finished(self) -> None:
        """Wait until everything is answered, as long as the processes get on."""
        self.slack.settle(FINISHING)
        said = Counter(self.said.keys())
        before, end = self._states(), time.monotonic() + FINISHING
        while self._accepted() != said or self.rows(UNFINISHED) != [(0,)]:
            assert time.monotonic() < end, self._describe(self._accepted())
            time.sleep(PAUSE)
            if (now := self._states()) != before:
                before, end = now, time.monotonic() + FINISHING

    @property
    def answered(self) -> dict[str, int]:
        """How often the bot said something, by where."""
        there = {place: len(self.slack.said(place)) for place in self.asked if not place.startswith("@")}
        return there | {place: len(self.discord.said(place[1:])) for place in self.asked if place.startswith("@")}

    @property
    def is_in_order(self) -> bool:
        """Whether the answers of each conversation were sent in the order of its questions."""
        sent = defaultdict[int, list[tuple[int, str]]](list)
        for conversation, name in self.rows(SENT):
            number = name.rpartition("/")[2]  # both platforms count up
            sent[conversation].append((len(number), number))
        return all(names == sorted(names) for names in sent.values())

    def _states(self) -> list[tuple[object, ...]]:
        """Return how many turns are in each state."""
        return self.rows("SELECT state, count(*) FROM turns GROUP BY state ORDER BY state")

    def _accepted(self) -> Counter[str]:
        """Return how often each message was accepted, by its name."""
        return Counter(str(name) for (name,) in self.rows("SELECT name FROM turns"))

    def _describe(self, accepted: Counter[str]) -> str:
        """Say which messages were lost or accepted twice, and what the processes did meanwhile."""
        lost = [f"lost {name}: {said}" for name, said in self.said.items() if name not in accepted]
        doubled = [
            f"accepted {times} times {name}: {self.said.get(name)}" for name, times in accepted.items() if times > 1
        ]
        unsaid = [f"never said {name}" for name in accepted if name not in self.said]
        logs = [f"log of {process.folder.name}:\n{process.log}" for process in self.processes]
        wrong = [*lost, *doubled, *unsaid] or ["all is accepted, but not answered"]
        return "\n".join((*wrong, str(self._states()), *self.history, *logs))

    def _note(self, event: str) -> None:
        self.history.append(f"{self._now} {event}")

    @property
    def _now(self) -> str:
        return f"{time.monotonic() - self.began:8.3f} s"

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What the database holds."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.encode()).fetchall()

    def _begin(self, number: int) -> None:
        """Starts one, and waits until it is ready; from then on it gets its share."""
        self.processes[number].start(COMMANDS[number])
        assert self.processes[number].is_running, self.processes[number].log
        self._note(f"{COMMANDS[number]} {number} is ready")
        webs = [process for process, command in zip(self.processes, COMMANDS, strict=True) if command == "web"]
        self.balancer.servers = [process.url for process in webs if process.is_running]

    def _talk(self) -> None:
        slack, discord = self.slack, self.discord
        anns: list[User] = [slack.user(f"ann{n}") for n in range(PEOPLE)]
        bens = [discord.user(f"ben{n}") for n in range(PEOPLE)]
        rooms: list[Channel] = [slack.channel(f"room{n}", ann) for n, ann in enumerate(anns)]
        for number, question in enumerate(itertools.cycle(QUESTIONS)):
            if self._over.wait(self.seconds):
                return
            who = number % PEOPLE
            message = slack.dm(anns[who], question) if number % 2 else slack.mention(rooms[who], anns[who], question)
            for delivery in message.deliveries:
                slack.repeat(delivery)
            self.said[f"{message.channel}/{message.ts}"] = Said(question, self._now, message.deliveries)
            written = discord.dm(bens[who], question)
            self.said[f"{written.channel_id}/{written.id}"] = Said(question, self._now)
            self.asked[message.channel] += 1
            self.asked[f"@{bens[who].id}"] += 1


@contextmanager
def fleet(url: str, data_dir: Path, folder: Path) -> Iterator[Fleet]:
    """The processes, not started yet."""
    with slack_server(pace=PATIENT) as slack, discord_server(app=App(flags=READS_ALL)) as discord:
        settings = of_slack(slack, sockets=False) | of_discord(discord) | {"DATABASE_URL": url, **UNLIMITED}
        with balancer() as balanced:
            slack.deliver_to(balanced.url)
            processes = list[Everything]()
            for number, command in enumerate(COMMANDS):
                own = folder / f"{number}-{command}"
                own.mkdir()
                answered = {"ANSWERED_BY": ANSWERED_BY[number]}
                processes.append(Everything(slack, discord, data_dir, own, settings | answered))
            try:
                yield Fleet(url, slack, discord, balanced, processes)
            finally:
                for process in processes:
                    process.kill()


def _at_once(act: Callable[[int], None], numbers: Sequence[int]) -> None:
    threads = [threading.Thread(target=act, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
