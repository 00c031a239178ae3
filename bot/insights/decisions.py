"""Recommendations by approach, and the facts that decide them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from bot.deciding.framework import Approach, Option, Side
from bot.deciding.outlook import Outlook
from bot.deciding.recommendation import APPROACH_SIDES

Fact = tuple[str, str]  # a question and the option that was chosen


@dataclass(frozen=True)
class FactWeight:
    """A fact, by its question's label and its option: recommendations that it spoke for, and those it decided."""

    label: str
    option: Option
    spoke: int
    decided: int

    @property
    def name(self) -> str:
        return f"{self.label}: {self.option.text}"

    @property
    def decided_rag(self) -> int:
        return self.decided if self.option.toward is Side.RAG else 0

    @property
    def decided_tuning(self) -> int:
        return self.decided - self.decided_rag

    @property
    def only_spoke(self) -> int:
        return self.spoke - self.decided


@dataclass
class Decisions:
    """Counts of recommendations; per fact, how many it spoke for, and how many it decided.

    A fact decides a recommendation that would be another one without it.
    """

    outlook: Outlook
    approaches: Counter[Approach] = field(default_factory=Counter)
    from_interviews: int = 0
    spoke: Counter[Fact] = field(default_factory=Counter)
    decided: Counter[Fact] = field(default_factory=Counter)

    def add_advice(self, approach: str, criteria: Iterable[str]) -> None:
        """Count the recommendation of a reply, with the criteria of its reasons."""
        facts = frozenset(self._facts[criterion] for criterion in criteria if criterion in self._facts)
        self._add(Approach(approach), facts)

    def add_interview(self, answers: Mapping[str, str | None]) -> None:
        """Count the recommendation at the end of an interview."""
        facts = frozenset((question, option) for question, option in answers.items() if option is not None)
        self.from_interviews += 1
        self._add(self._approach(facts), facts)

    @property
    def total(self) -> int:
        return self.approaches.total()

    @property
    def facts(self) -> list[FactWeight]:
        """Facts that spoke for what was recommended, those that decided it most often first."""
        questions = self.outlook.framework.questions
        order = sorted(self.spoke, key=lambda fact: (-self.decided[fact], -self.spoke[fact], fact))
        return [
            FactWeight(questions[name].label, questions[name].options[option], self.spoke[fact], self.decided[fact])
            for fact in order
            for name, option in [fact]
        ]

    def _add(self, approach: Approach, facts: frozenset[Fact]) -> None:
        self.approaches[approach] += 1
        for name, option in facts:
            if self.outlook.framework.option(name, option).toward in APPROACH_SIDES[approach]:
                self.spoke[name, option] += 1
                self.decided[name, option] += self._approach(facts - {(name, option)}) is not approach

    @cached_property
    def _approach(self) -> Callable[[frozenset[Fact]], Approach]:
        return cache(lambda facts: self.outlook.approach(dict(sorted(facts))))

    @cached_property
    def _facts(self) -> dict[str, Fact]:
        """The fact that each criterion stands for."""
        return {
            option.criterion: (question.id, option.id)
            for question in self.outlook.framework.questions.values()
            for option in question.options.values()
        }
