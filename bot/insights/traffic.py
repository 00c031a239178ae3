"""Messages by day, by outcome, and by where they come from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from enum import StrEnum

from bot.insights.ratios import Ratio
from bot.insights.topics import Opinions
from bot.store.insights import MessageRecord

FEW_DAYS, MANY_DAYS = 14, 62  # from which the table, and the chart, count by weeks
DAY, WEEK = timedelta(days=1), timedelta(days=7)


class MessageOutcome(StrEnum):
    """The reply that a message got; GAP is a question on the subject that the guidance does not answer."""

    ANSWER = "answer"
    ADVICE = "advice"
    GAP = "gap"
    BESIDE = "beside"
    SMALL_TALK = "small_talk"
    NONE = "none"

    @classmethod
    def of(cls, message: MessageRecord) -> "MessageOutcome":
        match message.kind:
            case "answer" | "advice" | "small_talk":
                return cls(message.kind)
            case None:
                return cls.NONE
            case _:
                return cls.BESIDE if message.text is None else cls.GAP


Timeline = Mapping[date, Counter[MessageOutcome]]


@dataclass
class Traffic:
    """Counts of messages, of the people who sent them, and of their opinions on the replies."""

    zone: tzinfo
    days: dict[date, Counter[MessageOutcome]] = field(default_factory=dict)
    outcomes: Counter[MessageOutcome] = field(default_factory=Counter)
    platforms: Counter[str] = field(default_factory=Counter)
    people: set[int] = field(default_factory=set)
    homes: set[int] = field(default_factory=set)
    waiting: int = 0
    opinions: Opinions = field(default_factory=Opinions)

    def add(self, message: MessageRecord, outcome: MessageOutcome) -> None:
        """Count one message, on its day in the report's time zone."""
        day = message.at.astimezone(self.zone).date()
        self.days.setdefault(day, Counter())[outcome] += 1
        self.outcomes[outcome] += 1
        self.platforms[message.platform] += 1
        self.people.add(message.asker)
        self.homes.add(message.home)
        self.waiting += message.is_waiting
        self.opinions.add(message)

    @property
    def total(self) -> int:
        return self.outcomes.total()

    @property
    def answered(self) -> Ratio:
        """Messages with an answer or advice, of those on the subject."""
        return Ratio(self.outcomes[MessageOutcome.ANSWER] + self.outcomes[MessageOutcome.ADVICE], self._on_topic)

    @property
    def unanswered(self) -> Ratio:
        """Gaps, of the messages on the subject."""
        return Ratio(self.outcomes[MessageOutcome.GAP], self._on_topic)

    @property
    def chart_by_week(self) -> bool:
        return self._span >= MANY_DAYS

    @property
    def table_by_week(self) -> bool:
        return self._span >= FEW_DAYS

    def timeline(self, *, by_week: bool) -> Timeline:
        """Return the messages by day or week, also of those without any; weeks begin on Monday."""
        first, last, step = min(self.days), max(self.days), WEEK if by_week else DAY
        start = first - timedelta(days=first.weekday()) if by_week else first
        counts = {start + n * step: Counter[MessageOutcome]() for n in range((last - start) // step + 1)}
        for day, outcomes in self.days.items():
            counts[start + (day - start) // step * step].update(outcomes)
        return counts

    @property
    def _span(self) -> int:
        return (max(self.days) - min(self.days)).days

    @property
    def _on_topic(self) -> int:
        return sum(self.outcomes[o] for o in (MessageOutcome.ANSWER, MessageOutcome.ADVICE, MessageOutcome.GAP))
