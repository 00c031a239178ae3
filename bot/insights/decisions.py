"""What is recommended to teams, and which of the facts that they state decide it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from bot.deciding.framework import Approach, Framework, Option
from bot.deciding.outlook import Outlook
from bot.deciding.recommendation import APPROACH_SIDES

Fact = tuple[str, str]  # a question and the option that was chosen


@dataclass(frozen=True)
class Weighed:
    """A fact by the label of its question and by its option; in how many recommendations it spoke, and decided."""

    label: str
    option: Option
    spoke: int
    decided: int


@dataclass
class Decisions:
    """Recommendations by approach; per fact, in how many it spoke for the approach and in how many it decided it.

    A fact decides when the recommendation would be another one without it.
    """

    outlook: Outlook
    approaches: Counter[Approach] = field(default_factory=Counter)
    from_interviews: int = 0
    spoke: Counter[Fact] = field(default_factory=Counter)
    decided: Counter[Fact] = field(default_factory=Counter)

    def add_advice(self, approach: str, criteria: Iterable[str]) -> None:
        """Counts the recommendation of a reply, with the criteria of its reasons."""
        facts = frozenset(self._facts[criterion] for criterion in criteria if criterion in self._facts)
        self._add(Approach(approach), facts)

    def add_interview(self, answers: Mapping[str, str | None]) -> None:
        """Counts what an interview came to."""
        facts = frozenset((question, option) for question, option in answers.items() if option is not None)
        self.from_interviews += 1
        self._add(self._approach(facts), facts)

    @property
    def total(self) -> int:
        return self.approaches.total()

    @property
    def ranked(self) -> list["Weighed"]:
        """The facts that spoke for what was recommended, those first that decided it most often."""
        questions = self.outlook.framework.questions
        order = sorted(self.spoke, key=lambda fact: (-self.decided[fact], -self.spoke[fact], fact))
        return [
            Weighed(questions[name].label, questions[name].options[option], self.spoke[fact], self.decided[fact])
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
        return cache(lambda facts: self.outlook.approach(dict(facts)))

    @cached_property
    def _facts(self) -> dict[str, Fact]:
        return facts_of(self.outlook.framework)


def facts_of(framework: Framework) -> dict[str, Fact]:
    """Which option of which question each criterion stands for."""
    return {
        option.criterion: (question.id, option.id)
        for question in framework.questions.values()
        for option in question.options.values()
    }
