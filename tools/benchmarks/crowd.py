"""People on a loopback Slack and a loopback Discord who ask in channels and directly; and what became of it.

What became of it is read where people read it: in the channels of the platforms, by the platforms' own clocks.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.peers.discord import Channel as DiscordChannel
from tests.peers.discord import Discord
from tests.peers.discord import User as DiscordUser
from tests.peers.discord.state import EPOCH
from tests.peers.slack import Channel, Slack, User
from tests.support.everything import Everything

PEOPLE = 10  # on each platform, each with a channel and a direct conversation
QUESTIONS = (
    "What are the cons of fine-tuning?",
    "Which one is cheaper in the long run?",
    "We have 200 support tickets, our docs change weekly, and auditors want sources.",
    "Can both be combined?",
    "Who won the football yesterday?",
    "How much data does fine-tuning need?",
    "What do we have to host for retrieval?",
)
UNFINISHED = "SELECT count(*) FROM turns WHERE state IN ('accepted', 'answered')"
LOOKING = 0.5  # seconds between two looks at what is there
AFTERWARDS = 2.0  # seconds in which something could still be said twice


@dataclass(frozen=True)
class Post:
    """A message: its name there, the name of the one that it answers if it says so, and its time in seconds."""

    name: str
    about: str | None
    at: float


@dataclass(frozen=True)
class Outcome:
    """Of all that was asked: when it was asked and answered, in seconds; what was lost, what was said twice."""

    answered: list[tuple[float, float]]
    lost: int
    doubled: int

    @property
    def asked(self) -> int:
        return len(self.answered) + self.lost

    @property
    def waits(self) -> list[float]:
        """Milliseconds from each question to its answer."""
        return [(came - at) * 1000 for at, came in self.answered]

    def since(self, moment: float) -> "Outcome":
        """The same without what was answered of earlier questions."""
        return Outcome([times for times in self.answered if times[0] >= moment], self.lost, self.doubled)


@dataclass
class Crowd:
    """The people; `asked` holds what they asked by where."""

    slack: Slack
    discord: Discord
    asked: dict[str, list[Post]] = field(default_factory=lambda: defaultdict(list))
    anns: list[tuple[User, Channel]] = field(init=False)
    bens: list[tuple[DiscordUser, DiscordChannel]] = field(init=False)

    def __post_init__(self) -> None:
        slack, discord = self.slack, self.discord
        anns = [slack.user(f"ann{n}") for n in range(PEOPLE)]
        bens = [discord.user(f"ben{n}") for n in range(PEOPLE)]
        guild = discord.guild("acme", *bens)
        self.anns = [(ann, slack.channel(f"room{n}", ann)) for n, ann in enumerate(anns)]
        self.bens = [(ben, discord.channel(guild, f"room{n}")) for n, ben in enumerate(bens)]

    def ask(self, number: int) -> None:
        """Asks the next question, without waiting: directly and in channels, in Slack and on Discord, in turns."""
        question, who = QUESTIONS[number % len(QUESTIONS)], number // 4 % PEOPLE
        if number % 2:
            ben, channel = self.bens[who]
            mentions = number % 4 == 1
            post = self.discord.mention(channel, ben, question) if mentions else self.discord.dm(ben, question)
            self.asked[post.channel_id].append(Post(post.id, None, _moment(post.id)))
        else:
            ann, room = self.anns[who]
            said = self.slack.mention(room, ann, question) if number % 4 == 0 else self.slack.dm(ann, question)
            self.asked[said.channel].append(Post(said.ts, None, float(said.ts)))

    def greet(self) -> None:
        """Everybody asks once in each of their places."""
        for number in range(4 * PEOPLE):
            self.ask(number)

    def finished(self, bot: Everything, seconds: float) -> Outcome:
        """What became of it, once everything is answered, or after so many seconds."""
        end = time.monotonic() + seconds
        while self.outcome().lost and time.monotonic() < end:
            time.sleep(LOOKING)
        while bot.rows(UNFINISHED) != [(0,)] and time.monotonic() < end:
            time.sleep(LOOKING)
        time.sleep(AFTERWARDS)
        return self.outcome()

    def outcome(self) -> Outcome:
        """What has become of it by now."""
        found = [_matched(asked, self._said(place)) for place, asked in self.asked.items()]
        answered = [times for one in found for times in one.answered]
        return Outcome(answered, sum(one.lost for one in found), sum(one.doubled for one in found))

    def _said(self, place: str) -> list[Post]:
        """What the bot said there, in order."""
        theirs, own = self.slack.world.channels, self.discord.world.bot.id
        if place in theirs:
            messages = self.slack.run(lambda: [m for m in theirs[place].messages.values() if m.bot_id])
            return [Post(m.ts, m.thread_ts, float(m.ts)) for m in messages]
        kept = self.discord.world.channels[place].messages
        posts = self.discord.run(lambda: [m for m in kept.values() if m.author_id == own and not m.loading])
        return [Post(m.id, (m.reference or {}).get("message_id"), _moment(m.id)) for m in posts]


def _matched(asked: Sequence[Post], said: Sequence[Post]) -> Outcome:
    """What became of the questions of one place: an answer says which it is for, or comes in their order."""
    answers, others = {one.name: list[float]() for one in asked}, list[float]()
    for post in said:
        answers.get(post.about or "", others).append(post.at)
    unnamed = [one for one in asked if not answers[one.name]]
    pairs = [(one.at, answers[one.name][0]) for one in asked if answers[one.name]]
    pairs += [(one.at, at) for one, at in zip(unnamed, others, strict=False)]
    doubled = sum(len(times) - 1 for times in answers.values() if times) + max(len(others) - len(unnamed), 0)
    return Outcome(pairs, len(asked) - len(pairs), doubled)


def _moment(snowflake: str) -> float:
    """The time of a message on Discord, which its id holds, in seconds."""
    return ((int(snowflake) >> 22) + EPOCH) / 1000
