"""What teams ask about: the sections and statements that were cited, and whether that was found helpful."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from bot.insights.shares import Share
from bot.store.insights import Asked

FEWEST_OPINIONS = 3  # before a statement is called unhelpful


class Cited(NamedTuple):
    """A statement by its section and its words."""

    section: str
    quote: str


@dataclass
class Opinions:
    """How many found something helpful, of all who said so."""

    helpful: int = 0
    rated: int = 0

    def add(self, asked: Asked) -> None:
        """Counts what was said of one reply."""
        self.helpful += asked.helpful
        self.rated += asked.helpful + asked.unhelpful

    @property
    def share(self) -> Share:
        return Share(self.helpful, self.rated)

    @property
    def at_best(self) -> float:
        """The greatest share of helpful ones that the opinions leave likely, by Wilson's interval at 95 %."""
        from scipy.stats import binomtest

        return float(binomtest(self.helpful, self.rated).proportion_ci(method="wilson").high)


@dataclass
class Topics:
    """How many replies cite each section and statement, and the opinions on those replies."""

    replies: int = 0
    sections: Counter[str] = field(default_factory=Counter)
    statements: Counter[Cited] = field(default_factory=Counter)
    by_section: defaultdict[str, Opinions] = field(default_factory=partial(defaultdict, Opinions))
    by_statement: defaultdict[Cited, Opinions] = field(default_factory=partial(defaultdict, Opinions))

    def add(self, asked: Asked) -> None:
        """Counts what a reply cites, each section and statement once."""
        if not asked.citations:
            return
        self.replies += 1
        statements = {Cited(citation["section"], citation["quote"]) for citation in asked.citations}
        sections = {statement.section for statement in statements}
        self.statements.update(statements)
        self.sections.update(sections)
        if asked.helpful or asked.unhelpful:
            for statement in statements:
                self.by_statement[statement].add(asked)
            for section in sections:
                self.by_section[section].add(asked)

    def least_helpful(self, most: int) -> list[tuple[Cited, Opinions]]:
        """The statements whose replies were most surely found unhelpful, the worst first."""
        known = [
            (cited, found)
            for cited, found in self.by_statement.items()
            if found.rated >= FEWEST_OPINIONS and found.helpful < found.rated
        ]
        return sorted(known, key=lambda one: (one[1].at_best, one[0]))[:most]


def ranked(counted: Counter[str]) -> Iterable[tuple[str, int]]:
    """What was counted, the most frequent first, and by name where the counts are the same."""
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))
