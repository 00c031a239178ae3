"""How much was asked, when, and what came of it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, tzinfo
from enum import StrEnum
from functools import cache

from bot import texts
from bot.answering.input import MAX_INPUT_LENGTH
from bot.store.insights import Asked

BESIDE = ("off_topic", "injection", "empty", "wordless")  # the sentences to what is no question on the subject


class Outcome(StrEnum):
    """What came of a message; GAP is a question near to the guidance that it does not answer."""

    ANSWER = "answer"
    ADVICE = "advice"
    GAP = "gap"
    BESIDE = "beside"
    SMALL_TALK = "small_talk"
    NONE = "none"


@dataclass
class Traffic:
    """Messages by day and outcome, and from how many people, workspaces and guilds."""

    zone: tzinfo
    days: dict[date, Counter[Outcome]] = field(default_factory=dict)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    platforms: Counter[str] = field(default_factory=Counter)
    people: set[int] = field(default_factory=set)
    homes: set[int] = field(default_factory=set)
    waiting: int = 0
    helpful: int = 0
    rated: int = 0

    def add(self, asked: Asked, outcome: Outcome) -> None:
        """Counts one more."""
        day = asked.at.astimezone(self.zone).date()
        self.days.setdefault(day, Counter())[outcome] += 1
        self.outcomes[outcome] += 1
        self.platforms[asked.platform] += 1
        self.people.add(asked.asker)
        self.homes.add(asked.home)
        self.waiting += asked.is_waiting
        self.helpful += asked.helpful
        self.rated += asked.helpful + asked.unhelpful

    @property
    def total(self) -> int:
        return self.outcomes.total()

    @property
    def on_topic(self) -> int:
        """Those that the guidance was to answer, whether it did or not."""
        return sum(self.outcomes[outcome] for outcome in (Outcome.ANSWER, Outcome.ADVICE, Outcome.GAP))


def outcome_of(asked: Asked) -> Outcome:
    """What came of a message. Of those that were not answered, the reply tells which were about something else."""
    match asked.kind:
        case "answer" | "advice" | "small_talk":
            return Outcome(asked.kind)
        case None:
            return Outcome.NONE
    first, is_long = (asked.told or "").split("\n")[0], len(asked.text or "") > MAX_INPUT_LENGTH
    return Outcome.BESIDE if is_long or first in _said_beside() else Outcome.GAP


@cache
def _said_beside() -> frozenset[str]:
    return frozenset(map(texts.sentence, BESIDE))
