"""Citations by section and statement, and whether their replies were found helpful."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from math import sqrt
from typing import NamedTuple

from bot.insights.ratios import Ratio
from bot.store.insights import MessageRecord

NORMAL_95 = 1.959964  # standard deviations that hold 95 % of a normal distribution
FEWEST_OPINIONS = 3  # before a statement is called unhelpful


class CitedStatement(NamedTuple):
    """A statement by its section and its words."""

    section: str
    quote: str


@dataclass
class Opinions:
    """Opinions on replies: how many there are, and how many are “helpful”."""

    helpful: int = 0
    rated: int = 0

    def add(self, message: MessageRecord) -> None:
        self.helpful += message.helpful
        self.rated += message.helpful + message.unhelpful

    @property
    def ratio(self) -> Ratio:
        return Ratio(self.helpful, self.rated)

    @property
    def upper_bound(self) -> float:
        """Upper end of Wilson's 95 % interval for the share of helpful replies."""
        share, variance = self.helpful / self.rated, NORMAL_95**2 / self.rated
        deviation = NORMAL_95 * sqrt((share * (1 - share) + variance / 4) / self.rated)
        return (share + variance / 2 + deviation) / (1 + variance)


@dataclass
class Topics:
    """Counts of the replies that cite each section and statement, with the opinions on them."""

    replies: int = 0
    sections: Counter[str] = field(default_factory=Counter)
    statements: Counter[CitedStatement] = field(default_factory=Counter)
    by_section: defaultdict[str, Opinions] = field(default_factory=partial(defaultdict, Opinions))
    by_statement: defaultdict[CitedStatement, Opinions] = field(default_factory=partial(defaultdict, Opinions))

    def add(self, message: MessageRecord) -> None:
        """Count a reply once for each section and each statement that it cites."""
        if not message.citations:
            return
        self.replies += 1
        statements = {CitedStatement(citation["section"], citation["quote"]) for citation in message.citations}
        sections = {statement.section for statement in statements}
        self.statements.update(statements)
        self.sections.update(sections)
        if message.helpful or message.unhelpful:
            for statement in statements:
                self.by_statement[statement].add(message)
            for section in sections:
                self.by_section[section].add(message)

    @property
    def rated_sections(self) -> list[tuple[str, Opinions]]:
        """Sections with opinions on their replies, most opinions first."""
        return sorted(self.by_section.items(), key=lambda item: (-item[1].rated, item[0]))

    def least_helpful(self, limit: int) -> list[tuple[CitedStatement, Opinions]]:
        """Return the statements whose replies were most surely found unhelpful, worst first."""
        rated = [
            (statement, opinions)
            for statement, opinions in self.by_statement.items()
            if opinions.rated >= FEWEST_OPINIONS and opinions.helpful < opinions.rated
        ]
        return sorted(rated, key=lambda item: (item[1].upper_bound, item[0]))[:limit]
